"""The wire of the scripted Asterisk: HTTP requests and one event stream on a TCP connection, not what they mean."""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol, cast
from urllib.parse import parse_qs, unquote, urlsplit

from websockets.frames import Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    """One answer out of the ordinary."""

    status: int = 200
    body: bytes = b""
    delay_seconds: float = 0.0
    is_cut: bool = False
    """The connection breaks instead of an answer."""


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """What a client asked for."""

    method: str
    path: str
    """Below `/ari`, unquoted."""
    query: dict[str, str]
    body: Json | None


def refused(status: int, message: str) -> ScriptedAnswer:
    return ScriptedAnswer(status, json.dumps({"message": message}).encode())


class ScriptedServer(Protocol):
    """What a connection asks of the server it belongs to."""

    is_deaf_to_events: bool

    def may_enter(self, authorization: str) -> bool: ...

    async def answer(self, request: SeenRequest) -> ScriptedAnswer: ...

    def opened(self, connection: "ScriptedConnection") -> None: ...

    def closed(self, connection: "ScriptedConnection") -> None: ...

    def listens(self, connection: "ScriptedConnection") -> None: ...


class ScriptedConnection(asyncio.Protocol):
    """One TCP connection: HTTP requests one after the other, until one of them asks for events."""

    def __init__(self, ari: ScriptedServer) -> None:
        self._ari = ari
        self._received = bytearray()
        self._events: ServerProtocol | None = None
        self._answering: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self._ari.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answering is not None:
            self._answering.cancel()
        self._ari.closed(self)

    def abort(self) -> None:
        self._transport.abort()

    def send_text(self, text: str) -> None:
        if self._events is not None and self._events.state is State.OPEN:
            self._events.send_text(text.encode())
            self._flush()

    def data_received(self, data: bytes) -> None:
        if self._events is not None:
            self._events.receive_data(data)
            self._flush()
            return
        self._received += data
        if b"\r\n\r\n" in self._received and self._answering is None:
            head = bytes(self._received[: self._received.index(b"\r\n\r\n")]).decode("latin-1")
            if "upgrade: websocket" in head.lower():
                if not self._ari.is_deaf_to_events:
                    self._upgrade(head)
            else:
                self._take_request(head)

    def _upgrade(self, head: str) -> None:
        self._events = ServerProtocol()
        self._events.receive_data(bytes(self._received))
        request = next(iter(self._events.events_received()))
        if self._ari.may_enter(_headers(head).get("authorization", "")):
            self._events.send_response(self._events.accept(request))  # type: ignore[arg-type]  # the first is a request
            self._ari.listens(self)
        else:
            self._events.send_response(self._events.reject(HTTPStatus.UNAUTHORIZED, ""))
        self._flush()

    def _flush(self) -> None:
        assert self._events is not None
        for data in self._events.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()
        for frame in self._events.events_received():
            assert getattr(frame, "opcode", Opcode.CLOSE) is not Opcode.TEXT, "ARI clients send no messages"

    def _take_request(self, head: str) -> None:
        headers = _headers(head)
        begin = len(head) + 4
        end = begin + int(headers.get("content-length", "0"))
        if len(self._received) < end:
            return
        body = bytes(self._received[begin:end])
        del self._received[:end]
        method, target, _ = head.split("\r\n", 1)[0].split(" ")
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        request = SeenRequest(method, unquote(url.path.removeprefix("/ari")), query, json.loads(body) if body else None)
        if self._ari.may_enter(headers.get("authorization", "")):
            self._answering = asyncio.create_task(self._answer(request))
        else:
            self._write(refused(401, "Authentication required"))

    async def _answer(self, request: SeenRequest) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            self._write(await self._ari.answer(request))
            self._answering = None

    def _write(self, answer: ScriptedAnswer) -> None:
        if answer.is_cut:
            self._transport.abort()
            return
        reason = HTTPStatus(answer.status).phrase
        head = f"HTTP/1.1 {answer.status} {reason}\r\nContent-Length: {len(answer.body)}\r\n\r\n"
        self._transport.write(head.encode() + answer.body)


def _headers(head: str) -> dict[str, str]:
    lines = head.split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
