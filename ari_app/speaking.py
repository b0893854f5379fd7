"""Our voice on one call: sentences become sound, in order; a caller who interrupts holds them back.

A reply is what we say in one go. `say` returns when a sentence's sound has been handed to the playout, not when it has
been heard; `played_out` waits for that.
"""

import asyncio
import contextlib
import itertools
from dataclasses import dataclass
from typing import Final, Protocol

from audio_socket.leg import MediaLeg
from audio_socket.playout import Held, Playout
from engines.base import BadEngineAnswer, EngineError, EngineUnavailable, Mouth, SpeechRequest
from vocabulary.audio import AudioFormat
from vocabulary.speech import SpokenPiece

_AHEAD_SECONDS: Final = 20.0
"""No more than this is made ahead of what is heard: a caller who interrupts makes the rest worthless."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How an agent sounds."""

    language: str = "es"
    name: str = ""
    """The mouth's own name for it; "" is its default."""
    speed: float = 1.0

    def request(self, text: str, audio: AudioFormat) -> SpeechRequest:
        return SpeechRequest(text, audio.rate, self.language, self.name, self.speed)


class Prompts(Protocol):
    """Sentences that are sound already."""

    def get(
        self, text: str, rate: int, *, voice: str = "", language: str = "es", speed: float = 1.0
    ) -> SpokenPiece | None:
        """Return the sound, or None when it has not been rendered."""
        ...


class Speaking:
    """The agent's half of the conversation."""

    def __init__(self, mouth: Mouth, prompts: Prompts, voice: Voice, *, first_sound_seconds: float) -> None:
        """`first_sound_seconds`: how long the mouth may take until the next piece of a sentence."""
        self._mouth = mouth
        self._prompts = prompts
        self._voice = voice
        self._patience_seconds = first_sound_seconds
        self._playout: Playout | None = None
        self._tone_ids = itertools.count(-1, -1)
        self._unplayed: dict[int, None] = {}
        """Sentences begun and not heard to their end, in order."""
        self._all_played = asyncio.Event()
        self._all_played.set()
        self._held: Held | None = None
        self._may_speak = asyncio.Event()
        self._may_speak.set()
        self.first_sound_at: float | None = None
        """Loop time at which the current reply's first sound reached the playout."""

    def attach(self, leg: MediaLeg) -> None:
        """Speak on this leg from now on; what an earlier leg had not played is gone with it."""
        self._playout = leg.playout
        self._held = None
        self._unplayed.clear()
        self._all_played.set()
        self._may_speak.set()

    @property
    def audio(self) -> AudioFormat:
        """The leg's format."""
        return self._leg_playout.format

    @property
    def is_held(self) -> bool:
        """True while an interruption is being judged."""
        return self._held is not None

    def begin_reply(self) -> None:
        """What follows is a new reply."""
        self.first_sound_at = None

    async def say(self, speech_id: int, text: str) -> None:
        """Make one sentence's sound and line it up; `speech_id` is positive and new to this call.

        Raises: EngineError; what came before the error will be heard.
        """
        await self._may_speak.wait()
        playout = self._leg_playout
        while playout.seconds_waiting > _AHEAD_SECONDS:
            await asyncio.sleep(playout.seconds_waiting - _AHEAD_SECONDS)
            await self._may_speak.wait()
        self._begin(playout, speech_id, text)
        try:
            await self._feed(playout, speech_id, text)
        finally:
            playout.end(speech_id)

    def play(self, pcm: bytes) -> None:
        """Line up sound that is no sentence: a tone."""
        playout = self._leg_playout
        speech_id = next(self._tone_ids)
        playout.begin(speech_id, "")
        playout.feed(speech_id, SpokenPiece(pcm))
        playout.end(speech_id)

    async def played_out(self) -> None:
        """Wait until every sentence so far has been heard to its end, or dropped."""
        await self._all_played.wait()

    def speech_played(self, speech_id: int) -> None:
        """From the leg: a sentence's last frame has been sent."""
        self._unplayed.pop(speech_id, None)
        if not self._unplayed:
            self._all_played.set()

    def hold(self) -> float:
        """Fall silent with the next frame and keep the rest; return how many seconds are left unsaid."""
        if self._held is None:
            self._held = self._leg_playout.flush()
            self._may_speak.clear()
        return self._held.seconds_left

    def go_on(self) -> None:
        """It was a false alarm: go on from the word at which we stopped."""
        if self._held is not None:
            held, self._held = self._held, None
            self._leg_playout.resume(held)
        self._may_speak.set()

    def drop(self) -> list[tuple[int, str]]:
        """Fall silent for good; return the sentences that were cut and what was heard of each."""
        playout = self._leg_playout
        self.hold()
        heard = [(speech_id, playout.heard(speech_id)) for speech_id in self._unplayed]
        if self._held is not None:
            playout.drop(self._held)
            self._held = None
        self._unplayed.clear()
        self._all_played.set()
        self._may_speak.set()
        return heard

    @property
    def _leg_playout(self) -> Playout:
        if self._playout is None:
            raise EngineUnavailable("playout", "there is no media leg yet")
        return self._playout

    def _begin(self, playout: Playout, speech_id: int, text: str) -> None:
        playout.begin(speech_id, text)
        self._unplayed[speech_id] = None
        self._all_played.clear()

    async def _feed(self, playout: Playout, speech_id: int, text: str) -> None:
        request = self._voice.request(text, playout.format)
        voice = self._voice
        ready = self._prompts.get(
            text, playout.format.rate, voice=voice.name, language=voice.language, speed=voice.speed
        )
        if ready is not None:
            self._sounded()
            playout.feed(speech_id, ready)
            return
        pieces = self._mouth.speak(request)
        try:
            while True:
                try:
                    async with asyncio.timeout(self._patience_seconds):
                        piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                except TimeoutError as exc:
                    raise EngineUnavailable("tts", "no sound in time") from exc
                if len(piece.pcm) % 2:
                    raise BadEngineAnswer("tts", "half a sample")
                self._sounded()
                if not playout.feed(speech_id, piece):
                    return
        finally:
            close = getattr(pieces, "aclose", None)
            if close is not None:
                with contextlib.suppress(EngineError):
                    await close()

    def _sounded(self) -> None:
        if self.first_sound_at is None:
            self.first_sound_at = asyncio.get_running_loop().time()
