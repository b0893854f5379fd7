"""What was said in a call that nobody could finish is kept, whatever the disk thinks of it."""

import json
from pathlib import Path

import pytest

from ari_app.call_file import CallFile, CallFolder
from ari_app.call_records import keep_what_was_said
from storage.recordings import RecordingLayout
from vocabulary.call import CallIdentity

IDENTITY = CallIdentity("c1", "1700000000.1", "telecom", "5551001", "600100200")


def left(folder: CallFolder, *texts: str) -> CallFile:
    turns = tuple({"speaker": "caller", "at": 1.0, "text": text, "heard": text} for text in texts)
    file = CallFile(IDENTITY, 1_795_000_000.0, 1_795_000_009.0, "talking", {}, turns, 1)
    folder.save(file)
    return file


@pytest.fixture
def layout(tmp_path: Path) -> RecordingLayout:
    return RecordingLayout(tmp_path / "recordings")


@pytest.fixture
def folder(tmp_path: Path) -> CallFolder:
    return CallFolder(tmp_path / "run" / "calls")


def test_its_state_becomes_its_transcript(folder: CallFolder, layout: RecordingLayout) -> None:
    keep_what_was_said(folder, layout, left(folder, "quiero cancelar"))
    kept = json.loads(layout.transcript("c1").read_text())
    assert [turn["text"] for turn in kept["turns"]] == ["quiero cancelar"]
    assert (kept["call_id"], kept["agent"], kept["started_at"]) == ("c1", "telecom", 1_795_000_000.0)
    assert not folder.path("c1").exists()


@pytest.mark.parametrize("suffix", ["", ".enc"])
def test_a_transcript_that_is_there_stays(folder: CallFolder, layout: RecordingLayout, suffix: str) -> None:
    path = layout.transcript("c1")
    path = path.with_name(path.name + suffix)
    path.parent.mkdir(parents=True)
    path.write_text("whole")
    keep_what_was_said(folder, layout, left(folder, "quiero"))
    assert path.read_text() == "whole"
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert not folder.path("c1").exists()


def test_a_disk_that_refuses_costs_nothing_but_time(
    folder: CallFolder, layout: RecordingLayout, caplog: pytest.LogCaptureFixture
) -> None:
    layout.root.mkdir(parents=True)
    (layout.root / "transcripts").write_text("a file in the folder's place")
    file = left(folder, "quiero cancelar")
    keep_what_was_said(folder, layout, file)
    assert folder.path("c1").exists(), "all that is left of what was said"
    assert "record not written" in caplog.text
    assert "cancelar" not in caplog.text
    (layout.root / "transcripts").unlink()
    keep_what_was_said(folder, layout, file)
    assert layout.transcript("c1").exists()
    assert not folder.path("c1").exists()


def test_a_call_in_which_nothing_was_said_leaves_nothing(folder: CallFolder, layout: RecordingLayout) -> None:
    keep_what_was_said(folder, layout, left(folder))
    assert not layout.transcript("c1").exists()
    assert not folder.path("c1").exists()
