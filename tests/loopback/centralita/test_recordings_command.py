"""`centralita recordings …` and `centralita stats`, as a person types them, on real files and a real database."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bench.storage import write_files
from centralita.recordings_command import recordings_app
from centralita.stats_command import stats
from vocabulary.errors import ConfigurationError

FIRST = "rec_call-0000000"


class Terminal:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "centralita.toml"
        self.settings.write_text('[storage]\nlocal_path = "recordings"\n')
        self.app = typer.Typer()
        self.app.add_typer(recordings_app, name="recordings")
        self.app.command()(stats)

    def run(self, *words: str, code: int = 0) -> str:
        done = CliRunner().invoke(self.app, [*words, "--settings", str(self.settings)])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return done.stdout

    def json(self, *words: str, code: int = 0) -> Any:
        return json.loads(self.run(*words, "--json", code=code))

    def listed(self, *options: str) -> list[str]:
        return [one["recording_id"] for one in self.json("recordings", "list", *options)["recordings"]]


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    terminal = Terminal(tmp_path)
    write_files(tmp_path / "recordings", 30, transcripts=True)
    assert terminal.json("recordings", "reindex")["indexed"] == 30
    return terminal


def test_reindex_names_what_it_could_not_use_and_exits_with_1(terminal: Terminal) -> None:
    broken = terminal.folder / "recordings" / "metadata" / "rec_x_metadata.json"
    broken.write_text("{")
    told = terminal.json("recordings", "reindex", code=1)
    assert (told["files"], told["indexed"]) == (31, 30)
    assert told["reported"][0]["path"] == str(broken)
    assert "31 files, 30 indexed" in terminal.run("recordings", "reindex", code=1)
    assert terminal.json("stats")["storage"]["unreadable_files"] == 1


def test_list_filters_and_pages(terminal: Terminal) -> None:
    everything = terminal.listed()
    assert len(everything) == 30
    processed, unprocessed = terminal.listed("--processed"), terminal.listed("--unprocessed")
    assert sorted(processed + unprocessed) == sorted(everything)
    assert processed
    assert unprocessed
    assert terminal.listed("--conversation", "call-0000007") == ["rec_call-0000007"]
    assert terminal.listed("--from", "2026-01-01", "--to", "2026-01-01") == everything
    assert terminal.listed("--from", "2026-01-02") == []
    assert set(terminal.listed("--text", "palabra0", "--processed")) <= set(processed)
    page = terminal.json("recordings", "list", "--limit", "10")["recordings"]
    rest = terminal.listed("--before", str(page[-1]["number"]))
    assert [one["recording_id"] for one in page] + rest == everything
    assert "next page: --before" in terminal.run("recordings", "list", "--limit", "10")


def test_a_day_that_is_none_is_told(terminal: Terminal) -> None:
    with pytest.raises(ConfigurationError, match="--from: '20/01/2026'"):
        terminal.run("recordings", "list", "--from", "20/01/2026")


def test_show_prints_the_metadata(terminal: Terminal) -> None:
    shown = json.loads(terminal.run("recordings", "show", FIRST))
    assert (shown["recording_id"], shown["schema_version"]) == (FIRST, 2)


def test_delete_restore_and_delete_for_good(terminal: Terminal) -> None:
    terminal.run("recordings", "delete", FIRST)
    assert FIRST not in terminal.listed()
    assert terminal.listed("--deleted") == [FIRST]
    terminal.run("recordings", "restore", FIRST)
    assert FIRST in terminal.listed()
    terminal.run("recordings", "delete", FIRST, "--permanent")
    assert FIRST not in terminal.listed("--deleted")
    kept = terminal.folder / "recordings"
    assert not list(kept.rglob(f"{FIRST}*"))
    note = next(kept.rglob("*_metadata.json"))
    copy = note.with_name(f"{FIRST}_metadata.json")
    copy.write_text(json.dumps({**json.loads(note.read_text()), "recording_id": FIRST}))
    (reported,) = terminal.json("recordings", "reindex", code=1)["reported"]
    assert "deleted for good" in reported["reason"]
    assert "may come back" in terminal.run("recordings", "readmit", FIRST)
    assert "was not deleted" in terminal.run("recordings", "readmit", FIRST)
    terminal.run("recordings", "reindex")
    assert FIRST in terminal.listed()


def test_retention_tells_first_and_removes_then(terminal: Terminal) -> None:
    terminal.run("recordings", "hold", FIRST)
    options = ("recordings", "retention", "--metadata-days", "0.01")
    dry = terminal.json(*options, "--dry-run")
    assert len(dry["removals"]) == 29
    assert dry["held"] == [FIRST]
    assert len(terminal.listed()) == 30
    assert "29 removals due" in terminal.run(*options, "--dry-run")
    done = terminal.json(*options)
    assert done["removals"] == dry["removals"] or len(done["removals"]) == 29
    assert terminal.listed() == [FIRST]
    terminal.run("recordings", "hold", FIRST, "--release")
    terminal.run(*options)
    assert terminal.listed() == []


def test_stats_have_the_documented_shape(terminal: Terminal) -> None:
    told = terminal.json("stats")["processing"]
    assert set(told) == {"storage", "processing_queue"}
    assert told["storage"]["local"]["total_recordings"] == 30
    queue = told["processing_queue"]
    assert queue["processed"] + queue["pending"] == queue["total_recordings"] == 30
    assert "pending" in terminal.run("stats")
