"""The tiny ear around its model: sound in, transcripts out, and what is no speech."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engines.base import EngineBusy, EngineFailed, EngineUnavailable, Utterance
from engines.stt.tiny import TinyEar
from engines.stt.tiny.features import INPUTS, RATE, frames_of
from vocabulary.speech import NOT_UNDERSTOOD, Transcript


@pytest.fixture(scope="module")
def ear() -> Iterator[TinyEar]:
    ear = TinyEar()
    yield ear
    ear.close()


def pcm_of(samples: np.ndarray) -> bytes:
    return (samples * 32767).astype("<i2").tobytes()


def times(seconds: float) -> np.ndarray:
    return np.arange(int(seconds * RATE)) / RATE


NOT_SPEECH = {
    "nothing at all": b"",
    "one sample": b"\0\0",
    "digital silence": bytes(2 * RATE),
    "the last bit of a converter": pcm_of(np.random.default_rng(1).integers(-2, 3, RATE) / 32767),
    "hiss": pcm_of(np.random.default_rng(2).normal(0, 0.1, 2 * RATE).clip(-1, 1)),
    "a dial tone": pcm_of(0.3 * np.sin(2 * np.pi * 425 * times(2))),
    "a key": pcm_of(0.2 * np.sin(2 * np.pi * 770 * times(0.2)) + 0.2 * np.sin(2 * np.pi * 1336 * times(0.2))),
    "mains hum": pcm_of(0.2 * np.sign(np.sin(2 * np.pi * 50 * times(1.5)))),
    "a click": pcm_of(np.r_[np.zeros(2000), np.ones(8), np.zeros(4000)]),
    "full scale": pcm_of(np.ones(RATE)),
}


@pytest.mark.parametrize("sound", NOT_SPEECH)
def test_what_is_no_speech_is_not_understood(ear: TinyEar, sound: str) -> None:
    assert ear.recognise(NOT_SPEECH[sound], RATE) == NOT_UNDERSTOOD


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_other_rates_are_welcome(ear: TinyEar, rate: int) -> None:
    assert ear.recognise(bytes(2 * rate), rate) == NOT_UNDERSTOOD


@pytest.mark.parametrize(("pcm", "rate"), [(b"\0", 8000), (b"\0\0", 0), (b"\0\0", -8000)])
def test_what_is_no_sound_is_refused(ear: TinyEar, pcm: bytes, rate: int) -> None:
    with pytest.raises(ValueError, match="not mono 16 bit sound"):
        ear.recognise(pcm, rate)


def test_the_network_does_not_care_how_loud_a_caller_is() -> None:
    speech = np.random.default_rng(3).normal(0, 0.1, RATE).astype(np.float32)
    assert frames_of(speech) == pytest.approx(frames_of(speech * np.float32(0.25)), abs=0.02)


@pytest.mark.parametrize("samples", [0, 1, 199, 200, 359, 360, 361, 8000])
def test_frames_come_in_whole_numbers(samples: int) -> None:
    frames = frames_of(np.zeros(samples, np.float32))
    assert frames.shape == (max(0, ((samples - 200) // 80 + 1) // 3), INPUTS)
    assert np.isfinite(frames).all()


def test_the_lexicon_holds_the_demo_and_grows_by_spelling(ear: TinyEar) -> None:
    assert {"salgo", "saldo", "cuesta", "cuenta", "router", "ajá", "mm", "adiós"} <= set(ear.words)
    grown = TinyEar(extra_words=("Telefónica Móvil", "zetacom", "123"))
    assert set(grown.words) - set(ear.words) == {"telefónica", "zetacom"}
    grown.close()


async def test_health_says_what_it_is_for(ear: TinyEar) -> None:
    health = await ear.health()
    assert health.is_ready
    assert health.engine == "stt:tiny"
    assert "demo and tests" in health.detail


def test_a_missing_model_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable):
        TinyEar(model=tmp_path / "model.npz")


async def test_odd_sound_fails_this_utterance_only(ear: TinyEar) -> None:
    with pytest.raises(EngineFailed):
        await ear.transcribe(Utterance(b"\0", RATE))
    assert await ear.transcribe(Utterance(bytes(1600), RATE)) == NOT_UNDERSTOOD


async def test_it_refuses_callers_who_are_to_speak_another_language(ear: TinyEar) -> None:
    with pytest.raises(EngineFailed, match="Spanish"):
        await ear.transcribe(Utterance(bytes(1600), RATE, language="en"))
    assert await ear.transcribe(Utterance(bytes(1600), RATE, language="es-MX")) == NOT_UNDERSTOOD


class SlowEar(TinyEar):
    """An ear whose work waits until a test lets it go."""

    def __init__(self, most_waiting: int) -> None:
        super().__init__(most_waiting=most_waiting)
        self.may_finish = threading.Event()

    def recognise(self, pcm: bytes, rate: int, hints: tuple[str, ...] = ()) -> Transcript:
        self.may_finish.wait(10)
        return super().recognise(pcm, rate, hints)


async def test_too_many_waiting_utterances_find_it_busy() -> None:
    ear = SlowEar(most_waiting=2)
    utterance = Utterance(bytes(1600), RATE)
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(ear.transcribe(utterance)) for _ in range(2)]
        await asyncio.sleep(0)  # both are queued now
        with pytest.raises(EngineBusy) as caught:
            await ear.transcribe(utterance)
        assert caught.value.retryable
        ear.may_finish.set()
    assert [task.result() for task in waiting] == [NOT_UNDERSTOOD, NOT_UNDERSTOOD]
    assert await ear.transcribe(utterance) == NOT_UNDERSTOOD
    ear.close()


async def test_cancelling_what_waits_leaves_room_for_others() -> None:
    ear = SlowEar(most_waiting=2)
    utterance = Utterance(bytes(1600), RATE)
    under_way = asyncio.create_task(ear.transcribe(utterance))
    queued = asyncio.create_task(ear.transcribe(utterance))
    await asyncio.sleep(0)
    queued.cancel()
    with pytest.raises(asyncio.CancelledError):
        await queued
    next_one = asyncio.create_task(ear.transcribe(utterance))
    await asyncio.sleep(0)
    ear.may_finish.set()
    assert await under_way == await next_one == NOT_UNDERSTOOD
    ear.close()
