"""An ear and a mouth whose work is done in the `speech` process; used inside the loop that carries the callers' voices.

Requests that are under way when the connection breaks fail at once; new ones fail at once until it is back, which is
tried again and again with growing pauses. A sentence's pieces are bounded on both sides: see `messages`.
"""

import asyncio
import functools
import itertools
import logging
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final, cast

from engines.base import (
    BadEngineAnswer,
    EngineBusy,
    EngineError,
    EngineHealth,
    EngineUnavailable,
    SpeechRequest,
    Utterance,
)
from engines.speech import messages as said
from engines.speech.wire import BODY_LIMIT, FrameReader, WireError
from vocabulary.speech import SpokenPiece, Transcript

logger = logging.getLogger(__name__)

ENGINE: Final = "speech"
_WINDOW: Final = 32
"""Pieces under way per sentence: 6 s of sound as espeak cuts it, a hundred kilobytes."""
_FIRST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 1.0
_HELLO_SECONDS: Final = 5.0
"""A process that accepts and says nothing for so long is not the one we know."""
_MOST_UNSENT_BYTES: Final = 4 * BODY_LIMIT
_REQUESTS: Final = 0xFFFFFFFF

_Received = said.Answer | EngineError


class SpeechClient:
    """The `speech` process as seen from `calls`; `async with` it, then use `ear` and `mouth`."""

    def __init__(self, path: Path) -> None:
        """`path`: the Unix socket; the process behind it may come, go and come back."""
        self._path = path
        self._link: _Link | None = None
        self._numbers = itertools.cycle(range(1, _REQUESTS))
        self._keeper: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()
        self.ear = SpeechEar(self)
        self.mouth = SpeechMouth(self)

    async def start(self) -> None:
        """Begin to connect, and keep connected until `stop`; returns at once."""
        self._keeper = asyncio.create_task(self._keep_connected(), name="speech connection")

    async def stop(self) -> None:
        """Let go; what is under way fails with EngineUnavailable."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None

    async def __aenter__(self) -> "SpeechClient":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def is_connected(self) -> bool:
        """True when requests have somebody to go to."""
        return self._connected.is_set()

    async def connected(self) -> None:
        """Wait until requests have somebody to go to."""
        await self._connected.wait()

    async def health(self) -> tuple[EngineHealth, ...]:
        """Tell how ear and mouth are, in this order; not ready, and why, when the process cannot be asked."""
        try:
            async with self.request() as request:
                request.send(said.AskHealth(request.number))
                answer = await request.answer()
            if isinstance(answer, said.Health) and len(answer.engines) == 2:
                return answer.engines
            raise BadEngineAnswer(ENGINE, "told no health")
        except EngineError as error:
            detail = f"{error.reason}; is `centralita speech` running?"
            return tuple(EngineHealth(f"{port}:speech", is_ready=False, detail=detail) for port in ("stt", "tts"))

    def request(self) -> "_Request":
        """Open a request; it is taken back when its `async with` ends early.

        Raises: EngineUnavailable, EngineBusy when the process does not read what it is sent.
        """
        if self._link is None:
            raise EngineUnavailable(ENGINE, "the speech process is not connected")
        if self._link.unsent_bytes > _MOST_UNSENT_BYTES:
            raise EngineBusy(ENGINE, "the speech process does not read")
        return _Request(self._link, next(self._numbers))

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        pause_seconds = _FIRST_PAUSE_SECONDS
        while True:
            link = _Link()
            try:
                await loop.create_unix_connection(functools.partial(_same, link), str(self._path))
                async with asyncio.timeout(_HELLO_SECONDS):
                    if trouble := await link.greeted:
                        raise trouble
                pause_seconds = _FIRST_PAUSE_SECONDS
                self._link = link
                self._connected.set()
                logger.info("speech connected")
                await link.lost
            except (OSError, EngineError) as error:  # TimeoutError is an OSError
                logger.debug("speech not connected", extra={"reason": str(error)})
            finally:
                was_connected, self._link = self._link is link, None
                self._connected.clear()
                link.break_off(EngineUnavailable(ENGINE, "we let go of it"))
            if was_connected:
                logger.warning("speech connection lost")
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)


class SpeechEar:
    """The ear behind a `SpeechClient`."""

    def __init__(self, client: SpeechClient) -> None:
        self._client = client

    async def transcribe(self, utterance: Utterance) -> Transcript:
        """Return the words.

        Raises: EngineError.
        """
        if len(utterance.pcm) > BODY_LIMIT:
            raise BadEngineAnswer(ENGINE, f"an utterance of {len(utterance.pcm)} bytes")
        async with self._client.request() as request:
            request.send(said.Transcribe(request.number, utterance))
            answer = await request.answer()
        if isinstance(answer, said.Transcribed):
            return answer.transcript
        raise BadEngineAnswer(ENGINE, f"answered {type(answer).__name__} to an utterance")

    async def health(self) -> EngineHealth:
        """Tell how the ear over there is."""
        return (await self._client.health())[0]


class SpeechMouth:
    """The mouth behind a `SpeechClient`."""

    def __init__(self, client: SpeechClient) -> None:
        self._client = client

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[SpokenPiece]:
        """Yield the sentence's sound; closing the iterator stops the synthesis over there.

        Raises: EngineError.
        """
        async with self._client.request() as order:
            order.send(said.Speak(order.number, request, _WINDOW))
            untold = 0
            while True:
                answer = await order.answer()
                if isinstance(answer, said.Spoken):
                    return
                if not isinstance(answer, said.Piece):
                    raise BadEngineAnswer(ENGINE, f"answered {type(answer).__name__} to a sentence")
                yield answer.piece
                untold += 1
                if untold >= _WINDOW // 2:
                    order.send(said.Taken(order.number, untold))
                    untold = 0

    async def health(self) -> EngineHealth:
        """Tell how the mouth over there is."""
        return (await self._client.health())[1]


class _Request:
    """One request's place on the connection: answers arrive here, and leaving early sends a cancel."""

    def __init__(self, link: "_Link", number: int) -> None:
        self.number = number
        self._link = link
        # bounded by the window: the other side sends no more than that untaken
        self._answers: asyncio.Queue[_Received] = asyncio.Queue()
        self._is_over = False

    async def __aenter__(self) -> "_Request":
        self._link.requests[self.number] = self
        return self

    async def __aexit__(self, *_: object) -> None:
        self._link.requests.pop(self.number, None)
        if not self._is_over:
            self.send(said.Cancel(self.number))

    def send(self, message: said.Wish) -> None:
        """Send; on a connection that is gone this does nothing, because the answer already says so."""
        self._link.send(message)

    def received(self, answer: _Received) -> None:
        """From the connection: the next answer, or what ended the request."""
        if self._answers.qsize() > 2 * _WINDOW:  # it ignores our window: keep nothing more of it
            self._link.requests.pop(self.number, None)
            answer = BadEngineAnswer(ENGINE, "sends more than it was asked for")
        else:
            self._is_over = not isinstance(answer, said.Piece)
        self._answers.put_nowait(answer)

    async def answer(self) -> said.Answer:
        """Wait for the next answer.

        Raises: EngineError as the process told it, or EngineUnavailable when the connection broke.
        """
        answer = await self._answers.get()
        if isinstance(answer, EngineError):
            raise answer
        if isinstance(answer, said.Failed):
            raise said.ERRORS[answer.error](answer.engine, answer.reason)
        return answer


