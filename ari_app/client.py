"""The ARI client: requests, and the stream of events that never ends.

    async with AriClient(AriAddress(url, user, password, app)) as ari:
        async for told in ari.events():
            match told:
                case Connected(channel_ids=ours): ...   # (again) with Asterisk: adopt or release each of these
                case StasisStart(channel=channel): ...  # a new caller: `ari.subscribe(channel.id)` hears the rest

One task reads the WebSocket and hands events on; there is no task per event. When the connection breaks it is made
again, for ever, with pauses; calls go on meanwhile.
"""

import asyncio
import base64
import contextlib
import logging
import random
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from ari_app import protocol
from ari_app.backoff import Backoff
from ari_app.errors import AriError, BadEvent, ChannelGone, TimedOut
from ari_app.events import (
    ChannelDestroyed,
    ChannelVanished,
    Connected,
    Disconnected,
    StasisEnd,
    StasisStart,
    Told,
    UnknownEvent,
)
from ari_app.rest import AriAddress, AriRest, RestLimits
from ari_app.subscriptions import EventStream, Subscription, Subscriptions

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EventLimits:
    """How patient the event side is."""

    connect_seconds: float = 3.0
    """For the WebSocket's handshake."""
    ping_seconds: float = 5.0
    """An Asterisk that answers no ping within this long after the last one is taken for gone."""
    backoff: Backoff = field(default_factory=Backoff)


@dataclass(slots=True)
class EventCounts:
    """What came in; for metrics."""

    events: int = 0
    """Understood and handed on."""
    unknown: int = 0
    """Of a type we have no use for."""
    malformed: int = 0
    """No JSON, or not what Asterisk's description promises."""
    connections: int = 0


class StasisWaiter:
    """Waits for the StasisStart of a channel whose id we chose; begin before sending the request that makes it."""

    def __init__(self, table: Subscriptions, channel_id: str) -> None:
        self._table = table
        self._channel_id = channel_id
        self._outcome: asyncio.Future[StasisStart] = asyncio.get_running_loop().create_future()

    def __enter__(self) -> Self:
        self._table.watch(self._channel_id, self._told)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._table.unwatch(self._channel_id, self._told)
        self._outcome.cancel()

    async def started(self, within_seconds: float) -> StasisStart:
        """Return the channel's StasisStart.

        Raises: ChannelGone when it ended before (busy, no answer, nobody at the media address); TimedOut.
        """
        await asyncio.wait([self._outcome], timeout=within_seconds)
        if not self._outcome.done():
            raise TimedOut(f"StasisStart of {self._channel_id}", "did not come in time")
        outcome = self._outcome.result()
        return outcome

    def _told(self, event: Told) -> None:
        if self._outcome.done():
            return
        match event:
            case StasisStart(channel=channel) if channel.id == self._channel_id:
                self._outcome.set_result(event)
            case ChannelDestroyed(cause=cause):
                self._fail(cause)
            case StasisEnd() | ChannelVanished():
                self._fail(0)
            case _:
                pass

    def _fail(self, cause: int) -> None:
        self._outcome.set_exception(ChannelGone(self._channel_id, cause))
        self._outcome.exception()  # looked at here, so that a waiter who has left leaves no warning behind


