"""What a caller on hold hears in the private PBX: a slow chord of our own, so that no recording has to be licensed."""

from typing import Final

import numpy as np

RATE: Final = 8000
"""Hertz; Asterisk's `sln` files have no header and are always 8 kHz."""

_CHORDS_HZ: Final = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))
_CHORD_SECONDS: Final = 2.0
_PEAK: Final = 2500
"""Of 32767: soft enough to be talked over."""


def hold_music() -> bytes:
    """Return eight seconds of mono 16 bit little endian PCM at 8 kHz that can be repeated without a click."""
    time = np.arange(int(_CHORD_SECONDS * RATE)) / RATE
    swell = np.sin(np.pi * time / _CHORD_SECONDS) ** 2
    chords = [sum(np.sin(2 * np.pi * hertz * time) for hertz in chord) * swell / 3 for chord in _CHORDS_HZ]
    return (np.concatenate(chords) * _PEAK).astype("<i2").tobytes()
