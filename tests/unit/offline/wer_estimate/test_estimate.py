"""What the estimate says of good, bad and invented transcripts, and what is decided by it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline.retranscribe.spans import Span
from offline.wer_estimate.decision import is_better, needs_second_listening
from offline.wer_estimate.estimate import ESTIMATE_VERSION, WEIGHTS, Weights, WerEstimate, estimate_call, estimate_wer
from offline.wer_estimate.evidence import CLUES, HeardSpeech
from vocabulary.errors import ConfigurationError
from vocabulary.speech import Word


def heard(text: str, confidence: float, *speech: tuple[float, float], begin: float = 0.0) -> HeardSpeech:
    words = tuple(
        Word(word, begin + 0.35 * place, begin + 0.35 * place + 0.3, confidence)
        for place, word in enumerate(text.split())
    )
    return HeardSpeech(words, tuple(Span(one, other) for one, other in speech))


GOOD = heard("hola quiero saber el saldo de mi cuenta por favor", 0.97, (0, 3.6))


def test_a_good_transcript_is_left_alone() -> None:
    estimate = estimate_wer(GOOD)
    assert estimate.wer < 0.2
    assert estimate.suspicions == ()
    assert not needs_second_listening(estimate)
    assert set(estimate.clues) == set(CLUES)


def test_an_unsure_one_is_listened_to_again() -> None:
    estimate = estimate_wer(heard("hola quiere salir el sal de mí cuesta por favor", 0.45, (0, 3.6)))
    assert estimate.wer > 0.35
    assert needs_second_listening(estimate)


def test_missed_speech_is_listened_to_again_however_sure_the_ear_was() -> None:
    assert needs_second_listening(estimate_wer(heard("hola", 0.97, (0, 0.4), (1, 12))))


def test_a_loop_and_words_in_silence_are_listened_to_again_however_sure_the_ear_was() -> None:
    loop = estimate_wer(heard("hola " + "muchas gracias " * 8, 0.98, (0, 7)))
    assert "repeats itself" in loop.suspicions
    silent = estimate_wer(heard("gracias por ver el vídeo", 0.98, (0, 1), begin=30))
    assert silent.suspicions == ("words in silence",)
    assert needs_second_listening(loop)
    assert needs_second_listening(silent)


def test_a_silent_side_needs_nothing_and_a_voice_without_words_everything() -> None:
    silent = estimate_wer(HeardSpeech((), ()))
    assert (silent.wer, silent.words_said) == (0, 0)
    assert not needs_second_listening(silent)
    deaf = estimate_wer(HeardSpeech((), (Span(0, 5),)))
    assert (deaf.wer, deaf.suspicions) == (1, ("speech without words",))


def test_the_sides_of_a_call_count_by_what_was_said_on_them() -> None:
    long, short = WerEstimate(0.1, 90, {}), WerEstimate(0.6, 10, {}, ("repeats itself",))
    call = estimate_call((long, short))
    assert call.wer == pytest.approx(0.15)
    assert call.suspicions == ("repeats itself",)
    assert estimate_call(()).wer == 0


@pytest.mark.parametrize(("wer", "again"), [(0.19, False), (0.20, False), (0.2001, True), (1.0, True)])
def test_above_a_fifth_it_is_listened_to_again(wer: float, again: bool) -> None:
    assert needs_second_listening(WerEstimate(wer, 10, {})) is again
    assert needs_second_listening(WerEstimate(wer, 10, {}), threshold=1.0) is False


@pytest.mark.parametrize("threshold", [-0.1, 1.1, 20])
def test_a_threshold_is_a_share(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        needs_second_listening(WerEstimate(0.5, 10, {}), threshold)


def test_a_second_text_replaces_the_first_only_when_it_is_likely_better() -> None:
    first = WerEstimate(0.4, 10, {})
    assert is_better(replace(first, wer=0.3), first)
    assert not is_better(replace(first, wer=0.5), first)
    assert not is_better(replace(first, wer=0.1, suspicions=("repeats itself",)), first)
    assert is_better(replace(first, wer=0.5), replace(first, suspicions=("words in silence",)))


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_surer_the_ear_the_lower_the_estimate(one: float, other: float) -> None:
    low, high = sorted((one, other))
    text = "hola quiero saber el saldo de mi cuenta por favor"
    assert estimate_wer(heard(text, high, (0, 3.6))).wer <= estimate_wer(heard(text, low, (0, 3.6))).wer + 1e-9


def test_damaged_weights_are_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "weights.json").write_text(json.dumps({"weights": {"one": 1}}))
    with pytest.raises(ConfigurationError, match=r"weights\.json.*offline\.wer_estimate\.fit"):
        Weights.load(tmp_path / "weights.json")
    with pytest.raises(ConfigurationError, match="gone"):
        Weights.load(tmp_path / "gone")


def test_the_shipped_weights_are_of_this_version() -> None:
    assert json.loads(WEIGHTS.read_text())["version"] == ESTIMATE_VERSION
