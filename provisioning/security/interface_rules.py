"""ARI, the manager interface, HTTP and AudioSocket: none of them is made for a network."""

import ipaddress
from collections.abc import Iterator

from provisioning.asterisk_conf.objects import truth
from provisioning.asterisk_conf.sections import Section
from provisioning.finding import Finding, Severity
from provisioning.security.facts import AuditFacts


def is_loopback(address: str) -> bool:
    """Return whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return address.lower() == "localhost"


def interface_rules(facts: AuditFacts) -> Iterator[Finding]:
    """Yield what is open to more than this machine."""
    yield from _http(facts)
    yield from _ari(facts)
    yield from _manager(facts)
    yield from _audio_socket(facts)


def _http(facts: AuditFacts) -> Iterator[Finding]:
    general = facts.section("http.conf", "general")
    if general is None:
        return
    how = (
        "Settings → Advanced Settings → HTTP Bind Address = 127.0.0.1"
        if facts.is_freepbx
        else "write bindaddr = 127.0.0.1 in http.conf"
    )
    if truth(general.get("enabled")) is True:
        # Asterisk's default is every address
        address = general.get("bindaddr") or "0.0.0.0"
        if not is_loopback(address):
            message = f"ARI's HTTP server listens on {address} in clear: passwords can be heard and tried; {how}"
            yield _at(general, "bindaddr", "error", "http-open", message)
    if truth(general.get("tlsenable")) is True:
        address = (general.get("tlsbindaddr") or "0.0.0.0").rpartition(":")[0] or general.get("tlsbindaddr") or ""
        if not is_loopback(address):
            message = f"ARI's HTTPS server listens on {address or 'every address'}: let the firewall name who may come"
            yield _at(general, "tlsbindaddr", "warning", "https-open", message)


def _ari(facts: AuditFacts) -> Iterator[Finding]:
    general = facts.section("ari.conf", "general")
    if general is None:
        return
    if "*" in [word.strip() for word in (general.get("allowed_origins") or "").split(",")]:
        how = "Settings → Advanced Settings → ARI Allowed Origins: empty it" if facts.is_freepbx else "remove the line"
        message = f"allowed_origins = * lets any web page in a browser of yours talk to ARI; {how}"
        yield _at(general, "allowed_origins", "warning", "ari-origins", message)


def _manager(facts: AuditFacts) -> Iterator[Finding]:
    general = facts.section("manager.conf", "general")
    if general is None or truth(general.get("enabled")) is not True:
        return
    address = general.get("bindaddr") or "0.0.0.0"
    if not is_loopback(address):
        message = f"the manager interface listens on {address}, in clear: bindaddr = 127.0.0.1 in manager.conf"
        yield _at(general, "bindaddr", "error", "manager-open", message)
    if truth(general.get("webenabled")) is True:
        message = "the manager interface answers over HTTP too: webenabled = no, unless something needs it"
        yield _at(general, "webenabled", "warning", "manager-web", message)
    for user in facts.sections("manager.conf"):
        if user.name.lower() == "general" or user.get("secret") is None:
            continue
        if not user.all("permit") and not user.all("acl") and not is_loopback(address):
            message = "this manager user may come from anywhere: deny = 0.0.0.0/0.0.0.0, permit = 127.0.0.1/32"
            yield _at(user, "secret", "error", "manager-user-open", message)


def _audio_socket(facts: AuditFacts) -> Iterator[Finding]:
    """AudioSocket knows no password: whoever reaches the port can speak and listen."""
    if not facts.audio_socket:
        return
    address, _, port = facts.audio_socket.rpartition(":")
    if not is_loopback(address):
        message = f"AudioSocket is to listen on {address or 'every address'}, and it has no password: use 127.0.0.1"
        yield Finding("error", "audio-socket-open", message, subject="audio_socket")
    for one in facts.listeners:
        if one.protocol == "tcp" and str(one.port) == port and not is_loopback(one.address):
            message = f"something listens on {one.address}:{port}, AudioSocket's port, for the whole network"
            yield Finding("error", "audio-socket-open", message, subject="audio_socket")


def _at(section: Section, key: str, severity: Severity, code: str, message: str) -> Finding:
    entry = section.last(key)
    where = entry.where if entry else section.where
    return Finding(severity, code, message, where.file, where.line, section.name)
