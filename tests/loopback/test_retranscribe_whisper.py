"""Whisper as the second ear, with a real model file of random weights: what it says is nonsense, all else is not."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from offline.retranscribe.call import listen_again
from offline.retranscribe.port import PREMIUM, STANDARD, EarUnavailable, Samples, UnusableSound
from offline.retranscribe.recording import RecordedSound
from offline.retranscribe.spans import Span
from offline.retranscribe.voices import VoiceFinder
from offline.retranscribe.whisper import WhisperSecondEar
from offline.testing.random_whisper import make_random_whisper, vocabulary
from vocabulary.speech import Speaker

WORDS = 12
RATE = 8000


class ToldFinder(VoiceFinder):
    """Finds voices where a test put them."""

    def __init__(self, *spans: Span) -> None:
        super().__init__()
        self._spans = spans

    def spans(self, samples: Samples, rate: int) -> tuple[Span, ...]:
        return tuple(span for span in self._spans if span.end_seconds <= len(samples) / rate)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_random_whisper(tmp_path_factory.mktemp("whisper"), words_a_window=WORDS)


@pytest.fixture
def ear(model: Path) -> Iterator[WhisperSecondEar]:
    ear = WhisperSecondEar(model, finder=ToldFinder(Span(2, 8), Span(20, 26), Span(40, 55)))
    yield ear
    ear.close()


def noise(seconds: float, seed: int = 1, rate: int = RATE) -> Samples:
    return np.random.default_rng(seed).normal(0, 3000, int(seconds * rate)).astype(np.int16)


def test_words_lie_where_the_voices_are_and_in_order(ear: WhisperSecondEar) -> None:
    heard = ear.transcribe(noise(60), RATE, PREMIUM)
    assert len(heard.words) >= WORDS
    assert all(one.start_seconds <= other.start_seconds for one, other in pairwise(heard.words))
    for word in heard.words:
        assert 0 <= word.confidence <= 1
        assert any(span.begin_seconds - 1e-6 <= word.start_seconds <= span.end_seconds + 1e-6 for span in heard.speech)
        assert word.end_seconds >= word.start_seconds
    assert (heard.seconds, heard.ear, heard.settings) == (60, ear.version, PREMIUM.digest)


def test_silence_costs_nothing(ear: WhisperSecondEar) -> None:
    assert ear.transcribe(np.zeros(RATE, np.int16), RATE, PREMIUM).words == ()
    assert ear.windows_heard == 0


def test_the_same_sound_gives_the_same_words_and_another_sound_others(ear: WhisperSecondEar) -> None:
    greedy = replace(STANDARD, beam=5)
    first, again, other = (ear.transcribe(noise(60, seed), RATE, greedy).words for seed in (1, 1, 2))
    assert first == again
    assert [word.text for word in first] != [word.text for word in other]


def test_spans_are_packed_into_few_windows(ear: WhisperSecondEar) -> None:
    ear.transcribe(noise(60), RATE, replace(PREMIUM, temperatures=(0.0,)))
    # 6 + 6 and 15 seconds of voice, none cut: one window of 27 seconds.
    assert ear.windows_heard <= 2


def test_an_hour_is_cut_into_windows(model: Path) -> None:
    ear = WhisperSecondEar(model, finder=ToldFinder(Span(0, 600)))
    heard = ear.transcribe(noise(600), RATE, replace(STANDARD, longest_seconds=28))
    assert ear.windows_heard >= 600 / 28
    assert heard.words[-1].start_seconds > 570
    ear.close()


def test_both_sides_are_heard_apart(ear: WhisperSecondEar) -> None:
    sides = {Speaker.CALLER: noise(60), Speaker.AGENT: np.zeros(5 * RATE, np.int16)}
    heard = listen_again(RecordedSound(RATE, sides), ear, PREMIUM)
    assert heard.sides[Speaker.CALLER].words
    assert not heard.sides[Speaker.AGENT].words


def test_an_unlikely_text_is_tried_again_at_higher_temperatures(ear: WhisperSecondEar) -> None:
    never_content = replace(PREMIUM, likelihood_limit=1.0)
    heard = ear.transcribe(noise(10), RATE, never_content)
    # One short window, the full one, and then each temperature above zero.
    assert ear.windows_heard == 1 + len(never_content.temperatures)
    assert heard.words, "the likeliest of them is kept"


def test_a_text_that_repeats_itself_is_tried_again_in_the_full_window(ear: WhisperSecondEar) -> None:
    ear.transcribe(noise(10), RATE, replace(PREMIUM, compression_limit=0.0, temperatures=(0.0,)))
    assert ear.windows_heard == 2


@pytest.mark.parametrize("rate", [8000, 16000])
def test_both_rates_are_heard(ear: WhisperSecondEar, rate: int) -> None:
    assert ear.transcribe(noise(10, rate=rate), rate, STANDARD).words


def test_hints_reach_the_model(ear: WhisperSecondEar) -> None:
    plain, hinted = (
        ear.transcribe(noise(10), RATE, replace(STANDARD, hints=hints)).words for hints in ((), ("Zafiro", "Zetacom"))
    )
    assert plain != hinted


def test_a_language_it_does_not_know_is_refused(ear: WhisperSecondEar) -> None:
    with pytest.raises(EarUnavailable, match="'xx'"):
        ear.transcribe(noise(10), RATE, replace(PREMIUM, language="xx"))


def test_sound_of_another_kind_is_refused(ear: WhisperSecondEar) -> None:
    with pytest.raises(UnusableSound):
        ear.transcribe(np.zeros((9, 2), np.int16), RATE, PREMIUM)


def test_the_version_tells_models_and_settings_apart(model: Path, tmp_path: Path) -> None:
    other = make_random_whisper(tmp_path / "other", words_a_window=WORDS, seed=1)
    ears = [WhisperSecondEar(model), WhisperSecondEar(other), WhisperSecondEar(model, short_windows=False)]
    assert len({ear.version for ear in ears}) == 3
    twin = WhisperSecondEar(model)
    assert twin.version == ears[0].version
    for ear in (*ears, twin):
        ear.close()


def test_a_folder_that_is_no_model_is_named_and_nothing_is_downloaded(tmp_path: Path) -> None:
    with pytest.raises(EarUnavailable, match=r"model\.bin, config\.json, tokenizer\.json"):
        WhisperSecondEar(tmp_path)
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(EarUnavailable, match="cannot be loaded"):
        WhisperSecondEar(tmp_path)


def test_without_the_extra_it_says_what_to_install(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(EarUnavailable, match=r"centralita\[whisper\]"):
        WhisperSecondEar(model)


def test_importing_the_adapter_does_not_import_the_library() -> None:
    code = "import sys, offline.retranscribe.whisper; sys.exit('faster_whisper' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_the_random_model_has_a_real_one_s_tokens() -> None:
    tokens = vocabulary()
    assert len(tokens) == len(set(tokens)) == 51865
    assert tokens[50257:50260] == ["<|endoftext|>", "<|startoftranscript|>", "<|en|>"]
    assert tokens[-1] == "<|30.00|>"


def test_the_random_model_says_about_as_many_words_as_asked(model: Path) -> None:
    ear = WhisperSecondEar(model, finder=ToldFinder(Span(0, 25)))
    heard = ear.transcribe(noise(25), RATE, replace(STANDARD, compression_limit=99))
    assert len(heard.words) == pytest.approx(WORDS, abs=4)
    ear.close()
