#!/usr/bin/env python3
"""Find an Asterisk for the private PBX, or fetch a private copy with the machine's own apt.

The machine's own Asterisk is taken when it is new enough and has what we need. Otherwise packages are downloaded by
the ordinary apt client, with every state folder private, so that no root is needed and nothing is installed; they are
unpacked into one folder and run by the loader that came with them. Mirror and keys are those the machine already
trusts: no address is written here. What was found is written to `asterisk.json` in the cache, for `provisioning`.

Needs nothing but Python's standard library: set-up runs it before there is an environment.

Exit status: 0 ready, 1 the download or the copy failed, 3 this machine has neither Asterisk nor apt.
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

OLDEST_MAJOR = 18
"""AudioSocket came with Asterisk 18."""

NEEDED_MODULES = ("res_audiosocket.so", "chan_audiosocket.so", "res_ari.so", "chan_pjsip.so")
ASTERISK_PACKAGES = ("asterisk", "asterisk-core-sounds-en-gsm")
PHONE_PACKAGES = ("baresip-core",)
"""An independent SIP phone for one test; a machine without it only misses that test's second opinion."""

NOTE_NAME = "asterisk.json"
WHAT_TO_DO = (
    "No Asterisk {oldest} or newer with AudioSocket and ARI was found, and a private copy cannot be fetched here\n"
    "({reason}).\n"
    "Do one of these:\n"
    "  * install Asterisk {oldest} or newer with res_audiosocket, chan_audiosocket and res_ari, then run this again;\n"
    "  * or build and use the image of this repository's Containerfile."
)


class CannotFetch(Exception):
    """This machine has no means to fetch an Asterisk; a person must act."""


class FetchFailed(Exception):
    """The means are there, but the download or the copy did not work."""


@dataclass(frozen=True)
class Program:
    """How to start a program and where its modules are."""

    argv: list[str]
    modules_dir: str


@dataclass(frozen=True)
class AsteriskNote:
    """What `asterisk.json` says."""

    argv: list[str]
    """Prefix of the command line: append Asterisk's own options."""
    modules_dir: str
    data_dir: str
    """Holds `sounds/` and `documentation/`."""
    version: str
    """Like `22.10.1~dfsg+~cs6.15`."""
    origin: str
    """`machine`, or the suite the private copy came from."""
    baresip: Program | None


def say(text: str) -> None:
    """Tell the person at the terminal what is going on."""
    print(text, file=sys.stderr, flush=True)


def major_of(version: str) -> int:
    """Return the major number in `asterisk -V` output or a package's version; 0 when there is none.

    A package's epoch (`1:22.4.0~dfsg`) is not the major.
    """
    found = re.search(r"(?:^|Asterisk\s+(?:certified/)?|\d:)(\d+)\.\d", version)
    return int(found[1]) if found else 0


def run(argv: list[str], **more: object) -> subprocess.CompletedProcess[str]:
    """Run a short command and return what it said, whatever its status."""
    env = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=env, **more)  # type: ignore[call-overload, no-any-return]


# -- the machine's own ------------------------------------------------------------------------------------------------


def first_folder_with(name: str, *patterns: str) -> Path | None:
    """Return the first folder matching one of the absolute glob `patterns` in which `name` exists."""
    for pattern in patterns:
        for folder in sorted(Path("/").glob(pattern.lstrip("/"))):
            if (folder / name).exists():
                return folder
    return None


def machine_asterisk() -> AsteriskNote | None:
    """Return the machine's own Asterisk when it can serve, saying why when it cannot."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    program = shutil.which("asterisk", path=path)
    if program is None:
        return None
    version = run([program, "-V"]).stdout.strip()
    if major_of(version) < OLDEST_MAJOR:
        say(f"{program} is too old for AudioSocket: {version or 'no version'}")
        return None
    modules = first_folder_with(
        "app_dial.so", "/usr/lib/*/asterisk/modules", "/usr/lib*/asterisk/modules", "/usr/local/lib*/asterisk/modules"
    )
    if modules is None:
        say(f"{program} has no modules folder that this script knows")
        return None
    missing = [name for name in NEEDED_MODULES if not (modules / name).exists()]
    if missing:
        say(f"{program} lacks {', '.join(missing)}")
        return None
    data = first_folder_with("sounds", "/usr/share/asterisk", "/var/lib/asterisk", "/usr/local/share/asterisk")
    return AsteriskNote(
        argv=[program],
        modules_dir=str(modules),
        data_dir=str(data or "/var/lib/asterisk"),
        version=version.removeprefix("Asterisk ").strip(),
        origin="machine",
        baresip=None,
    )


def machine_baresip() -> Program | None:
    """Return the machine's own baresip, if it has one."""
    program = shutil.which("baresip")
    modules = first_folder_with("g711.so", "/usr/lib/*/baresip/modules", "/usr/lib*/baresip/modules")
    return Program([program], str(modules)) if program and modules else None


