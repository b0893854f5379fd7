"""One timer for all legs: it asks the clock what is due and lets every leg send it.

Legs are spread over a few phases of the 20 ms, so that of several hundred none has to wait for all others' writes.
"""

import asyncio
import time
from typing import Final, Protocol

from audio_socket.clock import NOTHING_DUE, Due, FrameClock
from vocabulary.audio import FRAME_SECONDS

PHASES: Final = 10
"""Wake-ups per 20 ms: with 400 legs 40 each, half a millisecond of writing; more of them cost more than they win."""

LATENESS_BOUNDS_MS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
"""Upper ends of the steps in `Ticker.lateness`; one more step takes what is above."""


class Ticked(Protocol):
    """What the ticker drives."""

    def tick(self, due: Due) -> None:
        """Send what is due; must not raise, and do nothing on a leg that left in this very tick."""
        ...


class Ticker:
    """Drives all legs of a server; sleeps while there are none."""

    def __init__(self, phases: int = PHASES) -> None:
        self._phases: list[list[Ticked]] = [[] for _ in range(phases)]
        self._clocks: list[FrameClock] = []
        self._phase_of: dict[Ticked, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.lateness = [0] * (len(LATENESS_BOUNDS_MS) + 1)
        """Wake-ups by how late they came, see `LATENESS_BOUNDS_MS`."""
        self.skipped = 0
        """Wake-ups (times 20 ms) given up after stalls."""

    def join(self, leg: Ticked) -> None:
        """Tick `leg` every 20 ms from the next turn of the emptiest phase on."""
        phase = min(range(len(self._phases)), key=lambda index: len(self._phases[index]))
        # A new list, for a tick may be going through the old one just now.
        self._phases[phase] = [*self._phases[phase], leg]
        self._phase_of[leg] = phase
        if self._timer is None:
            self._start()

    def leave(self, leg: Ticked) -> None:
        """Tick `leg` no more from the next wake-up on; harmless if it never joined."""
        phase = self._phase_of.pop(leg, None)
        if phase is not None:
            self._phases[phase] = [other for other in self._phases[phase] if other is not leg]

    def stop(self) -> None:
        """Tick nobody any more."""
        self._phases = [[] for _ in self._phases]
        self._phase_of.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        now = time.perf_counter()
        step = FRAME_SECONDS / len(self._phases)
        self._clocks = [FrameClock(now + step * (index + 1)) for index in range(len(self._phases))]
        self._arm(now)

    def _arm(self, now: float) -> None:
        deadline = min(clock.next_deadline for clock in self._clocks)
        self._timer = asyncio.get_running_loop().call_later(max(deadline - now, 0.0), self._wake)

    def _wake(self) -> None:
        if not self._phase_of:
            self._timer = None
            return
        now = time.perf_counter()
        # The phase that has waited longest goes first.
        for index in sorted(range(len(self._clocks)), key=lambda index: self._clocks[index].next_deadline):
            clock = self._clocks[index]
            late = now - clock.next_deadline
            due = clock.due(now)
            if due is NOTHING_DUE:
                continue
            self._note(late, due)
            for leg in self._phases[index]:
                leg.tick(due)
        self._arm(time.perf_counter())

    def _note(self, late_seconds: float, due: Due) -> None:
        late_ms = late_seconds * 1000
        step = 0
        for bound in LATENESS_BOUNDS_MS:
            if late_ms < bound:
                break
            step += 1
        self.lateness[step] += 1
        self.skipped += due.skipped
