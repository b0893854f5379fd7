"""How the search compares words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.database.words import LONGEST, fts5_query, label_word, query_words, tsquery, words_of


def test_case_accents_and_signs_do_not_matter() -> None:
    assert words_of("¿La FACTURACIÓN, señor? ¡Facturación!") == ("facturacion", "la", "senor")


def test_words_of_other_scripts_are_words_too() -> None:
    assert words_of("счёт 42 §") == ("42", "счет")


@pytest.mark.parametrize(
    ("asked", "words"),
    [("Saldo  de la CUENTA", ("saldo", "de", "la", "cuenta")), ("factur*", ("factur*",)), ("¿?", ()), ("a a", ("a",))],
)
def test_a_query_becomes_words(asked: str, words: tuple[str, ...]) -> None:
    assert query_words(asked) == words


@given(text=st.text(max_size=200))
def test_a_text_is_found_by_its_own_words(text: str) -> None:
    assert set(query_words(text.replace("*", " "))) == set(words_of(text))


@given(text=st.text(max_size=200))
def test_nothing_typed_breaks_out_of_the_query(text: str) -> None:
    words = query_words(text)
    assert all(len(word) <= LONGEST + 1 and word.rstrip("*").isalnum() for word in words)
    assert fts5_query(words).count('"') == 2 * len(words)
    assert tsquery(words).count("'") == 2 * len(words)


def test_a_label_is_one_word() -> None:
    assert label_word("intent", "billing_inquiry") == "zzintentbillinginquiry"
    assert query_words(label_word("sentiment", "Muy enfadado")) == ("zzsentimentmuyenfadado",)
