"""A disk that is really full: a tmpfs of a few MiB in a mount namespace of our own, with recordings and database on it.

Where a machine allows no such namespace, the program inside is kept from writing any file longer than it is now
(RLIMIT_FSIZE), which fails in the same places with another number; what is asserted is the same.
"""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).resolve().parents[2]
DISK_BYTES = 6 * 1024 * 1024
ON_A_SMALL_DISK = ["unshare", "--user", "--map-root-user", "--mount", "--", "sh", "-c"]
MOUNTED = f'mount -t tmpfs -o size={DISK_BYTES} none "$0" && exec "$@"'

PROGRAM = '''
import json, os, resource, subprocess, sys
from pathlib import Path
import numpy as np
from storage.recordings import CallRecorder, RecordingWriter
from tests.loopback.batch_calls import BEGUN, RATE, Calls

folder, how, room = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
ballast = folder / "ballast"

def fill(leaving):
    """Leave so many bytes on the disk."""
    if how == "limit":
        longest = max((path.stat().st_size for path in folder.rglob("*") if path.is_file()), default=0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (min(longest, leaving), resource.RLIM_INFINITY))
        return
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
        file.truncate(max(0, file.tell() - leaving))

def make_room():
    if how == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    else:
        ballast.unlink()

def snapshot(calls):
    return {path.name: path.read_bytes() for path in calls.root.rglob("*") if path.is_file()}

def batch(calls):
    words = [sys.executable, "-m", "offline", "unprocessed", "--settings", str(settings), "--json"]
    done = subprocess.run(words, capture_output=True, text=True)
    told = json.loads(done.stdout) if done.stdout.strip() else {}
    return {"rc": done.returncode, "told": told, "err": done.stderr}

def readable(calls):
    """Every file that a reader could take for a call's."""
    for path in calls.root.rglob("rec_*.json"):
        json.loads(path.read_text())

def listening():
    calls = Calls(folder)
    for number in range(3):
        calls.add(f"c{number}", "I want to cancel my service", at=BEGUN + number, language="en",
                  sound=np.zeros(RATE, np.int16))
    global settings
    settings = calls.settings
    before = snapshot(calls)
    fill(room)
    full = batch(calls)
    readable(calls)
    kept = snapshot(calls)
    make_room()
    after = batch(calls)
    again = batch(calls)
    originals = [calls.transcript(f"c{number}").get("original") is not None for number in range(3)]
    return {"full": full, "after": after, "again": again, "originals": originals,
            "lost": sorted(set(before) - set(kept)),
            "sound": all(kept[name] == data for name, data in before.items() if name.endswith(".wav")),
            "processed": [calls.metadata(f"c{number}")["processed"] for number in range(3)]}

def recording():
    writer = RecordingWriter()
    writer.start()
    fill(room)
    path = folder / "recordings" / "audio" / "rec_live.wav"
    recorder = CallRecorder(path, RATE, writer)
    frame = bytes(320)
    for _ in range(50 * 60):
        recorder.caller(frame)
        recorder.agent(frame)
    sealed = recorder.close().result(60)
    writer.stop()
    data = path.read_bytes() if path.exists() else b""
    told = int.from_bytes(data[40:44], "little") if len(data) >= 44 else 0
    return {"error": sealed.error, "seconds": sealed.seconds, "told": told, "there": max(0, len(data) - 44)}

print(json.dumps({"listening": listening, "recording": recording}[sys.argv[4]]()))
'''


@cache
def how() -> str:
    """`disk` where a small one can be mounted, else `limit`."""
    try:
        tried = subprocess.run([*ON_A_SMALL_DISK, MOUNTED, "/tmp", "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return "limit"
    return "disk" if tried.returncode == 0 else "limit"


def on_a_full_disk(folder: Path, room: int, what: str) -> dict[str, Any]:
    program = [sys.executable, "-c", PROGRAM, str(folder), how(), str(room), what]
    command = [*ON_A_SMALL_DISK, MOUNTED, str(folder), *program] if how() == "disk" else program
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPO, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("room", [0, 150_000, 400_000])
def test_a_batch_on_a_full_disk_loses_nothing_says_so_and_goes_on_when_there_is_room(tmp_path: Path, room: int) -> None:
    told = on_a_full_disk(tmp_path, room, "listening")
    full = told["full"]
    assert full["rc"] in (1, 2), full
    assert "Traceback" not in full["err"]
    reasons = json.dumps(full["told"]) + full["err"]
    assert "full" in reasons or "larger than" in reasons or "not be" in reasons or "disk I/O" in reasons, reasons
    assert (told["lost"], told["sound"]) == ([], True)
    assert told["after"]["rc"] == 0, told["after"]
    assert told["processed"] == [True] * 3
    assert told["originals"] == [True] * 3, "what was heard first is kept within"
    assert told["again"]["told"]["processed"] == 0, "and nothing is done twice"


@pytest.mark.parametrize("room", [8192, 200_000])
def test_a_call_on_a_full_disk_keeps_what_was_written_and_its_header_is_true(tmp_path: Path, room: int) -> None:
    told = on_a_full_disk(tmp_path, room, "recording")
    assert told["error"], "the recording says that it is not whole"
    assert told["told"] <= told["there"], "a header never promises sound that is not there"
    assert told["seconds"] < 60
