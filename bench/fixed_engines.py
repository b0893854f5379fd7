"""Engines that always need the same time and always say the same: what is left of a turn's latency is our own."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

from engines.base import EngineHealth, SpeechRequest, Utterance
from engines.stt.scripted import as_heard
from engines.tts.scripted import cut
from vocabulary.audio import NARROWBAND
from vocabulary.speech import SpokenPiece, Transcript, WordMark
from vocabulary.thought import MindEvent, TextDelta, Thought

_PIECE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Delays:
    """How long each engine takes, in seconds."""

    stt: float = 0.2
    llm: float = 0.3
    """Until the answer's text."""
    tts: float = 0.15
    """Until a sentence's first sound."""


class FixedEar:
    """Understands the same sentence every time."""

    def __init__(self, text: str, delay_seconds: float) -> None:
        self._transcript = as_heard(text)
        self._delay_seconds = delay_seconds

    async def transcribe(self, utterance: Utterance) -> Transcript:
        """Return the sentence."""
        await asyncio.sleep(self._delay_seconds)
        return self._transcript

    async def health(self) -> EngineHealth:
        """Always ready."""
        return EngineHealth("stt:fixed", is_ready=True)


class FixedMind:
    """Gives the same answer to everything."""

    def __init__(self, text: str, delay_seconds: float) -> None:
        self._event = TextDelta(text)
        self._delay_seconds = delay_seconds

    async def think(self, thought: Thought) -> AsyncGenerator[MindEvent]:
        """Yield the answer in one piece."""
        await asyncio.sleep(self._delay_seconds)
        yield self._event

    async def health(self) -> EngineHealth:
        """Always ready."""
        return EngineHealth("llm:fixed", is_ready=True)


class FixedMouth:
    """Has one recording for whatever it is to say."""

    def __init__(self, pcm: bytes, text: str, delay_seconds: float) -> None:
        """`pcm` says `text`; its words are marked as if all letters took the same time."""
        self._pieces = cut(_with_marks(pcm, text), NARROWBAND.rate, _PIECE_SECONDS)
        self._delay_seconds = delay_seconds

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[SpokenPiece]:
        """Yield the recording in pieces of 0.2 s, all at once after the delay, as a fast mouth does."""
        await asyncio.sleep(self._delay_seconds)
        for piece in self._pieces:
            yield piece

    async def health(self) -> EngineHealth:
        """Always ready."""
        return EngineHealth("tts:fixed", is_ready=True)


def _with_marks(pcm: bytes, text: str) -> SpokenPiece:
    samples = len(pcm) // 2
    begins = [0, *(place + 1 for place, letter in enumerate(text) if letter == " ")]
    return SpokenPiece(pcm, tuple(WordMark(begin, samples * begin // len(text)) for begin in begins))
