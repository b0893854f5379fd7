"""What is wrong with a WAV is said; what is right is left in peace."""

import pytest

from storage.recording_store.wav_check import wav_problem
from storage.recordings import wav_header

GOOD = wav_header(8000, 640) + bytes(640)


def test_a_whole_recording_has_no_problem() -> None:
    assert wav_problem(GOOD[:44], len(GOOD)) == ""
    assert wav_problem(wav_header(16000, 0), 44) == ""


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "0 bytes"),
        (GOOD[:43], "43 bytes"),
        (bytes(684), "first bytes"),
        (b"ID3" + GOOD[3:], "first bytes"),
        (GOOD[:-1], "was cut"),
        (GOOD + b"x", "not in its header"),
        (GOOD[:22] + b"\1" + GOOD[23:], "not one we write"),
    ],
)
def test_a_damaged_one_is_told_apart(file: bytes, said: str) -> None:
    assert said in wav_problem(file[:44], len(file))
