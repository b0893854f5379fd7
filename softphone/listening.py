"""Is the other end speaking? Levels in, yes or no out; `now` is an argument."""

from dataclasses import dataclass
from typing import Final

BREATH_SECONDS: Final = 0.1
"""A pause inside a word or between two: shorter ones do not interrupt speech."""


@dataclass(slots=True)
class Listening:
    """What was loud, and when."""

    threshold: float = 300.0
    """Root mean square above which a packet is speech; −41 dB of full scale, line noise stays below."""
    _loud_seconds: float = 0.0
    _last_loud: float | None = None

    def heard(self, now: float, level: float, seconds: float) -> None:
        """Take one packet: its root mean square level and how long it lasts."""
        if level < self.threshold:
            return
        if self._last_loud is None or now - self._last_loud > BREATH_SECONDS:
            self._loud_seconds = 0.0
        self._loud_seconds += seconds
        self._last_loud = now

    def is_speech(self, now: float, at_least_seconds: float) -> bool:
        """Say whether the other end is speaking now and has done so for long enough."""
        if self._last_loud is None or now - self._last_loud > BREATH_SECONDS:
            return False
        return self._loud_seconds >= at_least_seconds

    def silent_seconds(self, now: float, since: float) -> float:
        """Return for how long nothing was heard, counted from `since` at the earliest; no packets are silence too."""
        return now - (since if self._last_loud is None else max(since, self._last_loud))
