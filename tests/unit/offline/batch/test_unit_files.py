"""The files for systemd and cron: filled in, readable, and by systemd's own check where it is installed."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from centralita.batch_command import batch_app
from offline.__main__ import words_of_batch
from offline.batch.unit_files import Installation, unit_files
from vocabulary.errors import ConfigurationError

HERE = Installation(
    Path("/opt/centralita/bin/centralita"),
    Path("/opt/centralita"),
    "root",
    Path("/etc/centralita/centralita.toml"),
    50,
    4,
)


def parsed(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[method-assign,assignment]  # systemd's keys have capitals
    parser.read_string(text)
    return parser


def test_the_units_run_the_documented_commands() -> None:
    files = unit_files(HERE)
    service = parsed(files["centralita-batch.service"])
    run = "/opt/centralita/bin/centralita batch unprocessed --limit 50 --concurrent 4"
    assert service["Service"]["ExecStart"] == f"{run} --settings /etc/centralita/centralita.toml"
    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["User"] == "root"
    timer = parsed(files["centralita-batch.timer"])
    assert timer["Timer"]["Unit"] == "centralita-batch.service"
    assert timer["Install"]["WantedBy"] == "timers.target"
    worker = parsed(files["centralita-worker.service"])
    assert worker["Service"]["ExecStart"].startswith("/opt/centralita/bin/centralita worker --concurrency 4")
    assert worker["Service"]["Restart"] == "on-failure"


def test_every_line_for_cron_has_a_time_a_user_and_a_command() -> None:
    lines = unit_files(HERE)["centralita-batch.cron"].splitlines()
    jobs = [line for line in lines if line and not line.startswith("#") and "=" not in line.split()[0]]
    assert [line.split()[:6] for line in jobs] == [["0", "*", "*", "*", "*", "root"], ["0", "2", "*", "*", "*", "root"]]
    for line in jobs:
        assert "%" not in line, "cron ends a command there"
        assert " batch unprocessed --limit " in line


def test_nothing_is_left_to_fill_in() -> None:
    assert not [name for name, text in unit_files(HERE).items() if "$" in text]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"program": Path("centralita")}, "program"),
        ({"directory": Path("/opt/my folder")}, "directory"),
        ({"settings": Path("/etc/100%.toml")}, "settings"),
        ({"user": "root; reboot"}, "user"),
        ({"limit": 0}, "limit"),
    ],
)
def test_what_systemd_or_cron_would_read_otherwise_is_refused(wrong: dict[str, object], field: str) -> None:
    values: dict[str, object] = {"program": Path("/bin/centralita"), "directory": Path("/srv")}
    with pytest.raises(ConfigurationError, match=field):
        Installation(**(values | wrong))  # type: ignore[arg-type]


def test_the_command_writes_them(tmp_path: Path) -> None:
    words = [
        "units",
        "--to",
        str(tmp_path / "units"),
        "--user",
        "root",
        "--directory",
        "/opt",
        "--program",
        "/bin/true",
    ]
    result = CliRunner().invoke(batch_app, words)
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "units").iterdir()} == set(unit_files(HERE))


def test_systemd_itself_finds_nothing_wrong(tmp_path: Path) -> None:
    """By its own check where it is installed; everywhere by the sections a unit may have."""
    # A program that exists, or systemd would rightly complain
    for name, text in unit_files(Installation(Path("/bin/true"), Path("/"), "root")).items():
        if not name.endswith(".cron"):
            assert set(parsed(text).sections()) <= {"Unit", "Service", "Timer", "Install"}
            (tmp_path / name).write_text(text)
    if shutil.which("systemd-analyze") is None:
        return
    done = subprocess.run(
        ["systemd-analyze", "verify", *(str(path) for path in tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "centralita" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--mode", "single", "--recording-id", "rec_1"], ["single", "--recording-id", "rec_1"]),
        (["--limit", "5", "--mode=unprocessed"], ["unprocessed", "--limit", "5"]),
        (["date-range", "--start-date", "2026-01-20"], ["date-range", "--start-date", "2026-01-20"]),
        (["--mode"], ["--mode"]),
    ],
)
def test_a_mode_may_be_an_option_or_the_first_word(words: list[str], told: list[str]) -> None:
    assert words_of_batch(words) == told
