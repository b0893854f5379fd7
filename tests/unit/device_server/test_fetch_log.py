"""The log: one JSON object a line, and a flood does not fill the disk."""

import io
import json
from pathlib import Path

from device_server.fetch_log import FileLog, Rationed, StreamLog, line_of
from device_server.shelf import LogEntry

TAKEN = LogEntry(1_700_000_000.25, "taken", "192.168.1.50", 200, 9, "oficina", "cfg000b82aabbcc.xml", "HT813")


def test_a_line_says_when_who_what_and_how_it_ended() -> None:
    assert json.loads(line_of(TAKEN)) == {
        "time": "2023-11-14T22:13:20.250+00:00",
        "outcome": "taken",
        "client": "192.168.1.50",
        "status": 200,
        "bytes": 9,
        "device": "oficina",
        "file": "cfg000b82aabbcc.xml",
        "user_agent": "HT813",
    }


def test_lines_are_appended_and_a_rotated_file_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "fetches.jsonl"
    log = FileLog(path)
    log.write(TAKEN)
    log.write(TAKEN)
    path.rename(tmp_path / "fetches.1.jsonl")
    log.write(TAKEN)
    assert (tmp_path / "fetches.1.jsonl").read_text().count("\n") == 2
    assert json.loads(path.read_text())["outcome"] == "taken"
    assert path.stat().st_mode & 0o007 == 0


def test_a_stream_gets_the_same_lines() -> None:
    stream = io.StringIO()
    StreamLog(stream).write(TAKEN)
    assert stream.getvalue() == line_of(TAKEN) + "\n"


def test_a_flood_of_refusals_is_counted_and_what_matters_is_written() -> None:
    ration = Rationed(most=3)
    noise = [LogEntry(100.0 + second, "unknown-token", "192.168.1.66", 404, 0) for second in range(10)]
    assert sum(len(ration.admit(entry)) for entry in noise) == 3
    taken = LogEntry(111.0, "taken", "192.168.1.50", 200, 9)
    assert ration.admit(taken) == [taken]
    after = LogEntry(161.0, "unknown-token", "192.168.1.66", 404, 0)
    summary, written = ration.admit(after)
    assert summary.detail == "7 more refusals in a minute were not written"
    assert written == after
