"""Calls that come in: from a trunk to the number, from the number to the agent, from the agent to the fallback."""

from collections.abc import Iterator
from typing import Final

from provisioning.model import CarrierGradeConfig, DIDNumber, SiteConfig, TelephonyReceptionConfig
from provisioning.model.numbers import spellings
from provisioning.rendering.names import Trunk, inbound_context, trunks_of
from provisioning.rendering.places import place_id
from provisioning.rendering.writing import context, extension, token

ANY_NUMBER: Final = "_[0-9+*#]!"
ANY_NAME: Final = "_[a-zA-Z]."
"""Two letters or more: single ones are Asterisk's own (h, i, t …)."""


def inbound_contexts(config: TelephonyReceptionConfig) -> Iterator[str]:
    """Yield every context of the way in, in the order a call meets them. Raises: ConfigurationError."""
    trunks = trunks_of(config)
    for name, trunk in sorted(trunks.items()):
        yield _trunk_context(name, trunk, config.site)
    yield context(
        "centralita-refused",
        [
            extension(
                "unknown",
                "Log(NOTICE,centralita: a call for a number that is not ours was refused: trunk=${CENTRALITA_TRUNK})",
                # 404: the cause of an unallocated number
                "Hangup(1)",
            ),
            extension("outbound", "Log(WARNING,centralita: a call out was refused: not allowed)",
                      "Set(CENTRALITA_CAUSE=21)", "Goto(centralita-next,on,1)"),
            extension("transfer", "Log(WARNING,centralita: a transfer was refused: no such target)",
                      "Set(CENTRALITA_CAUSE=21)", "Goto(centralita-next,on,1)"),
        ],
    )  # fmt: skip
    yield _did_context(config)
    yield _entry_context(config)
    yield _answer_context(config.site)
    yield _next_context()


def spelled(did: DIDNumber, trunk: Trunk, site: SiteConfig) -> tuple[str, ...]:
    """Return every way in which the trunk may write one of our numbers."""
    country = trunk.country or site.country or ""
    local = trunk.local_digits if isinstance(trunk, CarrierGradeConfig) else 0
    return spellings(did.number, trunk.did_format, country, local_digits=local)


def agents_of(config: TelephonyReceptionConfig) -> tuple[str, ...]:
    """Return the agents that answer anything, sorted."""
    return tuple(sorted({config.site.agent, *(did.agent for _, _, did in config.all_dids() if did.agent)}))


def _trunk_context(name: str, trunk: Trunk, site: SiteConfig) -> str:
    ways = {way: did.number for did in trunk.dids if did.number for way in spelled(did, trunk, site)}
    extensions = [extension(way, f"Goto(centralita-did,{token(number)},1)") for way, number in sorted(ways.items())]
    extensions += [extension(every, "Goto(centralita-refused,unknown,1)") for every in (ANY_NUMBER, ANY_NAME, "s")]
    return context(inbound_context(name), extensions, comment=f"Calls from {name}: its numbers, and nothing else.")


def _did_context(config: TelephonyReceptionConfig) -> str:
    dids = {did.number: did for _, _, did in config.all_dids() if did.number}
    return context("centralita-did", [_did(dids[number], config.site) for number in sorted(dids)])


def _did(did: DIDNumber, site: SiteConfig) -> str:
    if not did.active:
        return extension(did.number, "Busy(4)")
    fallback = did.fallback or site.fallback
    notice = did.recording_notice or site.recording_notice
    steps = [
        f"Set(__CENTRALITA_DID={token(did.number)})",
        f"Set(__CENTRALITA_AGENT={token(did.agent or site.agent)})",
        f"Set(__CENTRALITA_FALLBACK={place_id(fallback) if fallback else ''})",
    ]
    steps += [f"Set(CENTRALITA_NOTICE={token(notice)})"] if notice else []
    return extension(did.number, *steps, "Goto(centralita-answer,agent,1)")


def _entry_context(config: TelephonyReceptionConfig) -> str:
    site = config.site
    fallback, notice = site.fallback, site.recording_notice
    extensions = []
    for agent in agents_of(config):
        steps = [
            "Set(__CENTRALITA_DID=${FILTER(+0-9,${FROM_DID})})",
            'ExecIf($["${CENTRALITA_DID}" = ""]?Set(__CENTRALITA_DID=${FILTER(+0-9,${CALLERID(dnid)})}))',
            f"Set(__CENTRALITA_AGENT={token(agent)})",
            f"Set(__CENTRALITA_FALLBACK={place_id(fallback) if fallback else ''})",
        ]
        steps += [f"Set(CENTRALITA_NOTICE={token(notice)})"] if notice else []
        extensions.append(extension(agent, *steps, "Goto(centralita-answer,agent,1)"))
    return context(
        "centralita-entry",
        extensions,
        comment="For FreePBX's Custom Destinations and for dialplan of your own: centralita-entry,<agent>,1",
    )


def _answer_context(site: SiteConfig) -> str:
    return context(
        "centralita-answer",
        [
            extension(
                "agent",
                "Set(__CENTRALITA_TRUNK=${CENTRALITA_TRUNK})",
                "Set(__CENTRALITA_ROUND=$[0${CENTRALITA_ROUND} + 1])",
                # a call that comes round again does not meet the agent a second time
                "GotoIf($[${CENTRALITA_ROUND} > 1]?centralita-next,on,1)",
                'ExecIf($["${CENTRALITA_TRUNK}" != ""]?Set(GROUP(centralita-in)=${CENTRALITA_TRUNK}))',
                'GotoIf($["${CENTRALITA_NOTICE}" = ""]?agent)',
                "Answer()",
                "Playback(${CENTRALITA_NOTICE})",
                # what was heard, for whoever has to prove it; empty when it was not
                'ExecIf($["${PLAYBACKSTATUS}" = "SUCCESS"]?Set(__CENTRALITA_NOTICE_PLAYED=${CENTRALITA_NOTICE}))',
                f"agent:Stasis({token(site.ari.app)},${{CENTRALITA_AGENT}},${{CENTRALITA_DID}})",
                "Set(__CENTRALITA_STASIS=${STASISSTATUS})",
                "Log(NOTICE,centralita let go: ${STASISSTATUS} agent=${CENTRALITA_AGENT} did=${CENTRALITA_DID})",
                "Goto(centralita-next,on,1)",
            )
        ],
        comment="Stasis() comes back when the app is not connected, lets go, or has died: the fallback follows.",
    )


def _next_context() -> str:
    """The fallback, once; after it the last resort, which is never silence."""
    return context(
        "centralita-next",
        [
            extension(
                "on",
                'GotoIf($["${CENTRALITA_FALLBACK}" = "" | "${CENTRALITA_FELL}" = "1"]?resort)',
                "Set(__CENTRALITA_FELL=1)",
                "Set(CENTRALITA_VIA=)",
                "Goto(centralita-place,${CENTRALITA_FALLBACK},1)",
                # FreePBX's Custom Destinations call us with Gosub: it knows where to go on
                'resort:ExecIf($["${STACK_PEEK(1,c,1)}" != ""]?Return())',
                'GotoIf($["${CHANNEL(state)}" = "Up"]?tone)',
                'ExecIf($["${CENTRALITA_CAUSE}" = ""]?Set(CENTRALITA_CAUSE=34))',
                "Hangup(${CENTRALITA_CAUSE})",
                "tone:Congestion(8)",
            )
        ],
        comment="Whoever is here is with nobody: the fallback, once; "
        "then back to who called us by Gosub, or a refusal.",
    )
