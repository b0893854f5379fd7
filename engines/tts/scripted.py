"""A mouth that hums: for tests of everything around a mouth. Every word is a tone of a length its letters decide."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from typing import Final

import numpy as np

from engines.base import EngineHealth, SpeechRequest
from vocabulary.audio import AudioFormat
from vocabulary.speech import SpokenPiece, WordMark

_WORD: Final = re.compile(r"\S+")
_LOUDNESS: Final = 6000
_LOWEST_HERTZ: Final = 220
_STEP_HERTZ: Final = 55
_STEPS: Final = 8


def hum(request: SpeechRequest, *, seconds_a_character: float = 0.06) -> SpokenPiece:
    """Return the whole sentence: a tone for each word, one mark where it begins; the same request sounds the same.

    Lasts `seconds_a_character` for each character up to the last word's end, divided by the speed.
    """
    audio = AudioFormat(request.rate)
    a_character = seconds_a_character / request.speed
    words = list(_WORD.finditer(request.text))
    sound = np.zeros(audio.samples(words[-1].end() * a_character) if words else 0, np.int16)
    marks = []
    for place, word in enumerate(words):
        start, end = audio.samples(word.start() * a_character), audio.samples(word.end() * a_character)
        hertz = _LOWEST_HERTZ + _STEP_HERTZ * (place % _STEPS)
        sound[start:end] = _LOUDNESS * np.sin(2 * np.pi * hertz / request.rate * np.arange(end - start))
        marks.append(WordMark(word.start(), start))
    return SpokenPiece(sound.tobytes(), tuple(marks))


class ScriptedMouth:
    """Hums every sentence, late or not at all if its script says so."""

    def __init__(
        self,
        troubles: Sequence[Exception | None] = (),
        *,
        delay_seconds: float = 0.0,
        piece_delay_seconds: float = 0.0,
        seconds_a_character: float = 0.06,
        piece_seconds: float = 0.1,
    ) -> None:
        """Keep the script: the n-th sentence raises the n-th trouble after its first piece, None speaks.

        `delay_seconds` pass before a sentence's first piece, `piece_delay_seconds` before every later one.
        """
        self._troubles = iter(troubles)
        self._delay_seconds = delay_seconds
        self._piece_delay_seconds = piece_delay_seconds
        self._seconds_a_character = seconds_a_character
        self._piece_seconds = piece_seconds
        self.said: list[SpeechRequest] = []
        """Every request so far, oldest first."""
        self.speaking = 0
        """Sentences begun and neither finished nor cancelled."""

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[SpokenPiece]:
        """Yield the hum in pieces.

        Raises: whatever exception the script holds for this sentence.
        """
        self.said.append(request)
        trouble = next(self._troubles, None)
        self.speaking += 1
        try:
            await asyncio.sleep(self._delay_seconds)
            sentence = hum(request, seconds_a_character=self._seconds_a_character)
            for number, piece in enumerate(cut(sentence, request.rate, self._piece_seconds)):
                if number:
                    await asyncio.sleep(self._piece_delay_seconds)
                yield piece
                if trouble is not None:
                    break
            if trouble is not None:
                raise trouble
        finally:
            self.speaking -= 1

    async def health(self) -> EngineHealth:
        """Always ready."""
        return EngineHealth("tts:scripted", is_ready=True, detail="hums instead of speaking")


def cut(sentence: SpokenPiece, rate: int, seconds: float) -> list[SpokenPiece]:
    """Return `sentence` in pieces of `seconds`, each with the marks that begin in it."""
    samples = max(AudioFormat(rate).samples(seconds), 1)
    total = len(sentence.pcm) // 2
    return [
        SpokenPiece(
            sentence.pcm[2 * start : 2 * (start + samples)],
            tuple(mark for mark in sentence.marks if start <= mark.sample < start + samples),
        )
        for start in range(0, total, samples)
    ]