# -- a private copy ---------------------------------------------------------------------------------------------------


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
        """Fetch the lists; apt itself checks their signatures against the machine's keyrings."""
        self._check(run(["apt-get", *self._options, "update"]), "fetch the package lists")

    def index_targets(self) -> list[dict[str, str]]:
        """Return what the sources in use offer: site, release and origin of each list of packages."""
        return index_targets(self._options)

    def candidate(self, package: str) -> str:
        """Return the version that would be fetched, or "" when the sources have no such package."""
        shown = run(["apt-cache", *self._options, "policy", package]).stdout
        found = re.search(r"Candidate: (\S+)", shown)
        return found[1] if found and found[1] != "(none)" else ""

    def download(self, packages: tuple[str, ...]) -> list[Path]:
        """Fetch `packages` and all they need; return the archives."""
        command = ["apt-get", *self._options, "-y", "--download-only", "install", *packages]
        self._check(run(command), f"download {' '.join(packages)}")
        return sorted((self.folder / "cache/archives").glob("*.deb"))

    def download_alone(self, package: str, place: Path) -> Path:
        """Fetch one package into an empty folder, without what it needs; return the archive."""
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


def debian_testing_sources(targets: list[dict[str, str]]) -> str:
    """Write the one source line for Debian testing, on the mirror the machine already uses for its own suite.

    Raises: CannotFetch when the machine reads no Debian suite.
    """
    for target in targets:
        release = target.get("RELEASE", "")
        if target.get("ORIGIN") == "Debian" and "security" not in release and "/" not in release:
            keyrings = sorted(Path("/usr/share/keyrings").glob("debian-archive-keyring.*"))
            trust = f"[signed-by={keyrings[0]}] " if keyrings else ""
            return f"deb {trust}{target['SITE']} testing main\n"
    raise CannotFetch("apt reads neither a suite with Asterisk nor a Debian mirror")


def open_suite(folder: Path) -> tuple[PrivateApt, str]:
    """Return an apt that offers a good Asterisk, and the name of the suite: the machine's own, else Debian testing.

    Raises: CannotFetch, FetchFailed.
    """
    if not all(shutil.which(name) for name in ("apt-get", "apt-cache", "dpkg-deb")):
        raise CannotFetch("there is no apt")
    # The machine's lists answer at once whether its own suite will do; a slim image has none, then ask the mirror.
    known = index_targets(["-qq"])
    own_has_it = major_of(_candidate_of_machine()) >= OLDEST_MAJOR
    if own_has_it or not known:
        apt = PrivateApt(folder / "own")
        say("asking the package lists of this machine's own suite")
        apt.update()
        known = apt.index_targets()
        if major_of(apt.candidate("asterisk")) >= OLDEST_MAJOR:
            return apt, " ".join(sorted({f"{t['ORIGIN']} {t['RELEASE']}" for t in known})[:1])
    apt = PrivateApt(folder / "testing")
    apt.use_sources(debian_testing_sources(known))
    say("this machine's suite has no Asterisk that will do; asking Debian testing")
    apt.update()
    if major_of(apt.candidate("asterisk")) < OLDEST_MAJOR:
        raise FetchFailed("Debian testing offers no Asterisk at the moment")
    return apt, "Debian testing"


def _candidate_of_machine() -> str:
    found = re.search(r"Candidate: (\S+)", run(["apt-cache", "policy", "asterisk"]).stdout)
    return found[1] if found else ""


def fetch(cache: Path, prefix: Path, want_asterisk: bool) -> None:
    """Build the private copy beside `prefix` and move it there when it is whole.

    Raises: CannotFetch, FetchFailed.
    """
    for leftover in cache.glob("building-*"):  # of a run that was killed; the lock says that nobody uses it now
        shutil.rmtree(leftover)
    with tempfile.TemporaryDirectory(prefix="building-", dir=cache) as name:
        work = Path(name)
        apt, suite = open_suite(work / "apt")
        phone = tuple(package for package in PHONE_PACKAGES if apt.candidate(package))
        wanted = (ASTERISK_PACKAGES if want_asterisk else ()) + phone
        if not wanted:
            return
        say(f"downloading {' '.join(wanted)} from {suite}, not installing it (about 80 MB)")
        archives = apt.download(wanted)
        copy = work / "copy"
        copy.mkdir()
        say(f"unpacking {len(archives)} packages")
        for archive in archives:
            done = run(["dpkg-deb", "-x", str(archive), str(copy)])
            if done.returncode != 0:
                raise FetchFailed(f"could not unpack {archive.name}: {done.stderr.strip()}")
        version = apt.candidate("asterisk") if want_asterisk else ""
        (copy / "copy.json").write_text(json.dumps({"origin": suite, "version": version.partition(":")[2] or version}))
        link_default_language(copy)
        copy.rename(prefix)


def link_default_language(prefix: Path) -> None:
    """Give the English sounds the name Asterisk looks for; packages leave that to a script we do not run."""
    sounds = prefix / "usr/share/asterisk/sounds"
    voices = sorted(path for path in sounds.glob("en_*") if path.is_dir())
    if voices and not (sounds / "en").exists():
        (sounds / "en").symlink_to(voices[0].name)


