"""How loud both sides are, for people who watch a call."""

from collections.abc import Callable

import numpy as np

_FULL_SCALE = 32768.0
_FLOOR_DB = -90.0


def level_db(frame: bytes | None) -> float:
    """Return the loudness of one frame in dB below full scale; -90 for silence."""
    if not frame:
        return _FLOOR_DB
    samples = np.frombuffer(frame, "<i2").astype(np.float32)
    power = float(np.mean(samples * samples)) / _FULL_SCALE**2
    return max(_FLOOR_DB, round(10 * float(np.log10(power + 1e-12)), 1))


class Loudness:
    """Tells somebody the two levels each time it is asked to measure."""

    def __init__(self, tell: Callable[[float, float], None]) -> None:
        self._tell = tell

    def measure(self, heard: bytes, played: bytes | None) -> None:
        self._tell(level_db(heard), level_db(played))
