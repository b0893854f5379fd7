"""The search turns phone probabilities into words, here from probabilities written by hand."""

from itertools import pairwise

import numpy as np
import pytest

from engines.stt.tiny.alignment import place
from engines.stt.tiny.language import Language
from engines.stt.tiny.network import LogProbabilities
from engines.stt.tiny.phones import BLANK, GARBAGE, PHONE_INDEX, SYMBOLS
from engines.stt.tiny.search import Search


def language_of(*sentences: str) -> Language:
    words = sorted({word for sentence in sentences for word in sentence.split()})
    pairs = np.zeros((len(words) + 1, len(words) + 1), np.float32)
    for sentence in sentences:
        path = [len(words), *(words.index(word) for word in sentence.split()), len(words)]
        for first, second in pairwise(path):
            pairs[first, second] += 1
    return Language(tuple(words), pairs.sum(axis=0), pairs)


def heard(symbols: str, sureness: float = 0.9) -> LogProbabilities:
    """Return what a network says that hears one symbol a frame: "_" is silence, "#" foreign speech."""
    probabilities = np.full((len(symbols), SYMBOLS), (1 - sureness) / (SYMBOLS - 1), np.float32)
    for frame, symbol in enumerate(symbols):
        probabilities[frame, {"_": BLANK, "#": GARBAGE}.get(symbol) or PHONE_INDEX.get(symbol, BLANK)] = sureness
    return np.log(probabilities)


LANGUAGE = language_of("el saldo de mi cuenta", "salgo de casa", "cuesta diez", "sí", "sí sí", "no", "si no salgo")


def texts(sound: LogProbabilities, language: Language = LANGUAGE) -> list[str]:
    return [word.text for word in Search(language).words_of(sound)]


@pytest.mark.parametrize(
    ("symbols", "words"),
    [
        ("__e_l__s_a_ll_d_o__d_e__m_i__k_u_e_n_t_a__", "el saldo de mi cuenta"),
        ("_s_a_l_g_o_d_e_k_a_s_a_", "salgo de casa"),
        ("___si___", "sí"),
        ("_s_i___s_i__", "sí sí"),
        ("no", "no"),
    ],
)
def test_clear_phones_become_their_words(symbols: str, words: str) -> None:
    assert texts(heard(symbols)) == words.split()


def test_the_language_chooses_between_words_that_sound_alike() -> None:
    assert texts(heard("_s_i_n_o_s_a_l_g_o_")) == ["si", "no", "salgo"]
    assert texts(heard("_s_i_")) == ["sí"]


def test_silence_is_no_word() -> None:
    assert texts(heard("______________________")) == []
    assert texts(np.zeros((0, SYMBOLS), np.float32)) == []


def test_foreign_speech_is_a_word_without_text() -> None:
    assert "" in texts(heard("__#__#__#__"))


def test_a_new_word_is_heard_by_its_spelling() -> None:
    spoken = heard("_e_l_s_a_l_d_o_d_e_C_i_l_e_k_o_m__")
    assert "chilecom" not in texts(spoken)
    assert texts(spoken, LANGUAGE.with_words(["chilecom"])) == ["el", "saldo", "de", "chilecom"]


def test_words_known_already_change_nothing() -> None:
    assert LANGUAGE.with_words(["saldo", "saldo"]) is LANGUAGE


def test_every_row_of_the_language_is_a_probability() -> None:
    language = LANGUAGE.with_words(["chilecom"])
    assert np.exp(language.log_probabilities.astype(float)).sum(axis=1) == pytest.approx(1.0, abs=1e-4)


def test_words_stand_where_they_were_said() -> None:
    sound = heard("____s_i_____nn_oo___")
    placed = place(Search(LANGUAGE).words_of(sound), sound)
    assert [(word.heard.text, word.first_frame, word.last_frame) for word in placed] == [("si", 4, 6), ("no", 12, 16)]


def test_a_word_said_badly_fits_worse() -> None:
    clear, vague = (
        place(Search(LANGUAGE).words_of(sound), sound)[0] for sound in (heard("_s_i_"), heard("_s_i_", 0.4))
    )
    assert clear.phone_fit > vague.phone_fit
    assert clear.worst_fit > vague.worst_fit
