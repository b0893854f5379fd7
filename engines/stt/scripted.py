"""An ear that hears what it was told to: for tests of everything around an ear."""

import asyncio
from collections.abc import Sequence

from engines.base import EngineHealth, Utterance
from vocabulary.speech import NOT_UNDERSTOOD, Transcript, Word

SECONDS_A_WORD = 0.35


def as_heard(text: str, *, language: str = "es") -> Transcript:
    """Return the transcript of a perfectly heard `text`; an empty text was not understood."""
    if not text:
        return NOT_UNDERSTOOD
    words = tuple(
        Word(word, place * SECONDS_A_WORD, (place + 1) * SECONDS_A_WORD, 1.0) for place, word in enumerate(text.split())
    )
    return Transcript(text, words, 1.0, language)


class ScriptedEar:
    """Answers with one line of its script per utterance, in order; then understands nothing more."""

    def __init__(self, script: Sequence[Transcript | str | Exception], *, delay_seconds: float = 0.0) -> None:
        """Keep the script: texts become sure transcripts, exceptions are raised in their turn.

        `delay_seconds` passes before each answer; cancelling the awaiting task ends it, and that line stays used.
        """
        self._lines = iter(script)
        self._delay_seconds = delay_seconds
        self.heard: list[Utterance] = []
        """Every utterance so far, oldest first."""

    async def transcribe(self, utterance: Utterance) -> Transcript:
        """Return the script's next line.

        Raises: whatever exception the script holds here.
        """
        self.heard.append(utterance)
        line = next(self._lines, NOT_UNDERSTOOD)
        if self._delay_seconds:
            await asyncio.sleep(self._delay_seconds)
        if isinstance(line, Exception):
            raise line
        return as_heard(line, language=utterance.language) if isinstance(line, str) else line

    async def health(self) -> EngineHealth:
        """Always ready."""
        return EngineHealth("stt:scripted", is_ready=True, detail="hears what a test told it to")
