import io

from rich.console import Console

from ari_app.live_events import (
    CallEnded,
    CallSnapshot,
    CallStarted,
    CallStateChanged,
    Heartbeat,
    LevelMeasured,
    LiveEvent,
    PartialHeard,
    Snapshot,
    TransferChanged,
    TurnSentiment,
    TurnTaken,
)
from centralita.call_board import CallBoard
from vocabulary.call import TurnLatency

CALL = CallSnapshot("c1", "1.7", "telecom", "5551001", "600111222", "listening", 100.0, 2)


def board(*events: LiveEvent) -> CallBoard:
    result = CallBoard()
    for event in (Snapshot(100.0, "e", 1, (), (CALL,)), *events):
        result.take(event)
    return result


def drawn(board: CallBoard, now: float = 112.0) -> str:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(board.draw(now))
    return console.export_text()


def test_a_call_is_one_line_with_its_last_words_and_latency() -> None:
    text = drawn(
        board(
            CallStateChanged(101.0, "c1", "speaking"),
            PartialHeard(102.0, "c1", "necesito"),
            TurnTaken(103.0, "c1", "agent", "Dígame", latency=TurnLatency(500, 1, 2, 3, 4, 640.4)),
            LevelMeasured(103.0, "c1", 0.0, -90.0),
        )
    )
    for shown in (
        "c1",
        "telecom",
        "600111222",
        "speaking",
        "12 s",
        "3",
        "640 ms",
        "████████|········",
        "agent: Dígame",
    ):
        assert shown in text


def test_the_mood_of_the_last_turn_and_where_it_goes_are_shown() -> None:
    upset = TurnSentiment("frustrated", -0.9, "very_negative", "worsening")
    watched = board(
        TurnTaken(103.0, "c1", "caller", "estoy harto", sentiment=upset), TurnTaken(104.0, "c1", "agent", "Lo siento.")
    )
    assert "frustrated -0.9 ↓" in drawn(watched)


def test_what_a_caller_says_is_never_taken_for_markup() -> None:
    assert "caller: [bold]hola[/bold]" in drawn(board(TurnTaken(101.0, "c1", "caller", "[bold]hola[/bold]")))


def test_calls_come_and_go() -> None:
    told = board(CallStarted(101.0, "c2", "1.9", "clinica", "5551002", ""), CallEnded(102.0, "c1", "abandoned", 2.0, 3))
    assert set(told.lines) == {"c2"}
    assert "c1  abandoned  2 s  3 turns" in drawn(told)


def test_a_transfer_says_how_it_goes() -> None:
    assert "warm transfer to soporte: failed busy" in drawn(
        board(TransferChanged(101.0, "c1", "soporte", "warm", "failed", "busy"))
    )


def test_events_of_unknown_calls_change_nothing() -> None:
    told = board(TurnTaken(101.0, "c9", "agent", "hola"), CallEnded(101.0, "c9", "abandoned", 1.0))
    assert set(told.lines) == {"c1"}
    assert not told.ended


def test_while_calls_is_away_the_board_says_so() -> None:
    told = board()
    told.lost()
    assert "calls is away" in drawn(told)
    told.take(Heartbeat(101.0, "e", 1, ()))
    assert "calls is away" not in drawn(told)
