"""What is found on the PBX before anything of ours is written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from provisioning.asterisk_conf.parsing import ETC
from provisioning.rendering.facts import PbxFacts, sections_of

_MAJOR: Final = re.compile(r"(\d+)(?:\.\d+)*")


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that somebody on this machine listens on."""

    protocol: str
    """udp or tcp."""
    address: str
    """"0.0.0.0" and "::": every address."""
    port: int


@dataclass(frozen=True, slots=True)
class HostFacts:
    """One PBX, read without changing anything. Everything has a value that means "unknown"."""

    files: Mapping[str, str] = field(repr=False)
    """Path → text of the configuration folder, as `read_folder` gives it. They hold passwords."""
    etc: str = ETC
    asterisk_version: str = ""
    """Like 22.10.1; "" when it does not answer."""
    silence: str = ""
    """Why Asterisk does not answer, or ""."""
    modules: frozenset[str] = frozenset()
    """Running ones, by file name; empty: unknown."""
    http_address: str = ""
    """Where Asterisk's HTTP server listens at the moment, like 127.0.0.1:8088; "": it does not."""
    log_folder: str = "/var/log/asterisk"
    """Where Asterisk writes logs that are named without a folder."""
    freepbx_version: str = ""
    """What `fwconsole --version` says; "" without FreePBX or when it cannot be asked."""
    is_freepbx: bool = False
    """The folder looks like FreePBX's, or there is `fwconsole`."""
    listeners: tuple[Listener, ...] = ()
    agents: frozenset[str] = frozenset()
    """Names of our agents; empty: unknown."""

    @property
    def asterisk_major(self) -> int:
        """0 when unknown."""
        found = _MAJOR.search(self.asterisk_version)
        return int(found[1]) if found else 0

    def for_rendering(self) -> PbxFacts:
        """Return what `render` wants to know. Raises: ValueError when a block of ours was changed by hand."""
        return PbxFacts(
            asterisk_major=self.asterisk_major or 22,
            modules=self.modules,
            host_sections=sections_of(self.files),
            agents=self.agents,
        )


def looks_like_freepbx(files: Mapping[str, str]) -> bool:
    """Return whether a configuration folder is one that FreePBX writes: by two files that only it has."""
    return "extensions_additional.conf" in files and "pjsip.endpoint.conf" in files


def listeners_in(proc_net: Mapping[str, str]) -> tuple[Listener, ...]:
    """Return the listening ports in the texts of /proc/net/{tcp,tcp6,udp,udp6}, by file name. Pure.

    Columns: proc_net_tcp.rst of the kernel's documentation; addresses are 32-bit words in the machine's byte order,
    taken as little-endian. State 0A is LISTEN; a UDP socket without a peer has state 07.
    """
    found: dict[Listener, None] = {}
    for name, text in proc_net.items():
        protocol, state = name.rstrip("6"), {"tcp": "0A", "udp": "07"}[name.rstrip("6")]
        for row in text.splitlines()[1:]:
            columns = row.split()
            if len(columns) > 3 and columns[3] == state:
                address, _, port = columns[1].partition(":")
                found[Listener(protocol, _address(address), int(port, 16))] = None
    return tuple(found)


def _address(digits: str) -> str:
    words = [bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8)]
    if len(words) == 1:
        return ".".join(str(byte) for byte in words[0])
    packed = b"".join(words)
    if packed == bytes(16):
        return "::"
    groups = [packed[at : at + 2].hex().lstrip("0") or "0" for at in range(0, 16, 2)]
    return "::1" if packed == bytes(15) + b"\x01" else ":".join(groups)
