"""Ears and mouths by name: `tiny`, `espeak`, `scripted:hola|adiós`, `fake:late=5`. Models load when they are chosen."""

import os
from typing import Final

from engines.base import Ear, Mouth
from engines.speech.fakes import FakeEar, FakeMouth
from engines.stt.scripted import ScriptedEar
from engines.tts.scripted import ScriptedMouth
from vocabulary.errors import ConfigurationError

_MOST_WAITING: Final = 64
"""Utterances in the queue; at some 30 ms each the last one still comes within a caller's patience."""


def ear_by_name(name: str) -> Ear:
    """Return the ear `name` asks for.

    Raises: ConfigurationError.
    """
    kind, _, rest = name.partition(":")
    match kind:
        case "tiny":
            from engines.stt.tiny import TinyEar

            return TinyEar(threads=os.cpu_count() or 1, most_waiting=_MOST_WAITING)
        case "scripted":
            return ScriptedEar(rest.split("|"))
        case "fake":
            return FakeEar(_settings(rest))
        case _:
            raise ConfigurationError(f"no ear is called {kind!r}: use tiny, scripted or fake")


def mouth_by_name(name: str) -> Mouth:
    """Return the mouth `name` asks for.

    Raises: ConfigurationError.
    """
    kind, _, rest = name.partition(":")
    match kind:
        case "espeak":
            from engines.tts.espeak import EspeakMouth  # starts a thread and loads a GPL library

            return EspeakMouth()
        case "scripted":
            settings = {key: float(value) for key, value in _settings(rest).items()}
            return ScriptedMouth(
                delay_seconds=settings.get("delay", 0.0), piece_delay_seconds=settings.get("piece_delay", 0.0)
            )
        case "fake":
            return FakeMouth(_settings(rest))
        case _:
            raise ConfigurationError(f"no mouth is called {kind!r}: use espeak, scripted or fake")


def _settings(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(",") if part)
    return {key: value for key, _, value in pairs}
