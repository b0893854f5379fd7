"""Fetch packages with the machine's own apt, unpack them into one folder, and note how to use what they hold.

No root is needed and nothing is installed: packages are downloaded by the ordinary apt client with every state folder
private. Mirror and keys are those the machine already trusts: no address is written here.

What the scripts `get_*.py` share. Needs nothing but Python's standard library: set-up runs them before there is an
environment.
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
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Note = TypeVar("Note", bound=DataclassInstance)

COPY = "copy"
"""Folder of the unpacked packages, in the cache."""


class CannotFetch(Exception):
    """This machine has no means to fetch a package; a person must act."""


class FetchFailed(Exception):
    """The means are there, but the download or the copy did not work."""


def say(text: str) -> None:
    """Tell the person at the terminal what is going on."""
    print(text, file=sys.stderr, flush=True)


def run(
    argv: list[str], environment: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a short command and return what it said, whatever its status; `environment` is added to our own."""
    env = {**os.environ, "LC_ALL": "C", **(environment or {})}
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=env, cwd=cwd)


# -- the machine's apt ------------------------------------------------------------------------------------------------


class PrivateApt:
    """The machine's apt client with every folder it writes to inside one of ours.

    The package status is empty: apt then downloads the whole closure, the C library too, and the copy neither needs
    nor disturbs what is installed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        self._options = [
            f"-oDir::State={folder}",
            f"-oDir::State::lists={folder}/lists",
            f"-oDir::State::status={folder}/status",
            f"-oDir::Cache={folder}/cache",
            "-oAPT::Install-Recommends=false",
            "-oAPT::Sandbox::User=",
            "-oAcquire::Languages=none",
            "-oAcquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false",
            "-oAcquire::Retries=3",
            "-oDebug::NoLocking=1",
            "-qq",
        ]

    def use_sources(self, text: str) -> None:
        """Read only these sources from now on, not the machine's."""
        path = self.folder / "sources.list"
        path.write_text(text)
        self._options += [f"-oDir::Etc::sourcelist={path}", "-oDir::Etc::sourceparts=-"]

    def update(self) -> None:
        """Fetch the lists; apt itself checks their signatures against the machine's keyrings. Raises: FetchFailed."""
        self._check(run(["apt-get", *self._options, "update"]), "fetch the package lists")

    def index_targets(self) -> list[dict[str, str]]:
        """Return what the sources in use offer: site, release and origin of each list of packages."""
        return index_targets(self._options)

    def suite(self) -> str:
        """Return the name of what the sources in use offer, like `Debian bookworm`."""
        return min((f"{t['ORIGIN']} {t['RELEASE']}" for t in self.index_targets()), default="this machine's suite")

    def candidate(self, package: str) -> str:
        """Return the version that would be fetched, or "" when the sources have no such package."""
        shown = run(["apt-cache", *self._options, "policy", package]).stdout
        found = re.search(r"Candidate: (\S+)", shown)
        return found[1] if found and found[1] != "(none)" else ""

    def download(self, packages: Iterable[str]) -> list[Path]:
        """Fetch `packages` and all they need; return the archives. Raises: FetchFailed."""
        command = ["apt-get", *self._options, "-y", "--download-only", "install", *packages]
        self._check(run(command), f"download {' '.join(packages)}")
        return sorted((self.folder / "cache/archives").glob("*.deb"))

    def download_alone(self, package: str) -> Path:
        """Fetch one package without what it needs; return the archive. Raises: FetchFailed."""
        place = self.folder / f"only-{package}"
        place.mkdir()
        self._check(run(["apt-get", *self._options, "download", package], cwd=place), f"download {package}")
        return next(place.glob("*.deb"))

    @staticmethod
    def _check(done: subprocess.CompletedProcess[str], what: str) -> None:
        if done.returncode != 0:
            raise FetchFailed(f"apt could not {what}:\n{done.stdout}{done.stderr}".rstrip())


def index_targets(options: list[str]) -> list[dict[str, str]]:
    """Ask apt which lists of packages it reads, with the given options; only lists already fetched are named."""
    names = ("SITE", "RELEASE", "COMPONENT", "ORIGIN", "CREATED_BY")
    shown = run(["apt-get", *options, "indextargets", "--format", "\t".join(f"$({name})" for name in names)]).stdout
    rows = (dict(zip(names, line.split("\t"), strict=False)) for line in shown.splitlines())
    return [row for row in rows if row.get("CREATED_BY") == "Packages"]


