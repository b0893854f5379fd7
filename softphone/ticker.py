"""One clock for all streams of an event loop: fifty calls cost one timer, not fifty tasks."""

import asyncio
from collections.abc import Callable
from typing import ClassVar, Final, Self
from weakref import WeakKeyDictionary

FRAME_SECONDS: Final = 0.02
_MOST_FRAMES_LATE: Final = 10
"""After a longer stall the clock jumps: a telephone does not send a second of sound at once."""


class Ticker:
    """Calls every subscriber once for each 20 ms of an absolute clock; late ticks are caught up at once."""

    _of_loop: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, Self]] = WeakKeyDictionary()

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._subscribers: list[Callable[[float, int], None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self.frames_skipped = 0
        """20 ms frames that no stream sent, because the process stood still for too long."""

    @classmethod
    def of_running_loop(cls) -> Self:
        """Return the one ticker of this loop."""
        loop = asyncio.get_running_loop()
        ticker = cls._of_loop.get(loop)
        if ticker is None:
            ticker = cls._of_loop[loop] = cls(loop)
        return ticker

    def subscribe(self, tick: Callable[[float, int], None]) -> None:
        """Call `tick(due, frames)` from now on: when it was due (loop time), and how many frames have gone by (1, or
        more after a jump of the clock)."""
        self._subscribers.append(tick)
        if self._timer is None:
            self._due = self._loop.time() + FRAME_SECONDS
            self._timer = self._loop.call_at(self._due, self._tick)

    def unsubscribe(self, tick: Callable[[float, int], None]) -> None:
        """Stop calling it; the clock stops with the last one."""
        if tick in self._subscribers:
            self._subscribers.remove(tick)
        if not self._subscribers and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        late = int((self._loop.time() - self._due) / FRAME_SECONDS)
        skipped = late if late > _MOST_FRAMES_LATE else 0
        self.frames_skipped += skipped
        self._due += skipped * FRAME_SECONDS
        due = self._due
        self._due += FRAME_SECONDS
        self._timer = self._loop.call_at(self._due, self._tick)
        for tick in tuple(self._subscribers):
            tick(due, 1 + skipped)
