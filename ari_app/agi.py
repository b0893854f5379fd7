"""A small FastAGI server: `AGI(agi://127.0.0.1:4573/entry,…)` in the dialplan runs one of our coroutines.

    async with AgiServer({"entry": EntryScreen(…).run}, port=4573) as server:
        …

AGI has neither password nor encryption: keep it on loopback, or name the peers that may come. Whatever goes wrong
here, the connection is closed and the dialplan goes on; it must look at the variables, not only at AGISTATUS, which is
SUCCESS also for a server that said nothing (docs/agi-and-ami.md).
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from ari_app.agi_protocol import (
    AgiBroken,
    AgiError,
    AgiProtocol,
    AgiRefused,
    AgiRequest,
    Answered,
    CallerGone,
    HungUp,
    Reply,
    Started,
)
from vocabulary.errors import ConfigurationError

logger = logging.getLogger(__name__)

_READ_BYTES: Final = 4096
DEFAULT_PORT: Final = 4573
"""Asterisk's own default for agi:// (res_agi)."""


@dataclass(frozen=True, slots=True)
class AgiLimits:
    """How much of us one PBX may have."""

    session_seconds: float = 3.0
    """A caller waits, hearing nothing, while a session runs."""
    sessions: int = 200
    """More at once are closed at the door."""
    close_seconds: float = 1.0
    peers: tuple[str, ...] = ("127.0.0.1", "::1")
    """Addresses that may come in."""


@dataclass(slots=True)
class AgiCounts:
    """What came of the sessions; for metrics."""

    sessions: int = 0
    turned_away: int = 0
    """By the limit of sessions, or a peer that is none of ours."""
    failed: int = 0
    """No AGI, an unknown script, out of time, or an error of ours."""


class Session:
    """One call inside AGI(): ask Asterisk, and tell it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = AgiProtocol()
        self._request: AgiRequest | None = None
        self._replies: list[Reply] = []
        self.is_hung_up = False
        """True once Asterisk told that the caller has gone."""

    @property
    def request(self) -> AgiRequest:
        """What Asterisk told about the call. Raises: RuntimeError before it did."""
        if self._request is None:
            raise RuntimeError("the AGI environment has not come yet")
        return self._request

    async def begin(self) -> AgiRequest:
        """Wait for the environment. Raises: AgiBroken, CallerGone."""
        while self._request is None:
            await self._read()
        return self._request

    async def command(self, *words: str) -> Reply:
        """Send one command and return Asterisk's answer.

        Raises: AgiRefused, BadAgiCommand, CallerGone, AgiBroken.
        """
        if self.is_hung_up:
            raise CallerGone("the caller has gone")
        try:
            self._writer.write(self._protocol.send_command(*words))
            await self._writer.drain()
        except OSError as exc:
            raise CallerGone("Asterisk closed the AGI connection") from exc
        while not self._replies:
            await self._read()
        reply = self._replies.pop(0)
        if reply.code == 511:  # "Command Not Permitted on a dead channel"
            raise CallerGone("the caller has gone")
        if reply.code != 200:
            raise AgiRefused(reply)
        return reply

    async def get_variable(self, name: str) -> str | None:
        """Return a channel variable, or None when it is not set; Asterisk cuts it at 1023 bytes."""
        reply = await self.command("GET", "VARIABLE", name)
        return (reply.value or "") if reply.result == "1" else None

    async def evaluate(self, expression: str) -> str | None:
        """Return what the dialplan makes of an expression like `${CALLERID(num)}`; never put a caller's words in it."""
        reply = await self.command("GET", "FULL", "VARIABLE", expression)
        return (reply.value or "") if reply.result == "1" else None

    async def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable."""
        await self.command("SET", "VARIABLE", name, value)

    async def verbose(self, message: str, level: int = 3) -> None:
        """Write a line on Asterisk's console; `level` 1 to 4, seen when the console is at least that talkative."""
        await self.command("VERBOSE", message, str(level))

    async def execute(self, application: str, *arguments: str) -> int:
        """Run a dialplan application on the call and return its result; -1 is a failure, -2 an unknown one."""
        reply = await self.command("EXEC", application, ",".join(arguments))
        try:
            return int(reply.result)
        except ValueError as exc:
            raise AgiBroken("EXEC was answered with no number") from exc

    async def _read(self) -> None:
        try:
            data = await self._reader.read(_READ_BYTES)
        except OSError as exc:
            raise CallerGone("the AGI connection broke") from exc
        if not data:
            raise CallerGone("Asterisk closed the AGI connection")
        for event in self._protocol.receive_data(data):
            match event:
                case Started(request=request):
                    self._request = request
                case Answered(reply=reply):
                    self._replies.append(reply)
                case HungUp():
                    self.is_hung_up = True


