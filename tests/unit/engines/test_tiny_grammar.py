"""The grammar that taught the tiny ear says enough, says it right, and keeps the benchmark's sentences to itself."""

import random

import pytest

from engines.stt.tiny.phones import pronunciations
from training.tiny import grammar, phrasebook
from training.tiny.numbers import digit_words, number_words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "cero"),
        (16, "dieciséis"),
        (22, "veintidós"),
        (31, "treinta y uno"),
        (100, "cien"),
        (101, "ciento uno"),
        (500, "quinientos"),
        (999, "novecientos noventa y nueve"),
        (1000, "mil"),
        (1234, "mil doscientos treinta y cuatro"),
        (21_000, "veintiún mil"),
        (31_001, "treinta y un mil uno"),
        (101_000, "ciento un mil"),
        (100_000, "cien mil"),
        (999_999, "novecientos noventa y nueve mil novecientos noventa y nueve"),
    ],
)
def test_numbers_are_said_as_people_say_them(number: int, words: str) -> None:
    assert number_words(number) == words


@pytest.mark.parametrize("number", [-1, 1_000_000])
def test_numbers_beyond_the_telephone_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="only 0 to 999999"):
        number_words(number)


def test_digits_are_said_one_by_one() -> None:
    assert digit_words("1203") == "uno dos cero tres"


def test_it_says_enough() -> None:
    said = set(grammar.sentences(6000, random.Random(1)))
    assert len(said) > 1500
    assert len({word for sentence in said for word in sentence.split()}) > 400


def test_every_word_can_be_pronounced_and_is_in_the_vocabulary() -> None:
    rng = random.Random(2)
    known = set(grammar.vocabulary())
    for sentence in [*grammar.sentences(3000, rng), *grammar.held_out_sentences(500, rng)]:
        assert set(sentence.split()) <= known, sentence
    assert all(pronunciations(word) for word in known)


def test_what_the_benchmark_asks_was_never_taught() -> None:
    short = {template for template in phrasebook.HELD_OUT if len(template.split()) <= 2}
    assert not (set(phrasebook.HELD_OUT) - short) & set(phrasebook.TEMPLATES)


@pytest.mark.parametrize("seed", range(20))
def test_invented_words_can_be_pronounced(seed: int) -> None:
    assert pronunciations(grammar.invented_word(random.Random(seed)))
