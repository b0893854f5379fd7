"""Calls that go out: who may be called, over which trunk, how many at a time, for how long.

`centralita-outbound` takes +E.164 numbers only. Asterisk looks at a context's own patterns before those it includes, so
single numbers and what is refused stand in `centralita-outbound` itself, the allowed countries in an included one.
"""

from collections.abc import Iterator
from typing import Final

from provisioning.model import CarrierGradeConfig, SiteConfig, TelephonyReceptionConfig
from provisioning.model.emergency import emergency_numbers
from provisioning.rendering.carrier_sections import shown_number
from provisioning.rendering.inbound_dialplan import ANY_NAME, ANY_NUMBER
from provisioning.rendering.names import Trunk, endpoint_id, outbound_context, trunks_of
from provisioning.rendering.number_patterns import allowed_patterns, costly_patterns
from provisioning.rendering.places import place_id
from provisioning.rendering.trunk_numbers import dialled
from provisioning.rendering.writing import context, extension, token

RING_SECONDS: Final = 45
"""How long the other end rings when nobody said."""
_REFUSED_AT: Final = "centralita-refused,outbound,1"
_REFUSED: Final = f"Goto({_REFUSED_AT})"
_COUNTRIES: Final = "centralita-outbound-countries"
_REST: Final = "centralita-outbound-rest"


def outbound_trunks(config: TelephonyReceptionConfig) -> tuple[str, ...]:
    """Return the trunks calls go out over, in the order they are tried: as told, else carriers before gateways."""
    if config.site.outbound.trunks:
        return tuple(dict.fromkeys(config.site.outbound.trunks))
    carriers = [name for name, carrier in config.all_carriers().items() if carrier.outbound]
    return (*carriers, *(name for name, gateway in config.all_gateways().items() if gateway.outbound))


def used_trunks(config: TelephonyReceptionConfig) -> tuple[str, ...]:
    """Return every trunk some call may go out over, sorted."""
    named = [target.trunk for target in config.site.transfers.values() if target.trunk]
    wanted = {*outbound_trunks(config), *named, *([config.site.emergency_trunk] if config.site.emergency_trunk else [])}
    return tuple(sorted(wanted & set(trunks_of(config))))


def outbound_contexts(config: TelephonyReceptionConfig) -> Iterator[str]:
    """Yield every context of the way out. Raises: ConfigurationError."""
    site = config.site
    yield _transfer_context(site)
    yield _guard_context(site)
    yield context(
        _COUNTRIES,
        [
            extension(pattern, f'GotoIf($["${{CONTEXT}}" != "centralita-outbound"]?{_REFUSED_AT})', *_accepted())
            for pattern in sorted({one for country in site.outbound.countries for one in allowed_patterns(country)})
        ],
        comment="Reached through centralita-outbound only: costly numbers are refused there.",
    )
    yield _dial_context(config)
    trunks = trunks_of(config)
    order = outbound_trunks(config)
    for name in used_trunks(config):
        yield _trunk_context(name, trunks[name], config, order)
    yield _outcome_context()
    if site.pbx == "standalone" and site.emergency_trunk:
        yield _emergency_context(config)


def _transfer_context(site: SiteConfig) -> str:
    extensions = [
        extension(
            name,
            # one call out over one trunk of its own; empty: as the site says
            f"Set(CENTRALITA_VIA={token(target.trunk) if target.trunk else ''})",
            f"Goto(centralita-place,{place_id(target.place)},1)",
        )
        for name, target in sorted(site.transfers.items())
    ]
    extensions += [extension(every, "Goto(centralita-refused,transfer,1)") for every in (ANY_NUMBER, ANY_NAME)]
    return context("centralita-transfer", extensions, comment="Whom an agent may hand a caller to, by id. No digits.")


def _guard_context(site: SiteConfig) -> str:
    numbers = sorted({number for number in site.outbound.numbers if number})
    extensions = [extension(number, *_accepted()) for number in numbers]
    emergencies = emergency_numbers(site.country or "", tuple(one for one in site.emergency if one))
    extensions += [extension(number, _REFUSED) for number in emergencies]
    costly = sorted({one for country in site.outbound.countries for one in costly_patterns(country)})
    extensions += [extension(pattern, _REFUSED) for pattern in costly]
    rest = [extension(every, _REFUSED) for every in (ANY_NUMBER, ANY_NAME)]
    guard = context(
        "centralita-outbound",
        extensions,
        [_COUNTRIES, _REST],
        comment="+E.164 only: single numbers, then what is refused (emergency, premium), then the allowed countries.",
    )
    return f"{guard}\n{context(_REST, rest)}"


