"""The decisions of scripts/get_fail2ban.py; fetching itself is done by set-up, before any test can run."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "get_fail2ban.py"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "get_asterisk", raising=False)
    spec = importlib.util.spec_from_file_location("get_fail2ban", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_machine_s_own_is_taken_when_it_works(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_a_copy_is_run_by_a_python_that_can(script: ModuleType, tmp_path: Path) -> None:
    a_copy(tmp_path, "print('fail2ban-regex 1.0.2')\n")
    note = script.copied_fail2ban(tmp_path)
    assert note.version == "1.0.2-2"
    assert note.environment["PYTHONPATH"] == str(tmp_path / "usr/lib/python3/dist-packages")
    assert script.version_of(note.argv, note.environment) == "1.0.2"


def test_a_copy_that_no_python_runs_is_no_success(script: ModuleType, tmp_path: Path) -> None:
    a_copy(tmp_path, "import asynchat_that_python_lost\n")
    with pytest.raises(script.FetchFailed, match="no Python"):
        script.copied_fail2ban(tmp_path)
