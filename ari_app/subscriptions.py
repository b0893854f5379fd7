"""Who wants to hear of which channel: one dict look-up per event, no task, no lock.

An event about a channel or bridge somebody subscribed to goes to that subscription; everything else goes to the
application's own stream. So the application sees a channel's StasisStart, subscribes, and the call it starts sees the
rest: also what came in between, because subscribing takes along what still waits in the application's stream.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from ari_app.events import ChannelDestroyed, ChannelVanished, Connected, StasisEnd, StasisStart, Told


class EventStream:
    """A bounded queue with one reader. When it is full the oldest event is lost, and counted: the latest news, a
    hang-up among them, always arrive."""

    def __init__(self, limit: int) -> None:
        self._waiting: deque[Told] = deque()
        self._limit = limit
        self._reader: asyncio.Future[None] | None = None
        self._is_closed = False
        self.lost = 0
        """Events dropped because the reader was too slow."""

    def put(self, event: Told) -> None:
        """Add one event and wake the reader."""
        if self._is_closed:
            return
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append(event)
        self._wake()

    def take_about(self, subject: str) -> list[Told]:
        """Take out, in order, what waits here about one channel or bridge."""
        taken = [event for event in self._waiting if subject in event.subjects()]
        if taken:
            self._waiting = deque(event for event in self._waiting if subject not in event.subjects())
        return taken

    def next_nowait(self) -> Told | None:
        """Return what is waiting, or None."""
        return self._waiting.popleft() if self._waiting else None

    def finish(self) -> None:
        """No more events: the reader gets what is still here, then the end."""
        self._is_closed = True
        self._wake()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Told:
        """Wait for the next event; cancelling loses none."""
        while not self._waiting:
            if self._is_closed:
                raise StopAsyncIteration
            if self._reader is not None:
                raise RuntimeError("an event stream has one reader")
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._waiting.popleft()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


class Subscription(EventStream):
    """What happens to some channels and bridges, in order; leave the `with` block, or `close`, to hear no more."""

    def __init__(self, table: "Subscriptions", limit: int) -> None:
        super().__init__(limit)
        self._table = table
        self._subjects: set[str] = set()

    def also(self, subject: str) -> None:
        """Hear of one more channel or bridge; say so before the request that makes it is sent."""
        self._table.claim(subject, self)
        self._subjects.add(subject)

    def no_longer(self, subject: str) -> None:
        """Hear of that channel or bridge no more."""
        if subject in self._subjects:
            self._subjects.discard(subject)
            self._table.release(subject)

    def close(self) -> None:
        """Hear of nothing more."""
        for subject in tuple(self._subjects):
            self.no_longer(subject)
        self.finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Subscriptions:
    """The table of who hears what."""

    def __init__(self, *, stream_limit: int = 4096, subscription_limit: int = 256) -> None:
        self.unclaimed = EventStream(stream_limit)
        """Everything nobody subscribed to, and what the client itself tells."""
        self._subscription_limit = subscription_limit
        self._by_subject: dict[str, Subscription] = {}
        self._in_stasis: set[str] = set()
        self._watchers: dict[str, list[Callable[[Told], None]]] = {}

    def subscribe(self, *subjects: str) -> Subscription:
        """Return a subscription to these channels and bridges.

        Raises: ValueError when one of them is taken: two readers would each see half of a call.
        """
        subscription = Subscription(self, self._subscription_limit)
        for subject in subjects:
            subscription.also(subject)
        return subscription

    def dispatch(self, event: Told) -> None:
        """Hand one event to whom it concerns."""
        match event:
            case StasisStart(channel=channel):
                self._in_stasis.add(channel.id)
            case StasisEnd(channel=channel) | ChannelDestroyed(channel=channel):
                self._in_stasis.discard(channel.id)
            case Connected(channel_ids=channel_ids):
                self._in_stasis.update(channel_ids)
            case ChannelVanished(channel_id=channel_id):
                self._in_stasis.discard(channel_id)
            case _:
                pass
        told: Subscription | None = None
        is_claimed = False
        for subject in event.subjects():
            for watcher in self._watchers.get(subject, ()):
                watcher(event)
                is_claimed = True
            subscription = self._by_subject.get(subject)
            if subscription is None:
                continue
            is_claimed = True
            if subscription is not told:
                subscription.put(event)
                told = subscription
        if not is_claimed:
            self.unclaimed.put(event)

    def in_stasis(self) -> frozenset[str]:
        """Channels that are ours as far as we have been told."""
        return frozenset(self._in_stasis)

    def claim(self, subject: str, subscription: Subscription) -> None:
        """Give a subject to a subscription, with what already waits about it. Raises: ValueError when it is taken."""
        if self._by_subject.get(subject, subscription) is not subscription:
            raise ValueError(f"{subject} has a subscriber already")
        self._by_subject[subject] = subscription
        for event in self.unclaimed.take_about(subject):
            subscription.put(event)

    def release(self, subject: str) -> None:
        """Nobody wants to hear of this any more."""
        self._by_subject.pop(subject, None)

    def watch(self, subject: str, watcher: Callable[[Told], None]) -> None:
        """Call `watcher` with every event about a subject, beside its subscription."""
        self._watchers.setdefault(subject, []).append(watcher)

    def unwatch(self, subject: str, watcher: Callable[[Told], None]) -> None:
        """Undo `watch`."""
        watchers = self._watchers.get(subject, [])
        if watcher in watchers:
            watchers.remove(watcher)
        if not watchers:
            self._watchers.pop(subject, None)
