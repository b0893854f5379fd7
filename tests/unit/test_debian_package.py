"""What the scripts that fetch packages share: one builder at a time, whole copies only, notes nobody reads by half."""

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import debian_package
import pytest
from debian_package import (
    CannotFetch,
    Facts,
    FetchFailed,
    PrivateApt,
    alone_in,
    answer,
    keep,
    require_apt,
    room_to_build,
    unpack,
    upstream,
    write_note,
)


@dataclass(frozen=True)
class Note:
    version: str


def pretend(folder: Path, name: str, body: str) -> None:
    """Put a program of ours into a folder that is to be the PATH."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.mark.parametrize(("version", "without"), [("1:22.4.0-1", "22.4.0-1"), ("1.0.2-2", "1.0.2-2"), ("", "")])
def test_an_epoch_is_no_part_of_the_version(version: str, without: str) -> None:
    assert upstream(version) == without


def test_a_copy_knows_where_it_came_from(tmp_path: Path) -> None:
    copy = tmp_path / "work"
    copy.mkdir()
    keep(copy, Facts("Debian x", "1.2"), tmp_path / "copy")
    assert not copy.exists()
    assert Facts.of(tmp_path / "copy") == Facts("Debian x", "1.2")


def test_a_copy_of_an_older_kind_is_understood(tmp_path: Path) -> None:
    (tmp_path / "copy.json").write_text('{"origin": "Debian x"}')
    assert Facts.of(tmp_path) == Facts("Debian x", "")


def test_packages_are_unpacked_into_one_folder_others_may_enter(tmp_path: Path, bin_folder: Path) -> None:
    pretend(bin_folder, "dpkg-deb", 'echo "$2" >> "$3/unpacked"')
    copy = unpack([tmp_path / "a.deb", tmp_path / "b.deb"], tmp_path)
    assert (copy / "unpacked").read_text().split() == [str(tmp_path / "a.deb"), str(tmp_path / "b.deb")]
    assert copy.stat().st_mode & 0o777 == 0o755


def test_a_package_that_does_not_unpack_is_named(tmp_path: Path, bin_folder: Path) -> None:
    pretend(bin_folder, "dpkg-deb", "echo the disk is full >&2; exit 2")
    with pytest.raises(FetchFailed, match=r"could not unpack a\.deb: the disk is full"):
        unpack([tmp_path / "a.deb"], tmp_path)


def test_what_a_killed_run_left_goes_and_so_does_our_own(tmp_path: Path) -> None:
    (tmp_path / "building-killed" / "apt").mkdir(parents=True)
    with room_to_build(tmp_path) as work:
        assert [path for path in tmp_path.iterdir() if path.is_dir()] == [work]
    assert list(tmp_path.iterdir()) == []


def test_the_second_builder_waits_for_the_first(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from debian_package import alone_in\n"
        "print('asks', flush=True)\n"
        "with alone_in(Path(sys.argv[1])) as cache: print((cache / 'made').read_text(), flush=True)\n"
    )
    with alone_in(tmp_path / "cache") as cache:
        second = subprocess.Popen(
            [sys.executable, "-c", program, str(cache)],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(Path(debian_package.__file__).parent)},
        )
        assert second.stdout is not None
        assert second.stdout.readline() == "asks\n"
        said: list[str] = []
        reading = threading.Thread(target=lambda: said.extend(second.communicate()[0].split()))
        reading.start()
        assert second.poll() is None
        (cache / "made").write_text("by-the-first")
    reading.join()
    assert said == ["by-the-first"]


def test_a_note_is_written_by_rename_and_only_when_it_says_something_new(tmp_path: Path) -> None:
    path = tmp_path / "note.json"
    write_note(path, Note("1"))
    before = path.stat().st_ino
    write_note(path, Note("1"))
    assert path.stat().st_ino == before
    write_note(path, Note("2"))
    assert json.loads(path.read_text()) == {"version": "2"}
    assert [one.name for one in tmp_path.iterdir()] == ["note.json"]


def test_the_private_apt_touches_nothing_outside_its_folder(tmp_path: Path, bin_folder: Path) -> None:
    pretend(bin_folder, "apt-get", f'printf "%s\\n" "$@" >> {tmp_path}/asked')
    apt = PrivateApt(tmp_path / "apt")
    apt.use_sources("deb http://mirror/debian testing main\n")
    apt.update()
    asked = (tmp_path / "asked").read_text().split()
    for folder in ("Dir::State", "Dir::State::lists", "Dir::State::status", "Dir::Cache", "Dir::Etc::sourcelist"):
        (value,) = [word for word in asked if word.startswith(f"-o{folder}=")]
        assert value.partition("=")[2].startswith(str(tmp_path / "apt"))


def test_the_suite_is_what_the_lists_say(tmp_path: Path, bin_folder: Path) -> None:
    lines = r"http://m\tbookworm-updates\tmain\tDebian\tPackages\nhttp://m\tbookworm\tmain\tDebian\tPackages\n"
    pretend(bin_folder, "apt-get", f"printf '{lines}'")
    assert PrivateApt(tmp_path / "apt").suite() == "Debian bookworm"
    pretend(bin_folder, "apt-get", "exit 0")
    assert PrivateApt(tmp_path / "none").suite() == "this machine's suite"


def test_an_apt_that_fails_says_why(tmp_path: Path, bin_folder: Path) -> None:
    pretend(bin_folder, "apt-get", "echo no network >&2; exit 100")
    with pytest.raises(FetchFailed, match="could not fetch the package lists:\nno network"):
        PrivateApt(tmp_path / "apt").update()


def test_a_machine_without_apt_cannot_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotFetch, match="no apt"):
        require_apt()


def test_the_exit_status_tells_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    def cannot() -> Note:
        raise CannotFetch("there is no apt")

    def fails() -> Note:
        raise FetchFailed("no network")

    advice = "Install it yourself ({reason})."
    assert answer(cannot, str, advice, is_printed=True) == 3
    assert answer(fails, str, advice, is_printed=True) == 1
    assert capsys.readouterr() == ("", "Install it yourself (there is no apt).\nno network\n")
    assert answer(lambda: Note("1"), lambda note: note.version, advice, is_printed=True) == 0
    told = capsys.readouterr()
    assert (json.loads(told.out), told.err) == ({"version": "1"}, "1\n")
