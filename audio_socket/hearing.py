"""One frame of the caller for every 20 ms of wall time, whatever arrives: gaps become silence, bursts are put right.

A far end that uses DTX, dials a digit or mutes sends nothing at all, and whoever counts sample time would stand still.
So time that passes without sound is filled with silence, after a little patience for jitter. If the sound was only late
and comes in a burst, all of it is delivered, and time is won back later by leaving out quiet frames.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from vocabulary.audio import FRAMES_PER_SECOND, AudioFormat

PATIENCE_FRAMES: Final = 3
"""60 ms: how long a missing frame may still come before silence takes its place."""

EARLY_FRAMES: Final = 3
"""How far the caller may be ahead of the clock before quiet frames are left out (packets of 60 ms are ordinary)."""

MAX_EARLY_FRAMES: Final = 25
"""Half a second: beyond it frames are left out, loud or not; also what a flood of sound can cost us."""

QUIET_PEAK: Final = 328
"""-40 dB of full scale: leaving out 20 ms of it is not heard."""

_NONE: Final[Sequence[bytes]] = ()


class Hearing:
    """The caller's side of one leg; pure: it is told what arrived and how many 20 ms have passed."""

    __slots__ = (
        "_dropped_at",
        "_frame_bytes",
        "_heard",
        "_is_filling",
        "_passed",
        "_rest",
        "_silence",
        "dropped",
        "filled",
    )

    def __init__(self, format: AudioFormat) -> None:
        self._frame_bytes = format.frame_bytes
        self._silence = format.silence
        self._rest = b""
        """Less than a frame, when the far end cuts its sound otherwise than we do."""
        self._heard = 0
        self._passed = 0
        self._is_filling = False
        """True from the first silence put in until sound comes again."""
        self._dropped_at = 0
        self.filled = 0
        """Frames of silence put in for missing ones."""
        self.dropped = 0
        """Frames left out because the far end sent more than time passed."""

    def takes_frame(self) -> bool:
        """Count one whole frame and return True if nothing has to be put right before it; then it may be used as it is.

        On False nothing was counted: hand the frame to `sound_arrived`.
        """
        if self._heard - self._passed < EARLY_FRAMES and not self._is_filling and not self._rest:
            self._heard += 1
            return True
        return False

    def sound_arrived(self, pcm: bytes) -> Sequence[bytes]:
        """Return the frames to be heard now; give all sound that was waiting at once, for its amount tells a burst
        (which fills the gap itself) from a caller who begins to speak after a gap."""
        pcm = self._rest + pcm
        whole = len(pcm) // self._frame_bytes
        self._rest = pcm[whole * self._frame_bytes :]
        if not whole:
            return _NONE
        frames: list[bytes] = []
        if self._is_filling:
            self._is_filling = False
            missing = self._passed - self._heard - whole
            if missing > 0:
                frames += [self._silence] * missing
                self._heard += missing
                self.filled += missing
        for start in range(0, whole * self._frame_bytes, self._frame_bytes):
            frame = pcm[start : start + self._frame_bytes]
            if self._is_superfluous(frame):
                self._dropped_at = self._heard
                self.dropped += 1
            else:
                self._heard += 1
                frames.append(frame)
        return frames

    def time_passed(self, frames: int, *, is_stalled: bool = False) -> Sequence[bytes]:
        """Note that `frames` times 20 ms have passed; return the silence to be heard for what did not come.

        With `is_stalled` it was we who were late: the sound may well wait in the socket, so nothing is filled in.
        """
        self._passed += frames
        missing = self._passed - self._heard - PATIENCE_FRAMES
        if missing <= 0 or is_stalled:
            return _NONE
        self._is_filling = True
        self._heard += missing
        self.filled += missing
        silence = [self._silence] * missing
        if self._rest:
            silence[0] = self._rest + self._silence[len(self._rest) :]
            self._rest = b""
        return silence

    def _is_superfluous(self, frame: bytes) -> bool:
        early = self._heard - self._passed
        if early < EARLY_FRAMES:
            return False
        if early >= MAX_EARLY_FRAMES:
            return True
        # A noisy caller is never quiet: one frame a second may go all the same, or a fast clock would win.
        return self._heard - self._dropped_at >= FRAMES_PER_SECOND or _is_quiet(frame)


def _is_quiet(frame: bytes) -> bool:
    samples = np.frombuffer(frame, dtype="<i2")
    return bool(samples.max() < QUIET_PEAK and samples.min() > -QUIET_PEAK)
