"""A mind's letters become sentences as early as possible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.sentences import LONGEST_SENTENCE, SentenceCutter


def cut(*pieces: str) -> list[str]:
    cutter = SentenceCutter()
    return [sentence for piece in pieces for sentence in cutter.feed(piece)] + cutter.finish()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Hola. ¿Qué desea?", ["Hola.", "¿Qué desea?"]),
        ("Son 45.50 euros. Vale.", ["Son 45.50 euros.", "Vale."]),
        ("El Sr. García y la Dra. Ruiz. Fin", ["El Sr. García y la Dra. Ruiz.", "Fin"]),
        ("Espere… Ya está.", ["Espere…", "Ya está."]),
        ("Uno\nDos", ["Uno", "Dos"]),
        ("... . !", []),
        ("", []),
    ],
)
def test_sentences_end_where_people_end_them(text: str, sentences: list[str]) -> None:
    assert cut(text) == sentences


def test_a_sentence_does_not_wait_for_the_next() -> None:
    assert SentenceCutter().feed("Claro, lo miro. ") == ["Claro, lo miro."]


def test_endless_sentences_are_cut_where_one_breathes() -> None:
    sentences = cut("y entonces, " * 60)
    assert max(map(len, sentences)) <= LONGEST_SENTENCE
    assert all(sentence.endswith(",") for sentence in sentences)


@given(text=st.text(alphabet="ab .,?!\n1", max_size=600), data=st.data())
def test_no_word_is_lost_however_the_stream_is_cut(text: str, data: st.DataObject) -> None:
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]
    spoken = "".join("".join(cut(*pieces)).split())
    assert [letter for letter in spoken if letter.isalnum()] == [letter for letter in text if letter.isalnum()]
