"""The scripted ear keeps an ear's contract and remembers what it heard."""

import asyncio

import pytest

from engines.base import EngineUnavailable, Utterance
from engines.stt.scripted import ScriptedEar, as_heard
from vocabulary.speech import NOT_UNDERSTOOD, Transcript

UTTERANCE = Utterance(bytes(320), 8000)


async def test_it_answers_line_by_line_and_then_understands_nothing() -> None:
    unsure = Transcript("quizás", confidence=0.3)
    ear = ScriptedEar(["hola buenos días", unsure, "", EngineUnavailable("stt:scripted", "unplugged"), "sí"])
    assert (await ear.transcribe(UTTERANCE)).text == "hola buenos días"
    assert await ear.transcribe(UTTERANCE) == unsure
    assert await ear.transcribe(UTTERANCE) == NOT_UNDERSTOOD
    with pytest.raises(EngineUnavailable):
        await ear.transcribe(UTTERANCE)
    assert (await ear.transcribe(UTTERANCE)).text == "sí"
    assert await ear.transcribe(UTTERANCE) == NOT_UNDERSTOOD
    assert ear.heard == [UTTERANCE] * 6


def test_a_text_is_heard_word_by_word() -> None:
    transcript = as_heard("sí claro")
    assert [word.text for word in transcript.words] == ["sí", "claro"]
    assert transcript.words[0].end_seconds == transcript.words[1].start_seconds


async def test_a_slow_answer_can_be_cancelled() -> None:
    ear = ScriptedEar(["tarde", "a tiempo"], delay_seconds=60)
    waiting = asyncio.create_task(ear.transcribe(UTTERANCE))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ear.heard == [UTTERANCE]


async def test_it_is_always_ready() -> None:
    assert (await ScriptedEar([]).health()).is_ready
