"""The decisions of scripts/get_postgres.py; fetching itself is done by set-up, before any test can run."""

import json
from pathlib import Path

import get_postgres as script
import pytest
from debian_package import CannotFetch, FetchFailed


def a_server(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version} (Debian)'\n")
        program.chmod(0o755)
    return folder


def test_the_machine_s_own_is_taken_where_its_parts_lie_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = a_server(tmp_path / "real", "16.4")
    links = tmp_path / "links"
    links.mkdir()
    (links / "postgres").symlink_to(own / "postgres")
    monkeypatch.setenv("PATH", f"{links}:/usr/bin:/bin")
    note = script.get_postgres(tmp_path / "cache")
    assert (note.version, note.origin, note.bin_dir) == ("16.4", "machine", str(own))
    assert json.loads((tmp_path / "cache" / "postgres.json").read_text())["version"] == "16.4"


def test_one_without_initdb_or_too_old_does_not_serve(tmp_path: Path) -> None:
    old = a_server(tmp_path / "old", "9.6")
    assert script.major_of(script.version_of(old, {})) < script.OLDEST_MAJOR
    (old / "initdb").unlink()
    assert script.version_of(old, {}) == ""
    assert script.version_of(tmp_path / "none", {}) == ""


def test_of_several_servers_the_newest_comes_first(tmp_path: Path) -> None:
    for major in ("9.6", "13", "15"):
        a_server(tmp_path / "usr/lib/postgresql" / major / "bin", f"{major}.1")
    assert [path.parent.name for path in script.server_folders(tmp_path)] == ["15", "13", "9.6"]


def test_an_unpacked_copy_runs_with_its_own_libraries(tmp_path: Path) -> None:
    prefix = tmp_path / "copy"
    a_server(prefix / "usr/lib/postgresql/15/bin", "15.20")
    (prefix / "usr/lib/x86_64-linux-gnu").mkdir()
    (prefix / "copy.json").write_text('{"origin": "Debian bookworm"}')
    note = script.get_postgres(tmp_path, private=True)
    assert (note.version, note.origin) == ("15.20", "Debian bookworm")
    assert note.environment == {"LD_LIBRARY_PATH": str(prefix / "usr/lib/x86_64-linux-gnu")}


def test_a_copy_that_does_not_run_is_told(tmp_path: Path) -> None:
    prefix = tmp_path / "copy"
    prefix.mkdir()
    (prefix / "copy.json").write_text('{"origin": "Debian bookworm"}')
    with pytest.raises(FetchFailed, match="no PostgreSQL that runs here"):
        script.get_postgres(tmp_path, private=True)


def test_a_machine_without_apt_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotFetch, match="no apt"):
        script.get_postgres(tmp_path / "cache", private=True)
