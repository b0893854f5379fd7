"""Whether a WAV is one that every player plays, told from its first bytes and its size."""

from typing import Final

from storage.recordings import CHANNELS, wav_header

LONGEST_HEADER_BYTES: Final = 44
"""What `wav_problem` must see."""
_LARGEST_TOLD: Final = 0xFFFFFFFF - LONGEST_HEADER_BYTES
_RATE: Final = slice(24, 28)
_DATA_SIZE: Final = slice(40, 44)


def wav_problem(start: bytes, size: int) -> str:
    """Return what is wrong with a WAV of ours, or "".

    `start`: its first bytes; `size`: of the whole file.
    """
    if size < LONGEST_HEADER_BYTES or len(start) < LONGEST_HEADER_BYTES:
        return f"it has {size} bytes, less than a WAV's header"
    if not (start.startswith(b"RIFF") and start[8:12] == b"WAVE"):
        return "its first bytes are not those of a WAV"
    data_bytes = int.from_bytes(start[_DATA_SIZE], "little")
    rate = int.from_bytes(start[_RATE], "little")
    if start[:LONGEST_HEADER_BYTES] != wav_header(rate, data_bytes):
        return f"its header is not one we write ({CHANNELS} channels, 16 bit)"
    there = size - LONGEST_HEADER_BYTES
    if there < data_bytes:
        return f"it was cut: its header tells of {data_bytes} bytes of sound, {there} are there"
    if there > data_bytes and data_bytes < _LARGEST_TOLD:
        return f"its end is not in its header: {data_bytes} bytes of sound are told of, {there} are there"
    return ""
