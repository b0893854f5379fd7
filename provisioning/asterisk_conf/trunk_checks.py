"""What loads, and fails later: registrations that give up, callers matched to the wrong trunk, keys sent in clear."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, Literal

from provisioning.asterisk_conf.objects import PjsipObject, Site, truth, words
from provisioning.finding import Finding

_FEW_RETRIES: Final = 10
"""The default of `max_retries`; after that many an outbound registration stops for ever (Asterisk's XML docs)."""
_BY_NAME: Final = frozenset({"username", "auth_username"})
"""Ways of identifying that find the AOR of a REGISTER."""
_TLS: Final = frozenset({"tls", "wss"})

_Net = ipaddress.IPv4Network | ipaddress.IPv6Network


def check_registrations(site: Site) -> Iterator[Finding]:
    """Find registrations that stop for good, and lines that lead nowhere."""
    for one in site.of("registration"):
        retries = one.get("max_retries")
        if retries == "0":
            message = "max_retries = 0 means not a single retry, not endless ones: write 10000"
            yield site.says(one, "never-retries", message, one.where("max_retries"))
        elif (retries or "10").isdigit() and int(retries or "10") <= _FEW_RETRIES:
            message = f"gives up for ever after {retries or _FEW_RETRIES} failures: max_retries = 10000 goes on trying"
            yield site.says(one, "gives-up", message, one.where("max_retries"), ours="warning", theirs="notice")
        if truth(one.get("auth_rejection_permanent")) is not False:
            message = "one 401 or 403 of the carrier ends it for ever: auth_rejection_permanent = no"
            yield site.says(one, "gives-up", message, ours="warning", theirs="notice")
        missing = [
            name for name in ("forbidden_retry_interval", "fatal_retry_interval") if one.get(name) in (None, "0")
        ]
        if missing:
            message = f"one refusal of that kind ends it for ever: set {' and '.join(missing)}"
            yield site.says(one, "gives-up", message, ours="warning", theirs="notice")
        if one.is_on("line") and not one.get("endpoint"):
            message = "line = yes needs an endpoint: Asterisk refuses the registration"
            yield site.says(one, "line-without-endpoint", message, one.where("line"))
        if one.get("endpoint") and not one.is_on("line"):
            message = "an endpoint without line = yes: Asterisk refuses the registration"
            yield site.says(one, "endpoint-without-line", message, one.where("endpoint"))


def check_identification(site: Site) -> Iterator[Finding]:
    """Find callers that match two endpoints, or the wrong one."""
    yield from _shared_networks(site)
    yield from _shared_texts(site)
    yield from _strangers(site)
    yield from _registrars(site)


def _shared_networks(site: Site) -> Iterator[Finding]:
    found: list[tuple[int, int, int, _Net, PjsipObject]] = []
    for one in site.of("identify"):
        for word in one.listed("match"):
            try:
                net = ipaddress.ip_network(word.removeprefix("!"), strict=False)
            except ValueError:
                continue
            found.append((net.version, int(net.network_address), -int(net.broadcast_address), net, one))
    found.sort(key=lambda each: each[:3])
    around: list[tuple[int, int, _Net, PjsipObject]] = []  # networks nest or are apart: a stack holds what is around
    for version, begins, minus_ends, net, one in found:
        while around and (around[-1][0] != version or around[-1][1] < begins):
            around.pop()
        for _, _, wider, other in reversed(around):
            if other.get("endpoint") != one.get("endpoint"):
                how = f"{net}" if wider == net else f"{net} lies within {wider}"
                yield _shared(site, one, other, how)
                break
        around.append((version, -minus_ends, net, one))


def _shared_texts(site: Site) -> Iterator[Finding]:
    """Host names and headers that two endpoints are known by."""
    seen: dict[tuple[str, str], PjsipObject] = {}
    for one in site.of("identify"):
        texts = [("match", word.lower()) for word in one.listed("match") if not word[:1].isdigit() and ":" not in word]
        texts += [(name, value) for name in ("match_header", "match_request_uri") for value in one.section.all(name)]
        for text in texts:
            other = seen.setdefault(text, one)
            if other is not one and other.get("endpoint") != one.get("endpoint"):
                yield _shared(site, one, other, f"{text[0]} {text[1]}")


def _shared(site: Site, one: PjsipObject, other: PjsipObject, how: str) -> Finding:
    lines = {each.get("endpoint") for each in site.of("registration") if each.is_on("line")}
    both_lines = {one.get("endpoint"), other.get("endpoint")} <= lines
    message = (
        f"{how}: endpoint '{one.get('endpoint')}' and endpoint '{other.get('endpoint')}' ({other.section.where}) are "
        "known by the same address, so calls of one arrive as the other's"
    )
    if both_lines:
        message += (
            "; both have a registration with line = yes, which is asked first: only calls without it are mixed up"
        )
    else:
        message += "; tell them apart by a registration with line = yes and endpoint ="
    severity: Literal["error", "warning"] = "warning" if both_lines else "error"
    return site.says((one, other), "shared-identify", message, one.where("match"), ours=severity)


def _strangers(site: Site) -> Iterator[Finding]:
    anonymous = [one for one in site.of("endpoint") if one.id.partition("@")[0].lower() == "anonymous"]
    for one in anonymous:
        message = (
            "an endpoint 'anonymous' lets everybody on the network call into context "
            f"'{one.get('context') or 'default'}' (where res_pjsip_endpoint_identifier_anonymous is loaded)"
        )
        yield site.says(one, "anonymous-endpoint", message)
    ordered = any(one.get("endpoint_identifier_order") for one in site.of("global"))
    if not anonymous or ordered:
        return
    for one in site.of("identify"):
        for option in ("match_header", "match_request_uri"):
            if one.get(option):
                message = (
                    f"{option} is asked only after 'anonymous', which takes every call first: "
                    "set endpoint_identifier_order in [global], e.g. ip,username,header,request_uri,anonymous"
                )
                yield site.says(one, "identify-after-anonymous", message, one.where(option))


def _registrars(site: Site) -> Iterator[Finding]:
    for one in site.of("endpoint"):
        methods = {word.lower() for word in words(one.get("identify_by"))}  # of several lines the last
        aors = [aor for name in one.listed("aors") if (aor := site.find("aor", name))]
        registers = [aor for aor in aors if not aor.get("contact") and (aor.get("max_contacts") or "0") != "0"]
        if methods and not methods & _BY_NAME and registers:
            message = (
                f"identify_by = {','.join(sorted(methods))}: nothing in it finds the aor of a REGISTER, so "
                f"'{registers[0].id}' cannot register; add username"
            )
            yield site.says(one, "cannot-register", message, one.where("identify_by"))
        if registers and not methods - _BY_NAME:
            yield from _names_agree(site, one, registers)


def _names_agree(site: Site, one: PjsipObject, registers: list[PjsipObject]) -> Iterator[Finding]:
    if one.id not in {aor.id for aor in registers}:
        message = (
            f"devices register as '{registers[0].id}' and are looked for as an endpoint of that name: "
            f"endpoint and aor must have the same id (this is '{one.id}')"
        )
        yield site.says(one, "register-name", message, one.where("aors"), ours="warning", theirs="notice")


def check_encryption(site: Site) -> Iterator[Finding]:
    """Find SRTP keys that would travel in clear."""
    registered: dict[str, list[PjsipObject]] = defaultdict(list)
    for registration in site.of("registration"):
        registered[registration.get("endpoint") or ""].append(registration)
    for one in site.of("endpoint"):
        if (one.get("media_encryption") or "").lower() != "sdes":
            continue
        at = one.where("media_encryption")
        transport = site.find("transport", one.get("transport") or "")
        if transport is not None:
            protocol = (transport.get("protocol") or "udp").lower()
            if protocol not in _TLS:
                message = (
                    f"media_encryption = sdes over transport '{transport.id}' ({protocol}): the keys travel in clear"
                )
                yield site.says(one, "sdes-without-tls", message, at)
        elif not one.get("transport") and not _speaks_tls(site, one, registered[one.id]):
            message = "media_encryption = sdes without a TLS transport: the keys travel in clear"
            yield site.says(one, "sdes-without-tls", message, at)
        if one.is_on("media_encryption_optimistic"):
            message = "media_encryption_optimistic = yes falls back to calls in clear without a word"
            yield site.says(one, "sdes-optional", message, at, ours="warning", theirs="notice")


def _speaks_tls(site: Site, one: PjsipObject, registrations: list[PjsipObject]) -> bool:
    """Return whether every address we would send to asks for TLS."""
    addresses = [registration.get("server_uri") or "" for registration in registrations]
    addresses += [
        uri for name in one.listed("aors") if (aor := site.find("aor", name)) for uri in aor.section.all("contact")
    ]
    return bool(addresses) and all(
        address.lower().lstrip("<").startswith("sips:") or "transport=tls" in address.lower() for address in addresses
    )
