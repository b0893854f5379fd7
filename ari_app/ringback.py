"""What a caller hears while we ring a person.

Rendered by us: a channel that was answered long ago and sits in a bridge gets no ringing tone from Asterisk.
"""

from functools import lru_cache
from typing import Final

import numpy as np

from vocabulary.audio import AudioFormat

_HERTZ: Final = 425.0
"""The tone of Europe and most of Latin America (ITU-T E.180)."""
_LOUDNESS: Final = 0.1
"""Of full scale: -20 dBFS, a little under speech."""
_TONE_SECONDS: Final = 1.5
CYCLE_SECONDS: Final = 4.5
"""Tone and pause together, the cadence of Spain; near enough to every other for a caller to know what it means."""


@lru_cache(maxsize=4)
def ringback_cycle(audio: AudioFormat) -> bytes:
    """Return one tone and the pause after it."""
    tone = np.sin(2 * np.pi * _HERTZ * np.arange(audio.samples(_TONE_SECONDS)) / audio.rate) * _LOUDNESS
    fade = audio.samples(0.01)  # without it every edge clicks
    tone[:fade] *= np.linspace(0, 1, fade)
    tone[-fade:] *= np.linspace(1, 0, fade)
    cycle = np.zeros(audio.samples(CYCLE_SECONDS))
    cycle[: len(tone)] = tone
    return (cycle * 32767).astype("<i2").tobytes()
