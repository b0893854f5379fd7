"""Spoken sentences, with pitch, pace and loudness that we chose: the measurement must find the differences."""

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from conversation.voice_baseline import VoiceBaseline
from conversation.voice_measure import VoiceMeasure, measure_voice
from engines.base import SpeechRequest
from engines.tts.espeak import EspeakMouth

Samples = NDArray[np.int16]
SAID = "llevo tres semanas esperando y la línea sigue sin funcionar en mi casa"
SYLLABLES = 24
OTHERS = ("quisiera saber el saldo de mi cuenta de este mes", "mi número de contrato termina en cuarenta y dos")
VOICES = ("es+f2", "es+m3", "es+f4")


@pytest.fixture(scope="module")
def mouth() -> Iterator[EspeakMouth]:
    made = EspeakMouth()
    yield made
    made.close()


def spoken(
    mouth: EspeakMouth,
    text: str,
    voice: str,
    *,
    pitch: int = 50,
    speed: float = 1.0,
    gain_db: float = -6.0,
    noise: float = 20.0,
    rate: int = 8000,
) -> Samples:
    """Return a sentence as it comes in from the line."""

    async def pieces() -> bytes:
        request = SpeechRequest(text, rate, voice=f"{voice} pitch={pitch}", speed=speed)
        return b"".join([piece.pcm async for piece in mouth.speak(request)])

    samples = np.frombuffer(asyncio.run(pieces()), np.int16) * 10 ** (gain_db / 20)
    samples = samples + np.random.default_rng(5).normal(0, noise, samples.size)
    return np.clip(samples, -32768, 32767).astype(np.int16)


def measured(samples: Samples, rate: int = 8000) -> VoiceMeasure:
    found = measure_voice(samples, rate)
    assert found is not None
    return found


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("noise", [20.0, 250.0])
def test_a_voice_that_is_raised_measures_higher(mouth: EspeakMouth, voice: str, noise: float) -> None:
    """The library's pitch of 30 and 70 lie 5.5 to 7.5 semitones apart, as its own sound shows without any noise."""
    low, high = (measured(spoken(mouth, SAID, voice, pitch=pitch, noise=noise)) for pitch in (30, 70))
    assert 5.5 < high.pitch_semitones - low.pitch_semitones < 7.5
    clean = measured(spoken(mouth, SAID, voice, pitch=30, noise=0))
    assert low.pitch_semitones == pytest.approx(clean.pitch_semitones, abs=0.5)


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("speed", [0.8, 1.0, 1.3])
@pytest.mark.parametrize("noise", [20.0, 120.0])
def test_its_syllables_are_counted(mouth: EspeakMouth, voice: str, speed: float, noise: float) -> None:
    samples = spoken(mouth, SAID, voice, speed=speed, noise=noise)
    found = measured(samples)
    assert found.syllables_per_second == pytest.approx(SYLLABLES / (samples.size / 8000), rel=0.15)


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("louder_db", [-8.0, 5.0])
@pytest.mark.parametrize(("noise", "exact_db"), [(20.0, 1.0), (120.0, 2.0)])
def test_it_is_as_much_louder_as_it_was_made(
    mouth: EspeakMouth, voice: str, louder_db: float, noise: float, exact_db: float
) -> None:
    usual, other = (measured(spoken(mouth, SAID, voice, gain_db=gain, noise=noise)) for gain in (-6, -6 + louder_db))
    assert other.loudness_db - usual.loudness_db == pytest.approx(louder_db, abs=exact_db)


def test_sixteen_kilohertz_measure_like_eight(mouth: EspeakMouth) -> None:
    narrow, wide = (measured(spoken(mouth, SAID, "es+f2", rate=rate), rate) for rate in (8000, 16000))
    assert wide.pitch_semitones == pytest.approx(narrow.pitch_semitones, abs=0.5)
    assert wide.syllables_per_second == pytest.approx(narrow.syllables_per_second, rel=0.1)
    assert wide.loudness_db == pytest.approx(narrow.loudness_db, abs=1.5)


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("gain_db", [-20.0, -6.0])
def test_a_caller_who_gets_upset_is_noticed_on_a_loud_line_and_on_a_quiet_one(
    mouth: EspeakMouth, voice: str, gain_db: float
) -> None:
    usual = VoiceBaseline()
    for text in OTHERS:
        usual.take(measured(spoken(mouth, text, voice, gain_db=gain_db)))
    calm = usual.take(measured(spoken(mouth, SAID, voice, gain_db=gain_db)))
    upset = usual.take(measured(spoken(mouth, SAID, voice, gain_db=gain_db + 6, pitch=75, speed=1.25)))
    assert calm is not None
    assert calm.agitation == 0
    assert upset is not None
    assert upset.agitation * upset.certainty > 0.6
