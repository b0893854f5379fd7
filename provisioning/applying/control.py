"""Asterisk's console as a port: one command in, its text out; and the shell that runs `asterisk -rx`."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from provisioning.applying.errors import AsteriskUnreachable
from vocabulary.errors import CentralitaError

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
_NOBODY: Final = ("Unable to connect to remote asterisk", "Unable to access the running directory")


class AsteriskControl(Protocol):
    """Whoever can put a command to a running Asterisk."""

    def cli(self, command: str) -> str:
        """Return what the console answers.

        Raises: CentralitaError (`AsteriskUnreachable` from ours) when nobody answers.
        """
        ...


class AsteriskCli:
    """Runs `asterisk -rx COMMAND`, as root or as Asterisk's own user."""

    def __init__(
        self, argv_prefix: Sequence[str] = ("asterisk",), conf: Path | None = None, seconds: float = 30.0
    ) -> None:
        """`conf` is another `asterisk.conf` than the usual one; `seconds` is how long an answer may take."""
        self._argv = [*argv_prefix, *(["-C", str(conf)] if conf else []), "-rx"]
        self._seconds = seconds

    def cli(self, command: str) -> str:
        """Return what the console answers. Raises: AsteriskUnreachable."""
        try:
            done = subprocess.run(
                [*self._argv, command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=self._seconds,
            )
        except FileNotFoundError:
            raise AsteriskUnreachable(f"there is no program {self._argv[0]!r} on this machine") from None
        except OSError as exc:
            raise AsteriskUnreachable(f"cannot run {self._argv[0]!r}: {exc.strerror}") from exc
        except subprocess.TimeoutExpired:
            raise AsteriskUnreachable(f"no answer to {command!r} in {self._seconds:g} seconds") from None
        if done.returncode != 0 or any(words in done.stdout + done.stderr for words in _NOBODY):
            said = (done.stdout + done.stderr).strip()[:300]
            raise AsteriskUnreachable(f"Asterisk does not answer on its console: {said or 'it said nothing'}")
        return done.stdout


def ask(asterisk: AsteriskControl, command: str) -> str:
    """Return the answer without colours. Raises: AsteriskUnreachable, whatever the port raised."""
    try:
        return _COLOURS.sub("", asterisk.cli(command))
    except AsteriskUnreachable:
        raise
    except (CentralitaError, OSError, subprocess.SubprocessError) as exc:
        raise AsteriskUnreachable(f"Asterisk does not answer on its console: {exc}") from exc


def silence_of(asterisk: AsteriskControl | None) -> str:
    """Return "" when Asterisk runs and has finished starting, else why nobody may rely on its answers."""
    if asterisk is None:
        return "no Asterisk was given"
    try:
        said = ask(asterisk, "core waitfullybooted")
    except AsteriskUnreachable as exc:
        return str(exc)
    return "" if "fully booted" in said else f"Asterisk has not finished starting: {said.strip()[:200]}"
