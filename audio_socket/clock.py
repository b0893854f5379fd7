"""When frames are due: an absolute grid of 20 ms that a late wake-up never moves.

Pacers that wait "20 ms from now" make every delay permanent; one that sends all it missed floods the far end's jitter
buffer. This one wins back a short delay, gives up the rest of a long one, and stays on its grid in both cases.
"""

from dataclasses import dataclass
from math import floor
from typing import Final

from vocabulary.audio import FRAME_SECONDS

CATCH_UP_FRAMES: Final = 3
"""Frames sent at once after a stall, at most: what a far jitter buffer swallows without a sound."""

EARLY_SECONDS: Final = 0.001
"""A timer may ring this much too early (the loop counts milliseconds); the frame is sent then, not a timer later."""


@dataclass(frozen=True, slots=True)
class Due:
    """What a wake-up has to do for every leg of one clock."""

    frames: int
    """Frames to be sent now, 0 to `CATCH_UP_FRAMES`."""
    skipped: int
    """Frames that will never be sent: their time has passed too long ago."""


NOTHING_DUE: Final = Due(0, 0)
ON_TIME: Final = Due(1, 0)
"""One frame, in time: compare with `is`."""


class FrameClock:
    """The grid of 20 ms that begins at `start`; times are seconds of any clock that never goes back."""

    __slots__ = ("_next", "_start")

    def __init__(self, start: float) -> None:
        self._start = start
        self._next = 0
        """Number of the next frame; counted, not added up, so that rounding never becomes drift."""

    @property
    def next_deadline(self) -> float:
        """When the next frame is due."""
        return self._start + self._next * FRAME_SECONDS

    def due(self, now: float) -> Due:
        """Return what is due at `now`, and take it for done."""
        passed = floor((now + EARLY_SECONDS - self._start) / FRAME_SECONDS) + 1 - self._next
        if passed == 1:
            self._next += 1
            return ON_TIME
        if passed < 1:
            return NOTHING_DUE
        self._next += passed
        frames = min(passed, CATCH_UP_FRAMES)
        return Due(frames, passed - frames)
