"""The live stream's messages, and what a slow watcher loses."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.live_events import (
    EVENT_TYPES,
    BadLiveMessage,
    CallEnded,
    CallRefused,
    CallSnapshot,
    CallStarted,
    CallStateChanged,
    CommandAnswer,
    HangUpCall,
    Heartbeat,
    LevelMeasured,
    LiveEvent,
    PartialHeard,
    SentimentAlert,
    Snapshot,
    TransferCall,
    TransferChanged,
    TurnContext,
    TurnSentiment,
    TurnTaken,
    parse_answer,
    parse_command,
    parse_event,
)
from ari_app.watcher_queue import WatcherQueue
from vocabulary.call import CallIdentity, Ending, TurnLatency

CALL = CallSnapshot("c1", "1.7", "telecom", "5551001", "600111222", "listening", 12.5)
EVENTS: list[LiveEvent] = [
    Snapshot(1.0, "e", 42, ("1.7",), (CALL,)),
    Heartbeat(1.0, "e", 42, ("1.7", "1.8")),
    CallStarted.of(CallIdentity("c1", "1.7", "telecom", "5551001", "600111222"), 1.0),
    CallStateChanged(1.0, "c1", "thinking"),
    PartialHeard(1.0, "c1", "necesito revisar"),
    TurnTaken(1.0, "c1", "agent", "Dígame", latency=TurnLatency(500, 1, 2, 3, 4, 510)),
    TurnTaken(
        1.0,
        "c1",
        "caller",
        "estoy harto",
        sentiment=TurnSentiment("frustrated", -0.9, "very_negative", "worsening"),
        context=TurnContext(True, 0.7, "transfer_to_agent", ("user_frustrated",)),
    ),
    SentimentAlert(1.0, "c1", "frustrated", -0.9, "estoy harto", "very_negative", "worsening"),
    LevelMeasured(1.0, "c1", -30.5, -90),
    TransferChanged(1.0, "c1", "soporte", "warm", "ringing"),
    CallEnded.of("c1", Ending.TRANSFERRED, 2.0, 1.0, 3),
    CallRefused(1.0, "c2", "1.9", "telecom", "5551001", "600999999", "blocked", "since May"),
]


def test_there_is_an_example_of_every_event() -> None:
    assert {type(event) for event in EVENTS} == set(EVENT_TYPES.values())


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_what_is_sent_is_what_is_read(event: LiveEvent) -> None:
    assert parse_event(event.to_json()) == event


def test_commands_and_answers_too() -> None:
    for command in (HangUpCall("c1"), TransferCall("c1", "soporte")):
        assert parse_command(command.to_json()) == command
    assert parse_answer(CommandAnswer(False, "no such call").to_json()) == CommandAnswer(False, "no such call")


def test_an_event_newer_than_this_code_is_no_error() -> None:
    assert parse_event('{"type": "emotion"}') is None


@pytest.mark.parametrize(
    "text", ["", "7", "{}", '{"type": "dance"}', '{"type": "hangup"}', '{"type":"hangup","call_id":7}']
)
def test_a_command_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadLiveMessage):
        parse_command(text)


@given(st.dictionaries(st.sampled_from(["type", "call_id", "at", "latency"]), st.sampled_from(["turn", 1, None, {}])))
def test_no_message_breaks_the_parser(message: dict[str, object]) -> None:
    try:
        parse_event(json.dumps(message))
    except BadLiveMessage:
        return


def test_a_slow_watcher_loses_what_will_be_said_again_and_keeps_what_comes_once() -> None:
    queue = WatcherQueue(limit=4)
    for text, is_droppable in [
        ("turn 1", False),
        ("level", True),
        ("level", True),
        ("turn 2", False),
        ("turn 3", False),
    ]:
        queue.put(text, is_droppable=is_droppable)
    assert queue.take_all() == ["turn 1", "turn 2", "turn 3"]
    assert queue.dropped == 2
    assert not queue.is_hopeless


def test_a_watcher_full_of_news_does_not_even_get_a_new_level() -> None:
    queue = WatcherQueue(limit=2)
    for text in ("turn 1", "turn 2"):
        queue.put(text, is_droppable=False)
    queue.put("level", is_droppable=True)
    assert not queue.is_hopeless
    queue.put("turn 3", is_droppable=False)
    assert queue.is_hopeless
