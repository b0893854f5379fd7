"""The ear of a call brings the words of a turn, and how they were said, without waiting for the latter."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from ari_app import call_ear
from ari_app.call_ear import CallEar
from ari_app.call_log import CallLog
from ari_app.house import AgentProfile, House
from conversation.decisions import Decision, Transcribe
from conversation.sentiment import Prosody
from conversation.turns import TurnMachine
from conversation.voice_measure import VoiceMeasure
from engines.stt.scripted import ScriptedEar
from vocabulary.audio import NARROWBAND
from vocabulary.speech import Transcript


def buzz(*, pitch: float = 120.0, level: float = 3000.0) -> bytes:
    """Return two seconds of a voice in syllables."""
    time = np.arange(16000) / 8000
    wave = sum((np.sin(2 * np.pi * pitch * number * time) / number for number in range(3, 15)), np.zeros(16000))
    shape = np.clip(0.5 - 0.6 * np.cos(2 * np.pi * 4 * time), 0.01, None)
    return (wave * shape * level).astype("<i2").tobytes()


CALM, UPSET = buzz(), buzz(pitch=160.0, level=7000.0)


class Listening:
    """A call's ear, and the turn machine's side of it."""

    def __init__(self, words: int = 9) -> None:
        house = SimpleNamespace(
            ear=ScriptedEar(["no funciona"] * words), audio=NARROWBAND, deadlines=SimpleNamespace(stt=5.0)
        )
        profile = SimpleNamespace(name="telecom", language="es", hints=())
        log = SimpleNamespace(partial=lambda text: None)
        turns = SimpleNamespace(
            words_heard=lambda utterance_id, transcript: self._told(transcript),
            transcription_failed=lambda utterance_id: (),
        )
        self.heard: list[Transcript] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.ear = CallEar(
            cast(House, house),
            cast(AgentProfile, profile),
            cast(TurnMachine, turns),
            cast(CallLog, log),
            spawn=self._spawn,
            decide=lambda decisions: None,
        )

    def _told(self, transcript: Transcript) -> Sequence[Decision]:
        self.heard.append(transcript)
        return ()

    def _spawn(self, work, name: str) -> "asyncio.Task[None]":  # type: ignore[no-untyped-def]
        task = asyncio.create_task(work, name=name)
        self._tasks.append(task)
        return task

    async def turn(self, utterance_id: int, pcm: bytes) -> Prosody | None:
        """Have a turn heard; return how it was said."""
        self.ear.transcribe(Transcribe(utterance_id, pcm, is_final=True))
        await self._tasks[-1]
        return self.ear.prosody_of(utterance_id)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that is busy with other tests the measurement may take longer than a caller's patience."""
    monkeypatch.setattr(call_ear, "_MEASURING_SECONDS", 30.0)


@pytest.mark.usefixtures("patient")
async def test_a_voice_is_compared_with_the_same_callers_earlier_turns() -> None:
    call = Listening()
    assert await call.turn(1, CALM) is None, "nothing to compare with"
    calm, again, upset = [await call.turn(number, pcm) for number, pcm in enumerate((CALM, CALM, UPSET), 2)]
    assert calm is not None
    assert again is not None
    assert calm.agitation == again.agitation == 0
    assert upset is not None
    assert upset.agitation > 0.5


@pytest.mark.usefixtures("patient")
async def test_another_call_knows_nothing_of_it() -> None:
    assert await Listening().turn(1, CALM) is None
    assert await Listening().turn(1, UPSET) is None


@pytest.mark.usefixtures("patient")
async def test_how_a_turn_was_said_is_told_once_and_of_that_turn_only() -> None:
    call = Listening()
    await call.turn(1, CALM)
    call.ear.transcribe(Transcribe(2, UPSET, is_final=True))
    await call._tasks[-1]
    assert call.ear.prosody_of(7) is None
    assert call.ear.prosody_of(2) is None, "it was taken for the other's already"


async def test_words_do_not_wait_for_a_measurement_that_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    words_came = asyncio.Event()

    def slow(sound: bytes, rate: int) -> VoiceMeasure | None:
        asyncio.run_coroutine_threadsafe(words_came.wait(), loop).result()
        return None

    monkeypatch.setattr(call_ear, "measure_voice", slow)
    call = Listening()
    assert await call.turn(1, CALM) is None
    assert len(call.heard) == 1
    words_came.set()


@pytest.mark.usefixtures("patient")
async def test_a_measurement_that_fails_costs_no_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(sound: bytes, rate: int) -> VoiceMeasure | None:
        raise ZeroDivisionError

    monkeypatch.setattr(call_ear, "measure_voice", broken)
    call = Listening()
    assert await call.turn(1, CALM) is None
    assert [one.text for one in call.heard] == ["no funciona"]
