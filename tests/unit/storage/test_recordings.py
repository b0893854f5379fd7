"""Recordings: whole after any end, aligned in time whatever the legs do."""

import json
import signal
import subprocess
import sys
import threading
import wave
from pathlib import Path

import numpy as np
import pytest

from storage.recordings import CallRecorder, RecordingError, RecordingLayout, RecordingWriter, read_json, write_json
from vocabulary.audio import NARROWBAND

SAMPLES = NARROWBAND.frame_samples


def frame(value: int) -> bytes:
    return value.to_bytes(2, "little") * SAMPLES


def channels(path: Path) -> tuple[list[int], list[int]]:
    """Return the first sample of every frame, caller and agent, as any WAV reader sees them."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        stereo = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
        assert len(stereo) == file.getnframes()
    return stereo[::SAMPLES, 0].tolist(), stereo[::SAMPLES, 1].tolist()


def test_caller_is_left_and_agent_is_right(tmp_path: Path) -> None:
    path = tmp_path / "audio" / "rec_1.wav"
    with RecordingWriter() as writer:
        recorder = CallRecorder(path, 8000, writer)
        for number in range(60):
            recorder.caller(frame(number + 1))
            recorder.agent(frame(number + 1001))
        recording = recorder.close().result(10)
    assert channels(path) == (list(range(1, 61)), list(range(1001, 1061)))
    assert (recording.seconds, recording.seconds_lost, recording.error) == (1.2, 0.0, "")
    assert recorder.close().result(10) == recording


def test_channels_stay_together_when_one_runs_ahead(tmp_path: Path) -> None:
    with RecordingWriter() as writer:
        recorder = CallRecorder(tmp_path / "a.wav", 8000, writer)
        for number in range(1, 41):
            recorder.agent(frame(number))
        for number in range(1, 38):
            recorder.caller(frame(number))
        recorder.close().result(10)
    caller, agent = channels(tmp_path / "a.wav")
    assert caller == [*range(1, 38), 0, 0, 0]
    assert agent == list(range(1, 41))


def test_a_channel_that_stays_away_is_silence_and_memory_is_bounded(tmp_path: Path) -> None:
    with RecordingWriter() as writer:
        recorder = CallRecorder(tmp_path / "a.wav", 8000, writer)
        for _ in range(500):
            recorder.agent(frame(7))
        recorder.close().result(10)
    assert channels(tmp_path / "a.wav") == ([0] * 500, [7] * 500)


def test_the_time_between_two_legs_is_silence(tmp_path: Path) -> None:
    with RecordingWriter() as writer:
        recorder = CallRecorder(tmp_path / "a.wav", 8000, writer)
        for _ in range(10):
            recorder.caller(frame(1))
            recorder.agent(frame(2))
        recorder.caller(frame(1))
        mark = recorder.mark("leg lost")
        recorder.fill_to(1.0)
        recorder.fill_to(0.5)  # the past cannot be filled
        recorder.caller(frame(3))
        recorder.agent(frame(4))
        assert recorder.close().result(10).seconds == 1.02
    assert mark.seconds == 0.22
    assert recorder.marks == [mark]
    caller, agent = channels(tmp_path / "a.wav")
    assert caller == [1] * 11 + [0] * 39 + [3]
    assert agent == [2] * 10 + [0] * 40 + [4]


DYING = """
import sys
from pathlib import Path
from storage.recordings import CallRecorder, RecordingWriter
writer = RecordingWriter()
writer.start()
recorder = CallRecorder(Path(sys.argv[1]), 8000, writer)
number = 0
for line in sys.stdin:  # one frame a line, so that the test is the clock
    number += 1
    recorder.caller(number.to_bytes(2, "little") * 160)
    recorder.agent((number + 1000).to_bytes(2, "little") * 160)
    print(number, flush=True)
