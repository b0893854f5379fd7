"""Transports and passwords: what is bound twice, what outlives a reload, and what Asterisk will drop one day."""

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from provisioning.asterisk_conf.objects import PjsipObject, Site
from provisioning.finding import Finding

_NEVER_BOUND: Final = frozenset({"ws", "wss", "flow"})
"""Websockets come in through http.conf; a flow has no address."""
_PORTS: Final = {"udp": 5060, "tcp": 5060, "tls": 5061}
_FIXED: Final = re.compile(
    r"protocol|bind|method|cipher|verify_server|verify_client|require_client_cert|allow_wildcard_certs|ca_list_file"
    r"|ca_list_path|cert_file|priv_key_file|password|tcp_keepalive_\w+|tos|cos"
)
"""Options of a transport that a reload leaves as they are, unless it has `allow_reload = yes`: as Asterisk 22.10 says
in its log. A certificate is read again when its file's name stays the same. Everything else a reload does change."""


def check_transports(site: Site) -> Iterator[Finding]:
    """Find two transports on one address; the second cannot start."""
    bound: dict[tuple[str, int], list[tuple[str, PjsipObject]]] = defaultdict(list)
    for one in site.of("transport"):
        protocol = (one.get("protocol") or "udp").lower()
        host, port = _bind(one.get("bind") or "", _PORTS.get(protocol, 5060))
        if protocol in _NEVER_BOUND or not host:
            continue
        wire = "udp" if protocol == "udp" else "tcp"
        for other_host, other in bound[wire, port]:
            if host == other_host or _is_any(host) or _is_any(other_host):
                message = f"binds {host} port {port}/{wire} like transport '{other.id}' at {other.section.where}"
                message += ": Asterisk starts only the first"
                yield site.says((one, other), "same-bind", message, one.where("bind"))
                break
        bound[wire, port].append((host, one))


def _bind(text: str, default_port: int) -> tuple[str, int]:
    """Return host and port of a `bind`; "" for what is no address. Port 0 means the default one (measured)."""
    host, port = text, str(default_port)
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        return str(ipaddress.ip_address(host)), int(port) or default_port
    except ValueError:
        return "", 0


def _is_any(host: str) -> bool:
    return host in ("0.0.0.0", "::")


def check_old_passwords(site: Site) -> Iterator[Finding]:
    """Find `auth_type` values that newer versions warn about, counted in one finding.

    Ours are not told: rendering writes `userpass` where the version does not say that `digest` is known.
    """
    theirs = [
        one
        for one in site.of("auth")
        if (one.get("auth_type") or "").lower() in ("userpass", "md5") and not site.is_ours(one)
    ]
    if theirs:
        more = f" (and {len(theirs) - 1} more like it)" if len(theirs) > 1 else ""
        kind = theirs[0].get("auth_type")
        text = f"auth_type = {kind} is deprecated since Asterisk 20.12, 21.7 and 22.2; 'digest' does the same{more}"
        yield site.says(theirs[0], "deprecated-auth-type", text, theirs[0].where("auth_type"), theirs="notice")


def restarts_needed(before: Site, after: Site) -> list[Finding]:
    """Return what differs between two states that a reload does not bring about, or not without breaking calls.

    Of a transport without `allow_reload = yes` a reload leaves the options in `_FIXED` as they are; with it, the
    transport is started again, which may disrupt calls (documentation of pjsip.conf). New transports start with a
    reload. `[system]` is never read again.
    """
    findings = []
    for one in after.of("transport", "system"):
        old = before.find(one.type, one.id)
        if old is None:
            continue
        changed = {option for option, _ in _settings(old) ^ _settings(one)}
        if one.type == "transport":
            changed = {option for option in changed if _FIXED.fullmatch(option)}
        if not changed:
            continue
        what, place = f"{', '.join(sorted(changed))} changed", one.section.where
        if one.type == "transport" and old.is_on("allow_reload"):
            message = f"{what}: the reload starts the transport again, which may disrupt calls"
            findings.append(Finding("notice", "restarts-transport", message, place.file, place.line, str(one)))
        else:
            message = f"{what}: a reload keeps the old value, Asterisk must be restarted"
            findings.append(Finding("warning", "needs-restart", message, place.file, place.line, str(one)))
    return findings


def _settings(one: PjsipObject) -> set[tuple[str, str]]:
    return {(entry.key.lower(), entry.value) for entry in one.section.entries}