class _Link(asyncio.Protocol):
    """One connection to the process, from its hello to its end."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.requests: dict[int, _Request] = {}
        self.greeted: asyncio.Future[EngineError | None] = loop.create_future()
        """None when the process said hello in our version; otherwise what is wrong with it."""
        self.lost: asyncio.Future[None] = loop.create_future()
        """Done when the connection is over."""
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def connection_lost(self, exc: Exception | None) -> None:
        self.break_off(EngineUnavailable(ENGINE, "the connection broke"))

    def data_received(self, data: bytes) -> None:
        try:
            frames = self._reader.receive_data(data)
        except WireError as error:
            self.break_off(BadEngineAnswer(ENGINE, f"sends nonsense: {error}"))
            return
        for frame in frames:
            message = said.decode(frame)
            if isinstance(message, said.Hello):
                self._greet(message)
            elif request := self.requests.get(message.request):
                request.received(_as_answer(message))
            # an answer that crossed our cancel: nobody waits for it

    def send(self, message: said.Wish) -> None:
        """Send, if there is still somebody to send to."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(said.encode(message))

    @property
    def unsent_bytes(self) -> int:
        """What waits in us for the process to read."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def break_off(self, reason: EngineError) -> None:
        """End the connection and everything under way on it; a second time changes nothing."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        if not self.lost.done():
            self.lost.set_result(None)
        if not self.greeted.done():
            self.greeted.set_result(reason)
        requests, self.requests = self.requests, {}
        for request in requests.values():
            request.received(reason)

    def _greet(self, hello: said.Hello) -> None:
        if self.greeted.done():
            return
        is_ours = hello.version == said.VERSION
        trouble = BadEngineAnswer(ENGINE, f"speaks version {hello.version} of the protocol")
        self.greeted.set_result(None if is_ours else trouble)


def _same(link: _Link) -> _Link:
    return link


def _as_answer(message: said.Message | said.Malformed) -> _Received:
    if isinstance(message, said.Malformed):
        return BadEngineAnswer(ENGINE, message.reason)
    if isinstance(message, said.Wish):
        return BadEngineAnswer(ENGINE, "asks instead of answering")
    return message
