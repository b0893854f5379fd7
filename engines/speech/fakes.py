"""Ears and mouths for tests and benches that misbehave on demand inside a real `speech` process.

    fake                       hears "hola" in every sound that is loud enough, and hums every sentence
    fake:says=sí por favor     hears that instead (an ear only)
    fake:late=5                answers after five seconds
    fake:crash                 raises on every request
    fake:garbage               answers what no contract allows
    fake:busy                  refuses every request

Settings are joined with commas: `fake:late=0.2,says=buenos días`.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import numpy as np

from engines.base import EngineBusy, EngineHealth, SpeechRequest, Utterance
from engines.stt.scripted import as_heard
from engines.tts.scripted import ScriptedMouth
from vocabulary.speech import NOT_UNDERSTOOD, SpokenPiece, Transcript

_LOUD = 300
"""Root mean square (of 32768) above which sound is taken for speech."""


class FakeEar:
    """Hears the same words in every loud sound, with the mischief it was told."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings

    async def transcribe(self, utterance: Utterance) -> Transcript:
        """Return the same words again, or misbehave.

        Raises: EngineBusy, or ZeroDivisionError as a broken model might.
        """
        answer: Any = await _mischief(self._settings)
        if answer is not None:
            return answer  # type: ignore[no-any-return]  # garbage is the point
        samples = np.frombuffer(utterance.pcm, np.int16).astype(np.float64)
        is_loud = samples.size > 0 and float(np.sqrt(np.mean(samples**2))) > _LOUD
        return as_heard(self._settings.get("says", "hola"), language=utterance.language) if is_loud else NOT_UNDERSTOOD

    async def health(self) -> EngineHealth:
        """Always ready."""
        return EngineHealth("stt:fake", is_ready=True, detail="hears the same in everything")


class FakeMouth:
    """Hums, with the mischief it was told."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings
        self._mouth = ScriptedMouth()

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[SpokenPiece]:
        """Yield a hum, or misbehave.

        Raises: EngineBusy, or ZeroDivisionError as a broken model might.
        """
        answer: Any = await _mischief(self._settings)
        if answer is not None:
            yield answer
            return
        async for piece in self._mouth.speak(request):
            yield piece

    async def health(self) -> EngineHealth:
        """Always ready."""
        return EngineHealth("tts:fake", is_ready=True, detail="hums")


async def _mischief(settings: Mapping[str, str]) -> object:
    await asyncio.sleep(float(settings.get("late", "0")))
    if "busy" in settings:
        raise EngineBusy("fake", "told to be busy")
    if "crash" in settings:
        raise ZeroDivisionError("told to crash")
    return "garbage" if "garbage" in settings else None
