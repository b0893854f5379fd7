"""What the person at the terminal reads."""

import io

import pytest
from rich.console import Console

from ari_app.live_events import CallStateChanged, Heartbeat, LevelMeasured, PartialHeard, TransferChanged, TurnTaken
from centralita.demo.callers import Saying
from centralita.demo.scenarios import SCENARIOS
from centralita.demo.timeline import Timeline, latency_words, lines_of, meter
from vocabulary.call import TurnLatency

BILLING = next(scenario for scenario in SCENARIOS if scenario.key == "billing")
LATENCY = TurnLatency(500, 0, 1, 3, 12, 516)


def printed(*events: object) -> str:
    out = io.StringIO()
    with Timeline(Console(file=out, width=120), SCENARIOS, begun_at=100.0) as timeline:
        for event in events:
            timeline.happened(BILLING, event)  # type: ignore[arg-type]  # any event is taken
    return out.getvalue()


def test_a_correction_shows_what_was_heard_and_what_was_meant() -> None:
    text = printed(TurnTaken(105.5, "c", "caller", "el saldo de mi cuenta", "el salgo de mi cuesta"))
    assert "5.50  billing" in text
    heard, meant = text.index("heard  «el salgo de mi cuesta»"), text.index("meant  «el saldo de mi cuenta»")
    assert heard < meant


def test_an_answer_shows_its_latency_after_its_words() -> None:
    lines = lines_of(TurnTaken(105.5, "c", "agent", "Claro.", latency=LATENCY))
    assert [what for _, what, _ in lines] == ["Claro.", latency_words(LATENCY)]
    assert latency_words(LATENCY) == "answered in 516 ms = silence 500 + ear 0 + mind 1 + mouth 3 + own 12"


def test_an_interrupted_sentence_says_so_and_one_of_which_nothing_was_heard_is_left_out() -> None:
    assert "✂" in lines_of(TurnTaken(1, "c", "agent", "Antes de", was_interrupted=True))[0][1]
    assert lines_of(TurnTaken(1, "c", "agent", "", was_interrupted=True)) == []


def test_a_failed_transfer_tells_why() -> None:
    assert "failed (busy)" in lines_of(TransferChanged(1, "c", "gerente", "warm", "failed", "busy"))[0][1]


@pytest.mark.parametrize("event", [Heartbeat(1, "e", 1, ()), LevelMeasured(1, "c", -20, -90)])
def test_what_comes_all_the_time_is_no_line(event: Heartbeat | LevelMeasured) -> None:
    assert lines_of(event) == []


def test_speaking_over_the_agent_is_told_at_once() -> None:
    over = printed(LevelMeasured(105.0, "c", -90, -15), CallStateChanged(105.2, "c", "listening"))
    assert "we fall silent" in over
    after = printed(LevelMeasured(105.0, "c", -90, -15), CallStateChanged(105.6, "c", "listening"))
    assert "we fall silent" not in after


def test_what_is_said_and_partial_words_are_lines() -> None:
    text = printed(Saying("Ana", "hola", 101.0, b""), PartialHeard(101.5, "c", "ho"))
    assert "hola" in text
    assert "…ho" in text


def test_a_meter_goes_from_nothing_to_full() -> None:
    assert meter(-90) == "▯" * 8
    assert meter(0) == "▮" * 8
    assert meter(-30) == "▮▮▮▮▯▯▯▯"