Script = Callable[[Session], Awaitable[None]]
"""What answers one path; returning gives the call back to the dialplan."""


class AgiServer:
    """Listens, and runs a script for each call that comes."""

    def __init__(
        self,
        scripts: Mapping[str, Script],
        *,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        limits: AgiLimits | None = None,
    ) -> None:
        """`scripts` by path without slash; `port` 0 takes a free one."""
        self._scripts = dict(scripts)
        self._host = host
        self._wanted_port = port
        self._limits = limits or AgiLimits()
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()
        self.counts = AgiCounts()

    @property
    def port(self) -> int:
        """TCP port it listens on. Raises: RuntimeError when it does not."""
        if self._server is None:
            raise RuntimeError("the AGI server is not running")
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        """Listen. Raises: ConfigurationError when host and port cannot be had."""
        try:
            self._server = await asyncio.start_server(self._accepted, self._host, self._wanted_port)
        except OSError as exc:
            where = f"{self._host}:{self._wanted_port}"
            raise ConfigurationError(
                f"the AGI server cannot listen on {where}: {exc.strerror}; choose another"
            ) from exc
        logger.info("agi server up", extra={"host": self._host, "port": self.port, "scripts": sorted(self._scripts)})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for session in tuple(self._sessions):
            session.cancel()
        if self._sessions:
            await asyncio.wait(self._sessions)
        if server is not None:
            await server.wait_closed()

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection (called by asyncio); its task is ours, so that we can bound and end it."""
        peer = writer.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        if len(self._sessions) >= self._limits.sessions or address not in self._limits.peers:
            self.counts.turned_away += 1
            logger.warning("agi session turned away", extra={"peer": address, "sessions": len(self._sessions)})
            writer.transport.abort()
            return
        self.counts.sessions += 1
        task = asyncio.create_task(self._serve(reader, writer), name=f"agi session {self.counts.sessions}")
        self._sessions.add(task)
        task.add_done_callback(self._sessions.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(reader, writer)
        try:
            async with asyncio.timeout(self._limits.session_seconds):
                await self._run(session)
        except CallerGone as exc:
            logger.info("agi session over", extra={"reason": str(exc)})
        except TimeoutError:
            self._failed("out of time")
        except AgiError as exc:
            self._failed(str(exc))
        except Exception:  # the shell around a single call: it ends, the others go on
            self.counts.failed += 1
            logger.exception("agi session failed")
        finally:
            await self._close(writer)

    async def _run(self, session: Session) -> None:
        request = await session.begin()
        script = self._scripts.get(request.script)
        if script is None:
            known = ", ".join(sorted(self._scripts))
            raise AgiBroken(f"no AGI script {request.script[:64]!r} here, only: {known}")
        await script(session)

    def _failed(self, reason: str) -> None:
        self.counts.failed += 1
        logger.warning("agi session failed", extra={"reason": reason})

    async def _close(self, writer: asyncio.StreamWriter) -> None:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._limits.close_seconds):
                await writer.wait_closed()
        writer.transport.abort()
