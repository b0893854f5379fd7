#!/usr/bin/env python3
"""Find `fail2ban-regex`, which tests our filter for Asterisk's security log, or fetch Debian's or Ubuntu's package.

The machine's own is taken when it is there. Otherwise the package is unpacked into a folder (debian_package.py);
nothing of it ever runs but `fail2ban-regex`, which reads a log and a filter. How to start it is written to
`fail2ban.json`.

Needs nothing but Python's standard library.

Exit status: 0 ready, 1 the download failed, 3 this machine has neither fail2ban nor apt.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from debian_package import (  # beside us
    COPY,
    Facts,
    FetchFailed,
    alone_in,
    answer,
    keep,
    options_of,
    own_suite,
    room_to_build,
    run,
    unpack,
    upstream,
    write_note,
)

NOTE_NAME = "fail2ban.json"
PACKAGE = "fail2ban"
MORE_PACKAGES = ("python3-pyasyncore", "python3-pyasynchat")
"""Python 3.12 lost two modules that fail2ban before 1.1 imports; suites that need them have these packages."""
WHAT_TO_DO = "No fail2ban-regex here, and its package cannot be fetched ({reason}): install fail2ban, then try again."


@dataclass(frozen=True)
class Fail2banNote:
    """What `fail2ban.json` says."""

    argv: list[str]
    """Prefix of the command line: append the log and the filter."""
    environment: dict[str, str]
    """To be added to one's own."""
    version: str
    origin: str
    """`machine`, or the release the package came from."""


def machine_fail2ban() -> Fail2banNote | None:
    """Return the machine's own, if it works."""
    program = shutil.which("fail2ban-regex")
    if program is None:
        return None
    version = version_of([program], {})
    return Fail2banNote([program], {}, version, "machine") if version else None


def version_of(argv: list[str], environment: dict[str, str]) -> str:
    """Return what `fail2ban-regex --version` says, or "" when it does not run."""
    done = run([*argv, "--version"], environment)
    words = done.stdout.split()
    return words[-1] if done.returncode == 0 and words else ""


def pythons() -> list[str]:
    """Return interpreters to try: the distribution's first, because its package was made for it."""
    found = [name for name in ("/usr/bin/python3", shutil.which("python3"), sys.executable) if name]
    return [name for name in dict.fromkeys(found) if Path(name).exists()]


def copied_fail2ban(prefix: Path) -> Fail2banNote:
    """Describe the unpacked package. Raises: FetchFailed when no Python here can run it."""
    facts = Facts.of(prefix)
    program = prefix / "usr/bin/fail2ban-regex"
    # -W ignore: it is somebody else's code, whose warnings about newer Pythons say nothing about the filter
    environment = {"PYTHONPATH": str(prefix / "usr/lib/python3/dist-packages"), "PYTHONDONTWRITEBYTECODE": "1"}
    for python in pythons():
        argv = [python, "-W", "ignore", str(program)]
        if program.exists() and version_of(argv, environment):
            return Fail2banNote(argv, environment, facts.version, facts.origin)
    raise FetchFailed("the fail2ban package was unpacked, but no Python on this machine runs its fail2ban-regex")


def fetch(cache: Path, prefix: Path) -> None:
    """Unpack the package, without what it needs: our Python is there already. Raises: CannotFetch, FetchFailed."""
    with room_to_build(cache) as work:
        apt = own_suite(work, PACKAGE)
        version = upstream(apt.candidate(PACKAGE))
        if not version:
            raise FetchFailed("this machine's package lists have no fail2ban")
        wanted = (PACKAGE, *(more for more in MORE_PACKAGES if apt.candidate(more)))
        copy = unpack([apt.download_alone(package) for package in wanted], work)
        keep(copy, Facts(apt.suite(), version), prefix)


def get_fail2ban(cache: Path) -> Fail2banNote:
    """Find or fetch it and note it in `cache`; the second time this takes milliseconds.

    Raises: CannotFetch, FetchFailed.
    """
    with alone_in(cache) as cache:
        prefix = cache / COPY
        note = machine_fail2ban()
        if note is None:
            if not prefix.exists():
                fetch(cache, prefix)
            note = copied_fail2ban(prefix)
        write_note(cache / NOTE_NAME, note)
    return note


def told(note: Fail2banNote) -> str:
    """Put the note into words."""
    return f"fail2ban-regex {note.version} ({note.origin})"


def main() -> int:
    """Run from the command line; the module's docstring tells the exit status."""
    parser = options_of("Find fail2ban-regex, or fetch the package that has it.", ".cache/fail2ban")
    options = parser.parse_args()
    return answer(lambda: get_fail2ban(options.cache), told, WHAT_TO_DO, options.print)


if __name__ == "__main__":
    sys.exit(main())
