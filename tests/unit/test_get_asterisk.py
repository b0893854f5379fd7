"""The decisions of scripts/get_asterisk.py; fetching itself is done by set-up, before any test can run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import get_asterisk as script
import pytest
from debian_package import CannotFetch, FetchFailed

SCRIPT = Path(script.__file__)


def pretend(folder: Path, name: str, body: str) -> None:
    """Put a program of ours on a PATH that has nothing else."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


def a_copy(prefix: Path) -> None:
    """Lay out what an unpacked private copy looks like, on a machine of another kind."""
    for name in (
        "usr/lib/ld-linux-aarch64.so.1",
        "usr/sbin/asterisk",
        "usr/bin/baresip",
        "usr/lib/baresip/modules/g711.so",
        *(f"usr/lib/aarch64-linux-gnu/asterisk/modules/{module}" for module in
          ("res_audiosocket.so", "chan_audiosocket.so", "res_ari.so", "chan_pjsip.so")),
    ):  # fmt: skip
        path = prefix / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (prefix / "copy.json").write_text(json.dumps({"origin": "Debian testing", "version": "22.10.1-1"}))


@pytest.mark.parametrize(
    ("version", "major"),
    [
        ("Asterisk 22.10.1", 22),
        ("Asterisk certified/20.7-cert3", 20),
        ("1:20.6.0~dfsg+~cs6.13.40431414-2build5", 20),
        ("1:18.10.0~dfsg-1", 18),
        ("22.10.1+dfsg+~cs6.17", 22),
        ("(none)", 0),
        ("", 0),
    ],
)
def test_reads_the_major_number(version: str, major: int) -> None:
    assert script.major_of(version) == major


def test_describes_a_copy_of_any_architecture(tmp_path: Path) -> None:
    a_copy(tmp_path)
    note = script.copied_asterisk(tmp_path)
    assert note.argv == [
        str(tmp_path / "usr/lib/ld-linux-aarch64.so.1"),
        "--library-path",
        str(tmp_path / "usr/lib/aarch64-linux-gnu"),
        "--argv0",
        "asterisk",
        str(tmp_path / "usr/sbin/asterisk"),
    ]
    assert note.modules_dir == str(tmp_path / "usr/lib/aarch64-linux-gnu/asterisk/modules")
    phone = script.copied_baresip(tmp_path)
    assert phone is not None
    assert phone.argv[-1] == str(tmp_path / "usr/bin/baresip")


def test_a_loader_that_leads_out_of_the_copy_is_not_taken(tmp_path: Path) -> None:
    a_copy(tmp_path)
    (tmp_path / "usr/lib/ld-linux-aarch64.so.1").unlink()
    (tmp_path / "usr/lib/ld-linux-aarch64.so.1").symlink_to("/bin/sh")
    with pytest.raises(FetchFailed):
        script.copied_asterisk(tmp_path)


def test_a_copy_without_audiosocket_is_refused(tmp_path: Path) -> None:
    a_copy(tmp_path)
    (tmp_path / "usr/lib/aarch64-linux-gnu/asterisk/modules/res_audiosocket.so").unlink()
    with pytest.raises(FetchFailed, match="res_audiosocket"):
        script.copied_asterisk(tmp_path)


def test_testing_comes_from_the_mirror_the_machine_uses() -> None:
    targets = [
        {"SITE": "http://mirror/security", "RELEASE": "x-security", "ORIGIN": "Debian"},
        {"SITE": "http://elsewhere/node", "RELEASE": "nodistro", "ORIGIN": "Somebody"},
        {"SITE": "http://mirror/debian", "RELEASE": "bookworm", "ORIGIN": "Debian"},
    ]
    line = script.debian_testing_sources(targets)
    assert line.startswith("deb ")
    assert line.endswith(" http://mirror/debian testing main\n")


def test_a_machine_without_debian_cannot_fetch() -> None:
    with pytest.raises(CannotFetch):
        script.debian_testing_sources([{"SITE": "http://mirror/x", "RELEASE": "x", "ORIGIN": "Other"}])


def test_the_default_language_gets_its_name(tmp_path: Path) -> None:
    voice = tmp_path / "usr/share/asterisk/sounds/en_US_f_Allison"
    voice.mkdir(parents=True)
    script.link_default_language(tmp_path)
    assert (voice.parent / "en").resolve() == voice


def test_a_machine_with_neither_says_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--cache", str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(tmp_path)},
    )
    # A machine with its own Asterisk in /usr/sbin finds it even so; then there is nothing to complain about.
    if done.returncode == 0:
        assert json.loads((tmp_path / "cache" / "asterisk.json").read_text())["origin"] == "machine"
    else:
        assert done.returncode == 3
        assert "Containerfile" in done.stderr


def test_what_a_killed_run_left_is_thrown_away_and_a_whole_copy_is_kept(tmp_path: Path) -> None:
    """No apt in PATH: what is there must do, and the second answer is the first one's."""
    cache = tmp_path / "cache"
    a_copy(cache / "copy")
    command = [sys.executable, str(SCRIPT), "--cache", str(cache), "--print"]
    first, second = (
        subprocess.run(command, capture_output=True, text=True, check=True, env={"PATH": str(tmp_path)}).stdout
        for _ in range(2)
    )
    assert first == second
    assert json.loads(first) == json.loads((cache / "asterisk.json").read_text())


def test_a_download_that_fails_leaves_no_half_copy(tmp_path: Path) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name in ("apt-cache", "dpkg-deb"):
        pretend(bin_folder, name, "exit 0")
    pretend(bin_folder, "apt-get", 'case "$*" in *indextargets*) exit 0;; esac\necho no network >&2; exit 100')
    cache = tmp_path / "cache"
    (cache / "building-killed").mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--cache", str(cache)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(bin_folder), "TMPDIR": os.fspath(tmp_path)},
    )
    if done.returncode == 0:  # a machine with an Asterisk of its own
        return
    assert done.returncode == 1
    assert "no network" in done.stderr
    assert [path.name for path in cache.iterdir()] == ["lock"]
