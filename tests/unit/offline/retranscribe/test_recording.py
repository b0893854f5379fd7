"""Recordings as files: whole, cut off, of a strange kind, and no recordings at all."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline.retranscribe.recording import UnreadableRecording, open_recording, wav_shape
from storage.recordings import wav_header
from vocabulary.speech import Speaker

STEREO = np.arange(2000, dtype="<i2").reshape(-1, 2)


def written(path: Path, *, rate: int = 8000, told: int | None = None, body: bytes = STEREO.tobytes()) -> Path:
    path.write_bytes(wav_header(rate, len(body) if told is None else told) + body)
    return path


def test_the_caller_is_left_and_the_agent_right(tmp_path: Path) -> None:
    sound = open_recording(written(tmp_path / "a.wav", rate=16000))
    assert sound.rate == 16000
    assert sound.seconds == pytest.approx(1000 / 16000)
    assert np.array_equal(sound.sides[Speaker.CALLER], STEREO[:, 0])
    assert np.array_equal(sound.sides[Speaker.AGENT], STEREO[:, 1])


@pytest.mark.parametrize("told", [0, 0xFFFFFFFF - 44, 4004])
def test_a_header_that_promises_too_much_or_nothing_does_not_matter(tmp_path: Path, told: int) -> None:
    sound = open_recording(written(tmp_path / "a.wav", told=told))
    assert len(sound.sides[Speaker.AGENT]) == 1000


def test_half_a_frame_at_the_end_is_left_out(tmp_path: Path) -> None:
    sound = open_recording(written(tmp_path / "a.wav", told=0, body=STEREO.tobytes() + b"\1\2\3"))
    assert [len(side) for side in sound.sides.values()] == [1000, 1000]


def test_a_call_without_sound_is_empty(tmp_path: Path) -> None:
    sound = open_recording(written(tmp_path / "a.wav", body=b""))
    assert sound.seconds == 0


def test_one_channel_is_the_callers(tmp_path: Path) -> None:
    header = bytearray(wav_header(8000, 8))
    header[22:24] = (1).to_bytes(2, "little")
    (tmp_path / "a.wav").write_bytes(header + bytes(8))
    assert {side: len(samples) for side, samples in open_recording(tmp_path / "a.wav").sides.items()} == {
        Speaker.CALLER: 4
    }


def changed(place: int, value: int) -> bytes:
    header = bytearray(wav_header(8000, 8))
    header[place] = value
    return bytes(header) + bytes(8)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "does not begin like a WAV"),
        (b"ID3 is music", "does not begin like a WAV"),
        (changed(34, 8), "8 bit"),
        (changed(20, 7), "coding 7"),
        (changed(22, 6), "6 channels"),
        (changed(24, 0x41), "Hz"),
        (wav_header(8000, 0)[:30], "cut off"),
        (wav_header(8000, 0)[:36], "no sound"),
    ],
)
def test_what_cannot_be_listened_to_is_refused_with_its_name_and_reason(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    (tmp_path / "rec_x.wav").write_bytes(data)
    with pytest.raises(UnreadableRecording, match=f"rec_x.wav.*{reason}"):
        open_recording(tmp_path / "rec_x.wav")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecording, match=r"rec_gone\.wav"):
        open_recording(tmp_path / "rec_gone.wav")


@given(st.binary(max_size=200), st.integers(0, 44), st.integers(0, 10_000))
def test_any_header_is_understood_or_refused(noise: bytes, kept: int, size: int) -> None:
    head = wav_header(8000, 64)[:kept] + noise
    try:
        shape = wav_shape(head, size)
    except UnreadableRecording:
        return
    assert shape.data_begin + shape.frames * 2 * shape.channels <= max(size, shape.data_begin)