def require_apt() -> None:
    """Raises: CannotFetch when this machine has no apt."""
    if not all(shutil.which(name) for name in ("apt-get", "apt-cache", "dpkg-deb")):
        raise CannotFetch("there is no apt")


def own_suite(work: Path, what: str) -> PrivateApt:
    """Return an apt, with its state below `work`, that has read the lists of the machine's own suite.

    Raises: CannotFetch, FetchFailed.
    """
    require_apt()
    apt = PrivateApt(work / "own")
    say(f"asking the package lists of this machine's own suite for {what}")
    apt.update()
    return apt


# -- the copy and the note --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """What `copy.json` in a copy says of the packages unpacked there."""

    origin: str
    """The suite they came from."""
    version: str = ""
    """Of the package the copy was made for; "" when it is asked elsewhere."""

    @classmethod
    def of(cls, copy: Path) -> Facts:
        """Read them."""
        known = json.loads((copy / "copy.json").read_text())
        return cls(known["origin"], known.get("version", ""))


def upstream(version: str) -> str:
    """Return a package's version without its epoch: `22.4.0-1` of `1:22.4.0-1`."""
    return version.partition(":")[2] or version


@contextmanager
def alone_in(cache: Path) -> Iterator[Path]:
    """Give the cache, made when missing, to one process at a time: two set-ups at once must not build twice."""
    cache = cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield cache


@contextmanager
def room_to_build(cache: Path) -> Iterator[Path]:
    """Give a folder that goes away again; the caller is alone in the cache."""
    for leftover in cache.glob("building-*"):  # of a run that was killed
        shutil.rmtree(leftover)
    with tempfile.TemporaryDirectory(prefix="building-", dir=cache) as name:
        yield Path(name)


def unpack(archives: list[Path], work: Path) -> Path:
    """Unpack packages below `work`; return the folder, for `keep`. Raises: FetchFailed."""
    copy = work / COPY
    copy.mkdir()
    copy.chmod(0o755)
    say(f"unpacking {len(archives)} packages")
    for archive in archives:
        done = run(["dpkg-deb", "-x", str(archive), str(copy)])
        if done.returncode != 0:
            raise FetchFailed(f"could not unpack {archive.name}: {done.stderr.strip()}")
    return copy


def keep(copy: Path, facts: Facts, prefix: Path) -> None:
    """Move a copy that is whole to its place, on the same disk."""
    (copy / "copy.json").write_text(json.dumps(asdict(facts)))
    copy.rename(prefix)


def write_note(path: Path, note: DataclassInstance) -> None:
    """Write the note by rename, so that nobody ever reads half of it."""
    text = json.dumps(asdict(note), indent=2) + "\n"
    if path.exists() and path.read_text() == text:
        return
    draft = path.with_suffix(".tmp")
    draft.write_text(text)
    draft.replace(path)


def options_of(purpose: str, cache: str) -> argparse.ArgumentParser:
    """Return what every script understands; `cache` is the folder of copy and note unless --cache names another."""
    parser = argparse.ArgumentParser(description=purpose)
    parser.add_argument("--cache", type=Path, default=Path(cache), help="folder of the copy and the note")
    parser.add_argument("--print", action="store_true", help="print the note (JSON) on standard output")
    return parser


def answer(get: Callable[[], Note], told: Callable[[Note], str], advice: str, is_printed: bool) -> int:
    """Find or fetch, say what there is now, and return the exit status.

    `told` puts a note into words; `advice` says what a person must do where nothing can be fetched, with the place
    `{reason}`. The status is 0 ready, 1 the download or the copy failed, 3 this machine has neither program nor apt.
    """
    try:
        note = get()
    except CannotFetch as reason:
        say(advice.format(reason=reason))
        return 3
    except FetchFailed as reason:
        say(str(reason))
        return 1
    say(told(note))
    if is_printed:
        print(json.dumps(asdict(note), indent=2))
    return 0
