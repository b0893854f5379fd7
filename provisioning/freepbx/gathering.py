"""The thin shell that asks the machine and Asterisk; it changes nothing."""

import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from provisioning.applying import shown
from provisioning.applying.control import AsteriskControl, ask, silence_of
from provisioning.applying.errors import AsteriskUnreachable
from provisioning.asterisk_conf.including import read_folder
from provisioning.freepbx.facts import HostFacts, Listener, listeners_in, looks_like_freepbx

Run = Callable[[Sequence[str]], tuple[int, str]]
"""Runs a program to its end: its exit status and all it said; 127 when there is no such program."""

_PROC_NET: Final = Path("/proc/net")
_SECONDS: Final = 300.0
"""`fwconsole reload` may take minutes on a big PBX."""


def run_program(argv: Sequence[str]) -> tuple[int, str]:
    """Run a program without a shell; return (exit status, what it said)."""
    try:
        done = subprocess.run(
            list(argv), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            check=False, timeout=_SECONDS,
        )  # fmt: skip
    except FileNotFoundError:
        return 127, f"there is no program {argv[0]}"
    except OSError as exc:
        return 126, f"cannot run {argv[0]}: {exc.strerror}"
    except subprocess.TimeoutExpired:
        return 124, f"{argv[0]} has not ended after {_SECONDS:g} seconds"
    return done.returncode, done.stdout + done.stderr


def gather(
    folder: Path,
    asterisk: AsteriskControl,
    *,
    run: Run = run_program,
    agents: frozenset[str] = frozenset(),
) -> HostFacts:
    """Return what is found.

    Raises: ConfigurationError when the folder cannot be read.
    """
    folder = folder.resolve()
    files = read_folder(folder)
    status, said = run(["fwconsole", "--version"])
    version = re.search(r"\d+(?:\.\d+)+", said) if status == 0 else None
    silence = silence_of(asterisk)
    is_freepbx = status == 0 or looks_like_freepbx(files)
    freepbx = version[0] if version else ""
    listening = listening_ports()
    if silence:
        return HostFacts(
            files, str(folder), silence=silence, freepbx_version=freepbx, is_freepbx=is_freepbx,
            listeners=listening, agents=agents,
        )  # fmt: skip
    return HostFacts(
        files,
        str(folder),
        asterisk_version=_version(_answer(asterisk, "core show version")),
        modules=shown.modules(_answer(asterisk, "module show")),
        http_address=http_address(_answer(asterisk, "http show status")),
        log_folder=log_folder(_answer(asterisk, "core show settings")) or "/var/log/asterisk",
        freepbx_version=freepbx,
        is_freepbx=is_freepbx,
        listeners=listening,
        agents=agents,
    )


def http_address(said: str) -> str:
    """Return the address in `http show status`, or "" when the server is off. Pure."""
    found = re.search(r"^Server Enabled and Bound to (\S+)", said, re.MULTILINE)
    return found[1] if found else ""


def log_folder(said: str) -> str:
    """Return what `core show settings` names as the log folder, or "". Pure."""
    found = re.search(r"^\s*Log directory:\s*(\S.*?)\s*$", said, re.MULTILINE)
    return found[1] if found else ""


def _version(said: str) -> str:
    found = re.search(r"Asterisk (\S+) built by", said)
    return found[1].partition("+")[0] if found else ""


def _answer(asterisk: AsteriskControl, command: str) -> str:
    try:
        return ask(asterisk, command)
    except AsteriskUnreachable:
        return ""


def listening_ports() -> tuple[Listener, ...]:
    """Return the ports that somebody on this machine listens on."""
    texts = {}
    for name in ("tcp", "tcp6", "udp", "udp6"):
        path = _PROC_NET / name
        if path.exists():
            texts[name] = path.read_text("ascii", "replace")
    return listeners_in(texts)
