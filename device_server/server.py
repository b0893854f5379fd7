"""The server: accepts, reads, asks the shelf, writes, waits for the goodbye. What it decides is decided elsewhere."""

import asyncio
import fcntl
import logging
import socket
import struct
import termios
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import TracebackType
from typing import Final

from device_server.address import IpAddress, client_address
from device_server.fetch_log import Log
from device_server.ledger import Ledger
from device_server.protocol import Refusal, Request, RequestReader, head_of
from device_server.shelf import SUCCESSES, Answer, Key, LogEntry, Shelf, ShelvedDevice, entry_of, refused_entry

logger = logging.getLogger(__name__)

_CHUNK: Final = 16 * 1024
_ASK_AGAIN_SECONDS: Final = 0.02
_MOST_AFTERWARDS: Final = 64 * 1024
"""So much that a client still sends after its answer is read and thrown away, so that the answer reaches it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may cost."""

    request_seconds: float = 10.0
    """From the connection to the end of the request's head."""
    answer_seconds: float = 30.0
    goodbye_seconds: float = 5.0
    """How long a client may take to close after it has been sent everything."""
    connections: int = 64
    connections_per_address: int = 4


class DeviceServer:
    """Serves one shelf on one address; a context manager."""

    def __init__(
        self,
        shelf: Shelf,
        ledger: Ledger,
        log: Log,
        *,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`ledger`: entered, and the one `shelf` was made with; `clock`: seconds since 1970."""
        self._shelf = shelf
        self._ledger = ledger
        self._log = log
        self._limits = limits or Limits()
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], str] = {}
        self._one_at_a_time: defaultdict[Key, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def __aenter__(self) -> "DeviceServer":
        """Release what was on its way when an earlier process was killed: logged first, then available again.

        Raises: OSError when that cannot be written down.
        """
        released = self._shelf.recover(self._clock())
        for entry in released:
            self._log.write(entry)
        if released:
            self._ledger.save(self._shelf.takings)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    async def listen(self, address: IpAddress, port: int) -> int:
        """Listen there and return the port; 0 takes a free one.

        Raises: OSError.
        """
        self._server = await asyncio.start_server(self._accept, str(address), port)
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    def restock(self, devices: Sequence[ShelvedDevice]) -> None:
        """Serve these from now on; answers under way go on."""
        self._shelf.restock(devices)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        address = client_address(peer[0]) if peer else None
        client = str(address or "")
        held = Counter(self._connections.values())
        if held[client] >= self._limits.connections_per_address or held.total() >= self._limits.connections:
            writer.transport.abort()
            self._write_down(
                refused_entry(Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many connections"), client, self._clock())
            )
            return
        task = asyncio.get_running_loop().create_task(
            self._serve(reader, writer, address, client), name=f"fetch {client}"
        )
        self._connections[task] = client
        task.add_done_callback(self._connections.pop)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: IpAddress | None, client: str
    ) -> None:
        writer.transport.set_write_buffer_limits(high=0)  # `drain` returns when the kernel has everything
        try:
            asked = await self._read(reader)
            match asked:
                case None:
                    pass  # it came and went; nothing was asked
                case Refusal():
                    self._write_down(refused_entry(asked, client, self._clock()))
                    body = f"{asked.status.phrase}\n".encode()
                    await self._send(reader, writer, asked.status, "text/plain", body, with_body=True)
                case Request():
                    await self._answer(reader, writer, asked, address, client)
        except OSError:
            pass  # the client is gone; what that means has been written down where it matters
        except Exception:  # the shell around one connection: a fault in it ends that one only
            logger.exception("connection failed")
        finally:
            writer.transport.abort()  # nothing more is to be said: either all was acknowledged, or nobody listens
            with suppress(OSError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> Request | Refusal | None:
        incoming = RequestReader()
        try:
            async with asyncio.timeout(self._limits.request_seconds):
                while data := await reader.read(4096):
                    if found := incoming.receive_data(data):
                        return found
        except TimeoutError:
            return Refusal(HTTPStatus.REQUEST_TIMEOUT, "request took too long")
        return incoming.receive_eof()

    async def _answer(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        request: Request,
        address: IpAddress | None,
        client: str,
    ) -> None:
        answer = self._shelf.answer(request, address)
        if answer.takes or answer.outcome == "withdrawn":
            # somebody may be taking it right now: what he leaves, if he is cut off, is for the next
            async with self._one_at_a_time[answer.device, answer.file]:
                answer = self._begun(self._shelf.answer(request, address), client)
                if answer.takes:
                    await self._give(reader, writer, request, answer, client)
                    return
        await self._give(reader, writer, request, answer, client)

    def _begun(self, answer: Answer, client: str) -> Answer:
        """Write down that a one-time file leaves; what cannot be written down stays here."""
        if answer.takes is None:
            return answer
        self._shelf.begin(answer, client, self._clock())
        try:
            self._ledger.save(self._shelf.takings)
        except OSError:
            logger.exception("ledger cannot be written; a one-time file was not served")
            self._shelf.end(answer, client, self._clock(), has_arrived=False)
            status = HTTPStatus.SERVICE_UNAVAILABLE
            return replace(
                answer,
                status=status,
                body=b"Try again later\n",
                media_type="text/plain",
                outcome="not-kept",
                takes=None,
            )
        return answer

    async def _give(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        request: Request,
        answer: Answer,
        client: str,
    ) -> None:
        with_body = request.method == "GET"
        told = (answer.status, answer.media_type, answer.body)
        if answer.outcome not in SUCCESSES:  # how it ends does not matter; it is on record before it is answered
            self._write_down(entry_of(answer, client, self._clock(), 0, has_arrived=True))
            await self._send(reader, writer, *told, with_body=with_body)
            return
        sent, has_arrived = _Sent(), False
        try:
            has_arrived = await self._send(reader, writer, *told, with_body=with_body, sent=sent)
        finally:  # also when we are stopped in the middle
            self._write_down_end(answer, client, sent.bytes, has_arrived=has_arrived)

    def _write_down_end(self, answer: Answer, client: str, sent: int, *, has_arrived: bool) -> None:
        now = self._clock()
        is_written = self._write_down(entry_of(answer, client, now, sent, has_arrived=has_arrived))
        if answer.takes is None:
            return
        # what nobody can read about must not be available a second time
        self._shelf.end(answer, client, now, has_arrived=has_arrived or not is_written)
        try:
            self._ledger.save(self._shelf.takings)
        except OSError:
            logger.exception("ledger cannot be written; after a restart it will say that a fetch is uncertain")

    async def _send(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        status: HTTPStatus,
        media_type: str,
        body: bytes,
        *,
        with_body: bool,
        sent: "_Sent | None" = None,
    ) -> bool:
        """Send all of it; return True when the client has it, as far as TCP can tell."""
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                writer.write(head_of(status, media_type, len(body), self._clock()))
                for begin in range(0, len(body) if with_body else 0, _CHUNK):
                    writer.write(body[begin : begin + _CHUNK])
                    await writer.drain()
                    if sent is not None:
                        sent.bytes = min(begin + _CHUNK, len(body))
                await writer.drain()
                writer.write_eof()
            return await self._goodbye(reader, writer)
        except (OSError, TimeoutError):  # a reset, or a client that does not read
            return False

    async def _goodbye(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Wait for the client to close, or for its kernel to have acknowledged every byte if it never does.

        A client that closes with part of the answer unread resets the connection; one that closed before it was
        answered does so as soon as the answer arrives.
        """
        thrown_away = 0
        async with asyncio.timeout(self._limits.goodbye_seconds):
            with suppress(TimeoutError):
                async with asyncio.timeout(self._limits.goodbye_seconds / 2):
                    while (data := await reader.read(4096)) and thrown_away <= _MOST_AFTERWARDS:
                        thrown_away += len(data)
            while not writer.transport.is_closing():
                error, waiting = _fate(writer)
                if error:
                    return False
                if not waiting:
                    return True
                await asyncio.sleep(_ASK_AGAIN_SECONDS)  # the kernel tells nobody when the last byte is acknowledged
        return False

    def _write_down(self, entry: LogEntry) -> bool:
        """Write a line of the log; False when that failed."""
        try:
            self._log.write(entry)
        except OSError:
            logger.exception("log of fetches cannot be written")
            return False
        return True


@dataclass(slots=True)
class _Sent:
    """How much of the content the kernel has taken."""

    bytes: int = 0


def _fate(writer: asyncio.StreamWriter) -> tuple[int, int]:
    """Return (the connection's error, how many bytes the peer has not acknowledged).

    Linux, tcp(7): SIOCOUTQ, which has TIOCOUTQ's number; a reset after the peer's FIN is left in SO_ERROR.
    """
    connection = writer.get_extra_info("socket")
    error: int = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    waiting: int = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)))[0]
    return error, waiting
