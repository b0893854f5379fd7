"""`PbxKnowledge` by AMI: an `AmiWatch` in a thread of its own, so that a busy PBX's thousands of events, and lists of
thousands of members, never hold up the loop that carries the voices.

    thread "ami"   AmiWatch ─► changes ─► queues as they are now (replaced whole, never changed)
                                     └──► ends of the calls somebody follows ──► the voices' loop
    the voices' loop                      reads the queues without waiting

Only immutable things cross over. Whatever happens to AMI, the answer is then "not known".
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from ari_app.ami import AmiAddress, AmiLimits, AmiWatch, ChangeStream
from ari_app.ami_calls import CallOver
from ari_app.ami_queues import Queue
from ari_app.ami_state import Missed, QueueChanged, Synced
from ari_app.pbx_knowledge import Room, room_in

logger = logging.getLogger(__name__)

_OVER_SECONDS: Final = 1.0
"""AMI tells the end of a call within milliseconds of ARI; files of a call are not kept waiting for longer."""
_AGAIN_SECONDS: Final = 5.0
"""Pause after an error of ours in the watch."""
_GOODBYE_SECONDS: Final = 3.0
_MOST_FOLLOWED: Final = 10_000


class PbxWatch:
    """One Asterisk, watched from a thread; `async with` it in the loop that asks."""

    def __init__(
        self, address: AmiAddress, limits: AmiLimits | None = None, *, in_thread: Callable[[], None] = lambda: None
    ) -> None:
        """`in_thread` is called first in the thread, to make it modest."""
        self._address = address
        self._limits = limits
        self._in_thread = in_thread
        self._thread = threading.Thread(target=self._run, name="ami", daemon=True)
        self._watch: AmiWatch | None = None
        self._queues: dict[str, Queue] = {}
        """Written in the thread key by key, read in the loop: each is one step for the interpreter."""
        self._ends: dict[str, asyncio.Future[CallOver]] = {}
        """Of followed channels; written in the loop, and only asked for its keys in the thread."""
        self._unknown_queues: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread_loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        """The thread's."""
        self._has_begun = threading.Event()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._end)
        for end in self._ends.values():
            end.cancel()
        self._ends.clear()

    @property
    def is_synced(self) -> bool:
        """True while what is known is Asterisk's own state."""
        return self._watch is not None and self._watch.is_synced

    def room_in(self, queue: str) -> Room:
        """Say what one more caller would find in a queue now."""
        if not self.is_synced:
            return Room.UNKNOWN
        known = self._queues.get(queue)
        if known is None and queue not in self._unknown_queues:
            self._unknown_queues.add(queue)  # once: it is a mistake in an agent's file, not an event
            logger.warning("Asterisk has no such queue; callers are sent there unasked", extra={"queue": queue})
        return room_in(known, time.time())

    def follow(self, channel_id: str) -> None:
        """Want to know the end of a channel's call."""
        if channel_id in self._ends:
            return
        if len(self._ends) >= _MOST_FOLLOWED:
            self.forget(next(iter(self._ends)))  # the oldest: somebody who left us, and whose end AMI did not see
        self._ends[channel_id] = asyncio.get_running_loop().create_future()

    def forget(self, channel_id: str) -> None:
        """Want to know it no longer."""
        end = self._ends.pop(channel_id, None)
        if end is not None:
            end.cancel()

    async def over(self, channel_id: str) -> CallOver | None:
        """Return the end of a followed channel's call; None when AMI does not tell it in a moment."""
        end = self._ends.get(channel_id)
        if end is None:
            return None
        try:
            if self.is_synced:
                await asyncio.wait([end], timeout=_OVER_SECONDS)
            return end.result() if end.done() and not end.cancelled() else None
        finally:
            self.forget(channel_id)

    def when_over(self, channel_id: str, then: Callable[[CallOver], None]) -> None:
        """Call `then` when a followed channel's call has ended."""
        end = self._ends.get(channel_id)
        if end is not None:
            end.add_done_callback(lambda done: None if done.cancelled() else self._tell(channel_id, done, then))

    def _tell(self, channel_id: str, done: "asyncio.Future[CallOver]", then: Callable[[CallOver], None]) -> None:
        self._ends.pop(channel_id, None)
        then(done.result())

    def _ended(self, channel_id: str, over: CallOver) -> None:
        end = self._ends.get(channel_id)
        if end is not None and not end.done():
            end.set_result(over)

    # -- in the thread --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._in_thread()
            asyncio.run(self._watch_until_told())
        except Exception:  # a thread of its own: what ends it ends nothing else
            logger.exception("ami thread ended")
        finally:
            self._has_begun.set()

    async def _watch_until_told(self) -> None:
        self._thread_loop = asyncio.get_running_loop()
        self._has_begun.set()
        while not self._stop.is_set():
            try:
                await self._watch_once()
            except Exception:  # an error of ours in the watch costs what AMI knows, and nothing else
                logger.exception("ami watch failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN_SECONDS):
                    await self._stop.wait()

    async def _watch_once(self) -> None:
        async with AmiWatch(self._address, self._limits) as watch:
            self._watch = watch
            reading = asyncio.create_task(self._read(watch, watch.changes()), name="ami changes")
            stopping = asyncio.create_task(self._stop.wait(), name="ami stop")
            try:
                await asyncio.wait((reading, stopping), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (reading, stopping):
                    task.cancel()
                await asyncio.gather(reading, stopping, return_exceptions=True)

    async def _read(self, watch: AmiWatch, changes: ChangeStream) -> None:
        async for change in changes:
            match change:
                case QueueChanged(queue=queue):
                    self._queue_is(queue.name, watch.state.queues.get(queue.name))
                case Synced() | Missed():
                    known = {queue.name: queue for queue in watch.state.queues}
                    for name in {*self._queues, *known}:
                        self._queue_is(name, known.get(name))
                    if isinstance(change, Synced):
                        logger.info("ami synced", extra={"queues": len(known)})
                case CallOver():
                    self._call_over(change)
                case _:
                    pass

    def _queue_is(self, name: str, queue: Queue | None) -> None:
        """Note a queue as it is now; None for one that has gone (its change tells of an empty one)."""
        if queue is None:
            self._queues.pop(name, None)
        else:
            self._queues[name] = queue

    def _call_over(self, over: CallOver) -> None:
        assert self._loop is not None
        for channel_id in over.uniqueids:
            if channel_id in self._ends:
                with contextlib.suppress(RuntimeError):  # the loop has closed: nobody wants to know any more
                    self._loop.call_soon_threadsafe(self._ended, channel_id, over)

    def _end(self) -> None:
        """Tell the thread to stop and wait for it, not for ever; run in yet another thread."""
        self._has_begun.wait(_GOODBYE_SECONDS)
        if self._thread_loop is not None:
            with contextlib.suppress(RuntimeError):
                self._thread_loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_GOODBYE_SECONDS)
