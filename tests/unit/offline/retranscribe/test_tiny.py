"""The embedded ear as a second ear: what it does with what is no speech. What it hears is tested with voices."""

from collections.abc import Iterator

import numpy as np
import pytest

from offline.retranscribe.port import PREMIUM, STANDARD, ListeningSettings, UnusableSound
from offline.retranscribe.tiny import EAR_VERSION, TinySecondEar


@pytest.fixture(scope="module")
def ear() -> Iterator[TinySecondEar]:
    ear = TinySecondEar()
    yield ear
    ear.close()


@pytest.mark.parametrize("settings", [STANDARD, PREMIUM])
@pytest.mark.parametrize("rate", [8000, 16000])
def test_noise_becomes_no_words(ear: TinySecondEar, settings: ListeningSettings, rate: int) -> None:
    noise = np.random.default_rng(2).normal(0, 3000, 20 * rate).astype(np.int16)
    heard = ear.transcribe(noise, rate, settings)
    assert heard.words == ()
    assert heard.seconds == 20
    assert (heard.ear, heard.settings) == (ear.version, settings.digest)


def test_nothing_is_nothing(ear: TinySecondEar) -> None:
    assert ear.transcribe(np.zeros(0, np.int16), 8000, PREMIUM).transcript.text == ""


def test_its_version_tells_adapter_model_words_and_voice_detector(ear: TinySecondEar) -> None:
    assert ear.version.startswith(f"{EAR_VERSION}-")
    assert ear.version.endswith("webrtc-2")
    other = TinySecondEar(extra_words=("Zetacom",))
    assert other.version != ear.version
    other.close()


def test_sound_of_another_kind_is_refused(ear: TinySecondEar) -> None:
    with pytest.raises(UnusableSound, match="44100"):
        ear.transcribe(np.zeros(9, np.int16), 44100, PREMIUM)
