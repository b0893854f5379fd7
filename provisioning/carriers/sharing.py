"""Two trunks at one carrier: can Asterisk tell their calls apart?

A registration with `line=yes` puts a token into our contact, the carrier sends it back in every call, and Asterisk
looks at it before anything else (res_pjsip_outbound_registration registers its identifier without a name, so first).
Without a registration only the sender's address is left, and Asterisk takes the first `identify` that matches.
"""

import ipaddress
from collections.abc import Mapping
from itertools import combinations

from provisioning.carriers.loading import preset_named
from provisioning.carriers.preset import Preset
from provisioning.finding import Finding
from provisioning.model import CarrierGradeConfig, TelephonyReceptionConfig
from vocabulary.errors import ConfigurationError

Resolved = Mapping[str, tuple[str, ...]]
"""Host name → its addresses, where somebody has asked."""


def shared_address_findings(config: TelephonyReceptionConfig, resolved: Resolved | None = None) -> list[Finding]:
    """Return a finding for each two trunks whose calls come from the same addresses.

    `config` with its presets filled in. Host names are the same when written the same; `resolved` knows better.
    """
    found: list[Finding] = []
    for (one, first), (other, second) in combinations(config.all_carriers().items(), 2):
        common = _common(_senders(first, resolved or {}), _senders(second, resolved or {}))
        if common:
            found.append(_judged(config, (one, first), (other, second), common))
    return found


def shared_login_findings(config: TelephonyReceptionConfig) -> list[Finding]:
    """Return a finding for each two trunks that log in at the same host with the same user."""
    registering = {name: one for name, one in config.all_carriers().items() if one.auth_type == "register"}
    found: list[Finding] = []
    for (one, first), (other, second) in combinations(registering.items(), 2):
        if not first.user or (first.host.lower(), first.user) != (second.host.lower(), second.user):
            continue
        only_one = _takes_one_registration(first) or _takes_one_registration(second)
        found.append(
            Finding(
                "error" if only_one else "warning",
                "same-login",
                f"{config.key_of(one)} and {config.key_of(other)} log in with the same user {first.user} at "
                f"{first.host}: "
                + ("the later one puts the earlier one out; use one trunk" if only_one else
                   "the carrier may ring both or only the later one; use one trunk, or a second account"),
                subject=config.key_of(other),
            )
        )  # fmt: skip
    return found


def _takes_one_registration(carrier: CarrierGradeConfig) -> bool:
    preset = _preset(carrier)
    fact = preset.knows.get("one_registration") if preset else None
    return fact is not None and fact.value is True


def _preset(carrier: CarrierGradeConfig) -> Preset | None:
    try:
        return preset_named(carrier.preset) if carrier.preset else None
    except ConfigurationError:
        return None


def _judged(
    config: TelephonyReceptionConfig,
    one: tuple[str, CarrierGradeConfig],
    other: tuple[str, CarrierGradeConfig],
    common: str,
) -> Finding:
    (first_name, first), (second_name, second) = one, other
    pair = f"{config.key_of(first_name)} and {config.key_of(second_name)} get calls from the same address {common}"
    subject = config.key_of(second_name)
    if first.auth_type == second.auth_type == "register":
        return Finding(
            "notice", "shared-address", f"{pair}: told apart by the line token of their registrations", subject=subject
        )
    if first.auth_type != second.auth_type:
        return Finding(
            "warning",
            "shared-address",
            f"{pair}: a call of the registered one that comes without its line token is taken for the other's; "
            "let both register",
            subject=subject,
        )
    mine, theirs = ({did.number for did in carrier.dids if did.number} for carrier in (first, second))
    if not mine or not theirs or mine & theirs:
        what = f"both have {min(mine & theirs)}" if mine & theirs else "one of them has no numbers"
        return Finding(
            "error",
            "indistinguishable-trunks",
            f"{pair}, neither registers, and {what}: Asterisk cannot tell whose call it is. Put all numbers into one "
            "trunk, or let one of them register",
            subject=subject,
        )
    return Finding(
        "warning",
        "shared-address",
        f"{pair} and neither registers: Asterisk takes every call for the first, and only the number called tells them "
        "apart; one trunk with all numbers says the same",
        subject=subject,
    )


def _senders(carrier: CarrierGradeConfig, resolved: Resolved) -> tuple[str, ...]:
    """Return whence its calls come: the signalling addresses, else the host (with what it leads to)."""
    named = carrier.signalling or ((carrier.host,) if carrier.host else ())
    return tuple(dict.fromkeys(one for name in named for one in (name.lower(), *resolved.get(name, ()))))


def _common(first: tuple[str, ...], second: tuple[str, ...]) -> str:
    """Return an address, network or name that both have, or ""."""
    for one in first:
        for other in second:
            if one == other or _overlap(one, other):
                return one
    return ""


def _overlap(one: str, other: str) -> bool:
    try:
        first, second = ipaddress.ip_network(one, strict=False), ipaddress.ip_network(other, strict=False)
    except ValueError:
        return False
    return first.version == second.version and first.overlaps(second)
