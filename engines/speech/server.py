"""The serving side of the Unix socket: many requests at once on each connection, a bounded number altogether.

Each request is one task; a cancel, a lost connection or the end of the process ends it. Whatever an engine does wrong
is answered with `Failed` and ends only that request.
"""

import asyncio
import logging
import os
import socket
import stat
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from engines.base import BadEngineAnswer, Ear, EngineBusy, EngineError, EngineFailed, Mouth
from engines.speech import messages as said
from engines.speech.wire import FrameReader, WireError
from vocabulary.audio import SAMPLE_BYTES
from vocabulary.speech import SpokenPiece, Transcript

logger = logging.getLogger(__name__)

_WIDEST_WINDOW: Final = 1024


@dataclass(frozen=True, slots=True)
class SpeechLimits:
    """How much may be asked at once; beyond it the answer is EngineBusy."""

    utterances: int = 64
    """Being transcribed or waiting for it."""
    sentences: int = 128
    """Being spoken or waiting for it."""
    connections: int = 8


class SocketTaken(Exception):
    """Another process already serves on this path."""


class SpeechServer:
    """Serves one ear and one mouth on a Unix socket that only this user may open."""

    def __init__(self, ear: Ear, mouth: Mouth, path: Path, *, limits: SpeechLimits | None = None) -> None:
        self.ear = ear
        self.mouth = mouth
        self._path = path
        limits = limits or SpeechLimits()
        self.utterances = Places("stt", limits.utterances)
        self.sentences = Places("tts", limits.sentences)
        self._most_connections = limits.connections
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; from its return on, connections are answered.

        Raises: SocketTaken, OSError.
        """
        listener = _bind(self._path)
        self._server = await asyncio.get_running_loop().create_unix_server(self._connect, sock=listener)

    async def stop(self) -> None:
        """Stop listening, drop connections and what they asked for, remove the socket."""
        if self._server is not None:
            self._server.close()
        tasks = [task for connection in self._connections for task in connection.close()]
        await asyncio.gather(*tasks, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    def _connect(self) -> asyncio.Protocol:
        return _Connection(self)

    def admit(self, connection: "_Connection") -> bool:
        """Count a new connection in, unless there are too many."""
        if len(self._connections) >= self._most_connections:
            logger.warning("speech refused a connection", extra={"connections": len(self._connections)})
            return False
        self._connections.add(connection)
        return True

    def forget(self, connection: "_Connection") -> None:
        """Count a connection out."""
        self._connections.discard(connection)


class Places:
    """A bounded number of requests; `with places:` takes one or raises EngineBusy."""

    def __init__(self, engine: str, most: int) -> None:
        self._engine = engine
        self._free = most

    def __enter__(self) -> None:
        if not self._free:
            raise EngineBusy(self._engine, "too many requests wait")
        self._free -= 1

    def __exit__(self, *_: object) -> None:
        self._free += 1


class _Connection(asyncio.Protocol):
    """One client: its requests under way, and whether it reads."""

    def __init__(self, server: SpeechServer) -> None:
        self._server = server
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._windows: dict[int, asyncio.Semaphore] = {}

    # -- asyncio.Protocol ---------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        if self._server.admit(self):
            self._send(said.Hello(said.VERSION))
        else:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.forget(self)
        self._transport = None
        self._may_write.set()
        for task in self._tasks.values():
            task.cancel()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        try:
            frames = self._reader.receive_data(data)
        except WireError as error:
            logger.warning("speech dropped a client that makes no sense", extra={"reason": str(error)})
            self.close()
            return
        for frame in frames:
            self._received(said.decode(frame))

    # -- requests -----------------------------------------------------------------------------------------------------

    def close(self) -> list[asyncio.Task[None]]:
        """Drop the client; return the tasks that are ending because of it."""
        if self._transport is not None:
            self._transport.abort()
        for task in self._tasks.values():
            task.cancel()
        return list(self._tasks.values())

    def _received(self, message: said.Message | said.Malformed) -> None:
        match message:
            case said.Transcribe(request, _):
                self._begin(request, self._transcribe(message))
            case said.Speak(request, _, window):
                self._windows[request] = asyncio.Semaphore(min(max(window, 1), _WIDEST_WINDOW))
                self._begin(request, self._speak(message))
            case said.AskHealth(request):
                self._begin(request, self._tell_health(request))
            case said.Cancel(request):
                if task := self._tasks.get(request):
                    task.cancel()
            case said.Taken(request, pieces):
                if window_of_request := self._windows.get(request):
                    for _ in range(min(pieces, _WIDEST_WINDOW)):
                        window_of_request.release()
            case said.Malformed(request, reason):
                self._send(said.failure(request, BadEngineAnswer("speech", f"request not understood: {reason}")))
            case _:
                self._send(said.failure(message.request, BadEngineAnswer("speech", "that is no request")))

    def _begin(self, request: int, work: Coroutine[Any, Any, None]) -> None:
        if request in self._tasks:
            work.close()
            logger.warning("speech got a request number twice", extra={"request": request})
            return
        task = asyncio.create_task(self._answer(request, work), name=f"speech request {request}")
        self._tasks[request] = task
        task.add_done_callback(lambda _: self._ended(request))

    def _ended(self, request: int) -> None:
        self._tasks.pop(request, None)
        self._windows.pop(request, None)

    async def _answer(self, request: int, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except EngineError as error:
            self._send(said.failure(request, error))
        except Exception as error:  # noqa: BLE001 - a request's shell: a broken model ends only it
            # the type alone: a model's message may quote what was said
            logger.error("an engine broke on a request", extra={"error": type(error).__name__})
            self._send(said.failure(request, EngineFailed("speech", f"broke with {type(error).__name__}")))

    async def _transcribe(self, wish: said.Transcribe) -> None:
        with self._server.utterances:
            transcript = await self._server.ear.transcribe(wish.utterance)
            if not isinstance(transcript, Transcript):
                raise BadEngineAnswer("stt", "the ear answered with no transcript")
            self._send(said.Transcribed(wish.request, transcript))

    async def _speak(self, wish: said.Speak) -> None:
        window = self._windows[wish.request]
        with self._server.sentences:
            async with _closing(self._server.mouth.speak(wish.sentence)) as pieces:
                async for piece in pieces:
                    if not isinstance(piece, SpokenPiece) or len(piece.pcm) % SAMPLE_BYTES:
                        raise BadEngineAnswer("tts", "the mouth answered with no sound")
                    await window.acquire()
                    await self._may_write.wait()
                    self._send(said.Piece(wish.request, piece))
            self._send(said.Spoken(wish.request))

    async def _tell_health(self, request: int) -> None:
        engines = await asyncio.gather(self._server.ear.health(), self._server.mouth.health())
        self._send(said.Health(request, tuple(engines)))

    def _send(self, message: said.Message) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(said.encode(message))


def _closing(pieces: Any) -> AbstractAsyncContextManager[Any]:
    """Close an async generator at the end; a mouth may also be a plain iterator, which has nothing to close."""
    return aclosing(pieces) if hasattr(pieces, "aclose") else nullcontext(pieces)


def _bind(path: Path) -> socket.socket:
    """Return a listening socket on `path`, mode 0600; one left behind by a dead process is removed.

    Raises: SocketTaken, OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise SocketTaken(f"{path} exists and is no socket")
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
            else:
                raise SocketTaken(f"another process serves on {path}")
    listener = socket.socket(socket.AF_UNIX)
    previous = os.umask(0o177)  # so that there is no moment in which others may connect
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(previous)
    return listener
