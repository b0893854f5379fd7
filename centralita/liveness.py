"""Whether a process that has once given signs of life still does; pure, told the time.

A process can hang without dying: stopped, or caught in a loop. Only silence tells. Because a busy machine is silent
too, silence counts only while we ourselves were awake to hear something: a pause between two looks that is longer than
it should be was ours as well, and counts no more than a usual one.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LivenessPatience:
    """How long is too long."""

    silence_seconds: float = 5.0
    """Twenty missed heartbeats of `calls`; `guard` has taken its callers to safety long before."""
    look_seconds: float = 0.5
    """Between two looks; a longer pause counts as this long."""


class Liveness:
    """What is known about one process."""

    def __init__(self, patience: LivenessPatience | None = None) -> None:
        self._patience = patience or LivenessPatience()
        self._silent_seconds: float | None = None
        """None until the first sign: one who has never spoken may have nothing to say."""
        self._looked_at: float | None = None

    def beat(self) -> None:
        """A sign of life."""
        self._silent_seconds = 0.0

    def is_hung(self, now: float) -> bool:
        """Look at the clock, every `look_seconds`; True when the silence has lasted too long."""
        passed = 0.0 if self._looked_at is None else min(now - self._looked_at, self._patience.look_seconds)
        self._looked_at = now
        if self._silent_seconds is None:
            return False
        self._silent_seconds += passed
        return self._silent_seconds > self._patience.silence_seconds
