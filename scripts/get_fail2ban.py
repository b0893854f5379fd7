#!/usr/bin/env python3
"""Find `fail2ban-regex`, which tests our filter for Asterisk's security log, or fetch Debian's or Ubuntu's package.

The machine's own is taken when it is there. Otherwise the package is downloaded by the ordinary apt client with
private state folders (as scripts/get_asterisk.py does it) and unpacked: no root, nothing is installed, nothing of it
ever runs but `fail2ban-regex`, which reads a log and a filter. How to start it is written to `fail2ban.json`.

Needs nothing but Python's standard library.

Exit status: 0 ready, 1 the download failed, 3 this machine has neither fail2ban nor apt.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from get_asterisk import CannotFetch, FetchFailed, PrivateApt, run, say  # beside us

NOTE_NAME = "fail2ban.json"
PACKAGE = "fail2ban"
MORE_PACKAGES = ("python3-pyasyncore", "python3-pyasynchat")
"""Python 3.12 lost two modules that fail2ban before 1.1 imports; suites that need them have these packages."""


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
    env = {**os.environ, "LC_ALL": "C", **environment}
    done = subprocess.run([*argv, "--version"], capture_output=True, text=True, check=False, env=env)
    words = done.stdout.split()
    return words[-1] if done.returncode == 0 and words else ""


def pythons() -> list[str]:
    """Return interpreters to try: the distribution's first, because its package was made for it."""
    found = [name for name in ("/usr/bin/python3", shutil.which("python3"), sys.executable) if name]
    return [name for name in dict.fromkeys(found) if Path(name).exists()]


def copied_fail2ban(prefix: Path) -> Fail2banNote:
    """Describe the unpacked package. Raises: FetchFailed when no Python here can run it."""
    facts = json.loads((prefix / "copy.json").read_text())
    program = prefix / "usr/bin/fail2ban-regex"
    # -W ignore: it is somebody else's code, whose warnings about newer Pythons say nothing about the filter
    environment = {"PYTHONPATH": str(prefix / "usr/lib/python3/dist-packages"), "PYTHONDONTWRITEBYTECODE": "1"}
    for python in pythons():
        argv = [python, "-W", "ignore", str(program)]
        if program.exists() and version_of(argv, environment):
            return Fail2banNote(argv, environment, facts["version"], facts["origin"])
    raise FetchFailed("the fail2ban package was unpacked, but no Python on this machine runs its fail2ban-regex")


def fetch(cache: Path, prefix: Path) -> None:
    """Unpack the package beside `prefix` and move it there when it is whole.

    Raises: CannotFetch, FetchFailed.
    """
    if not all(shutil.which(name) for name in ("apt-get", "apt-cache", "dpkg-deb")):
        raise CannotFetch("there is no apt")
    for leftover in cache.glob("building-*"):  # of a run that was killed; the lock says that nobody uses it now
        shutil.rmtree(leftover)
    with tempfile.TemporaryDirectory(prefix="building-", dir=cache) as name:
        work = Path(name)
        apt = PrivateApt(work / "apt")
        say("asking the package lists of this machine's own suite for fail2ban")
        apt.update()
        version = apt.candidate(PACKAGE)
        if not version:
            raise FetchFailed("this machine's package lists have no fail2ban")
        suites = sorted({f"{t['ORIGIN']} {t['RELEASE']}" for t in apt.index_targets()} or {"this machine's suite"})
        copy = work / "copy"
        copy.mkdir()
        for package in (PACKAGE, *(more for more in MORE_PACKAGES if apt.candidate(more))):
            unpack(download_alone(apt, package, work), copy)
        (copy / "copy.json").write_text(
            json.dumps({"origin": suites[0], "version": version.partition(":")[2] or version})
        )
        copy.rename(prefix)


def download_alone(apt: PrivateApt, package: str, work: Path) -> Path:
    """Fetch one package without what it needs: our Python is there already. Raises: FetchFailed."""
    place = work / package
    place.mkdir()
    return apt.download_alone(package, place)


def unpack(archive: Path, copy: Path) -> None:
    """Unpack a package into a folder. Raises: FetchFailed."""
    done = run(["dpkg-deb", "-x", str(archive), str(copy)])
    if done.returncode != 0:
        raise FetchFailed(f"could not unpack {archive.name}: {done.stderr.strip()}")


def get_fail2ban(cache: Path) -> Fail2banNote:
    """Find or fetch it and note it in `cache`; the second time this takes milliseconds.

    Raises: CannotFetch, FetchFailed.
    """
    cache = cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    prefix = cache / "copy"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two set-ups at once must not build twice
        note = machine_fail2ban()
        if note is None:
            if not prefix.exists():
                fetch(cache, prefix)
            note = copied_fail2ban(prefix)
        path = cache / NOTE_NAME
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(asdict(note), indent=2) + "\n")
        draft.replace(path)
    return note


def main() -> int:
    """Run from the command line; the module's docstring tells the exit status."""
    parser = argparse.ArgumentParser(description="Find fail2ban-regex, or fetch the package that has it.")
    parser.add_argument("--cache", type=Path, default=Path(".cache/fail2ban"), help="folder of the copy and the note")
    options = parser.parse_args()
    try:
        note = get_fail2ban(options.cache)
    except CannotFetch as reason:
        say(f"No fail2ban-regex here, and its package cannot be fetched ({reason}): install fail2ban, then try again.")
        return 3
    except FetchFailed as reason:
        say(str(reason))
        return 1
    say(f"fail2ban-regex {note.version} ({note.origin})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