def _accepted() -> tuple[str, str]:
    return "Set(CENTRALITA_NUMBER=${EXTEN})", "Goto(centralita-dial,first,1)"


def _dial_context(config: TelephonyReceptionConfig) -> str:
    order = outbound_trunks(config)
    first = f"Goto({outbound_context(order[0])},dial,1)" if order else "Goto(centralita-outcome,dCHANUNAVAIL,1)"
    return context(
        "centralita-dial",
        [
            extension(
                "first",
                "Set(GROUP(centralita-out)=all)",
                f"GotoIf($[${{GROUP_COUNT(all@centralita-out)}} > {config.site.outbound.max_channels}]"
                "?centralita-outcome,dCONGESTION,1)",
                f'ExecIf($["${{CENTRALITA_RING}}" = ""]?Set(CENTRALITA_RING={RING_SECONDS}))',
                'GotoIf($["${CENTRALITA_VIA}" != ""]?centralita-out-${CENTRALITA_VIA},dial,1)',
                first,
            )
        ],
        comment="The number is checked. All trunks together carry no more than the site allows.",
    )


def _trunk_context(name: str, trunk: Trunk, config: TelephonyReceptionConfig, order: tuple[str, ...]) -> str:
    channels = trunk.channels if isinstance(trunk, CarrierGradeConfig) else trunk.fxo_ports
    milliseconds = config.site.outbound.max_minutes * 60_000
    country = trunk.country or config.site.country or ""
    after = order[order.index(name) + 1 :][:1] if name in order else ()
    steps = ["Set(DIALSTATUS=CONGESTION)", f"Set(GROUP(centralita-via)={name})"]
    if channels:
        # calls that came in over it use its channels too
        used = f"${{GROUP_COUNT({name}@centralita-via)}} + ${{GROUP_COUNT({name}@centralita-in)}}"
        steps.append(f"GotoIf($[{used} > {channels}]?next)")
    if isinstance(trunk, CarrierGradeConfig) and shown_number(trunk):
        steps += ["Set(CALLERID(name)=)", f"Set(CALLERID(num)={token(shown_number(trunk))})"]
    steps += [
        f"Set(CENTRALITA_DIALLED={dialled(trunk, country)})",
        f"Dial(PJSIP/${{CENTRALITA_DIALLED}}@{endpoint_id(name)},${{CENTRALITA_RING}},L({milliseconds}))",
        # busy and no answer are true of the other end, whatever the trunk; a call over one trunk has no other
        'next:GotoIf($["${DIALSTATUS}" != "CONGESTION" & "${DIALSTATUS}" != "CHANUNAVAIL"]?done)',
    ]
    if after:
        steps += [
            'GotoIf($["${CENTRALITA_VIA}" != ""]?done)',
            f"Goto({outbound_context(after[0])},dial,1)",
        ]
    steps.append("done:Goto(centralita-outcome,d${DIALSTATUS},1)")
    return context(outbound_context(name), [extension("dial", *steps)])


def _outcome_context() -> str:
    """What became of a Dial, as the cause a caller's network expects: 486 busy, 480 no answer, 503 no way."""
    causes = {"dBUSY": 17, "dNOANSWER": 19, "dCHANUNAVAIL": 20, "dCONGESTION": 34}
    extensions = [
        extension(status, f"Set(CENTRALITA_CAUSE={cause})", "Goto(centralita-next,on,1)")
        for status, cause in causes.items()
    ]
    extensions.append(extension("dANSWER", "Hangup(16)"))
    extensions.append(extension("_d[A-Z].", "Set(CENTRALITA_CAUSE=34)", "Goto(centralita-next,on,1)"))
    return context("centralita-outcome", extensions)


def _emergency_context(config: TelephonyReceptionConfig) -> str:
    """Phones include it: no limit, no change to the number; the other trunks when the first cannot."""
    site = config.site
    trunks = dict.fromkeys((site.emergency_trunk, *outbound_trunks(config)))
    numbers = emergency_numbers(site.country or "", tuple(one for one in site.emergency if one))
    steps = [f"Dial(PJSIP/${{EXTEN}}@{endpoint_id(name)},120)" for name in trunks]
    extensions = [
        extension(token(number), "Log(NOTICE,centralita: emergency call ${EXTEN})", *steps, "Congestion(20)")
        for number in numbers
    ]
    return context(
        "centralita-emergency",
        extensions,
        comment="For your phones' context: include => centralita-emergency. Agents have no way here.",
    )
