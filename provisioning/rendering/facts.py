"""What rendering must know of the PBX it writes for. Everything has a value that means "unknown"."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from provisioning.asterisk_conf.parsing import read_tree
from provisioning.rendered import without_block

SHARED: Final = ("pjsip.conf", "ari.conf", "http.conf", "rtp.conf", "manager.conf", "logger.conf")
"""Files in which a section of ours can meet a section of the same name of the host's."""


@dataclass(frozen=True, slots=True)
class PbxFacts:
    """The PBX, as a doctor found it."""

    asterisk_major: int = 22
    modules: frozenset[str] = frozenset()
    """File names, like `chan_pjsip.so`; empty: unknown."""
    host_sections: frozenset[str] = frozenset()
    """Sections the host's own files have, like "http.conf [general]": see `sections_of`. Standalone only.

    Found on Asterisk 22.10: a second `[general]` is ignored without a word by http.conf, manager.conf, rtp.conf and
    logger.conf (`[logfiles]`), and makes ari.conf and pjsip.conf (`[global]`) refuse to load. `[general](+)` works in
    all of them, and is an error where there is no first one. So we must know.
    """
    agents: frozenset[str] = frozenset()
    """Names of the agents there are; empty: unknown."""
    ca_bundle: str = "/etc/ssl/certs/ca-certificates.crt"
    """The machine's own authorities (PEM); the place Debian and its kin have, `/etc/pki/tls/certs/ca-bundle.crt` on
    Red Hat's kin. Asterisk looks nowhere by itself."""

    def has_section(self, file: str, section: str) -> bool:
        """True when the host's file has this section already."""
        return f"{file} [{section}]" in self.host_sections


def sections_of(files: Mapping[str, str]) -> frozenset[str]:
    """Return `host_sections` for a configuration folder (path → text), our own blocks left out.

    Raises: ValueError when one of our blocks was changed by hand.
    """
    hosts = {path: without_block(text) for path, text in files.items() if not path.startswith("centralita/")}
    return frozenset(
        f"{root} [{section.name.lower()}]"
        for root in SHARED
        if root in hosts
        for section in read_tree(hosts, root).objects()
    )
