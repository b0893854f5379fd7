"""Who may call in over SIP without proving who they are."""

import ipaddress
from collections.abc import Iterator
from typing import Final

from provisioning.asterisk_conf.objects import PjsipObject, Site, truth
from provisioning.finding import Finding, Severity
from provisioning.security.facts import AuditFacts
from provisioning.security.interface_rules import is_loopback

_WIDE_4: Final = 8
_WIDE_6: Final = 16
"""A network with a shorter prefix is no carrier's; it is the internet."""


def sip_rules(facts: AuditFacts) -> Iterator[Finding]:
    """Yield open endpoints, wide `identify`s, and transports that everybody reaches."""
    site = facts.pjsip()
    if site is None:
        return
    yield from _anonymous(site)
    yield from _without_password(site)
    yield from _wide_identify(site)
    yield from _transports(site)


def identified(site: Site) -> frozenset[str]:
    """Return the endpoints that are known by an address, a header or a registration's line."""
    names = {one.get("endpoint") or "" for one in site.of("identify")}
    names |= {one.get("endpoint") or "" for one in site.of("registration") if truth(one.get("line")) is True}
    return frozenset(names)


def _anonymous(site: Site) -> Iterator[Finding]:
    for endpoint in site.of("endpoint"):
        if endpoint.id.lower() == "anonymous" or endpoint.id.lower().startswith("anonymous@"):
            message = (
                f"anybody may call in (guest calls) into context {endpoint.get('context') or 'default'}: "
                "remove it; in FreePBX: Settings → Asterisk SIP Settings → Allow Anonymous Inbound SIP Calls = No, "
                "Allow SIP Guests = No"
            )
            yield _at(endpoint, "", "error", "anonymous-endpoint", message)


def _without_password(site: Site) -> Iterator[Finding]:
    """`identify_by` decides: with `username` in it, a name in From is enough for an endpoint without auth."""
    for endpoint in site.of("endpoint"):
        if endpoint.listed("auth") or endpoint.id.lower().startswith("anonymous"):
            continue
        ways = endpoint.listed("identify_by") or ("username", "ip")
        if not ({"username", "auth_username"} & set(ways)) or _is_fenced(endpoint):
            continue
        known = endpoint.id in identified(site)
        severity: Severity = "warning" if known else "error"
        message = (
            "has no password, and whoever writes its name into From may call as it: give it an auth, or "
            "identify_by = ip with an identify"
        )
        yield _at(endpoint, "", severity, "endpoint-without-password", message)


def _is_fenced(endpoint: PjsipObject) -> bool:
    """Return whether only named networks may speak as it."""
    denies = {value.strip() for value in endpoint.listed("deny")}
    everybody = {"0.0.0.0/0", "0.0.0.0/0.0.0.0", "::/0"}
    return bool(denies & everybody and endpoint.listed("permit")) or bool(endpoint.listed("acl"))


def _wide_identify(site: Site) -> Iterator[Finding]:
    for one in site.of("identify"):
        for value in one.listed("match"):
            try:
                network = ipaddress.ip_network(value.strip("!"), strict=False)
            except ValueError:
                continue
            if value.startswith("!") or network.is_loopback:
                continue
            if network.prefixlen < (_WIDE_4 if network.version == 4 else _WIDE_6):
                message = f"match = {value} makes the whole internet this trunk: name the carrier's own addresses"
                yield _at(one, "match", "error", "identify-wide", message)


def _transports(site: Site) -> Iterator[Finding]:
    has_acl = any(True for _ in site.of("acl"))
    for transport in site.of("transport"):
        address = (transport.get("bind") or "0.0.0.0").rpartition(":")[0] or transport.get("bind") or "0.0.0.0"
        address = address.strip("[]")
        if is_loopback(address) or _is_private(address) or has_acl:
            continue
        message = (
            f"SIP is open on {address} without an address list: put a firewall before it, or a type = acl section, and "
            "let fail2ban watch the security log"
        )
        yield _at(transport, "bind", "warning", "transport-open", message)


def _is_private(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed.is_private and not parsed.is_unspecified


def _at(about: PjsipObject, option: str, severity: Severity, code: str, message: str) -> Finding:
    where = about.where(option)
    return Finding(severity, code, message, where.file, where.line, str(about))
