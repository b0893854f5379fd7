"""Words of a second listening find their turns: none is lost or doubled, and nothing of ours moves."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline.batch.turns import BrokenTranscript, Turn, heard_again, turns_in
from offline.retranscribe.spans import Span
from vocabulary.speech import Speaker, Word


def entry(speaker: str, text: str, begin: float | None = None, end: float | None = None, at: float = 0.0) -> Any:
    times = {} if begin is None else {"begin_seconds": begin, "end_seconds": end, "confidence": 0.4}
    return {"speaker": speaker, "at": at or end or 0.0, "text": text, **times}


CALL = turns_in(
    {
        "turns": [
            entry("agent", "¿En qué puedo ayudarle?", at=1.0),
            entry("caller", "ver mi salgo", 2.0, 4.0),
            entry("agent", "Un momento.", at=5.0),
            entry("caller", "1234", at=8.0),
            entry("caller", "adiós", 9.0, 10.0),
        ]
    }
)


def said(text: str, begin: float, step: float = 0.3) -> tuple[Word, ...]:
    return tuple(
        Word(word, begin + step * place, begin + step * (place + 1), 0.9) for place, word in enumerate(text.split())
    )


def texts(turns: tuple[Turn, ...]) -> list[str]:
    return [turn.heard for turn in turns]


def test_words_go_to_the_turn_they_were_said_in() -> None:
    words = said("quiero ver mi saldo", 1.9) + said("adiós gracias", 9.1)
    found = heard_again(CALL, words, ())
    assert texts(found) == ["¿En qué puedo ayudarle?", "quiero ver mi saldo", "Un momento.", "1234", "adiós gracias"]
    assert [turn.is_heard_again for turn in found] == [False, True, False, False, True]
    assert found[1].confidence == pytest.approx(0.9)
    assert found[1].origin == 1


def test_words_far_from_every_turn_make_a_turn_of_their_own() -> None:
    found = heard_again(CALL, said("ver mi saldo", 2.2) + said("oiga", 6.5) + said("adiós", 9.2), ())
    assert texts(found) == ["¿En qué puedo ayudarle?", "ver mi saldo", "Un momento.", "oiga", "1234", "adiós"]
    assert found[3].origin is None


def test_a_turn_the_second_ear_missed_is_kept_when_somebody_spoke() -> None:
    found = heard_again(CALL, said("ver mi saldo", 2.2), (Span(9.0, 10.0),))
    assert texts(found)[-1] == "adiós"
    assert not found[-1].is_heard_again


def test_a_turn_invented_in_silence_goes_unless_the_recording_has_gaps() -> None:
    words = said("ver mi saldo", 2.2)
    assert "adiós" not in texts(heard_again(CALL, words, ()))
    assert "adiós" in texts(heard_again(CALL, words, (), drops_silent=False))


def test_keys_and_our_own_sentences_are_never_heard_again() -> None:
    found = heard_again(CALL, said("ruido", 8.0) + said("hola", 1.0), ())
    assert "1234" in texts(found)
    assert texts(found)[0] == "¿En qué puedo ayudarle?"


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0.1, 3), st.floats(0, 3)), max_size=12),
    st.lists(st.floats(0, 60), max_size=40),
)
def test_every_word_is_there_once_and_the_rest_keeps_its_order(
    turns: list[tuple[bool, float, float]], moments: list[float]
) -> None:
    entries, now = [], 0.0
    for place, (is_caller, length, pause) in enumerate(turns):
        begin, now = now + pause, now + pause + length
        name = "caller" if is_caller else "agent"
        entries.append(entry(name, f"turn {place}", begin if is_caller else None, now if is_caller else None, now))
    first = turns_in({"turns": entries})
    words = tuple(Word(f"w{place}", at, at + 0.2, 0.5) for place, at in enumerate(sorted(moments)))
    found = heard_again(first, words, (Span(0, 100),))
    told = [word.text for turn in found if turn.is_heard_again for word in turn.words]
    assert sorted(told) == sorted(word.text for word in words)
    kept = [turn.origin for turn in found if turn.origin is not None]
    assert kept == list(range(len(first)))
    assert [turn for turn in found if turn.speaker is Speaker.AGENT] == [
        turn for turn in first if turn.speaker is Speaker.AGENT
    ]


@pytest.mark.parametrize(
    ("transcript", "message"),
    [
        ({}, "turns: not a list"),
        ({"turns": ["hola"]}, "turn 0: not an object"),
        ({"turns": [{"text": "secreto"}]}, "turn 0, speaker"),
        ({"turns": [entry("agent", "a"), {"speaker": "caller", "text": 7}]}, "turn 1: text"),
        ({"turns": [{"speaker": "caller", "text": "secreto", "at": "hoy"}]}, "turn 0, at"),
    ],
)
def test_broken_turns_are_named_without_their_words(transcript: Any, message: str) -> None:
    with pytest.raises(BrokenTranscript, match=message) as caught:
        turns_in(transcript)
    assert "secreto" not in str(caught.value)


def test_words_stand_evenly_where_nobody_kept_their_times() -> None:
    words = CALL[1].heard_words()
    assert [word.text for word in words] == ["ver", "mi", "salgo"]
    assert (words[0].start_seconds, words[-1].end_seconds) == (2.0, 4.0)
    assert {word.confidence for word in words} == {0.4}
    assert CALL[3].heard_words() == ()


def test_they_stand_where_the_voice_is() -> None:
    words = CALL[1].heard_words((Span(0, 1), Span(2.5, 3.0), Span(3.5, 4.5)))
    assert [(round(word.start_seconds, 2), round(word.end_seconds, 2)) for word in words] == [
        (2.5, 2.83),
        (2.83, 3.67),
        (3.67, 4.0),
    ]


def test_the_repr_of_a_turn_holds_no_words() -> None:
    assert "salgo" not in repr(CALL[1])
