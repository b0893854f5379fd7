"""Watching `calls` from another process: `guard`, the command line, later the web."""

import contextlib
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from ari_app.live_events import (
    CONTROL_PATH,
    EVENTS_PATH,
    CommandRefused,
    LiveCommand,
    LiveEvent,
    parse_answer,
    parse_event,
)
from vocabulary.errors import CentralitaError


class LiveError(CentralitaError):
    """Base of what can go wrong between us and `calls`; never raised itself."""


class LiveUnreachable(LiveError):
    """`calls` is not running, or the connection broke."""

    retryable = True


class LiveForbidden(LiveError):
    """The token is not the one `calls` was started with."""


@dataclass(frozen=True, slots=True)
class LiveAddress:
    """Where `calls` serves its stream."""

    port: int
    token: str
    host: str = "127.0.0.1"

    def __repr__(self) -> str:
        return f"LiveAddress({self.host}:{self.port})"  # never the token


class LiveEvents:
    """The stream, one typed event after the other; ends by `LiveUnreachable` when `calls` goes away."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LiveEvent:
        """Wait for the next event; the first one is a `Snapshot`. Raises: LiveUnreachable, BadLiveMessage."""
        while True:
            try:
                event = parse_event(await self._socket.recv())
            except ConnectionClosed as exc:
                raise LiveUnreachable("calls has gone away") from exc
            if event is not None:
                return event


class LiveClient:
    """Opens streams and gives commands."""

    def __init__(self, address: LiveAddress, *, connect_seconds: float = 2.0) -> None:
        self._address = address
        self._connect_seconds = connect_seconds

    @contextlib.asynccontextmanager
    async def events(self, kinds: Collection[str] = ()) -> AsyncIterator[LiveEvents]:
        """Open the stream; `kinds` chooses events by their `type`, none means all.

        Raises: LiveUnreachable, LiveForbidden.
        """
        query = "?" + urlencode({"kinds": ",".join(sorted(kinds))}) if kinds else ""
        async with self._open(EVENTS_PATH + query) as socket:
            yield LiveEvents(socket)

    async def command(self, command: LiveCommand) -> None:
        """Give one command and wait until it is done.

        Raises: CommandRefused, LiveUnreachable, LiveForbidden.
        """
        async with self._open(CONTROL_PATH) as socket:
            try:
                await socket.send(command.to_json())
                answer = parse_answer(await socket.recv())
            except ConnectionClosed as exc:
                raise LiveUnreachable("calls has gone away") from exc
        if not answer.ok:
            raise CommandRefused(answer.error)

    @contextlib.asynccontextmanager
    async def _open(self, path: str) -> AsyncIterator[ClientConnection]:
        connecting = connect(
            f"ws://{self._address.host}:{self._address.port}{path}",
            additional_headers={"Authorization": f"Bearer {self._address.token}"},
            user_agent_header=None,
            proxy=None,
            compression=None,
            open_timeout=self._connect_seconds,
            close_timeout=1.0,
        )
        try:
            socket = await connecting
        except InvalidStatus as exc:
            if exc.response.status_code == 401:
                raise LiveForbidden("calls does not know this token") from exc
            raise LiveUnreachable("calls answered strangely") from exc
        except (OSError, TimeoutError, WebSocketException) as exc:
            raise LiveUnreachable("calls cannot be reached") from exc
        try:
            yield socket
        finally:
            await socket.close()
