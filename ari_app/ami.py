"""Watches an Asterisk through its Manager Interface: what telephones and queues are doing, why calls ended.

    async with AmiWatch(AmiAddress("centralita", password)) as watch:
        await watch.wait_synced(5)
        watch.can_take_a_call("ventas")
        async for change in watch.changes():
            ...

It connects, takes the whole state, follows the events, and does so again after every break. Nobody waits for it: a
question is answered from the state at hand, and "no" while that is not known.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from ari_app.ami_fields import AmiEvent
from ari_app.ami_line import AmiAddress, AmiError, AmiForbidden, AmiLine, AmiRefused, AmiUnreachable
from ari_app.ami_state import AmiState, Change, Lost, Missed, Synced
from ari_app.backoff import Backoff

__all__ = ["AmiAddress", "AmiError", "AmiForbidden", "AmiLimits", "AmiRefused", "AmiUnreachable", "AmiWatch",
           "ChangeStream"]  # fmt: skip

logger = logging.getLogger(__name__)

EVENT_CLASSES: Final = "system,call,agent"
"""What the state is made of; without "reporting" (RTCP) and "dialplan" (every step) Asterisk sends far less."""


@dataclass(frozen=True, slots=True)
class AmiLimits:
    """How patient we are."""

    connect_seconds: float = 3.0
    answer_seconds: float = 5.0
    booted_seconds: float = 30.0
    """Asterisk lets us in while it still starts; its lists are complete after FullyBooted."""
    ping_seconds: float = 10.0
    """An Asterisk that says nothing for so long is asked whether it is there."""
    resync_seconds: float = 60.0
    """All lists are read again so often: a queue that was reloaded tells nobody."""
    forbidden_seconds: float = 60.0
    """Pause after a refused password: a machine that insists is banned."""
    backoff: Backoff = field(default_factory=Backoff)
    waiting_changes: int = 1000
    """For one reader; one that is further behind gets `Missed` instead."""
    waiting_events: int = 20_000
    """While the lists are read."""


class ChangeStream:
    """The changes from now on, for one reader; ends when the watch does."""

    def __init__(self, most: int, on_close: Callable[["ChangeStream"], None]) -> None:
        self._waiting: deque[Change] = deque()
        self._most = most
        self._missed = 0
        self._news = asyncio.Event()
        self._is_over = False
        self._on_close = on_close

    def put(self, change: Change) -> None:
        """Add a change; a full stream forgets what waits, and counts it."""
        if len(self._waiting) >= self._most:
            self._missed += len(self._waiting)
            self._waiting.clear()
        self._waiting.append(change)
        self._news.set()

    def end(self) -> None:
        """Let the reader finish what waits, then stop."""
        self._is_over = True
        self._news.set()

    def close(self) -> None:
        """Want no more."""
        self._on_close(self)
        self.end()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        while True:
            if self._missed:
                missed, self._missed = self._missed, 0
                return Missed(missed)
            if self._waiting:
                return self._waiting.popleft()
            if self._is_over:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()


class AmiWatch:
    """One Asterisk, watched."""

    def __init__(self, address: AmiAddress, limits: AmiLimits | None = None) -> None:
        self._address = address
        self._limits = limits or AmiLimits()
        self.state = AmiState()
        """As last known; `is_synced` tells whether that is now."""
        self._streams: set[ChangeStream] = set()
        self._synced = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self._held: list[AmiEvent] | None = None
        """Events that came while the lists were being read; they come after them. None: no list is being read."""
        self._booted = asyncio.Event()
        self._heard = asyncio.Event()
        self._wants_lists = asyncio.Event()
        self._error: AmiError | None = None
        self._tried = asyncio.Event()
        """Set when an attempt has failed, until the next one begins."""

    async def __aenter__(self) -> Self:
        self._watching = asyncio.create_task(self._watch_for_ever(), name="ami watch")
        self._watching.add_done_callback(self._over)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        self._synced.clear()
        for stream in tuple(self._streams):
            stream.end()

    @property
    def is_synced(self) -> bool:
        """True while the state is Asterisk's own."""
        return self._synced.is_set()

    async def wait_synced(self, within_seconds: float) -> None:
        """Wait until the state is Asterisk's own.

        Raises: AmiForbidden and AmiRefused at once, AmiUnreachable when time is up.
        """
        deadline = asyncio.get_running_loop().time() + within_seconds
        while not self._synced.is_set():
            if isinstance(self._error, AmiForbidden | AmiRefused):
                raise self._error
            if not await self._something_happened(deadline):
                raise self._error or AmiUnreachable("Asterisk's manager interface did not tell its state in time")

    async def _something_happened(self, deadline: float) -> bool:
        waits = [asyncio.ensure_future(one.wait()) for one in (self._synced, self._tried)]
        try:
            left = max(0.0, deadline - asyncio.get_running_loop().time())
            done, _ = await asyncio.wait(waits, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        self._tried.clear()
        return bool(done)

    def can_take_a_call(self, queue: str) -> bool:
        """True when this queue would serve one more caller at once; False also while that is not known."""
        return self.is_synced and self.state.queues.can_take_a_call(queue, time.time())

    def changes(self) -> ChangeStream:
        """The changes from now on, `Synced` first if the state is known already. Close it when you want no more."""
        stream = ChangeStream(self._limits.waiting_changes, self._streams.discard)
        self._streams.add(stream)
        if self.is_synced:
            stream.put(self.state.synced())
        return stream

    def _over(self, watching: "asyncio.Task[None]") -> None:
        """Nobody watches any more, be it by an error of ours: what is known grows old, and readers are told the end."""
        self._synced.clear()
        for stream in tuple(self._streams):
            stream.end()

    # -- how ----------------------------------------------------------------------------------------------------------

    async def _watch_for_ever(self) -> None:
        failures = 0
        told: type[AmiError] | None = None
        while True:
            was_synced = False
            try:
                await self._watch_once()
            except AmiError as exc:
                was_synced = self._synced.is_set()
                self._failed(exc)
            failures = 1 if was_synced else failures + 1
            delay_seconds = self._limits.backoff.delay_seconds(failures, random.random())
            if isinstance(self._error, AmiForbidden):
                delay_seconds = self._limits.forbidden_seconds
            # Once per outage, not once per attempt; but who is no longer let in is told so, whatever came before.
            is_news = failures == 1 or type(self._error) is not told
            told = type(self._error) if self._error is not None else None
            level = logging.WARNING if is_news else logging.DEBUG
            logger.log(level, "ami lost", extra={"reason": str(self._error), "retry_in_seconds": delay_seconds})
            await asyncio.sleep(delay_seconds)

    def _failed(self, exc: AmiError) -> None:
        self._error = exc
        self._tried.set()
        if self._synced.is_set():
            self._synced.clear()
            self._tell([Lost(str(exc))])

    async def _watch_once(self) -> None:
        """Be connected until it is over. Raises: AmiError, always."""
        self._held = []  # from the first event on
        self._booted.clear()
        limits = self._limits
        line = await AmiLine.open(self._address, self._take, EVENT_CLASSES, limits.connect_seconds)
        try:
            # No error when it does not come: a user without the class "system" is told nothing of it
            await _until(self._booted, line, limits.booted_seconds)
            await self._read_lists(line)
            loop = asyncio.get_running_loop()
            next_lists = loop.time() + limits.resync_seconds
            while True:
                self._heard.clear()
                quiet_seconds = min(limits.ping_seconds, max(0.0, next_lists - loop.time()))
                await _until(self._wants_lists, line, quiet_seconds)
                if self._wants_lists.is_set() or loop.time() >= next_lists:
                    await self._read_lists(line)
                    next_lists = loop.time() + limits.resync_seconds
                elif not self._heard.is_set():
                    await line.action("Ping", limits.answer_seconds)
        finally:
            self._held = None
            await line.close()

    async def _read_lists(self, line: AmiLine) -> None:
        """Take the whole state, then what happened meanwhile. Raises: AmiUnreachable, AmiRefused."""
        if self._held is None:
            self._held = []
        self._wants_lists.clear()
        answer_seconds = self._limits.answer_seconds
        # Absent when app_queue or res_manager_devicestate is not loaded: then there are none
        devices = await self._list_if_known(line, "DeviceStateList")
        queues = await self._list_if_known(line, "QueueStatus")
        channels = await line.action("CoreShowChannels", answer_seconds)
        held, self._held = self._held, None
        changes = self.state.replace_all(devices, queues, channels)
        is_news = not self._synced.is_set()
        self._synced.set()
        self._error = None
        self._tell(change for change in changes if is_news or not isinstance(change, Synced))
        for event in held:
            self._take(event)

    async def _list_if_known(self, line: AmiLine, action: str) -> list[AmiEvent]:
        try:
            return await line.action(action, self._limits.answer_seconds)
        except AmiRefused as exc:
            if "permission" in str(exc).lower():
                raise
            logger.debug("ami list not there", extra={"action": action, "reason": str(exc)})
            return []

    def _take(self, event: AmiEvent) -> None:
        """Take one event (called by panoramisk, from the loop)."""
        self._heard.set()
        name = event.get("Event", "")
        if name == "FullyBooted":
            self._booted.set()
        elif name == "Reload":
            self._wants_lists.set()
        if self._held is not None:
            if len(self._held) < self._limits.waiting_events:
                self._held.append(event)
            else:
                self._wants_lists.set()
            return
        self._tell(self.state.receive(event))

    def _tell(self, changes: Iterable[Change]) -> None:
        for change in changes:
            for stream in tuple(self._streams):
                stream.put(change)


async def _until(event: asyncio.Event, line: AmiLine, within_seconds: float) -> None:
    """Wait for the event, or until time is up. Raises: AmiUnreachable when the connection broke."""
    happened = asyncio.create_task(event.wait())
    try:
        pending: set[asyncio.Future[Any]] = {happened, line.lost}
        await asyncio.wait(pending, timeout=within_seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        happened.cancel()
    if line.lost.done():
        raise AmiUnreachable(line.lost.result())