def loader_argv(prefix: Path, program: str) -> list[str]:
    """Return the command that runs `program` of the copy with the copy's own loader and libraries.

    No LD_LIBRARY_PATH: it would leak into whatever the program starts.

    Raises: FetchFailed when the copy has no such program or no loader.
    """
    binary = next((p for p in (prefix / "usr/sbin" / program, prefix / "usr/bin" / program) if p.exists()), None)
    places = ("usr/lib*", "lib*", "usr/lib/*", "lib/*")
    loaders = [p for place in places for p in sorted(prefix.glob(f"{place}/ld-linux*.so.*"))]
    # A link with an absolute target would lead out of the copy, to the machine's own loader.
    loaders = [p for p in loaders if p.resolve().is_file() and prefix.resolve() in p.resolve().parents]
    if binary is None or not loaders:
        raise FetchFailed(f"the private copy has no {'loader' if binary else program}")
    folders = [p for pattern in ("lib/*-linux-*/", "usr/lib/*-linux-*/") for p in sorted(prefix.glob(pattern))]
    libraries = [str(p) for p in folders if p.is_dir()]
    return [str(loaders[0]), "--library-path", ":".join(libraries), "--argv0", program, str(binary)]


def only_folder(prefix: Path, *patterns: str) -> Path:
    """Return the first folder of the copy matching a pattern. Raises: FetchFailed when there is none."""
    for pattern in patterns:
        for path in sorted(prefix.glob(pattern)):
            return path
    raise FetchFailed(f"the private copy has no {patterns[0]}")


def copied_asterisk(prefix: Path) -> AsteriskNote:
    """Describe the private copy's Asterisk. Raises: FetchFailed when the copy is not whole."""
    facts = json.loads((prefix / "copy.json").read_text())
    modules = only_folder(prefix, "usr/lib/*/asterisk/modules", "usr/lib/asterisk/modules")
    missing = [name for name in NEEDED_MODULES if not (modules / name).exists()]
    if missing:
        raise FetchFailed(f"the private copy lacks {', '.join(missing)}")
    return AsteriskNote(
        argv=loader_argv(prefix, "asterisk"),
        modules_dir=str(modules),
        data_dir=str(prefix / "usr/share/asterisk"),
        version=facts["version"],
        origin=facts["origin"],
        baresip=None,
    )


def copied_baresip(prefix: Path) -> Program | None:
    """Describe the private copy's baresip, if its suite had one."""
    try:
        modules = only_folder(prefix, "usr/lib/*/baresip/modules", "usr/lib/baresip/modules")
        return Program(loader_argv(prefix, "baresip"), str(modules))
    except FetchFailed:
        return None


# -- both together ----------------------------------------------------------------------------------------------------


def write_note(cache: Path, note: AsteriskNote) -> None:
    """Write the note by rename, so that nobody ever reads half of it."""
    path = cache / NOTE_NAME
    text = json.dumps(asdict(note), indent=2) + "\n"
    if path.exists() and path.read_text() == text:
        return
    draft = path.with_suffix(".tmp")
    draft.write_text(text)
    draft.replace(path)


def get_asterisk(cache: Path) -> AsteriskNote:
    """Find or fetch Asterisk and note it in `cache`; the second time this takes milliseconds.

    Raises: CannotFetch, FetchFailed.
    """
    cache = cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    prefix = cache / "copy"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two set-ups at once must not build twice
        note = machine_asterisk()
        baresip = machine_baresip()
        if not prefix.exists() and (note is None or baresip is None):
            try:
                fetch(cache, prefix, want_asterisk=note is None)
            except (CannotFetch, FetchFailed) as reason:
                if note is None:
                    raise
                say(f"going on without the independent phone baresip: {reason}")
        note = note or copied_asterisk(prefix)
        baresip = baresip or (copied_baresip(prefix) if prefix.exists() else None)
        note = AsteriskNote(**{**note.__dict__, "baresip": baresip})
        write_note(cache, note)
    return note


def main() -> int:
    """Run from the command line; the module's docstring tells the exit status."""
    parser = argparse.ArgumentParser(description="Find an Asterisk for the private PBX, or fetch a private copy.")
    parser.add_argument("--cache", type=Path, default=Path(".cache/asterisk"), help="folder of the copy and the note")
    parser.add_argument("--print", action="store_true", help="print the note (JSON) on standard output")
    options = parser.parse_args()
    try:
        note = get_asterisk(options.cache)
    except CannotFetch as reason:
        say(WHAT_TO_DO.format(oldest=OLDEST_MAJOR, reason=reason))
        return 3
    except FetchFailed as reason:
        say(str(reason))
        return 1
    phone = "with" if note.baresip else "without"
    say(f"Asterisk {note.version} ({note.origin}), {phone} the independent phone baresip")
    if options.print:
        print(json.dumps(asdict(note), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
