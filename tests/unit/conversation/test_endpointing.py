"""What words say about whether more will come."""

import pytest

from conversation.backchannels import is_backchannel
from conversation.endpointing import Completeness, completeness, patience_seconds
from conversation.expectation import DigitEntry, Expectation, Expected
from conversation.turn_settings import TurnSettings
from vocabulary.speech import Transcript

COMPLETE, ORDINARY, UNFINISHED = Completeness.COMPLETE, Completeness.ORDINARY, Completeness.UNFINISHED


@pytest.mark.parametrize(
    ("said", "expected", "judged"),
    [
        ("Sí.", Expectation.OPEN, COMPLETE),
        ("no, gracias", Expectation.OPEN, COMPLETE),
        ("nada más", Expectation.OPEN, COMPLETE),
        ("sí, la primera", Expectation.YES_NO, COMPLETE),
        ("sí, la primera", Expectation.OPEN, ORDINARY),
        ("no, es que", Expectation.YES_NO, UNFINISHED),
        ("quiero revisar mi saldo", Expectation.OPEN, ORDINARY),
        ("mi número es", Expectation.OPEN, UNFINISHED),
        ("quiero que", Expectation.OPEN, UNFINISHED),
        ("quería...", Expectation.OPEN, UNFINISHED),
        ("llamo por la factura de", Expectation.OPEN, UNFINISHED),
        ("eh", Expectation.OPEN, UNFINISHED),
        ("ciento veinte", Expectation.OPEN, ORDINARY),
        ("seis uno dos", Expectation.OPEN, UNFINISHED),
        ("mi teléfono es 612 45", Expectation.OPEN, UNFINISHED),
        ("cuarenta y cinco cero", Expectation.OPEN, UNFINISHED),
        ("seis", Expectation.NUMBER, UNFINISHED),
        ("no lo sé", Expectation.NUMBER, COMPLETE),
        ("ahora no lo tengo aquí", Expectation.NUMBER, ORDINARY),
        ("seis uno", DigitEntry(9), UNFINISHED),
        ("ge a erre", Expectation.SPELLING, UNFINISHED),
        ("maría arroba", Expectation.OPEN, UNFINISHED),
        ("maría arroba correo punto com", Expectation.EMAIL, ORDINARY),
        ("no tengo correo", Expectation.EMAIL, ORDINARY),
        ("", Expectation.OPEN, ORDINARY),
    ],
)
def test_spanish_words_say_whether_more_will_come(said: str, expected: Expected, judged: Completeness) -> None:
    assert completeness(said, expected, "es") is judged


@pytest.mark.parametrize(
    ("said", "expected", "judged"),
    [
        ("Yes, please.", Expectation.OPEN, COMPLETE),
        ("no not today", Expectation.YES_NO, COMPLETE),
        ("my number is", Expectation.OPEN, UNFINISHED),
        ("I would like to", Expectation.OPEN, UNFINISHED),
        ("five five five", Expectation.OPEN, UNFINISHED),
        ("check my balance", Expectation.OPEN, ORDINARY),
    ],
)
def test_english_words_say_whether_more_will_come(said: str, expected: Expected, judged: Completeness) -> None:
    assert completeness(said, expected, "en") is judged


def test_patience_follows_completeness() -> None:
    settings = TurnSettings(base_silence_seconds=0.6, unfinished_silence_seconds=1.5)
    assert patience_seconds(Transcript("sí"), Expectation.OPEN, settings) == 0
    assert patience_seconds(Transcript("mi factura"), Expectation.OPEN, settings) == 0.6
    assert patience_seconds(Transcript("mi factura y"), Expectation.OPEN, settings) == 1.5


def test_words_still_unknown_are_waited_for_by_what_was_asked() -> None:
    settings = TurnSettings()
    assert patience_seconds(None, Expectation.OPEN, settings) == settings.base_silence_seconds
    assert patience_seconds(None, Expectation.EMAIL, settings) == settings.unfinished_silence_seconds


@pytest.mark.parametrize("said", ["ajá", "Sí, sí.", "ok", "mm", "ya, claro", "de acuerdo", "vale vale vale"])
def test_listening_noises(said: str) -> None:
    assert is_backchannel(said, "es")


@pytest.mark.parametrize("said", ["", "espere", "un momento", "no", "sí, pero no", "ya ya ya ya", "sí quiero"])
def test_words_that_want_the_floor(said: str) -> None:
    assert not is_backchannel(said, "es")


def test_english_listening_noises() -> None:
    assert is_backchannel("uh-huh", "en")
    assert is_backchannel("I see", "en")
    assert not is_backchannel("hold on", "en")
