"""Sound as it travels: mono, signed 16 bit, little endian, cut in frames of 20 ms."""

from dataclasses import dataclass
from typing import Final

FRAME_SECONDS: Final = 0.02
"""Length of one frame; Asterisk turns every message into one RTP packet, so the far end's ptime depends on it."""

FRAMES_PER_SECOND: Final = 50
SAMPLE_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """What a stream of PCM is; only the rate varies inside the product."""

    rate: int
    """Samples per second (hertz): 8000 or 16000 on a call, anything inside an engine."""

    @property
    def frame_samples(self) -> int:
        """Samples in one 20 ms frame."""
        return self.rate // FRAMES_PER_SECOND

    @property
    def frame_bytes(self) -> int:
        """Bytes in one 20 ms frame."""
        return self.frame_samples * SAMPLE_BYTES

    @property
    def silence(self) -> bytes:
        """One frame in which nothing is heard."""
        return bytes(self.frame_bytes)

    def seconds(self, pcm: bytes | bytearray | memoryview) -> float:
        """How long `pcm` lasts."""
        return len(pcm) / SAMPLE_BYTES / self.rate

    def samples(self, seconds: float) -> int:
        """How many samples `seconds` hold, to the nearest one."""
        return round(seconds * self.rate)


NARROWBAND: Final = AudioFormat(8000)
"""Asterisk's `slin`: the telephone's own band."""

WIDEBAND: Final = AudioFormat(16000)
"""Asterisk's `slin16`: offered when both phones speak G.722, Opus or alike."""
