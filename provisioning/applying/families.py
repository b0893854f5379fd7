"""Which of Asterisk's configurations a file belongs to, and what makes Asterisk read it again. Pure.

A file is known by the file that includes it (`pjsip_custom.conf` → pjsip), else by its own name.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from provisioning.rendered import Rendered


@dataclass(frozen=True, slots=True)
class Family:
    """One configuration of Asterisk."""

    name: str
    root: str
    """The file that Asterisk itself opens."""
    modules: tuple[str, ...] = ()
    """Reloaded in one command, those of them that are loaded."""
    command: str = ""
    """Reloads it, where it is no module."""


FAMILIES: Final = (
    Family("acl", "acl.conf", ("acl",)),
    # the dialplan before the lines that send calls into it
    Family("extensions", "extensions.conf", command="dialplan reload"),
    # what cli_aliases.conf calls `pjsip reload`; the alias itself is not everywhere
    Family(
        "pjsip",
        "pjsip.conf",
        (
            "res_pjsip.so",
            "res_pjsip_authenticator_digest.so",
            "res_pjsip_endpoint_identifier_ip.so",
            "res_pjsip_mwi.so",
            "res_pjsip_notify.so",
            "res_pjsip_outbound_publish.so",
            "res_pjsip_publish_asterisk.so",
            "res_pjsip_outbound_registration.so",
        ),
    ),
    Family("http", "http.conf", ("http",)),
    Family("ari", "ari.conf", ("res_ari.so",)),
    Family("manager", "manager.conf", command="manager reload"),
    Family("logger", "logger.conf", command="logger reload"),
    Family("musiconhold", "musiconhold.conf", ("res_musiconhold.so",)),
    Family("queues", "queues.conf", ("app_queue.so",)),
    Family("voicemail", "voicemail.conf", ("app_voicemail.so",)),
    Family("features", "features.conf", ("features",)),
    Family("rtp", "rtp.conf", ("res_rtp_asterisk.so",)),
)
"""In the order they are reloaded."""

_BUILT_IN: Final = frozenset({"acl", "http", "features"})
"""Names that `module reload` takes although they are parts of Asterisk and no modules."""

NEEDED: Final = {
    "identify": "res_pjsip_endpoint_identifier_ip.so",
    "registration": "res_pjsip_outbound_registration.so",
}
"""pjsip.conf's object type → the module without which Asterisk passes over it in silence."""


def family_of(file_name: str) -> Family | None:
    """Return the family that a file's name speaks of, or None."""
    name = file_name.rpartition("/")[2].removesuffix(".conf")
    fitting = [family for family in FAMILIES if re.match(rf"{family.name}(?![a-z])", name)]
    return fitting[0] if fitting else None


def families_by_file(rendered: Rendered) -> dict[str, Family]:
    """Return the family of every file of ours and of every file that takes them in."""
    found: dict[str, Family] = {}
    for path in rendered.files:
        if family := family_of(path):
            found[path] = family
    for host, files in rendered.includes.items():
        if family := family_of(host):
            found[host] = family
            found |= dict.fromkeys(files, family)
    return found


def reloads(families: Iterable[Family], loaded: Collection[str]) -> list[str]:
    """Return the console commands that make Asterisk read these families again, each once.

    `loaded` are the modules that run, by file name.
    """
    wanted = {family.name for family in families}
    commands = []
    for family in FAMILIES:
        if family.name not in wanted:
            continue
        modules = [module for module in family.modules if module in loaded or module in _BUILT_IN]
        if modules:
            commands.append(f"module reload {' '.join(modules)}")
        elif family.command:
            commands.append(family.command)
    return commands


def root_of(family: Family, files: Mapping[str, str]) -> str | None:
    """Return the file from which a family is read, or None when the tree has none."""
    return family.root if family.root in files else None
