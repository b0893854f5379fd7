"""The decisions of scripts/get_fail2ban.py; fetching itself is done by set-up, before any test can run."""

import json
from pathlib import Path

import get_fail2ban as script
import pytest
from debian_package import FetchFailed


def test_the_machine_s_own_is_taken_when_it_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "fail2ban-regex"
    program.write_text("#!/bin/sh\necho fail2ban-regex 1.1.0\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    note = script.get_fail2ban(tmp_path / "cache")
    assert (note.version, note.origin, note.argv) == ("1.1.0", "machine", [str(program)])
    assert json.loads((tmp_path / "cache" / "fail2ban.json").read_text())["origin"] == "machine"


def a_copy(prefix: Path, program: str) -> None:
    """Lay out what an unpacked package looks like."""
    path = prefix / "usr/bin/fail2ban-regex"
    path.parent.mkdir(parents=True)
    path.write_text(program)
    (prefix / "copy.json").write_text(json.dumps({"origin": "Debian x", "version": "1.0.2-2"}))


def test_a_copy_is_run_by_a_python_that_can(tmp_path: Path) -> None:
    a_copy(tmp_path, "print('fail2ban-regex 1.0.2')\n")
    note = script.copied_fail2ban(tmp_path)
    assert note.version == "1.0.2-2"
    assert note.environment["PYTHONPATH"] == str(tmp_path / "usr/lib/python3/dist-packages")
    assert script.version_of(note.argv, note.environment) == "1.0.2"


def test_a_copy_that_no_python_runs_is_no_success(tmp_path: Path) -> None:
    a_copy(tmp_path, "import asynchat_that_python_lost\n")
    with pytest.raises(FetchFailed, match="no Python"):
        script.copied_fail2ban(tmp_path)
