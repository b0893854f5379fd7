"""What every ear, mouth and mind promises, asked of each of them: fakes, embedded engines, and the `speech` process.

An adapter joins by one entry in `EARS`, `MOUTHS` or `MINDS`.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pytest

from engines.base import (
    BadEngineAnswer,
    Ear,
    EngineBusy,
    EngineFailed,
    EngineHealth,
    EngineUnavailable,
    Mind,
    Mouth,
    SpeechRequest,
    Utterance,
)
from engines.llm.scenario import scenario
from engines.llm.script import Script, ScriptMind
from engines.llm.scripted import ScriptedMind
from engines.speech.client import SpeechClient
from engines.stt.scripted import ScriptedEar
from engines.stt.tiny import TinyEar
from engines.tts.espeak import EspeakMouth
from engines.tts.scripted import ScriptedMouth
from vocabulary.audio import AudioFormat
from vocabulary.speech import NOT_UNDERSTOOD, SpokenPiece, Transcript
from vocabulary.thought import MemoryKept, Message, MindEvent, TextDelta, Thought, ToolWish

from .conftest import StartSpeech

RATES = (8000, 16000)
SAID = "quiero pagar la factura"
SENTENCE = "Buenos días, su saldo es de 45,50 euros. ¿Desea algo más?"
AT_ONCE = 8
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Told:
    """What a maker of engines may use: a real process, and what its ear is to hear if it hears by script."""

    start_speech: StartSpeech
    lines: tuple[str, ...]


def check_health(health: EngineHealth, port: str) -> None:
    """Ready, and named after its port and adapter."""
    assert isinstance(health, EngineHealth)
    assert health.is_ready
    assert health.engine.partition(":")[0] == port
    assert health.engine.partition(":")[2]


def test_errors_say_whether_it_is_worth_trying_again() -> None:
    assert EngineUnavailable("stt", "gone").retryable
    assert EngineBusy("stt", "full").retryable
    assert not EngineFailed("stt", "broke").retryable
    assert not BadEngineAnswer("stt", "nonsense").retryable


# -- ears -------------------------------------------------------------------------------------------------------------

EarMaker = Callable[[Told], AbstractAsyncContextManager[Ear]]


@asynccontextmanager
async def scripted_ear(told: Told) -> AsyncIterator[Ear]:
    yield ScriptedEar(told.lines)


@asynccontextmanager
async def tiny_ear(told: Told) -> AsyncIterator[Ear]:
    ear = TinyEar()
    try:
        yield ear
    finally:
        ear.close()


def remote_ear(name: str) -> EarMaker:
    @asynccontextmanager
    async def make(told: Told) -> AsyncIterator[Ear]:
        async with SpeechClient(told.start_speech(ear=name).path) as speech:
            await speech.connected()
            yield speech.ear

    return make


EARS: dict[str, EarMaker] = {
    "scripted": scripted_ear,
    "tiny": tiny_ear,
    "fake in speech": remote_ear("fake"),
    "tiny in speech": remote_ear("tiny"),
}


@pytest.fixture(params=EARS)
def open_ear(request: pytest.FixtureRequest, shared_speech: StartSpeech) -> Callable[..., Any]:
    """Open the ear under test; it may be told what to hear, if it is one that listens to nothing else."""
    return lambda *lines: EARS[request.param](Told(shared_speech, lines))


@pytest.fixture(scope="module")
def spoken() -> dict[int, Utterance]:
    """Somebody saying `SAID` at each rate, with a little silence around it."""

    async def say(rate: int) -> Utterance:
        async with espeak_mouth(None) as mouth:
            sentence = [piece.pcm async for piece in mouth.speak(SpeechRequest(SAID, rate))]
        silence = bytes(AudioFormat(rate).frame_bytes * 10)
        return Utterance(silence + b"".join(sentence) + silence, rate)

    return {rate: asyncio.run(say(rate)) for rate in RATES}


Spoken = dict[int, Utterance]
OpenEar = Callable[..., AbstractAsyncContextManager[Ear]]


@pytest.mark.parametrize("rate", RATES)
async def test_an_ear_hears_words_in_their_order(open_ear: OpenEar, spoken: Spoken, rate: int) -> None:
    async with open_ear(SAID) as ear:
        transcript = await ear.transcribe(spoken[rate])
    assert transcript.is_understood
    assert transcript.language == "es"
    assert 0 < transcript.confidence <= 1
    assert [word.text for word in transcript.words] == transcript.text.split()
    times = [time for word in transcript.words for time in (word.start_seconds, word.end_seconds)]
    assert times == sorted(times)
    assert all(0 <= word.confidence <= 1 for word in transcript.words)


@pytest.mark.parametrize("rate", RATES)
async def test_an_ear_hears_nothing_in_silence(open_ear: OpenEar, rate: int) -> None:
    async with open_ear() as ear:
        assert await ear.transcribe(Utterance(bytes(2 * rate), rate)) == NOT_UNDERSTOOD


@pytest.mark.parametrize(
    "pcm",
    [b"", b"\x00\x00", b"\x00", b"\xff\x7f\x00\x80" * 4000, bytes(7999)],
    ids=["none", "1", "half", "loud", "odd"],
)
async def test_an_ear_survives_odd_sound(open_ear: OpenEar, spoken: Spoken, pcm: bytes) -> None:
    async with open_ear("", SAID) as ear:
        [outcome] = await asyncio.gather(ear.transcribe(Utterance(pcm, 8000)), return_exceptions=True)
        assert isinstance(outcome, Transcript | EngineFailed | BadEngineAnswer)
        assert (await ear.transcribe(spoken[8000])).is_understood


async def test_an_ear_serves_several_at_once(open_ear: OpenEar, spoken: Spoken) -> None:
    utterance = spoken[8000]
    async with open_ear(*[SAID] * AT_ONCE) as ear, asyncio.TaskGroup() as group:
        hearing = [group.create_task(ear.transcribe(utterance)) for _ in range(AT_ONCE)]
    assert len({task.result() for task in hearing}) == 1


async def test_an_ear_s_work_may_be_cancelled(open_ear: OpenEar, spoken: Spoken) -> None:
    utterance = spoken[8000]
    async with open_ear("", SAID, SAID) as ear:
        hearing = asyncio.create_task(ear.transcribe(utterance))
        await asyncio.sleep(0)
        hearing.cancel()
        await asyncio.wait([hearing], timeout=PATIENCE_SECONDS)
        assert hearing.done()
        assert (await ear.transcribe(utterance)).is_understood


async def test_an_ear_tells_its_health(open_ear: OpenEar) -> None:
    async with open_ear() as ear:
        check_health(await ear.health(), "stt")


# -- mouths -----------------------------------------------------------------------------------------------------------

MouthMaker = Callable[[Told], AbstractAsyncContextManager[Mouth]]


@asynccontextmanager
async def scripted_mouth(told: Told) -> AsyncIterator[Mouth]:
    yield ScriptedMouth()


@asynccontextmanager
async def espeak_mouth(told: Told | None) -> AsyncIterator[Mouth]:
    mouth = EspeakMouth()
    try:
        yield mouth
    finally:
        mouth.close()


def remote_mouth(name: str) -> MouthMaker:
    @asynccontextmanager
    async def make(told: Told) -> AsyncIterator[Mouth]:
        async with SpeechClient(told.start_speech(mouth=name).path) as speech:
            await speech.connected()
            yield speech.mouth

    return make


MOUTHS: dict[str, MouthMaker] = {
    "scripted": scripted_mouth,
    "espeak": espeak_mouth,
    "scripted in speech": remote_mouth("scripted"),
    "espeak in speech": remote_mouth("espeak"),
}
OpenMouth = Callable[[], AbstractAsyncContextManager[Mouth]]


@pytest.fixture(params=MOUTHS)
def open_mouth(request: pytest.FixtureRequest, shared_speech: StartSpeech) -> OpenMouth:
    """Open the mouth under test."""
    return lambda: MOUTHS[request.param](Told(shared_speech, ()))


async def pieces_of(mouth: Mouth, request: SpeechRequest) -> list[SpokenPiece]:
    return [piece async for piece in mouth.speak(request)]


@pytest.mark.parametrize("rate", RATES)
async def test_a_mouth_speaks_in_whole_samples_at_the_rate_asked_for(open_mouth: OpenMouth, rate: int) -> None:
    async with open_mouth() as mouth:
        here = await pieces_of(mouth, SpeechRequest(SENTENCE, rate))
        double = await pieces_of(mouth, SpeechRequest(SENTENCE, 2 * rate))
    assert len(here) > 1
    assert all(len(piece.pcm) % 2 == 0 for piece in here)
    sound = b"".join(piece.pcm for piece in here)
    assert len(b"".join(piece.pcm for piece in double)) == pytest.approx(2 * len(sound), rel=0.02)
    assert 1 < AudioFormat(rate).seconds(sound) < 15
    assert np.abs(np.frombuffer(sound, np.int16)).max() > 2000


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("text", [SENTENCE, "Llame al 612345678 el 15/02/2026.", "Sí.", "¿Sr. López?"])
async def test_a_mouth_marks_words_in_the_piece_in_which_they_begin(
    open_mouth: OpenMouth, rate: int, text: str
) -> None:
    async with open_mouth() as mouth:
        pieces = await pieces_of(mouth, SpeechRequest(text, rate))
    start = 0
    for piece in pieces:
        end = start + len(piece.pcm) // 2
        assert all(start <= mark.sample < end for mark in piece.marks)
        start = end
    marks = [mark for piece in pieces for mark in piece.marks]
    offsets, samples = [mark.text_offset for mark in marks], [mark.sample for mark in marks]
    assert offsets == sorted(set(offsets))
    assert samples == sorted(samples)
    assert offsets[0] <= 1  # a word begins at the beginning, behind its "¿" at most
    assert all(0 <= offset < len(text) for offset in offsets)
    assert samples[0] == 0
    assert len(marks) >= len(text.split()) // 2


@pytest.mark.parametrize(
    "text", ["", "   ", "...", "¿?", "😀", "\x00", "a\x00b", "x" * 1000, "á" * 300, "\ud800", "[[hola]]<b>"]
)
async def test_a_mouth_survives_odd_texts(open_mouth: OpenMouth, text: str) -> None:
    async with open_mouth() as mouth:
        for piece in await pieces_of(mouth, SpeechRequest(text, 8000)):
            assert len(piece.pcm) % 2 == 0
            assert all(0 <= mark.text_offset < len(text) for mark in piece.marks)
        assert await pieces_of(mouth, SpeechRequest(SENTENCE, 8000))


@pytest.mark.parametrize(
    "request_",
    [SpeechRequest("hola", 8000, voice="nadie"), SpeechRequest("hola", 1), SpeechRequest("hola", 8000, "xx")],
)
async def test_a_mouth_speaks_or_says_for_good_that_it_cannot(open_mouth: OpenMouth, request_: SpeechRequest) -> None:
    async with open_mouth() as mouth:
        [outcome] = await asyncio.gather(pieces_of(mouth, request_), return_exceptions=True)
        assert isinstance(outcome, list | EngineFailed | BadEngineAnswer)
        assert await pieces_of(mouth, SpeechRequest(SENTENCE, 8000))


async def test_a_mouth_speaks_faster_when_told_to(open_mouth: OpenMouth) -> None:
    async with open_mouth() as mouth:
        slow, fast = [await pieces_of(mouth, SpeechRequest(SENTENCE, 8000, speed=speed)) for speed in (1.0, 1.5)]
    assert sum(len(piece.pcm) for piece in fast) < 0.85 * sum(len(piece.pcm) for piece in slow)


async def test_a_mouth_serves_several_at_once_and_mixes_nothing_up(open_mouth: OpenMouth) -> None:
    requests = [SpeechRequest(f"Frase número {number}. {SENTENCE}", 8000) for number in range(AT_ONCE)]
    async with open_mouth() as mouth:
        alone = [sum(len(piece.pcm) for piece in await pieces_of(mouth, request)) for request in requests]
        together = await asyncio.gather(*(pieces_of(mouth, request) for request in requests))
    # espeak's own sentences differ by a few samples from one time to the next
    assert [sum(len(piece.pcm) for piece in pieces) for pieces in together] == pytest.approx(alone, rel=0.005)


async def test_a_mouth_that_is_stopped_can_speak_again(open_mouth: OpenMouth) -> None:
    async with open_mouth() as mouth:
        whole = await pieces_of(mouth, SpeechRequest(SENTENCE, 8000))
        for _ in range(3):
            async with aclosing(
                cast("AsyncGenerator[SpokenPiece]", mouth.speak(SpeechRequest(SENTENCE * 5, 8000)))
            ) as said:
                await anext(said)
        again = await pieces_of(mouth, SpeechRequest(SENTENCE, 8000))
    assert sum(len(piece.pcm) for piece in again) == pytest.approx(sum(len(piece.pcm) for piece in whole), rel=0.005)


async def test_a_mouth_s_work_may_be_cancelled(open_mouth: OpenMouth) -> None:
    async with open_mouth() as mouth:
        saying = asyncio.create_task(pieces_of(mouth, SpeechRequest(SENTENCE * 20, 8000)))
        await asyncio.sleep(0)
        saying.cancel()
        await asyncio.wait([saying], timeout=PATIENCE_SECONDS)
        assert saying.done()
        assert await pieces_of(mouth, SpeechRequest(SENTENCE, 8000))


async def test_a_mouth_tells_its_health(open_mouth: OpenMouth) -> None:
    async with open_mouth() as mouth:
        check_health(await mouth.health(), "tts")


# -- minds ------------------------------------------------------------------------------------------------------------

SCENARIO = scenario(
    {
        "fallback": ["No le he entendido."],
        "after_misses": "goodbye",
        "intents": {
            "bill": {"examples": ["quiero pagar la factura"], "steps": [{"say": "Muy bien. Su factura está pagada."}]},
            "goodbye": {"examples": ["adiós"], "steps": [{"say": "Adiós."}]},
        },
    }
)
MindMaker = Callable[[], Mind]
MINDS: dict[str, MindMaker] = {
    "scripted": lambda: ScriptedMind([[TextDelta("Muy bien. "), TextDelta("Su factura está pagada.")]] * (AT_ONCE + 2)),
    "script": lambda: ScriptMind({"test": Script(SCENARIO, "es")}),
}


@pytest.fixture(params=MINDS)
def mind(request: pytest.FixtureRequest) -> Mind:
    """The mind under test."""
    return MINDS[request.param]()


def asked(text: str = SAID) -> Thought:
    return Thought("test", "es", [Message("agent", "¿En qué puedo ayudarle?"), Message("caller", text)])


async def events_of(mind: Mind, thought: Thought) -> list[MindEvent]:
    return [event async for event in mind.think(thought)]


async def test_a_mind_answers_in_words_wishes_and_memories(mind: Mind) -> None:
    events = await events_of(mind, asked())
    assert "".join(event.text for event in events if isinstance(event, TextDelta)).strip()
    assert all(isinstance(event, TextDelta | ToolWish | MemoryKept) for event in events)
    assert all(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize("text", ["", "   ", "\x00", "x" * 10_000, "¿?"])
async def test_a_mind_survives_odd_words(mind: Mind, text: str) -> None:
    await events_of(mind, asked(text))
    assert await events_of(mind, asked())


async def test_a_mind_thinks_several_thoughts_at_once(mind: Mind) -> None:
    answers = await asyncio.gather(*(events_of(mind, asked()) for _ in range(AT_ONCE)))
    assert all(answer == answers[0] for answer in answers)


async def test_a_mind_that_is_stopped_can_think_again(mind: Mind) -> None:
    async with aclosing(cast("AsyncGenerator[MindEvent]", mind.think(asked()))) as events:
        await anext(events)
    assert await events_of(mind, asked())


async def test_a_mind_tells_its_health(mind: Mind) -> None:
    check_health(await mind.health(), "llm")
