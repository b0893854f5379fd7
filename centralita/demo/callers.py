"""The synthetic people of the demo: each has a telephone, a voice of espeak's, and the manners of a listener."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from engines.base import Mouth, SpeechRequest
from softphone.call import Call
from softphone.phone import Phone

LISTENING_PAUSE_SECONDS: Final = 0.5
"""After so much silence the other one has finished; between two sentences of ours there is less."""
_ANSWER_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is."""

    name: str
    """For the timeline and the pictures."""
    voice: str
    """The mouth's name of the voice."""
    number: str
    """A caller's number as presented, or a colleague's extension."""


@dataclass(frozen=True, slots=True)
class Saying:
    """Something said into a telephone, as it was really said: what the ear makes of it is another matter."""

    speaker: str
    text: str
    at: float
    """Unix time of its beginning."""
    pcm: bytes
    """Mono 16 bit little endian at the phone's rate."""


@dataclass(frozen=True, slots=True)
class PhoneSound:
    """What one telephone sent and heard."""

    rate: int
    began_at: float
    """Unix time of the first sample of both."""
    sent: bytes
    heard: bytes


class Speaker:
    """Somebody on the telephone, in one call."""

    def __init__(self, who: Person, call: Call, mouth: Mouth, said: Callable[[Saying], None]) -> None:
        """`said` is told of everything at the moment it begins."""
        self.who = who
        self.call = call
        self._mouth = mouth
        self._said = said
        self.hung_up_first: bool | None = None
        """Whether it was this one who ended the call; None while it goes on."""

    async def hear_out(self, pause_seconds: float = LISTENING_PAUSE_SECONDS) -> None:
        """Wait until the other end has spoken and has finished. Raises: TimeoutError, ConnectionError."""
        await self.call.media.hear_out(pause_seconds, _ANSWER_SECONDS)

    async def hear_end(self) -> None:
        """Wait until nothing more is heard, if anything was. Raises: TimeoutError, ConnectionError."""
        await self.call.media.wait_for_silence(0.3, _ANSWER_SECONDS)

    async def hear_for(self, seconds: float) -> None:
        """Listen for so long, and then on to the middle of a word. Raises: TimeoutError, ConnectionError."""
        await self.call.media.wait_for_speech(within_seconds=_ANSWER_SECONDS)
        await asyncio.sleep(seconds)
        await self.call.media.wait_for_speech(min_ms=60, within_seconds=_ANSWER_SECONDS)

    async def say(self, text: str) -> None:
        """Say it, and return when it has been said. Raises: EngineError when the mouth fails."""
        request = SpeechRequest(text, self.call.media.rate, "es", self.who.voice)
        pcm = b"".join([piece.pcm async for piece in self._mouth.speak(request)])
        self._said(Saying(self.who.name, text, time.time(), pcm))
        await self.call.media.play(pcm)

    async def hang_up(self) -> None:
        await self.call.hang_up()
        await self.wait_ended()

    async def wait_ended(self) -> None:
        """Wait until the call is over, whoever ended it."""
        async with asyncio.timeout(_ANSWER_SECONDS):
            self.hung_up_first = (await self.call.wait_ended()).by_us

    def sound(self) -> PhoneSound | None:
        """What this telephone sent and heard; None when there was nothing."""
        media = self.call.media
        if media.origin is None:
            return None
        began_at = time.time() - (asyncio.get_running_loop().time() - media.origin)
        return PhoneSound(media.rate, began_at, media.sent_pcm(), media.heard_pcm())


@asynccontextmanager
async def telephone(server: tuple[str, int], user: str, password: str | None = None) -> AsyncIterator[Phone]:
    """A telephone; with a password it is registered, so that it can be rung."""
    async with await Phone.open(server, user, password) as phone:
        if password is not None:
            await phone.register()
        yield phone
