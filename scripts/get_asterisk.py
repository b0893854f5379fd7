#!/usr/bin/env python3
"""Find an Asterisk for the private PBX, or fetch a private copy with the machine's own apt.

The machine's own Asterisk is taken when it is new enough and has what we need. Otherwise packages are unpacked into one
folder (debian_package.py) and run by the loader that came with them. What was found is written to `asterisk.json` in
the cache, for `provisioning`.

Needs nothing but Python's standard library: set-up runs it before there is an environment.

Exit status: 0 ready, 1 the download or the copy failed, 3 this machine has neither Asterisk nor apt.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from debian_package import (  # beside us
    COPY,
    CannotFetch,
    Facts,
    FetchFailed,
    PrivateApt,
    alone_in,
    answer,
    index_targets,
    keep,
    options_of,
    own_suite,
    require_apt,
    room_to_build,
    run,
    say,
    unpack,
    upstream,
    write_note,
)

OLDEST_MAJOR = 18
"""AudioSocket came with Asterisk 18."""

NEEDED_MODULES = ("res_audiosocket.so", "chan_audiosocket.so", "res_ari.so", "chan_pjsip.so")
ASTERISK_PACKAGES = ("asterisk", "asterisk-core-sounds-en-gsm")
PHONE_PACKAGES = ("baresip-core",)
"""An independent SIP phone for one test; a machine without it only misses that test's second opinion."""

NOTE_NAME = "asterisk.json"
WHAT_TO_DO = (
    f"No Asterisk {OLDEST_MAJOR} or newer with AudioSocket and ARI was found,\n"
    "and a private copy cannot be fetched here ({reason}).\n"
    "Do one of these:\n"
    f"  * install Asterisk {OLDEST_MAJOR} or newer with res_audiosocket, chan_audiosocket and res_ari,\n"
    "    then run this again;\n"
    "  * or build and use the image of this repository's Containerfile."
)


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


def major_of(version: str) -> int:
    """Return the major number in `asterisk -V` output or a package's version; 0 when there is none.

    A package's epoch (`1:22.4.0~dfsg`) is not the major.
    """
    found = re.search(r"(?:^|Asterisk\s+(?:certified/)?|\d:)(\d+)\.\d", version)
    return int(found[1]) if found else 0


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


def open_suite(work: Path) -> tuple[PrivateApt, str]:
    """Return an apt that offers a good Asterisk, and the name of the suite: the machine's own, else Debian testing.

    Raises: CannotFetch, FetchFailed.
    """
    require_apt()
    # The machine's lists answer at once whether its own suite will do; a slim image has none, then ask the mirror.
    known = index_targets(["-qq"])
    own_has_it = major_of(_candidate_of_machine()) >= OLDEST_MAJOR
    if own_has_it or not known:
        apt = own_suite(work, "Asterisk")
        known = apt.index_targets()
        if major_of(apt.candidate("asterisk")) >= OLDEST_MAJOR:
            return apt, apt.suite()
    apt = PrivateApt(work / "testing")
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
    """Make the private copy. Raises: CannotFetch, FetchFailed."""
    with room_to_build(cache) as work:
        apt, suite = open_suite(work)
        phone = tuple(package for package in PHONE_PACKAGES if apt.candidate(package))
        wanted = (ASTERISK_PACKAGES if want_asterisk else ()) + phone
        if not wanted:
            return
        say(f"downloading {' '.join(wanted)} from {suite}, not installing it (about 80 MB)")
        version = upstream(apt.candidate("asterisk")) if want_asterisk else ""
        copy = unpack(apt.download(wanted), work)
        link_default_language(copy)
        keep(copy, Facts(suite, version), prefix)


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
    facts = Facts.of(prefix)
    modules = only_folder(prefix, "usr/lib/*/asterisk/modules", "usr/lib/asterisk/modules")
    missing = [name for name in NEEDED_MODULES if not (modules / name).exists()]
    if missing:
        raise FetchFailed(f"the private copy lacks {', '.join(missing)}")
    return AsteriskNote(
        argv=loader_argv(prefix, "asterisk"),
        modules_dir=str(modules),
        data_dir=str(prefix / "usr/share/asterisk"),
        version=facts.version,
        origin=facts.origin,
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


def get_asterisk(cache: Path) -> AsteriskNote:
    """Find or fetch Asterisk and note it in `cache`; the second time this takes milliseconds.

    Raises: CannotFetch, FetchFailed.
    """
    with alone_in(cache) as cache:
        prefix = cache / COPY
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
        note = replace(note, baresip=baresip)
        write_note(cache / NOTE_NAME, note)
    return note


def told(note: AsteriskNote) -> str:
    """Put the note into words."""
    phone = "with" if note.baresip else "without"
    return f"Asterisk {note.version} ({note.origin}), {phone} the independent phone baresip"


def main() -> int:
    """Run from the command line; the module's docstring tells the exit status."""
    parser = options_of("Find an Asterisk for the private PBX, or fetch a private copy.", ".cache/asterisk")
    options = parser.parse_args()
    return answer(lambda: get_asterisk(options.cache), told, WHAT_TO_DO, options.print)


if __name__ == "__main__":
    sys.exit(main())
