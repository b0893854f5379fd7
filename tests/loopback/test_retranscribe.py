"""The embedded ear listens again to calls of synthetic voices, made in a process of their own as espeak-ng wants it."""

import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from bench.wer_calls import KnownCall, known_call
from engines.stt.tiny.features import RATE
from offline.retranscribe.call import listen_again
from offline.retranscribe.port import PREMIUM, STANDARD, ListeningSettings, Samples
from offline.retranscribe.recording import RecordedSound, open_recording
from offline.retranscribe.tiny import TinySecondEar
from offline.wer_estimate.decision import needs_second_listening
from offline.wer_estimate.evidence import HeardSpeech
from offline.wer_estimate.trials import Trial
from storage.recordings import wav_header
from training.tiny.espeak import Voice, speak
from vocabulary.speech import Speaker

ASKED = "hola quiero saber el saldo de mi cuenta"
ANSWERED = "necesito hablar de la última factura"
CALLER, AGENT = Speaker.CALLER, Speaker.AGENT


@pytest.fixture(scope="module")
def speakers() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        yield pool


@pytest.fixture(scope="module")
def ear() -> Iterator[TinySecondEar]:
    ear = TinySecondEar()
    yield ear
    ear.close()


def said(speakers: ProcessPoolExecutor, text: str, voice: str) -> Samples:
    speech = speakers.submit(speak, text, Voice(voice)).result()
    return np.asarray(speech * 12000 / np.abs(speech).max(), np.int16)


def quiet(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), np.int16)


@pytest.fixture(scope="module")
def call(speakers: ProcessPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The caller asks, the agent answers, the caller takes leave."""
    asked, answered, left = (
        said(speakers, text, voice)
        for text, voice in ((ASKED, "es-419+f2"), (ANSWERED, "es+m3"), ("no gracias eso es todo", "es-419+f2"))
    )
    gap = quiet(1)
    pieces = ((asked, 0), (answered, 1), (left, 0))
    stereo = np.zeros((sum(len(piece) + len(gap) for piece, _ in pieces), 2), "<i2")
    place = 0
    for piece, side in pieces:
        place += len(gap)
        stereo[place : place + len(piece), side] = piece
        place += len(piece)
    path = tmp_path_factory.mktemp("recordings") / "rec_1.wav"
    path.write_bytes(wav_header(RATE, stereo.nbytes) + stereo.tobytes())
    return path


@pytest.mark.parametrize("settings", [STANDARD, PREMIUM])
def test_both_sides_of_a_call_come_back_as_a_conversation(
    ear: TinySecondEar, call: Path, settings: ListeningSettings
) -> None:
    heard = listen_again(open_recording(call), ear, settings)
    assert [(turn.speaker, turn.text) for turn in heard.turns] == [
        (CALLER, ASKED),
        (AGENT, ANSWERED),
        (CALLER, "no gracias eso es todo"),
    ]
    assert heard.turns[0].begin_seconds == pytest.approx(1.0, abs=0.25)
    assert heard.turns[1].begin_seconds > heard.turns[0].end_seconds
    assert not needs_second_listening(heard.estimate), heard.estimate


def test_the_rate_of_the_recording_does_not_matter(ear: TinySecondEar, call: Path) -> None:
    narrow = open_recording(call)
    wide = RecordedSound(16000, {side: np.repeat(samples, 2) for side, samples in narrow.sides.items()})
    assert [turn.text for turn in listen_again(wide, ear, PREMIUM).turns] == [
        turn.text for turn in listen_again(narrow, ear, PREMIUM).turns
    ]


def test_the_same_sound_gives_the_same_words(ear: TinySecondEar, call: Path) -> None:
    first, again = (listen_again(open_recording(call), ear, PREMIUM).sides for _ in range(2))
    assert first == again


def test_hints_let_it_hear_a_company_s_own_words(ear: TinySecondEar, speakers: ProcessPoolExecutor) -> None:
    spoken = np.concatenate([quiet(0.5), said(speakers, "quiero la tarifa zafiro", "es+f2"), quiet(0.5)])
    plain = ear.transcribe(spoken, RATE, PREMIUM).transcript.text
    hinted = ear.transcribe(spoken, RATE, ListeningSettings(hints=("Tarifa Zafiro",))).transcript.text
    assert "zafiro" not in plain.split()
    assert hinted.split()[-1] == "zafiro"


def test_careful_listening_hears_noisy_calls_better(ear: TinySecondEar, speakers: ProcessPoolExecutor) -> None:
    errors = {STANDARD: 0, PREMIUM: 0}
    for known in speakers.map(known_call, range(500, 512), ["train"] * 12):
        noisy: KnownCall = known
        for settings in errors:
            heard = ear.transcribe(noisy.samples, RATE, settings)
            errors[settings] += Trial(noisy.said, HeardSpeech(heard.words, heard.speech)).errors
    assert errors[PREMIUM] < errors[STANDARD]


def test_memory_does_not_grow_with_the_length_of_a_call(
    ear: TinySecondEar, speakers: ProcessPoolExecutor, tmp_path: Path
) -> None:
    sentence = np.concatenate([said(speakers, ASKED, "es-419+f2"), quiet(1)])
    peaks = []
    for times in (2, 8):
        mono = np.tile(sentence, times)
        stereo = np.stack([mono, np.zeros_like(mono)], axis=1)
        path = tmp_path / f"rec_{times}.wav"
        path.write_bytes(wav_header(RATE, stereo.nbytes) + stereo.tobytes())
        del mono, stereo
        tracemalloc.start()
        heard = listen_again(open_recording(path), ear, PREMIUM)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert heard.sides[CALLER].transcript.text.split() == ASKED.split() * times
    assert peaks[1] < 1.3 * peaks[0]
