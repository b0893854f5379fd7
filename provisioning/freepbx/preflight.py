"""What forbids an installation, or is worth knowing before it. Pure: facts in, findings out."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Final

from provisioning.asterisk_conf.checks import check_tree
from provisioning.asterisk_conf.objects import site_of
from provisioning.asterisk_conf.parsing import read_tree
from provisioning.asterisk_conf.schema import schema_for
from provisioning.finding import Finding
from provisioning.freepbx.facts import HostFacts
from provisioning.model import TelephonyReceptionConfig
from provisioning.rendered import Rendered, without_block

OLDEST_FREEPBX: Final = 16
TRIED_FREEPBX: Final = 17
_WANTS_FILE: Final = {
    "pbx_config.so": "extensions.conf",
    "res_pjsip.so": "pjsip.conf",
    "res_ari.so": "ari.conf",
}
"""Modules that decline to run without their file (seen on Asterisk 22.10)."""
_SOUND: Final = ("chan_audiosocket.so", "res_audiosocket.so")
_BRIDGES: Final = ("bridge_simple.so", "bridge_softmix.so")
_ARI: Final = ("res_ari.so", "res_ari_channels.so", "app_stasis.so")


def preflight(
    config: TelephonyReceptionConfig, rendered: Rendered, facts: HostFacts, offline: bool = False
) -> list[Finding]:
    """Return everything there is to say; an error forbids going on. `offline`: Asterisk need not answer."""
    return [
        *_versions(config, facts, offline),
        *_modules(facts),
        *_http(config, facts),
        *_ari_user(config, facts),
        *_hosts_include(rendered, facts),
        *_ports(rendered, facts),
        *_tree(rendered, facts),
    ]


def not_running(facts: HostFacts) -> Iterator[Finding]:
    """Say why Asterisk lacks modules that it has: without their file they decline to run."""
    for module, root in _WANTS_FILE.items():
        if facts.modules and module not in facts.modules and root not in facts.files:
            message = (
                f"Asterisk does not run {module} because there is no {root}: stop Asterisk, install offline (the files "
                "are written without proof), start it, and install again, which proves them"
            )
            yield Finding("error", "module-without-file", message, root, subject=module)


def _versions(config: TelephonyReceptionConfig, facts: HostFacts, offline: bool) -> Iterator[Finding]:
    if facts.silence and offline:
        yield Finding(
            "warning", "asterisk-silent", f"{facts.silence}: written without proof; install again to prove it"
        )
    elif facts.silence:
        yield Finding("error", "asterisk-silent", f"{facts.silence}: start it; nothing is installed blindly")
    elif not facts.asterisk_major:
        yield Finding("error", "asterisk-unknown", "Asterisk does not say which version it is")
    wants = config.site.pbx == "freepbx"
    if wants and not facts.is_freepbx:
        message = f"{facts.etc} is no FreePBX's folder: install with `install-standalone`, or set site.asterisk_etc"
        yield Finding("error", "no-freepbx", message, subject="site.pbx")
    elif not wants and facts.is_freepbx:
        message = "FreePBX is in charge here and would overwrite what a standalone installation writes"
        yield Finding("error", "is-freepbx", f'{message}: set site.pbx = "freepbx"', subject="site.pbx")
    if not wants or not facts.is_freepbx:
        return
    if not facts.freepbx_version:
        yield Finding("notice", "freepbx-version-unknown", "`fwconsole --version` gave no answer; made for 16 and 17")
        return
    major = int(facts.freepbx_version.partition(".")[0])
    if major < OLDEST_FREEPBX:
        yield Finding("error", "freepbx-too-old", f"FreePBX {facts.freepbx_version}: 16 or newer is needed")
    elif major > TRIED_FREEPBX:
        yield Finding("warning", "freepbx-untried", f"FreePBX {facts.freepbx_version}: made for 16 and 17")


def _modules(facts: HostFacts) -> Iterator[Finding]:
    if not facts.modules:
        return
    needed = {**dict.fromkeys(_ARI, "ARI"), **dict.fromkeys(_SOUND, "the agents' sound")}
    needed |= dict.fromkeys(_BRIDGES, "connecting callers")
    for module, what in needed.items():
        if module not in facts.modules:
            message = f"Asterisk does not run {module}, which {what} needs: `module load {module}`, or install it"
            yield Finding("error", "module-missing", message, subject=module)


def _http(config: TelephonyReceptionConfig, facts: HostFacts) -> Iterator[Finding]:
    """FreePBX has http.conf in its own hands; standalone we write it."""
    if config.site.pbx != "freepbx" or facts.silence:
        return
    if not facts.http_address:
        yield Finding(
            "error",
            "http-off",
            "Asterisk's HTTP server is off, so ARI cannot be reached: Settings → Advanced Settings → "
            "Enable the mini-HTTP Server = Yes, Enable ARI = Yes, then Apply Config",
            "http.conf",
        )
        return
    address, _, port = facts.http_address.rpartition(":")
    address = address.strip("[]")
    if not _is_loopback(address):
        message = (
            f"ARI listens on {facts.http_address}, for everybody who reaches this machine: "
            "Settings → Advanced Settings → HTTP Bind Address = 127.0.0.1"
        )
        yield Finding("warning", "http-open", message, "http.conf")
    if port.isdigit() and int(port) != config.site.ari.port:
        message = f"ARI listens on port {port}, and the config says {config.site.ari.port}"
        yield Finding("error", "http-port", message, subject="site.ari.port")


def _ari_user(config: TelephonyReceptionConfig, facts: HostFacts) -> Iterator[Finding]:
    user = config.site.ari.user
    tree = read_tree(_without_ours(facts.files), "ari.conf", facts.etc) if "ari.conf" in facts.files else None
    for section in tree.objects() if tree else ():
        if section.name == user:
            message = f"there is an ARI user {user} already, and a second one makes Asterisk refuse ari.conf"
            place = section.where
            yield Finding("error", "ari-user-taken", f"{message}: choose another name", place.file, place.line, user)


def _hosts_include(rendered: Rendered, facts: HostFacts) -> Iterator[Finding]:
    """A block in a file that nobody reads would be written for nothing (arimanager has rewritten ari.conf before)."""
    roots = {path: read_tree(facts.files, path, facts.etc) for path in facts.files if "/" not in path}
    read = {name for root, tree in roots.items() if _is_root(root) for name in tree.files}
    for host in rendered.includes:
        if host not in facts.files and facts.is_freepbx:
            message = (
                "FreePBX should have this file and include it, and it is not there: `fwconsole reload`, then again"
            )
            yield Finding("error", "host-missing", message, host)
        elif host in facts.files and host not in read:
            root = host.partition("_")[0].partition(".conf")[0] + ".conf"
            yield Finding("error", "host-not-included", f"{root} does not include it: ours would never be read", host)


def _is_root(name: str) -> bool:
    return name in ("pjsip.conf", "extensions.conf", "ari.conf", "manager.conf", "logger.conf", "http.conf", "rtp.conf")


def _ports(rendered: Rendered, facts: HostFacts) -> Iterator[Finding]:
    """A transport of ours on a port that somebody has: Asterisk would refuse it, and every trunk with it."""
    now = _transports(facts.files, facts.etc)
    merged = merged_texts(rendered, facts.files)
    for name, (protocol, address, port) in _transports(merged, facts.etc).items():
        if now.get(name) == (protocol, address, port) or name in now:
            continue
        wire = "udp" if protocol == "udp" else "tcp"
        for one in facts.listeners:
            if one.protocol == wire and one.port == port and _meet(one.address, address):
                message = f"{wire} port {port} is taken on {one.address}: another transport, or another program, has it"
                yield Finding("error", "port-taken", message, "centralita/pjsip.conf", subject=f"transport {name}")
                break


def _transports(files: Mapping[str, str], etc: str) -> dict[str, tuple[str, str, int]]:
    if "pjsip.conf" not in files:
        return {}
    found = {}
    for one in site_of(read_tree(files, "pjsip.conf", etc)).of("transport"):
        address, _, port = (one.get("bind") or "").rpartition(":")
        protocol = one.get("protocol") or "udp"
        usual = "5061" if protocol == "tls" else "5060"
        found[one.id] = (protocol, address.strip("[]") or "0.0.0.0", int(port) if port.isdigit() else int(usual))
    return found


def _meet(one: str, other: str) -> bool:
    everywhere = {"0.0.0.0", "::", ""}
    return one == other or one in everywhere or other in everywhere


def _tree(rendered: Rendered, facts: HostFacts) -> Iterator[Finding]:
    """What is wrong before us is not ours to break further; what the merged tree would be is asked again by `apply`."""
    schema, notes = schema_for(facts.asterisk_version or "22")
    yield from notes
    before = {path: text for path, text in _without_ours(facts.files).items() if not path.startswith("centralita/")}
    for finding in check_tree(before, schema, frozenset(), facts.etc):
        if finding.severity == "error":
            yield Finding(
                "error",
                f"before-us-{finding.code}",
                f"was wrong before us, and Asterisk would refuse ours with it: {finding.message}",
                finding.file,
                finding.line,
                finding.subject,
            )
    yield from offline_checks(merged_texts(rendered, facts.files), rendered, facts)


def offline_checks(merged: Mapping[str, str], rendered: Rendered, facts: HostFacts) -> list[Finding]:
    """Return what is wrong with the whole folder as it would be.

    `check_tree` looks at pjsip.conf, extensions.conf and ACLs only, so it takes our other files for unread.
    """
    schema, _ = schema_for(facts.asterisk_version or "22")
    read = {path for root in merged if _is_root(root) for path in read_tree(merged, root, facts.etc).files}
    found = check_tree(merged, schema, frozenset(rendered.files), facts.etc)
    return [one for one in found if one.code != "not-included" or one.file not in read]


def merged_texts(rendered: Rendered, files: Mapping[str, str]) -> dict[str, str]:
    """Return the folder as it would be: our old files gone, the new ones and their blocks in it."""
    merged = {path: text for path, text in _without_ours(files).items() if not path.startswith("centralita/")}
    merged |= rendered.files
    for host, ours in rendered.includes.items():
        merged[host] = merged.get(host, "") + "\n" + "".join(f"#tryinclude {path}\n" for path in ours)
    return merged


def _without_ours(files: Mapping[str, str]) -> dict[str, str]:
    """Return the texts without our blocks; one that was changed by hand stays (`apply` refuses it in words)."""
    plain = {}
    for path, text in files.items():
        try:
            plain[path] = without_block(text)
        except ValueError:
            plain[path] = text
    return plain


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
