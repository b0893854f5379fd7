"""Our recordings as an ear wants them: WAV, 16 bit, caller left and agent right, mapped and not read into memory.

A header may promise more than the file holds, or not know (zero or all ones, as streams are written): then all whole
frames behind it are sound.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from offline.retranscribe.port import RATES, Samples, SecondListeningError
from vocabulary.speech import Speaker

SIDES: Final = (Speaker.CALLER, Speaker.AGENT)
"""Left and right. A file with one channel holds the caller."""
_PCM: Final = 1
_EXTENSIBLE: Final = 0xFFFE
_OPEN_ENDED: Final = (0, 0xFFFFFFFF)


class UnreadableRecording(SecondListeningError):
    """The file is no recording we can listen to; the message says why."""


@dataclass(frozen=True, slots=True)
class WavShape:
    """Where a WAV file's sound is, and what it is."""

    rate: int
    channels: int
    data_begin: int
    """Bytes from the beginning of the file."""
    frames: int
    """Samples of each channel."""


@dataclass(frozen=True, slots=True)
class RecordedSound:
    """Both sides of a call."""

    rate: int
    """Hertz."""
    sides: Mapping[Speaker, Samples]
    """Views into the file, each one channel."""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return max((len(side) for side in self.sides.values()), default=0) / self.rate


def wav_shape(head: bytes, file_bytes: int) -> WavShape:
    """Return the shape told by the first bytes of a WAV file of `file_bytes`; pure.

    Raises: UnreadableRecording.
    """
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise UnreadableRecording("it does not begin like a WAV file")
    rate = channels = 0
    place = 12
    while place + 8 <= len(head):
        kind, size = head[place : place + 4], int.from_bytes(head[place + 4 : place + 8], "little")
        place += 8
        if kind == b"fmt ":
            body = head[place : place + 16]
            if len(body) < 16:
                raise UnreadableRecording("its header is cut off")
            coding, channels, rate = (int.from_bytes(body[a:b], "little") for a, b in ((0, 2), (2, 4), (4, 8)))
            bits = int.from_bytes(body[14:16], "little")
            if coding not in (_PCM, _EXTENSIBLE) or bits != 16:
                raise UnreadableRecording(f"its sound is {bits} bit of coding {coding}, wanted 16 bit PCM")
            if rate not in RATES or channels not in (1, 2):
                raise UnreadableRecording(f"it has {channels} channels at {rate} Hz, wanted 1 or 2 at 8000 or 16000")
        elif kind == b"data":
            if not rate:
                raise UnreadableRecording("its sound comes before its format")
            there = max(0, file_bytes - place)
            return WavShape(
                rate, channels, place, (there if size in _OPEN_ENDED else min(size, there)) // 2 // channels
            )
        place += size + size % 2
    raise UnreadableRecording("its header holds no sound")


def open_recording(path: Path) -> RecordedSound:
    """Map a recording; the file is let go when the result is.

    Raises: UnreadableRecording, naming the file.
    """
    try:
        with path.open("rb") as file:
            shape = wav_shape(file.read(4096), path.stat().st_size)
        wanted = (shape.frames, shape.channels)
        # Mapped, so that an hour of sound is an hour of file and not of memory; unmapped when nobody holds it any more.
        frames: Samples = (
            np.memmap(path, "<i2", "r", shape.data_begin, wanted) if shape.frames else np.zeros(wanted, np.int16)
        )
    except UnreadableRecording as exc:
        raise UnreadableRecording(f"{path} cannot be listened to: {exc}") from exc
    except (OSError, ValueError) as exc:
        raise UnreadableRecording(f"{path} cannot be opened: {exc}") from exc
    return RecordedSound(shape.rate, _sides(frames))


def _sides(frames: Samples) -> Mapping[Speaker, Samples]:
    return MappingProxyType({side: frames[:, channel] for channel, side in enumerate(SIDES[: frames.shape[1]])})
