"""Sound to what the network sees: log-mel bands, 30 ms a frame, at 8 kHz."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 8000
"""Hertz; the telephone's own band is all this ear ever learnt."""

BANDS: Final = 40
STACKED: Final = 3
"""Windows of 10 ms that make one frame of the network."""

FRAME_SECONDS: Final = 0.03
INPUTS: Final = BANDS * STACKED

_WINDOW_SAMPLES: Final = 200
_HOP_SAMPLES: Final = 80
_FFT_SAMPLES: Final = 256
_LOUD_RANGE: Final = 6.0
"""In nepers of power (26 dB): bands are centred on frames at most this far below the loudest, so that the amount of
silence around a short "sí" does not change what the network sees of it."""
_FLOOR: Final = -9.0
"""Relative to that centre; below it lie the codec's own steps and digital silence."""
_SPREAD: Final = 3.0

Samples = NDArray[np.float32]
"""Mono sound at `RATE`, full scale being 1."""
Frames = NDArray[np.float32]
"""(frames, INPUTS)"""


def _mel_bands() -> NDArray[np.float32]:
    """Return triangular filters, (FFT bins, BANDS), evenly spaced on the mel scale between 120 and 3800 Hz."""
    edges_mel = np.linspace(2595 * np.log10(1 + 120 / 700), 2595 * np.log10(1 + 3800 / 700), BANDS + 2)
    edges = 700 * (10 ** (edges_mel / 2595) - 1)
    bins = np.arange(_FFT_SAMPLES // 2 + 1)[:, None] * RATE / _FFT_SAMPLES
    rising = (bins - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - bins) / np.diff(edges)[1:]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


_MEL: Final = _mel_bands()
_WINDOW: Final = np.hanning(_WINDOW_SAMPLES).astype(np.float32)


def frames_of(samples: Samples) -> Frames:
    """Return the network's input; sound too short for one frame gives none."""
    windows = (len(samples) - _WINDOW_SAMPLES) // _HOP_SAMPLES + 1
    windows -= windows % STACKED
    if windows <= 0:
        return np.zeros((0, INPUTS), np.float32)
    cut = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW_SAMPLES)[::_HOP_SAMPLES][:windows]
    spectrum = np.fft.rfft(cut * _WINDOW, _FFT_SAMPLES)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    bands = np.log(power @ _MEL + np.float32(1e-7))
    loudness = np.log(power.sum(axis=1) + np.float32(1e-7))
    loud = loudness > np.quantile(loudness, 0.98) - _LOUD_RANGE
    bands -= bands[loud].mean(axis=0)
    centred: Frames = np.maximum(bands, _FLOOR).astype(np.float32) / np.float32(_SPREAD)
    return centred.reshape(windows // STACKED, INPUTS)
