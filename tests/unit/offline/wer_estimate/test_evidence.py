"""Each way in which ears fail shows in the evidence."""

from hypothesis import given
from hypothesis import strategies as st

from engines.correction.language import spanish
from offline.retranscribe.spans import Span
from offline.wer_estimate.evidence import (
    CLUES,
    HeardSpeech,
    clues_of,
    compression,
    looping_share,
    plain,
    silent_share,
    surprises_of,
    unheard_seconds,
)
from vocabulary.speech import Word


def said(text: str, begin: float = 0.0, confidence: float = 0.9, pace: float = 0.35) -> tuple[Word, ...]:
    return tuple(
        Word(word, begin + pace * place, begin + pace * place + 0.3, confidence)
        for place, word in enumerate(text.split())
    )


def clue(name: str, heard: HeardSpeech) -> float:
    return clues_of(heard, spanish())[CLUES.index(name)]


GOOD = HeardSpeech(said("quiero saber el saldo de mi cuenta"), (Span(0, 2.5),))


def test_nothing_speaks_against_a_good_transcript() -> None:
    for name in ("unheard", "sparse", "hurried", "silent", "repeated", "squeezed", "doubtful"):
        assert clue(name, GOOD) == 0, name


def test_an_ear_that_is_not_sure_is_believed() -> None:
    unsure = HeardSpeech(said("quiero saber el saldo de mi cuenta", confidence=0.4), GOOD.speech)
    for name in ("doubt", "worst", "doubtful"):
        assert clue(name, unsure) > clue(name, GOOD)


def test_a_voice_without_words_is_missed_speech() -> None:
    missed = HeardSpeech(GOOD.words, (Span(0, 2.5), Span(5, 9)))
    assert unheard_seconds(missed) == 4
    assert clue("unheard", missed) > 0.5
    assert clue("sparse", missed) > clue("sparse", GOOD)


def test_words_where_nobody_speaks_are_invented() -> None:
    invented = HeardSpeech(said("gracias por ver el vídeo", begin=20), (Span(0, 2.5),))
    assert silent_share(invented) == 1
    assert silent_share(GOOD) == 0


def test_a_loop_is_seen_whatever_its_length() -> None:
    for phrase in ("no", "de nada", "vale muchas gracias", "y eso es todo lo que quería decirle"):
        looped = f"buenos días {' '.join([phrase] * 6)} adiós".split()
        assert looping_share(looped) == (len(looped) - 3) / len(looped)


def test_people_repeat_themselves_too() -> None:
    assert looping_share(["no", "no", "eso", "no", "es", "sí", "sí", "claro"]) == 0
    digits = ["uno", "uno", "dos", "dos", "tres", "cuatro", "cinco", "cuatro", "cinco"]
    assert looping_share(digits) == 0


def test_a_text_that_repeats_itself_is_squeezed() -> None:
    assert compression(" ".join(["subtítulos realizados por la comunidad"] * 20)) > 2.4
    assert compression("sí") == 1


def test_words_that_spanish_does_not_put_side_by_side_surprise() -> None:
    good = sum(surprises_of(said("quiero saber el saldo de mi cuenta"), spanish()))
    mixed = sum(surprises_of(said("cuenta el de mi saldo saber quiero"), spanish()))
    assert mixed > good
    assert surprises_of((), spanish()) == []


def test_a_pause_begins_a_new_sentence() -> None:
    together = surprises_of(said("gracias") + said("quiero", 0.31), spanish())
    apart = surprises_of(said("gracias") + said("quiero", 5), spanish())
    assert together[0] != apart[0] or together[1] != apart[1]


def test_punctuation_and_case_do_not_matter() -> None:
    assert plain("¿Saldo?") == "saldo"
    written = HeardSpeech(
        tuple(Word(word.text.capitalize() + ".", word.start_seconds, word.end_seconds, 0.9) for word in GOOD.words),
        GOOD.speech,
    )
    assert clues_of(written, spanish())[1:9] == clues_of(GOOD, spanish())[1:9]


WORDS = st.lists(
    st.tuples(st.text(max_size=6), st.floats(0, 100), st.floats(0, 3), st.floats(0, 1)).map(
        lambda one: Word(one[0], one[1], one[1] + one[2], one[3])
    ),
    max_size=30,
)
SPANS = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0, 20)).map(lambda one: Span(one[0], one[0] + one[1])), max_size=6
)


@given(WORDS, SPANS)
def test_evidence_is_a_small_number_for_whatever_an_ear_gives(words: list[Word], spans: list[Span]) -> None:
    clues = clues_of(HeardSpeech(tuple(words), tuple(spans)), spanish())
    assert len(clues) == len(CLUES)
    assert all(0 <= one <= 1000 for one in clues), dict(zip(CLUES, clues, strict=True))
    assert all(0 <= one <= 3 for name, one in zip(CLUES, clues, strict=True) if name != "unheard")
