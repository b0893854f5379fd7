"""From a detector's judgements to pieces an ear can take."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline.retranscribe.spans import Chunk, Span, cut, joined, packed, spans_of


def judgements(script: str) -> list[bool]:
    return [letter == "v" for letter in script]


def test_a_click_is_no_voice() -> None:
    assert spans_of(judgements("." * 50 + "vv" + "." * 50)) == ()


def test_a_plosive_does_not_part_a_word() -> None:
    (span,) = spans_of(judgements("." * 50 + "v" * 20 + "." * 10 + "v" * 20 + "." * 50))
    assert span.begin_seconds == pytest.approx(50 * 0.02 - 0.2)
    assert span.end_seconds == pytest.approx(100 * 0.02 + 0.2)


def test_a_pause_parts_two_sentences() -> None:
    first, second = spans_of(judgements("v" * 50 + "." * 100 + "v" * 50))
    assert first.begin_seconds == 0, "the margin does not reach before the recording"
    assert first.end_seconds < second.begin_seconds
    assert second.end_seconds == pytest.approx(4.0), "nor behind it"


@given(st.lists(st.booleans(), max_size=400))
def test_spans_are_in_order_and_hold_every_run_of_voice(voiced: list[bool]) -> None:
    spans = spans_of(voiced)
    assert all(one.end_seconds < other.begin_seconds for one, other in pairwise(spans))
    for frame in range(len(voiced) - 2):
        if all(voiced[frame : frame + 3]):
            middle = (frame + 1.5) * 0.02
            assert any(span.begin_seconds <= middle <= span.end_seconds for span in spans)


def test_joining_closes_short_gaps_only() -> None:
    spans = (Span(5, 6), Span(0, 1), Span(1.2, 2))
    assert joined(spans, 0.3) == (Span(0, 2), Span(5, 6))


def test_a_long_stretch_is_cut_where_it_is_quietest() -> None:
    loudness = [9.0] * 200
    loudness[70] = 0.0
    first, *rest = cut(Span(100, 120), 10, loudness, 0.1)
    assert first == Span(100, 107)
    assert rest[-1].end_seconds == 120


@given(st.floats(0, 1000), st.floats(0.1, 300), st.floats(2, 28), st.lists(st.floats(0, 1e6), max_size=500))
def test_cutting_loses_and_doubles_nothing(begin: float, seconds: float, longest: float, loudness: list[float]) -> None:
    span = Span(begin, begin + seconds)
    pieces = cut(span, longest, loudness, 0.05)
    assert (pieces[0].begin_seconds, pieces[-1].end_seconds) == (span.begin_seconds, span.end_seconds)
    assert all(one.end_seconds == other.begin_seconds for one, other in pairwise(pieces))
    assert all(0 < piece.seconds <= longest + 1e-6 for piece in pieces)


@given(st.lists(st.tuples(st.floats(0.1, 20), st.floats(0.1, 5)), max_size=40))
def test_packing_keeps_every_span_once_and_fills_no_chunk_too_far(lengths: list[tuple[float, float]]) -> None:
    spans: list[Span] = []
    now = 0.0
    for voice, pause in lengths:
        spans.append(Span(now, now + voice))
        now += voice + pause
    chunks = packed(spans, 20.0)
    assert [piece for chunk in chunks for piece in chunk.pieces] == spans
    assert all(chunk.seconds <= 20.0 + 1e-6 for chunk in chunks)
    assert len(chunks) <= len(spans)


def test_a_chunk_knows_where_its_sound_was() -> None:
    chunk = Chunk((Span(10, 12), Span(20, 21)))
    assert chunk.seconds == 3
    assert [chunk.when(seconds) for seconds in (-1, 0, 1.5, 2.5, 3, 99)] == [10, 10, 11.5, 20.5, 21, 21]
