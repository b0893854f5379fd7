"""The live event stream that `calls` serves on loopback, and the door for the few commands it takes.

`/events` sends a snapshot, then every event; `?kinds=turn,call_ended` chooses. `/control` takes one command per
message and answers each. Both want `Authorization: Bearer TOKEN`. Nothing here ever waits inside a call: `publish`
only puts a text into the queues of those who watch.
"""

import asyncio
import hmac
import logging
import os
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ari_app.live_events import (
    CONTROL_PATH,
    EVENTS_PATH,
    BadLiveMessage,
    CallEnded,
    CallSnapshot,
    CommandAnswer,
    CommandRefused,
    Heartbeat,
    LevelMeasured,
    LiveCommand,
    LiveEvent,
    Snapshot,
    parse_command,
)
from ari_app.watcher_queue import WatcherQueue
from vocabulary.errors import CentralitaError

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 0.25
LEVEL_SECONDS = 0.2
QUEUE_LIMIT = 1000

ControlHandler = Callable[[LiveCommand], Awaitable[None]]
"""Does a command; raises `CommandRefused`."""


class _Watcher:
    """One reader of the stream."""

    def __init__(self, kinds: frozenset[str]) -> None:
        self._kinds = kinds
        self._news = asyncio.Event()
        self.queue = WatcherQueue(QUEUE_LIMIT)
        self.lost_patience = asyncio.Event()
        """Set when the watcher has missed news that come only once: it is of no use to go on."""

    def wants(self, kind: str) -> bool:
        return not self._kinds or kind in self._kinds

    def put(self, text: str, *, is_droppable: bool) -> None:
        self.queue.put(text, is_droppable=is_droppable)
        self._news.set()
        if self.queue.is_hopeless:
            self.lost_patience.set()

    async def next_texts(self) -> list[str]:
        await self._news.wait()
        self._news.clear()
        return self.queue.take_all()


class LiveStream:
    """Server and publisher in one; `async with` serves it."""

    def __init__(self, token: str, *, host: str = "127.0.0.1", port: int = 0, epoch: str = "") -> None:
        if not token:
            raise ValueError("the live stream needs a token")
        self._expected = f"Bearer {token}".encode()
        self._host, self._wanted_port = host, port
        self._epoch = epoch or f"{os.getpid()}-{time.time_ns()}"
        self._watchers: set[_Watcher] = set()
        self._calls: Callable[[], Sequence[CallSnapshot]] = tuple
        self._owned: Callable[[], Collection[str]] = tuple
        self._control: ControlHandler = _no_commands
        self._level_after: dict[str, float] = {}
        self._server: Server | None = None
        self._beating: asyncio.Task[None] | None = None
        self.port = 0
        """The port it listens on, once it does."""

    def set_snapshot(self, calls: Callable[[], Sequence[CallSnapshot]], owned: Callable[[], Collection[str]]) -> None:
        """Say where to ask for the calls as they stand, and for the ids of every channel this process answers for.

        `owned` must name a channel from the moment it is decided to keep it: what is missing there, `guard` sends to
        its fallback.
        """
        self._calls, self._owned = calls, owned

    def set_control(self, handler: ControlHandler) -> None:
        """Say who does commands."""
        self._control = handler

    def is_watched(self, kind: str) -> bool:
        """True when somebody wants events of this kind: ask before measuring what only watchers need."""
        return any(watcher.wants(kind) for watcher in self._watchers)

    def publish(self, event: LiveEvent) -> None:
        """Tell everybody who watches; costs next to nothing when nobody does."""
        if isinstance(event, CallEnded):
            self._level_after.pop(event.call_id, None)
        wanting = [watcher for watcher in self._watchers if watcher.wants(event.type)]
        if not wanting:
            return
        if isinstance(event, LevelMeasured):
            if event.at < self._level_after.get(event.call_id, 0.0):
                return
            self._level_after[event.call_id] = event.at + LEVEL_SECONDS
        text = event.to_json()
        for watcher in wanting:
            watcher.put(text, is_droppable=event.is_droppable)

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._serve,
            self._host,
            self._wanted_port,
            process_request=self._admit,
            compression=None,
            server_header=None,
            max_size=64 * 1024,
            close_timeout=1.0,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._beating = asyncio.create_task(self._beat(), name="live heartbeat")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.wait([self._beating])
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            if self.is_watched(Heartbeat.type):
                self.publish(Heartbeat(time.time(), self._epoch, os.getpid(), tuple(self._owned())))

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        given = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, self._expected):
            return connection.respond(HTTPStatus.UNAUTHORIZED, "token wanted\n")
        if urlsplit(request.path).path not in (EVENTS_PATH, CONTROL_PATH):
            return connection.respond(HTTPStatus.NOT_FOUND, "there are /events and /control\n")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        url = urlsplit(connection.request.path if connection.request else "")
        try:
            if url.path == CONTROL_PATH:
                await self._obey(connection)
            else:
                await self._tell(connection, _kinds(url.query))
        except ConnectionClosed:
            return

    async def _tell(self, connection: ServerConnection, kinds: frozenset[str]) -> None:
        watcher = _Watcher(kinds)
        snapshot = Snapshot(time.time(), self._epoch, os.getpid(), tuple(self._owned()), tuple(self._calls()))
        watcher.put(snapshot.to_json(), is_droppable=False)
        self._watchers.add(watcher)
        # A watcher that leaves, or that reads too slowly, is noticed even while a message to it does not get through
        tasks = [
            asyncio.create_task(connection.wait_closed(), name="live watcher leaves"),
            asyncio.create_task(self._send(connection, watcher), name="live watcher"),
            asyncio.create_task(watcher.lost_patience.wait(), name="live watcher too slow"),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._watchers.discard(watcher)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if watcher.lost_patience.is_set():
            logger.warning("live watcher too slow", extra={"dropped": watcher.queue.dropped})
            await connection.close(1013, "too slow")

    async def _send(self, connection: ServerConnection, watcher: _Watcher) -> None:
        while True:
            for text in await watcher.next_texts():
                await connection.send(text)

    async def _obey(self, connection: ServerConnection) -> None:
        async for text in connection:
            await connection.send((await self._answer(text)).to_json())

    async def _answer(self, text: str | bytes) -> CommandAnswer:
        try:
            command = parse_command(text)
            await self._control(command)
        except (BadLiveMessage, CommandRefused) as exc:
            return CommandAnswer(False, str(exc))
        except CentralitaError as exc:
            logger.warning("live command failed", extra={"error": type(exc).__name__})
            return CommandAnswer(False, f"it failed: {type(exc).__name__}")
        return CommandAnswer(True)


def _kinds(query: str) -> frozenset[str]:
    return frozenset(kind for value in parse_qs(query).get("kinds", ()) for kind in value.split(",") if kind)


async def _no_commands(command: LiveCommand) -> None:
    raise CommandRefused("this process takes no commands")
