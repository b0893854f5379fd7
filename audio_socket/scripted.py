"""Fakes that keep the contract: a far end that does just what a test says, and a listener that notes all it hears."""

import asyncio
from collections.abc import Callable
from typing import Final, Self
from uuid import UUID

from audio_socket.leg import MediaLeg, MediaOffer
from audio_socket.protocol import (
    HANGUP,
    HEADER_BYTES,
    RATE_OF_KIND,
    audio_message,
    digit_message,
    identification_message,
)

GIVE_UP_SECONDS: Final = 10.0
"""Until a test that waits for something fails; nothing is measured with it."""


class ScriptedFarEnd:
    """Asterisk's side of one AudioSocket connection; sends nothing that it is not told to, identification included."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, offer: MediaOffer, *, is_identified: bool = True) -> Self:
        """Connect where the offer says and, unless told otherwise, say its UUID."""
        reader, writer = await asyncio.open_connection(offer.host, offer.port)
        far_end = cls(reader, writer)
        if is_identified:
            far_end.send(identification_message(offer.uuid))
        return far_end

    def send(self, data: bytes) -> None:
        """Send any bytes."""
        self._writer.write(data)

    def identify(self, uuid: UUID) -> None:
        """Say who we are."""
        self.send(identification_message(uuid))

    def speak(self, pcm: bytes, rate: int = 8000) -> None:
        """Send one message of sound."""
        self.send(audio_message(pcm, rate))

    def press(self, digit: str) -> None:
        """Press a key."""
        self.send(digit_message(digit))

    async def message(self) -> tuple[int, bytes]:
        """Return the next message's kind and payload. Raises: EOFError, ConnectionError at the end, TimeoutError."""
        async with asyncio.timeout(GIVE_UP_SECONDS):
            header = await self._reader.readexactly(HEADER_BYTES)
            return header[0], await self._reader.readexactly(int.from_bytes(header[1:3], "big"))

    async def frames(self, count: int) -> list[bytes]:
        """Return the next `count` messages of sound. Raises: EOFError, ConnectionError at the end."""
        frames: list[bytes] = []
        while len(frames) < count:
            kind, payload = await self.message()
            if kind in RATE_OF_KIND:
                frames.append(payload)
        return frames

    async def until_closed(self) -> list[tuple[int, bytes]]:
        """Return all messages until the server closes the connection."""
        messages: list[tuple[int, bytes]] = []
        try:
            while True:
                messages.append(await self.message())
        except (EOFError, ConnectionError):
            return messages

    async def is_hung_up(self) -> bool:
        """Wait for the end of the connection; return whether the server asked to hang up before it."""
        return (HANGUP, b"") in await self.until_closed()

    def stop_reading(self) -> None:
        """Read no more: what the server sends piles up in the kernel."""
        transport = self._writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()

    async def close(self) -> None:
        """End the connection, as Asterisk does when its channel is gone."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return


class ScriptedListener:
    """Notes everything a leg tells; `until` waits for it without sleeping."""

    def __init__(self) -> None:
        self.leg: MediaLeg | None = None
        self.heard: list[bytes] = []
        self.played: list[bytes] = []
        self.digits: list[str] = []
        self.speeches_played: list[int] = []
        self.endings: list[str] = []
        self._news = asyncio.Event()

    async def until(self, condition: Callable[["ScriptedListener"], bool]) -> None:
        """Return as soon as `condition` holds. Raises: TimeoutError after `GIVE_UP_SECONDS`."""
        async with asyncio.timeout(GIVE_UP_SECONDS):
            while not condition(self):
                self._news.clear()
                await self._news.wait()

    def leg_ready(self, leg: MediaLeg) -> None:
        self.leg = leg
        self._news.set()

    def frame_heard(self, frame: bytes) -> None:
        self.heard.append(frame)
        self._news.set()

    def frame_played(self, frame: bytes) -> None:
        self.played.append(frame)
        self._news.set()

    def digit_pressed(self, digit: str) -> None:
        self.digits.append(digit)
        self._news.set()

    def speech_played(self, speech_id: int) -> None:
        self.speeches_played.append(speech_id)
        self._news.set()

    def leg_ended(self, reason: str) -> None:
        self.endings.append(reason)
        self._news.set()
