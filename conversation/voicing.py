"""Is this the sound of vocal cords? Vowels repeat themselves 60 to 400 times a second; coughs, knocks, breath and line
noise do not, though a voice detector without a model takes them for speech.

A whisper has no vocal cords either: it cannot interrupt us, and is heard when we have finished.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

_WINDOW_SECONDS: Final = 0.04
"""Holds two periods of the deepest voice."""
_LOWEST_HERTZ: Final = 60
_HIGHEST_HERTZ: Final = 400
_PERIODIC: Final = 0.45
"""Normalised autocorrelation of a vowel at 5 dB of noise; noise itself stays below 0.3."""


def vowel_windows(frames: Sequence[bytes], rate: int) -> int:
    """Return how many of the overlapping 40 ms windows of `frames` (20 ms each, oldest first) are periodic."""
    samples = np.frombuffer(b"".join(frames), np.int16).astype(np.float32)
    length = round(_WINDOW_SECONDS * rate)
    if samples.size < length:
        return 0
    windows = np.lib.stride_tricks.sliding_window_view(samples, length)[:: length // 2]
    windows = windows - windows.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(windows, 2 * length)
    similarity = np.fft.irfft(np.square(np.abs(spectrum)), 2 * length)
    lags = np.arange(rate // _HIGHEST_HERTZ, rate // _LOWEST_HERTZ)
    # A shifted window overlaps itself less: without this correction deep voices would seem less periodic.
    peaks = np.max(similarity[:, lags] * (length / (length - lags)), axis=1)
    return int(np.count_nonzero(peaks > _PERIODIC * np.maximum(similarity[:, 0], 1.0)))


def loudness(frames: Sequence[bytes]) -> float:
    """Return the root mean square of the frames' samples (of 32768)."""
    samples = np.frombuffer(b"".join(frames), np.int16).astype(np.float32)
    return float(np.sqrt(np.mean(np.square(samples)))) if samples.size else 0.0
