"""Who has died: workers whose heartbeat has not changed for as long as we have been watching.

No clock is compared with another machine's, nor with the past: a worker is silent when *this* watcher has seen the
same beat for `patience_seconds` of its own monotonic time. A database server whose clock is set back an hour delays
nothing, one that is set forward kills nobody. The price: after a watcher's start it must watch that long once.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Final

LOOKS: Final = 4
"""Silence is believed after at least so many looks, so that a watcher that was itself paused does not blame others."""


@dataclass(slots=True)
class _Watched:
    beat: Hashable
    silent_seconds: float = 0.0
    is_alive: bool = False
    """It has been seen to beat."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one look told."""

    silent: Mapping[int, Hashable]
    """Workers taken for dead, each with the beat it stopped at."""
    unsure: frozenset[int]
    """Workers that have neither beaten while we looked, nor been silent for long enough."""


@dataclass(slots=True)
class SilenceWatch:
    """Watches the beats of workers."""

    patience_seconds: float
    _last_look: float | None = None
    _watched: dict[int, _Watched] = field(default_factory=dict)

    def look(self, beats: Mapping[int, Hashable], now: float) -> Sighting:
        """Take every worker's present beat at `now` (monotonic seconds) and tell who is silent.

        Beats are only compared for being equal. Workers that are not in `beats` are forgotten.
        """
        passed = 0.0 if self._last_look is None else max(0.0, now - self._last_look)
        passed = min(passed, self.patience_seconds / LOOKS)
        self._last_look = now
        for gone in self._watched.keys() - beats.keys():
            del self._watched[gone]
        for worker, beat in beats.items():
            before = self._watched.get(worker)
            if before is None:
                self._watched[worker] = _Watched(beat)
            elif before.beat != beat:
                self._watched[worker] = _Watched(beat, is_alive=True)
            else:
                before.silent_seconds += passed
        silent = {
            worker: seen.beat
            for worker, seen in self._watched.items()
            # The sum of equal parts may miss the whole by a rounding error
            if seen.silent_seconds >= self.patience_seconds * (1 - 1e-9)
        }
        unsure = {worker for worker, seen in self._watched.items() if not seen.is_alive and worker not in silent}
        return Sighting(silent, frozenset(unsure))
