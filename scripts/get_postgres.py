#!/usr/bin/env python3
"""Find a PostgreSQL for the tests, or fetch a private copy with the machine's own apt.

The machine's own `postgres` and `initdb` are taken when they are there, also from Debian's /usr/lib/postgresql/*/bin.
Otherwise the server's packages are downloaded by the ordinary apt client with private state folders (as
scripts/get_asterisk.py does it) and unpacked: no root, nothing is installed. What was found is written to
`postgres.json` in the cache.

Needs nothing but Python's standard library.

Exit status: 0 ready, 1 the download failed, 3 this machine has neither PostgreSQL nor apt.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from get_asterisk import CannotFetch, FetchFailed, PrivateApt, run, say  # beside us

NOTE_NAME = "postgres.json"
OLDEST_MAJOR = 13
"""Generated columns and what our job queue asks of SQL; older ones are out of support."""
PACKAGE = "postgresql"
"""The distribution's name for the server it supports: it depends on `postgresql-<major>`."""
LIBC_PACKAGES = ("libc6_", "libc-bin_")
"""Not unpacked: the copy runs under the machine's own loader, which only goes with the machine's own C library."""
WHAT_TO_DO = (
    "No PostgreSQL {oldest} or newer was found, and a private copy cannot be fetched here ({reason}).\n"
    "Install PostgreSQL (its `postgres` and `initdb`), then run this again."
)


@dataclass(frozen=True)
class PostgresNote:
    """What `postgres.json` says."""

    bin_dir: str
    """Folder with `postgres`, `initdb` and `pg_ctl`."""
    environment: dict[str, str]
    """To be added to one's own."""
    version: str
    """Like `15.18`."""
    origin: str
    """`machine`, or the release the private copy came from."""


def version_of(bin_dir: Path, environment: dict[str, str]) -> str:
    """Return what `postgres --version` tells, or "" when it does not run or `initdb` is missing."""
    if not (bin_dir / "initdb").exists():
        return ""
    try:
        done = subprocess.run(
            [str(bin_dir / "postgres"), "--version"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "LC_ALL": "C", **environment},
        )
    except OSError:
        return ""
    found = re.search(r"\(PostgreSQL\) (\d[\w.]*)", done.stdout)
    return found[1] if done.returncode == 0 and found else ""


def major_of(version: str) -> int:
    """Return the major number; 0 when there is none."""
    found = re.match(r"\d+", version)
    return int(found[0]) if found else 0


def server_folders(root: Path) -> list[Path]:
    """Return the folders under `root` where Debian keeps servers, the newest first."""
    folders = [path for path in root.glob("usr/lib/postgresql/*/bin") if (path / "postgres").exists()]
    return sorted(folders, key=lambda path: major_of(path.parent.name), reverse=True)


def machine_postgres() -> PostgresNote | None:
    """Return the machine's own, if it works and is new enough."""
    on_path = shutil.which("postgres")
    # The link's target: a server looks for its other parts beside itself.
    own = [Path(on_path).resolve().parent] if on_path else []
    for folder in [*own, *server_folders(Path("/"))]:
        version = version_of(folder, {})
        if major_of(version) >= OLDEST_MAJOR:
            return PostgresNote(str(folder), {}, version, "machine")
        say(f"{folder} does not serve: {version or 'it does not run'}")
    return None


def copied_postgres(prefix: Path) -> PostgresNote:
    """Describe the private copy. Raises: FetchFailed when it does not run."""
    facts = json.loads((prefix / "copy.json").read_text())
    libraries = [
        str(path) for pattern in ("usr/lib/*-linux-*", "lib/*-linux-*") for path in sorted(prefix.glob(pattern))
    ]
    environment = {"LD_LIBRARY_PATH": ":".join(libraries)}
    for folder in server_folders(prefix):
        version = version_of(folder, environment)
        if major_of(version) >= OLDEST_MAJOR:
            return PostgresNote(str(folder), environment, version, facts["origin"])
    raise FetchFailed("the private copy holds no PostgreSQL that runs here")


def fetch(cache: Path, prefix: Path) -> None:
    """Build the private copy beside `prefix` and move it there when it is whole.

    Raises: CannotFetch, FetchFailed.
    """
    if not all(shutil.which(name) for name in ("apt-get", "apt-cache", "dpkg-deb")):
        raise CannotFetch("there is no apt")
    for leftover in cache.glob("building-*"):  # of a run that was killed; the lock says that nobody uses it now
        shutil.rmtree(leftover)
    with tempfile.TemporaryDirectory(prefix="building-", dir=cache) as name:
        work = Path(name)
        apt = PrivateApt(work / "apt")
        say("asking the package lists of this machine's own suite for PostgreSQL")
        apt.update()
        if not apt.candidate(PACKAGE):
            raise FetchFailed("this machine's package lists have no PostgreSQL")
        suites = sorted({f"{t['ORIGIN']} {t['RELEASE']}" for t in apt.index_targets()} or {"this machine's suite"})
        say(f"downloading {PACKAGE} from {suites[0]}, not installing it (about 60 MB)")
        archives = [path for path in apt.download((PACKAGE,)) if not path.name.startswith(LIBC_PACKAGES)]
        copy = work / "copy"
        copy.mkdir()
        say(f"unpacking {len(archives)} packages")
        for archive in archives:
            done = run(["dpkg-deb", "-x", str(archive), str(copy)])
            if done.returncode != 0:
                raise FetchFailed(f"could not unpack {archive.name}: {done.stderr.strip()}")
        (copy / "copy.json").write_text(json.dumps({"origin": suites[0]}))
        copy.chmod(0o755)
        copy.rename(prefix)


def get_postgres(cache: Path, *, private: bool = False) -> PostgresNote:
    """Find or fetch it and note it in `cache`; the second time this takes milliseconds.

    `private`: a copy of our own, even where the machine has a server.

    Raises: CannotFetch, FetchFailed.
    """
    cache = cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    prefix = cache / "copy"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two set-ups at once must not build twice
        note = None if private else machine_postgres()
        if note is None:
            if not prefix.exists():
                fetch(cache, prefix)
            note = copied_postgres(prefix)
        path = cache / NOTE_NAME
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(asdict(note), indent=2) + "\n")
        draft.replace(path)
    return note


def main() -> int:
    """Run from the command line; the module's docstring tells the exit status."""
    parser = argparse.ArgumentParser(description="Find a PostgreSQL for the tests, or fetch a private copy.")
    parser.add_argument("--cache", type=Path, default=Path(".cache/postgres"), help="folder of the copy and the note")
    parser.add_argument("--private", action="store_true", help="fetch a copy even where the machine has a server")
    parser.add_argument("--print", action="store_true", help="print the note (JSON) on standard output")
    options = parser.parse_args()
    try:
        note = get_postgres(options.cache, private=options.private)
    except CannotFetch as reason:
        say(WHAT_TO_DO.format(oldest=OLDEST_MAJOR, reason=reason))
        return 3
    except FetchFailed as reason:
        say(str(reason))
        return 1
    say(f"PostgreSQL {note.version} ({note.origin})")
    if options.print:
        print(json.dumps(asdict(note), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
