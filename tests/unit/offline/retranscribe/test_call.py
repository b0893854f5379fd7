"""Two sides of a call become one conversation again."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from offline.retranscribe.call import listen_again, turns_of
from offline.retranscribe.port import PREMIUM, Listening, ListeningSettings, Samples
from offline.retranscribe.recording import RecordedSound
from offline.retranscribe.spans import Span
from vocabulary.speech import Speaker, Word

CALLER, AGENT = Speaker.CALLER, Speaker.AGENT


def said(text: str, begin: float, pace: float = 0.4) -> tuple[Word, ...]:
    return tuple(
        Word(word, begin + pace * place, begin + pace * (place + 0.9), 0.9) for place, word in enumerate(text.split())
    )


class TellingEar:
    """Says of a side what its first sample stands for."""

    version = "telling-1"

    def __init__(self, scripts: dict[int, tuple[Word, ...]]) -> None:
        self._scripts = scripts

    def transcribe(self, samples: Samples, rate: int, settings: ListeningSettings) -> Listening:
        words = self._scripts[int(samples[0])]
        speech = (Span(words[0].start_seconds, words[-1].end_seconds),) if words else ()
        return Listening(words, speech, len(samples) / rate, settings.language, self.version, settings.digest)

    def close(self) -> None: ...


def test_each_side_is_heard_alone_and_the_turns_alternate() -> None:
    ear = TellingEar({1: said("mi saldo por favor", 3) + said("gracias", 12), 2: said("son cuarenta euros", 7)})
    sides = {CALLER: np.full(8000, 1, np.int16), AGENT: np.full(8000, 2, np.int16)}
    heard = listen_again(RecordedSound(8000, sides), ear, PREMIUM)
    assert [(turn.speaker, turn.text) for turn in heard.turns] == [
        (CALLER, "mi saldo por favor"),
        (AGENT, "son cuarenta euros"),
        (CALLER, "gracias"),
    ]
    assert 0 < heard.estimate.wer < 1
    assert heard.turns[1].transcript.text == "son cuarenta euros"


def test_a_file_of_the_caller_alone_has_no_agent() -> None:
    heard = listen_again(RecordedSound(8000, {CALLER: np.full(9, 1, np.int16)}), TellingEar({1: ()}), PREMIUM)
    assert set(heard.sides) == {CALLER}
    assert heard.turns == ()
    assert heard.estimate.wer == 0


def test_a_word_in_between_parts_a_turn_even_without_a_pause() -> None:
    words = {CALLER: (Word("quiero", 1.0, 1.3, 1), Word("pagar", 1.9, 2.2, 1)), AGENT: (Word("dígame", 1.4, 1.7, 1),)}
    assert [turn.text for turn in turns_of(words)] == ["quiero", "dígame", "pagar"]


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0.05, 1.0), st.floats(0, 2)), max_size=60),
)
def test_no_word_is_lost_or_doubled(script: list[tuple[bool, float, float]]) -> None:
    sides: dict[Speaker, list[Word]] = {CALLER: [], AGENT: []}
    now = 0.0
    for number, (is_caller, seconds, pause) in enumerate(script):
        sides[CALLER if is_caller else AGENT].append(Word(str(number), now, now + seconds, 0.5))
        now += seconds + pause
    turns = turns_of({side: tuple(words) for side, words in sides.items()})
    for side, words in sides.items():
        assert [word for turn in turns if turn.speaker is side for word in turn.words] == words
    assert all(one.begin_seconds <= other.begin_seconds for one, other in pairwise(turns))
    assert [int(word.text) for turn in turns for word in turn.words] == list(range(len(script)))