class AriClient(AriRest):
    """Everything we say to Asterisk and hear from it, for one Stasis application."""

    def __init__(
        self, address: AriAddress, limits: RestLimits | None = None, event_limits: EventLimits | None = None
    ) -> None:
        super().__init__(address, limits)
        self._event_limits = event_limits or EventLimits()
        self._table = Subscriptions()
        self._is_connected = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self.counts = EventCounts()

    async def __aenter__(self) -> Self:
        self._listening = asyncio.create_task(self._listen_for_ever(), name="ari events")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening
        await super().__aexit__(kind, error, trace)

    @property
    def is_connected(self) -> bool:
        """True while events are heard."""
        return self._is_connected.is_set()

    async def wait_connected(self, within_seconds: float) -> None:
        """Wait until events are heard.

        Raises: TimedOut.
        """
        try:
            async with asyncio.timeout(within_seconds):
                await self._is_connected.wait()
        except TimeoutError as exc:
            raise TimedOut("event stream", "no connection in time") from exc

    def events(self) -> EventStream:
        """The application's own stream: what nobody subscribed to, and `Connected`, `Disconnected`; one reader."""
        return self._table.unclaimed

    def subscribe(self, *subjects: str) -> Subscription:
        """Hear of these channels and bridges from now on, and of what still waits in `events()` about them.

        Raises: ValueError when one of them has a subscriber already.
        """
        return self._table.subscribe(*subjects)

    def stasis_waiter(self, channel_id: str) -> StasisWaiter:
        """Begin to wait for a channel's StasisStart: `with` around the request that makes the channel."""
        return StasisWaiter(self._table, channel_id)

    async def media_in_stasis(
        self, *, channel_id: str, external_host: str, format: str, data: str, within_seconds: float = 3.0
    ) -> StasisStart:
        """Make an AudioSocket channel and return once it may be bridged; if it cannot, it is hung up again.

        The answer to `externalMedia` overtakes the channel's entry into our application: bridging it at once is
        refused with `NotInStasis` in about one call of five.

        Raises: AriError.
        """
        try:
            with self.stasis_waiter(channel_id) as waiter:
                await self.external_media(channel_id=channel_id, external_host=external_host, format=format, data=data)
                return await waiter.started(within_seconds)
        except (AriError, asyncio.CancelledError):
            # Whether Asterisk made the channel is unknown; a nameless leg would keep a thread of Asterisk's busy
            await self._hang_up_quietly(channel_id)
            raise

    async def _hang_up_quietly(self, channel_id: str) -> None:
        with contextlib.suppress(AriError):
            await asyncio.shield(self.hang_up(channel_id))

    # --- the event stream ---------------------------------------------------------------------------------------

    async def _listen_for_ever(self) -> None:
        failures = 0
        while True:
            reason = "closed"
            before = self.counts.connections
            try:
                await self._listen_once()
            except (OSError, TimeoutError, WebSocketException, AriError) as exc:
                reason = type(exc).__name__
            if self._is_connected.is_set():
                self._is_connected.clear()
                self._table.dispatch(Disconnected(reason))
            failures = 1 if self.counts.connections > before else failures + 1
            delay_seconds = self._event_limits.backoff.delay_seconds(failures, random.random())
            level = logging.WARNING if failures == 1 else logging.DEBUG  # once per outage, not once per attempt
            logger.log(level, "ari event stream lost", extra={"reason": reason, "retry_in_seconds": delay_seconds})
            await asyncio.sleep(delay_seconds)

    async def _listen_once(self) -> None:
        limits = self._event_limits
        async with connect(
            self._events_url(),
            additional_headers={"Authorization": _basic(self.address)},
            user_agent_header=None,
            proxy=None,
            compression=None,
            open_timeout=limits.connect_seconds,
            close_timeout=1.0,
            ping_interval=limits.ping_seconds,
            ping_timeout=limits.ping_seconds,
        ) as socket:
            known = self._table.in_stasis()
            ours = await self.our_channel_ids()
            self.counts.connections += 1
            self._tell_connected(known, ours)
            await self._read_events(socket)

    def _tell_connected(self, known: frozenset[str], ours: frozenset[str]) -> None:
        logger.info("ari event stream up", extra={"channels": len(ours), "times": self.counts.connections})
        self._is_connected.set()
        self._table.dispatch(Connected(self.counts.connections, tuple(sorted(ours))))
        for channel_id in sorted(known - ours):
            self._table.dispatch(ChannelVanished(channel_id))

    async def _read_events(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                self._take(await socket.recv())

    def _take(self, text: str | bytes) -> None:
        try:
            event = protocol.parse(text)
        except BadEvent as exc:
            self.counts.malformed += 1
            logger.warning("ari event not understood", extra={"reason": str(exc)})
            return
        if isinstance(event, UnknownEvent):
            self.counts.unknown += 1
            return
        self.counts.events += 1
        self._table.dispatch(event)

    def _events_url(self) -> str:
        scheme, _, rest = self.address.url.rstrip("/").partition("://")
        query = urlencode({"app": self.address.app, "subscribeAll": "false"})
        return f"{'wss' if scheme == 'https' else 'ws'}://{rest}/ari/events?{query}"


def _basic(address: AriAddress) -> str:
    return "Basic " + base64.b64encode(f"{address.user}:{address.password}".encode()).decode()
