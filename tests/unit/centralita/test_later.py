"""Commands that are loaded when they are used: all are there, and `--help` says of each what it says itself."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from centralita.cli import app
from centralita.later import LATER, loaded


@pytest.mark.parametrize("name", LATER)
def test_the_line_shown_is_the_command_s_own(name: str) -> None:
    command = loaded(name)
    assert (command.name, (command.help or "").partition("\n")[0]) == (name, LATER[name][1])


def test_help_names_every_command_and_loads_none_of_them() -> None:
    told = "import sys; from typer.testing import CliRunner; from centralita.cli import app; " \
        "print(CliRunner().invoke(app, ['--help']).output); " \
        "assert not {'sqlalchemy', 'obstore', 'numpy', 'provisioning'} & set(sys.modules)"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert [name for name in (*LATER, "up", "demo") if name not in done.stdout] == []


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    result = CliRunner().invoke(app, ["telephon"])
    assert result.exit_code == 2
    assert "telephony" in result.output


def test_what_stands_behind_the_name_reaches_the_command() -> None:
    result = CliRunner().invoke(app, ["trunk", "presets", "telnyx"])
    assert result.exit_code == 0
    assert "telnyx" in result.output.lower()
