"""Spanish letters become phones by rule, so that the ear can learn a word from its spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.stt.tiny.phones import GARBAGE, IRREGULAR, PHONES, SYMBOLS, indices, phones_of, pronunciations


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("cuenta", "kuenta"),
        ("cigüeña", "sigueña"),
        ("guerra", "geRa"),
        ("guapo", "guapo"),
        ("queso", "keso"),
        ("gente", "jente"),
        ("jirafa", "jirafa"),
        ("gato", "gato"),
        ("rey", "Rei"),
        ("ya", "ya"),
        ("mayo", "mayo"),
        ("israel", "isRael"),
        ("enrique", "enRike"),
        ("caro", "karo"),
        ("carro", "kaRo"),
        ("excelente", "ekselente"),
        ("hola", "ola"),
        ("chico", "Ciko"),
        ("innovar", "inobar"),
        ("leer", "leer"),
        ("wifi", "uifi"),
        ("número", "numero"),
    ],
)
def test_letters_become_phones(word: str, phones: str) -> None:
    assert phones_of(word) == phones


@pytest.mark.parametrize(
    ("one", "other"),
    [("casa", "caza"), ("vaca", "baca"), ("valla", "vaya"), ("echo", "hecho"), ("tubo", "tuvo"), ("sí", "si")],
)
def test_what_sounds_alike_is_the_same(one: str, other: str) -> None:
    assert phones_of(one) == phones_of(other)


@pytest.mark.parametrize(
    ("one", "other"), [("pero", "perro"), ("saldo", "salgo"), ("cuenta", "cuesta"), ("ano", "año")]
)
def test_what_sounds_different_stays_so(one: str, other: str) -> None:
    assert phones_of(one) != phones_of(other)


def test_loan_words_have_their_own_pronunciations() -> None:
    assert pronunciations("OK") == ("ok", "okei")
    assert all(set(phones) <= set(PHONES) for spoken in IRREGULAR.values() for phones in spoken)


def test_what_has_no_sound_has_no_pronunciation() -> None:
    assert pronunciations("h") == ()
    assert pronunciations("—") == ()


@given(st.text())
def test_any_text_becomes_phones_of_ours(text: str) -> None:
    assert all(0 < index < GARBAGE < SYMBOLS for index in indices(phones_of(text)))
