"""Is what we hear only ourselves? Sound sent down the line comes back from hybrids, handsets and loudspeakers.

The caller's last frames are compared with what we played, shifted by every delay from 0 to 0.4 s: normalised
cross-correlation, the highest peak counts. Both signals are differenced first, because voiced speech is so strong in
its lowest harmonics that any two voices of like pitch resemble each other there.
Limits: the echo of a mobile telephone's loudspeaker has been through a speech codec and no longer resembles our wave
well, and a caller as loud as the echo hides it. Both end as false alarms, which resume.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vocabulary.audio import FRAMES_PER_SECOND, AudioFormat

MAX_DELAY_SECONDS: Final = 0.4
"""A round trip through two jitter buffers and a mobile network; longer echoes are not recognised."""

Wave = NDArray[np.float32]

_KEPT_SECONDS: Final = 2.0
_QUIETEST: Final = 30.0
"""Root mean square below which there is nothing to compare (of 32768; about -60 dBFS)."""


class OwnVoice:
    """What we played lately, to be compared with what comes back."""

    def __init__(self, audio: AudioFormat) -> None:
        self._silence = audio.silence
        self._max_delay = audio.samples(MAX_DELAY_SECONDS)
        self._delay_frames = round(MAX_DELAY_SECONDS * FRAMES_PER_SECOND)
        self._frames: deque[bytes | None] = deque(maxlen=round(_KEPT_SECONDS * FRAMES_PER_SECOND))
        self.played = self._frames.append
        """Take our own frame of the same 20 ms as the caller's, None for silence."""

    def likeness(self, heard: Iterable[bytes]) -> float:
        """Return how much the caller's latest frames, oldest first, resemble what we played: 0 to 1.

        `heard` ends with the frame that came in together with the last one played.
        """
        frames = tuple(heard)
        window = len(frames) + self._delay_frames
        missing: list[bytes | None] = [None] * max(0, window - len(self._frames))
        ours = missing + list(self._frames)[-window:]
        if not any(ours):
            return 0.0
        return correlation_peak(_wave(frames), _wave(frame or self._silence for frame in ours))


def correlation_peak(heard: Wave, played: Wave) -> float:
    """Return the highest normalised correlation of `heard` with any equally long stretch of `played`: 0 to 1.

    Both are samples of shape (n,), and `played` is not shorter than `heard`. A peak upside down counts as well:
    a hybrid may turn the phase round.
    """
    length = heard.size
    energy = float(heard @ heard)
    if energy < length * _QUIETEST**2 * 0.01 or length == 0:
        return 0.0
    size = 1 << int(np.ceil(np.log2(played.size + length)))
    spectrum = np.fft.rfft(played, size) * np.conj(np.fft.rfft(heard, size))
    products = np.fft.irfft(spectrum, size)[: played.size - length + 1]
    sums = np.concatenate(([0.0], np.cumsum(np.square(played, dtype=np.float64))))
    energies = sums[length:] - sums[: sums.size - length]
    floor = max(length * _QUIETEST**2 * 0.01, 1.0)
    return float(np.max(np.abs(products) / np.sqrt(energy * np.maximum(energies, floor))))


def _wave(frames: Iterable[bytes]) -> Wave:
    samples = np.frombuffer(b"".join(frames), np.int16).astype(np.float32)
    return np.diff(samples, prepend=samples[:1])
