"""Where Asterisk's AudioSocket connections arrive: only those announced, on loopback, and never kept waiting.

Asterisk can freeze as a whole when an AudioSocket server is silent (asterisk/asterisk#2089), so from its
identification on every leg gets one frame every 20 ms, silence when there is nothing to say, whatever happens.
"""

import asyncio
import socket
from types import TracebackType
from typing import Final, Self
from uuid import UUID

from audio_socket.connection import AudioSocketConnection, Expectation, ServerStats
from audio_socket.leg import LegEnding, LegListener, MediaOffer
from audio_socket.ticker import Ticker
from vocabulary.audio import AudioFormat

SEND_BUFFER_BYTES: Final = 32 * 1024
"""About one second of sound waits in the kernel for a far end that does not read; what comes after is dropped."""

SWEEP_SECONDS: Final = 0.25
"""How often one timer looks for all connections and announcements whose time is up."""

_BACKLOG: Final = 512
_FORMAT_NAMES: Final = {8000: "slin", 16000: "slin16"}


class AudioSocketServer:
    """A `MediaServer` over AudioSocket; belongs to the loop it was started in."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        max_connections: int = 1000,
        identify_seconds: float = 2.0,
        offered_host: str = "",
    ) -> None:
        """`port` 0 takes a free one; `offered_host` is the name Asterisk reaches us by where that is not `host`."""
        self.stats = ServerStats()
        self.ticker = Ticker()
        self.port = port
        self._host = host
        self._offered_host = offered_host or host
        self._max_connections = max_connections
        self._identify_seconds = identify_seconds
        self._server: asyncio.Server | None = None
        self._connections: set[AudioSocketConnection] = set()
        self._strangers: dict[AudioSocketConnection, float] = {}
        """Connections that have not said who they are and when their time is up, oldest first."""
        self._expected: dict[UUID, Expectation] = {}
        self._sweep_timer: asyncio.TimerHandle | None = None

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._connections)

    async def start(self) -> None:
        """Listen. Raises: OSError when the address cannot be had."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Accepted connections inherit both.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            listening.bind((self._host, self.port))
        except OSError:
            listening.close()
            raise
        self.port = listening.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: AudioSocketConnection(self), sock=listening, backlog=_BACKLOG)

    async def stop(self) -> None:
        """End all legs and listen no more."""
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
            self._sweep_timer = None
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for connection in tuple(self._connections):
            connection.end(LegEnding.SERVER_STOPPED)
        expected, self._expected = self._expected, {}
        for expectation in expected.values():
            expectation.listener.leg_ended(LegEnding.SERVER_STOPPED)
        self.ticker.stop()
        if server is not None:
            await server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def expect(self, uuid: UUID, listener: LegListener, *, format: AudioFormat, within_seconds: float) -> MediaOffer:
        """Announce a connection: it is accepted once, within the time given, else `leg_ended` comes.

        Raises: ValueError for a rate other than 8000 and 16000 and for a UUID that is expected already.
        """
        if format.rate not in _FORMAT_NAMES:
            raise ValueError("a leg has 8000 or 16000 Hz")
        if uuid in self._expected:
            raise ValueError("this UUID is expected already")
        deadline = asyncio.get_running_loop().time() + within_seconds
        self._expected[uuid] = Expectation(listener, format, deadline)
        self._keep_sweeping()
        return MediaOffer(self._offered_host, self.port, "audiosocket", "tcp", _FORMAT_NAMES[format.rate], uuid)

    def forget(self, uuid: UUID) -> None:
        """Take an announcement back; harmless if it came, or never was."""
        self._expected.pop(uuid, None)

    # What its connections ask of it (`connection.ConnectionOwner`).

    def admit(self, connection: AudioSocketConnection) -> bool:
        """Take a new connection in, in place of the oldest stranger if there is no room.

        Asterisk identifies itself at once; so those who have not yet are the first to go, and a flood of connections
        cannot lock a caller out.
        """
        self.stats.connections += 1
        if len(self._connections) >= self._max_connections:
            self.stats.refused += 1
            if not self._strangers:
                return False
            next(iter(self._strangers)).end(LegEnding.CLOSED_BY_US)
        self._connections.add(connection)
        self._strangers[connection] = asyncio.get_running_loop().time() + self._identify_seconds
        self._keep_sweeping()
        return True

    def identify(self, connection: AudioSocketConnection, uuid: UUID) -> Expectation | None:
        """Hand out what was announced for `uuid`, once."""
        self._strangers.pop(connection, None)
        expectation = self._expected.pop(uuid, None)
        if expectation is None:
            self.stats.strangers += 1
        else:
            self.stats.legs += 1
        return expectation

    def release(self, connection: AudioSocketConnection) -> None:
        """Forget a connection that has ended."""
        self._connections.discard(connection)
        self._strangers.pop(connection, None)
        self.ticker.leave(connection)

    def _keep_sweeping(self) -> None:
        if self._sweep_timer is None and (self._strangers or self._expected):
            self._sweep_timer = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Close strangers and give up announcements whose time is up."""
        self._sweep_timer = None
        now = asyncio.get_running_loop().time()
        for connection in [stranger for stranger, deadline in self._strangers.items() if deadline <= now]:
            self.stats.silent_strangers += 1
            connection.end(LegEnding.CLOSED_BY_US)
        for uuid in [uuid for uuid, expectation in self._expected.items() if expectation.deadline <= now]:
            self._expected.pop(uuid).listener.leg_ended(LegEnding.NEVER_CAME)
        self._keep_sweeping()
