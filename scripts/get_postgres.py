#!/usr/bin/env python3
"""Find a PostgreSQL for the tests, or fetch a private copy with the machine's own apt.

The machine's own `postgres` and `initdb` are taken when they are there, also from Debian's /usr/lib/postgresql/*/bin.
Otherwise the server's packages are unpacked into one folder (debian_package.py). What was found is written to
`postgres.json` in the cache.

Needs nothing but Python's standard library.

Exit status: 0 ready, 1 the download failed, 3 this machine has neither PostgreSQL nor apt.
"""

from __future__ import annotations

import re
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
    say,
    unpack,
    write_note,
)

NOTE_NAME = "postgres.json"
OLDEST_MAJOR = 13
"""Generated columns and what our job queue asks of SQL; older ones are out of support."""
PACKAGE = "postgresql"
"""The distribution's name for the server it supports: it depends on `postgresql-<major>`."""
LIBC_PACKAGES = ("libc6_", "libc-bin_")
"""Not unpacked: the copy runs under the machine's own loader, which only goes with the machine's own C library."""
WHAT_TO_DO = (
    f"No PostgreSQL {OLDEST_MAJOR} or newer was found, and a private copy cannot be fetched here ({{reason}}).\n"
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
        done = run([str(bin_dir / "postgres"), "--version"], environment)
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
    libraries = [
        str(path) for pattern in ("usr/lib/*-linux-*", "lib/*-linux-*") for path in sorted(prefix.glob(pattern))
    ]
    environment = {"LD_LIBRARY_PATH": ":".join(libraries)}
    for folder in server_folders(prefix):
        version = version_of(folder, environment)
        if major_of(version) >= OLDEST_MAJOR:
            return PostgresNote(str(folder), environment, version, Facts.of(prefix).origin)
    raise FetchFailed("the private copy holds no PostgreSQL that runs here")


def fetch(cache: Path, prefix: Path) -> None:
    """Make the private copy. Raises: CannotFetch, FetchFailed."""
    with room_to_build(cache) as work:
        apt = own_suite(work, "PostgreSQL")
        if not apt.candidate(PACKAGE):
            raise FetchFailed("this machine's package lists have no PostgreSQL")
        suite = apt.suite()
        say(f"downloading {PACKAGE} from {suite}, not installing it (about 60 MB)")
        archives = [path for path in apt.download([PACKAGE]) if not path.name.startswith(LIBC_PACKAGES)]
        keep(unpack(archives, work), Facts(suite), prefix)


def get_postgres(cache: Path, *, private: bool = False) -> PostgresNote:
    """Find or fetch it and note it in `cache`; the second time this takes milliseconds.

    `private`: a copy of our own, even where the machine has a server.

    Raises: CannotFetch, FetchFailed.
    """
    with alone_in(cache) as cache:
        prefix = cache / COPY
        note = None if private else machine_postgres()
        if note is None:
            if not prefix.exists():
                fetch(cache, prefix)
            note = copied_postgres(prefix)
        write_note(cache / NOTE_NAME, note)
    return note


def told(note: PostgresNote) -> str:
    """Put the note into words."""
    return f"PostgreSQL {note.version} ({note.origin})"


def main() -> int:
    """Run from the command line; the module's docstring tells the exit status."""
    parser = options_of("Find a PostgreSQL for the tests, or fetch a private copy.", ".cache/postgres")
    parser.add_argument("--private", action="store_true", help="fetch a copy even where the machine has a server")
    options = parser.parse_args()
    return answer(lambda: get_postgres(options.cache, private=options.private), told, WHAT_TO_DO, options.print)


if __name__ == "__main__":
    sys.exit(main())
