"""`centralita batch`, as a person types it, over the files that calls leave."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from centralita.batch_command import batch_app
from centralita.recordings_command import recordings_app
from centralita.stats_command import stats
from storage.recordings import write_json
from tests.loopback.batch_calls import BEGUN, Calls

DAY = 86400.0


@pytest.fixture
def calls(tmp_path: Path) -> Calls:
    return Calls(tmp_path)


def quick(calls: Calls, call_id: str, *texts: str, at: float = BEGUN) -> str:
    """Add a call in English: neither estimated nor corrected, so that no lexicon is loaded for it."""
    return calls.add(call_id, *(texts or ("I want to know my balance",)), at=at, language="en")


def batch(calls: Calls, *words: str, code: int = 0) -> dict[str, Any]:
    result = CliRunner().invoke(batch_app, [*words, "--settings", str(calls.settings), "--json"])
    assert result.exit_code == code, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def test_unprocessed_recordings_are_processed_once(calls: Calls) -> None:
    calls.add("uno", "necesito revisar el salgo de mi cuenta")
    first = batch(calls, "unprocessed", "--limit", "10")
    assert (first["processed"], first["failed"]) == (1, 0)
    again = batch(calls, "unprocessed", "--limit", "10")
    assert again["total"] == 0

    metadata = calls.metadata("uno")
    assert (metadata["processed"], metadata["processing_mode"]) == (True, "offline")
    assert metadata["analysis"]["intent"] == "billing_inquiry"
    assert metadata["transcription"]["text"] == "necesito revisar el saldo de mi cuenta"
    assert metadata["transcription"]["raw_text"] == "necesito revisar el salgo de mi cuenta"
    assert metadata["transcription"]["corrections"][0]["rule"] == "salgo-saldo"
    assert metadata["hangup"]["text"] == "Normal Clearing"
    assert metadata["turns"][0]["latency"]["stt_ms"] == 12.5
    assert metadata["metrics"]["avg_stt_latency_ms"] == 12.5
    # As the documents tell people to look for it
    assert '"processed": true' in calls.layout.metadata("uno").read_text()
    assert '"processing_mode": "offline"' in calls.layout.metadata("uno").read_text()


def test_what_was_processed_is_found_and_counted(calls: Calls) -> None:
    quick(calls, "uno")
    quick(calls, "dos", at=BEGUN + 1)
    batch(calls, "single", "--recording-id", "rec_uno")
    options = ["--settings", str(calls.settings), "--json"]
    listed = json.loads(CliRunner().invoke(recordings_app, ["list", "--processed", *options]).stdout)
    assert [one["recording_id"] for one in listed["recordings"]] == ["rec_uno"]
    batch(calls, "unprocessed", "--limit", "1")
    import typer

    app = typer.Typer()
    app.command()(stats)
    told = json.loads(CliRunner().invoke(app, options).stdout)
    queue = told["processing"]["processing_queue"]
    assert (queue["total_recordings"], queue["processed"], queue["pending"]) == (2, 2, 0)
    assert queue["processing_rate"] == 1.0


def test_single_takes_the_id_with_and_without_its_prefix(calls: Calls) -> None:
    quick(calls, "uno")
    assert batch(calls, "single", "--recording-id", "uno")["processed"] == 1
    assert batch(calls, "single", "--recording-id", "rec_uno")["already"] == 1
    assert batch(calls, "single", "--recording-id", "rec_uno", "--reprocess")["processed"] == 1
    assert calls.transcript("uno")["history"] == []


def test_an_unknown_recording_is_a_failure_that_is_told(calls: Calls) -> None:
    quick(calls, "uno")
    told = batch(calls, "single", "--recording-id", "rec_nobody", code=1)
    assert told["failures"][0]["recording_id"] == "rec_nobody"
    assert "there is no recording" in told["failures"][0]["reason"]


def test_what_is_typed_wrongly_is_told_in_words_of_the_command(calls: Calls) -> None:
    quick(calls, "uno")
    options = ["--settings", str(calls.settings)]
    wrong = CliRunner().invoke(batch_app, ["single", "--recording-id", "../etc", *options])
    assert wrong.exit_code == 2
    assert "--recording-id '../etc'" in wrong.stderr
    nobody = CliRunner().invoke(batch_app, ["single", "--recording-id", "nobody", *options])
    assert nobody.exit_code == 1
    assert "rec_nobody: estimate: there is no recording rec_nobody\n" in nobody.stderr, "no names of our code"
    assert "transcribed again" not in CliRunner().invoke(batch_app, ["unprocessed", "--dry-run", *options]).stdout
    words = [sys.executable, "-m", "offline", "--limit", "3", "--mode"]
    mode = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (mode.returncode, mode.stdout) == (2, "")
    assert "single, unprocessed, date_range" in mode.stderr


def test_a_range_of_days_takes_the_calls_of_those_days(calls: Calls) -> None:
    quick(calls, "before", at=BEGUN - 2 * DAY)
    quick(calls, "in", at=BEGUN)
    quick(calls, "after", at=BEGUN + 2 * DAY)
    day = "2026-11-18"  # of BEGUN, in UTC
    told = batch(calls, "date-range", "--start-date", day, "--end-date", day)
    assert told["processed"] == 1
    assert calls.metadata("in")["processed"] is True
    assert "processed" not in calls.metadata("before")
    assert batch(calls, "date_range", "--start-date", day, "--end-date", day)["already"] == 1


def test_a_dry_run_names_what_would_be_done_and_touches_nothing(calls: Calls) -> None:
    quick(calls, "uno")
    before = calls.layout.metadata("uno").read_bytes()
    told = batch(calls, "unprocessed", "--dry-run")
    assert told["recordings"] == ["rec_uno"]
    assert calls.layout.metadata("uno").read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ["date-range", "--start-date", "20-01-2026", "--end-date", "2026-01-27"],
        ["date-range", "--start-date", "2026-01-27", "--end-date", "2026-01-20"],
        ["single"],
        ["unprocessed", "--limit", "0"],
        ["unprocessed", "--ear", "whisper:"],
        ["unprocessed", "--ear", "whisper:/nowhere"],
    ],
)
def test_a_wrong_command_line_ends_with_2(calls: Calls, words: list[str]) -> None:
    quick(calls, "uno")
    result = CliRunner().invoke(batch_app, [*words, "--settings", str(calls.settings)])
    assert result.exit_code == 2, result.output
    assert "processed" not in calls.metadata("uno")


def test_broken_files_are_told_one_by_one_and_stop_nobody(calls: Calls) -> None:
    quick(calls, "good")
    quick(calls, "cut-metadata")
    metadata = calls.layout.metadata("cut-metadata")
    metadata.write_bytes(metadata.read_bytes()[:100])
    quick(calls, "cut-transcript")
    transcript = calls.layout.transcript("cut-transcript")
    transcript.write_bytes(transcript.read_bytes()[:100])
    quick(calls, "cut-sound")
    calls.layout.audio("cut-sound").write_bytes(b"RIFF\0\0")
    quick(calls, "no-sound")
    calls.layout.audio("no-sound").unlink()
    quick(calls, "neither")
    calls.layout.audio("neither").unlink()
    calls.layout.transcript("neither").unlink()
    quick(calls, "too-new")
    write_json(calls.layout.metadata("too-new"), {**calls.metadata("too-new"), "schema_version": 99})
    quick(calls, "other")
    calls.layout.metadata("copy").write_bytes(calls.layout.metadata("other").read_bytes())
    before = {path: path.read_bytes() for path in calls.root.rglob("rec_*") if path.is_file()}

    told = batch(calls, "unprocessed", code=1)

    assert told["processed"] == 4  # good, cut-sound, no-sound, other
    reasons = {one["recording_id"]: one["reason"] for one in told["failures"]}
    assert set(reasons) == {"rec_cut-metadata", "rec_cut-transcript", "rec_neither", "rec_too-new", "rec_copy"}
    assert "cut short or no JSON" in reasons["rec_cut-metadata"]
    assert "cut short or no JSON" in reasons["rec_cut-transcript"]
    assert "neither words nor sound" in reasons["rec_neither"]
    assert "update it" in reasons["rec_too-new"]
    assert "holds rec_other" in reasons["rec_copy"]
    problems = {one["recording_id"]: one["problems"] for one in told["problems"]}
    assert set(problems) == {"rec_cut-sound", "rec_no-sound"}
    assert calls.metadata("cut-sound")["processing_problems"] == problems["rec_cut-sound"]
    for broken in ("cut-metadata", "cut-transcript", "too-new"):
        for path, data in before.items():
            assert broken not in path.name or path.read_bytes() == data, path


def test_recordings_that_can_never_be_processed_do_not_use_up_the_limit(calls: Calls) -> None:
    for number in range(5):
        quick(calls, f"broken-{number}", at=BEGUN + 10 + number)
        calls.layout.transcript(f"broken-{number}").write_text("{")
    quick(calls, "old", at=BEGUN)
    told = batch(calls, "unprocessed", "--limit", "1", code=1)
    assert (told["processed"], told["failed"]) == (1, 5)
    assert calls.metadata("old")["processed"] is True


def test_sound_whose_call_died_before_its_end_is_transcribed(calls: Calls) -> None:
    quick(calls, "died")
    calls.layout.metadata("died").unlink()
    calls.layout.transcript("died").unlink()
    quick(calls, "alive")
    calls.layout.metadata("alive").unlink()
    os.utime(calls.layout.audio("died"), (BEGUN, BEGUN))
    quick(calls, "half", at=BEGUN + 5)
    calls.layout.metadata("half").unlink()
    os.utime(calls.layout.audio("half"), (BEGUN, BEGUN))
    assert batch(calls, "unprocessed", "--dry-run")["total"] == 0
    told = batch(calls, "unprocessed")
    assert (told["processed"], told["retranscribed"]) == (2, 1)
    metadata = calls.metadata("died")
    assert metadata["audio"]["duration_seconds"] == 7.0
    assert metadata["started_at"] == BEGUN - 7
    assert calls.transcript("died")["original"] is None
    assert metadata["agent"] == ""
    assert calls.metadata("half")["agent"] == "telecom"
    assert calls.metadata("half")["started_at"] == BEGUN + 5
    assert calls.transcript("half")["turns"][1]["heard"] == "I want to know my balance"
    assert not calls.layout.metadata("alive").exists(), "its call may still go on"


def test_a_full_disk_leaves_everything_as_it_was(calls: Calls) -> None:
    """The transcript is larger than this process may write; the database is not."""
    quick(calls, "uno")
    transcript = calls.transcript("uno")
    write_json(calls.layout.transcript("uno"), {**transcript, "note": "x" * 6_000_000})
    before = {path: path.read_bytes() for path in calls.root.rglob("rec_*") if path.is_file()}
    words = [sys.executable, "-m", "offline", "unprocessed", "--settings", str(calls.settings), "--json"]
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000)),
    )
    assert done.returncode == 1, done.stderr
    failure = json.loads(done.stdout)["failures"][0]
    assert failure["stage"] == "keep"
    assert "larger than this process may write" in failure["reason"]
    assert failure["is_retryable"] is True
    assert {path: path.read_bytes() for path in calls.root.rglob("rec_*") if path.is_file()} == before
    assert not [path for path in calls.root.rglob(".*") if path.is_file()]

    assert batch(calls, "unprocessed")["processed"] == 1


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("concurrent", ["1", "2"])
def test_a_signal_ends_the_batch_after_the_recording_in_hand(
    calls: Calls, sign: signal.Signals, concurrent: str
) -> None:
    for number in range(40):
        quick(calls, f"call-{number}", at=BEGUN + number)
    words = [sys.executable, "-m", "offline", "--mode", "unprocessed", "--concurrent", concurrent]
    process = subprocess.Popen(
        [*words, "--settings", str(calls.settings), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not any('"processed": true' in path.read_text() for path in (calls.root / "metadata").glob("rec_*.json")):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(sign)
    out, err = process.communicate(timeout=90)
    assert process.returncode == 130, err
    told = json.loads(out)
    assert told["interrupted"] is True
    assert 0 < told["processed"] < 40
    assert told["failed"] == 0
    done = sum(calls.metadata(f"call-{number}").get("processed", False) for number in range(40))
    assert done == told["processed"]

    rest = batch(calls, "unprocessed")
    assert rest["processed"] == 40 - done


def test_the_queue_gets_each_recording_once(calls: Calls) -> None:
    quick(calls, "uno")
    quick(calls, "dos")
    assert batch(calls, "unprocessed", "--queue")["queued"] == 2
    assert batch(calls, "unprocessed", "--queue")["already"] == 2