"""


def die_while_recording(path: Path, frames: int) -> None:
    """Record in a process of its own, at the speed of a call's last second, and kill it."""
    # In the root of our tree, so that the child imports it from wherever pytest was started.
    root = Path(__file__).parents[3]
    process = subprocess.Popen(
        [sys.executable, "-c", DYING, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root
    )
    assert process.stdin is not None
    assert process.stdout is not None
    tick = threading.Event()
    for _ in range(frames):
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        tick.wait(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_a_killed_process_leaves_a_whole_recording_that_can_go_on(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    die_while_recording(path, 90)
    caller, agent = channels(path)
    assert len(caller) >= 90 - 50
    assert caller == list(range(1, len(caller) + 1))
    assert agent == list(range(1001, len(caller) + 1001))

    with RecordingWriter() as writer:
        recorder = CallRecorder.reopen(path, writer)
        assert recorder.rate == 8000
        assert recorder.seconds == len(caller) / 50
        recorder.fill_to(3.0)
        recorder.caller(frame(9))
        recorder.agent(frame(9))
        assert recorder.close().result(10).seconds == 3.02
    went_on, _ = channels(path)
    assert went_on == caller + [0] * (150 - len(caller)) + [9]


def test_sound_the_header_does_not_tell_of_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with RecordingWriter() as writer:
        CallRecorder(path, 8000, writer).close().result(10)
    with path.open("ab") as file:  # killed between the sound and the header
        file.write(bytes(640 * 10 + 3))
    with RecordingWriter() as writer:
        recorder = CallRecorder.reopen(path, writer)
        assert recorder.seconds == 0.2
        recorder.close().result(10)
    assert channels(path) == ([0] * 10, [0] * 10)


@pytest.mark.parametrize("content", [b"", b"RIFF", bytes(44), b"not a recording at all" * 10])
def test_what_is_no_recording_is_not_gone_on_with(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with RecordingWriter() as writer, pytest.raises(RecordingError):
        CallRecorder.reopen(path, writer)
    assert path.read_bytes() == content


def test_a_disk_that_hangs_costs_sound_but_neither_memory_nor_time(tmp_path: Path) -> None:
    writer = RecordingWriter(max_waiting_bytes=640 * 50)  # not started: nothing is written yet
    recorder = CallRecorder(tmp_path / "a.wav", 8000, writer)
    for number in range(200):
        recorder.caller(frame(number + 1))
        recorder.agent(frame(number + 1))
    assert writer.bytes_waiting <= 640 * 50
    sealed = recorder.close()
    with writer:
        recording = sealed.result(10)
    assert recording.seconds == 4.0
    assert recording.seconds_lost == 3.0
    assert channels(tmp_path / "a.wav")[0] == [*range(1, 51), *[0] * 150]


def test_a_disk_that_fails_is_told_at_the_end_and_never_in_the_call(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"an older recording")
    with RecordingWriter() as writer:
        recorder = CallRecorder(tmp_path / "a.wav", 8000, writer)
        for _ in range(60):
            recorder.caller(frame(1))
            recorder.agent(frame(1))
        assert "exists" in recorder.close().result(10).error
    assert (tmp_path / "a.wav").read_bytes() == b"an older recording"


def test_frames_after_the_end_are_nobodys(tmp_path: Path) -> None:
    with RecordingWriter() as writer:
        recorder = CallRecorder(tmp_path / "a.wav", 8000, writer)
        sealed = recorder.close()
        for _ in range(60):
            recorder.caller(frame(1))
            recorder.agent(frame(1))
        assert sealed.result(10).seconds == 0


def test_every_call_has_its_three_files(tmp_path: Path) -> None:
    layout = RecordingLayout(tmp_path)
    assert layout.audio("17.3") == tmp_path / "audio" / "rec_17.3.wav"
    assert layout.metadata("17.3") == tmp_path / "metadata" / "rec_17.3_metadata.json"
    assert layout.transcript("17.3") == tmp_path / "transcripts" / "rec_17.3_transcript.json"


@pytest.mark.parametrize("call_id", ["", "../../etc/passwd", "a/b", ".hidden", "a\n", "x" * 200])
def test_a_call_cannot_name_a_file_elsewhere(tmp_path: Path, call_id: str) -> None:
    with pytest.raises(ValueError, match="id"):
        RecordingLayout(tmp_path).audio(call_id)


def test_json_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "metadata" / "rec_1_metadata.json"
    write_json(path, {"agent": "clínica"})
    assert read_json(path) == {"agent": "clínica"}
    with pytest.raises(TypeError):
        write_json(path, {"agent": object()})
    assert json.loads(path.read_text(encoding="utf-8")) == {"agent": "clínica"}
    assert [file.name for file in path.parent.iterdir()] == [path.name]
