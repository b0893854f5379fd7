"""What files and watchers are told of a caller's mood, in the names other systems know."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ari_app.call_log import CallLog
from ari_app.call_mood import mood_figures, turn_figures
from ari_app.live import LiveStream
from ari_app.live_events import LiveEvent, SentimentAlert, TurnTaken
from conversation.understanding import NOTHING_READ, Understanding
from storage.metadata.files import parse_metadata
from storage.recordings import Recording
from vocabulary.call import CallIdentity, Ending
from vocabulary.speech import Correction

UPSET, ASKING, GLAD = "esto es una vergüenza", "¿cuánto debo?", "perfecto, muchas gracias"


@dataclass
class Watchers:
    """Whoever watches the calls."""

    told: list[LiveEvent] = field(default_factory=list)

    def publish(self, event: LiveEvent) -> None:
        self.told.append(event)


def log_of(*said: str) -> tuple[CallLog, Watchers]:
    """A call in which the caller said this."""
    watchers = Watchers()
    identity = CallIdentity("c1", "1.7", "telecom", "5551001", "600111222")
    log = CallLog(identity, cast(LiveStream, watchers), time.time(), ())
    understanding = Understanding()
    for text in said:
        log.caller_said(Correction(text, text), None, understanding.hear(text).reading)
        log.agent_said("Entiendo.", was_interrupted=False)
    return log, watchers


def test_a_turns_mood_stands_in_the_transcript_and_is_told_at_once() -> None:
    log, watchers = log_of(UPSET)
    first = log.turns[0]
    assert first["sentiment"] == {"sentiment": "frustrated", "score": -0.9, "level": "very_negative", "trend": "steady"}
    assert first["context"] == {
        "needs_escalation": False,
        "confidence_level": 1.0,
        "suggested_action": "continue",
        "issues": [],
    }
    told = next(event for event in watchers.told if isinstance(event, TurnTaken))
    assert told.sentiment is not None
    assert (told.sentiment.sentiment, told.sentiment.score) == ("frustrated", -0.9)


def test_whoever_supervises_is_told_of_an_upset_caller_and_of_no_other() -> None:
    _, watchers = log_of(ASKING, UPSET, GLAD)
    (alert,) = (event for event in watchers.told if isinstance(event, SentimentAlert))
    assert (alert.sentiment, alert.score, alert.message) == ("frustrated", -0.9, UPSET)


def test_the_calls_metadata_tell_the_course_of_the_mood() -> None:
    log, _ = log_of(UPSET, ASKING, GLAD)
    metadata = log.metadata(Ending.CALLER_HUNG_UP, Recording(Path("rec_c1.wav"), 8000, 3.0, 0.0, ""), "es")
    assert parse_metadata(json.dumps(metadata).encode()).transcription is not None, "of the schema, as it is"
    assert metadata["transcription"]["text"].splitlines() == [UPSET, ASKING, GLAD]
    figures = metadata["metrics"]
    assert figures["sentiment_trend"] == [-0.9, 0.0, 0.88]
    assert figures["sentiment_direction"] == "improving"
    assert figures["final_sentiment"] == "positive"
    assert figures["avg_sentiment_score"] == round((-0.9 + 0.0 + 0.88) / 3, 3)
    assert figures["sentiment_alerts_count"] == 1
    assert figures["clarifications_count"] == 0
    assert figures["escalation_turns_count"] == 0
    assert [turn.get("sentiment_score") for turn in metadata["turns"]] == [-0.9, None, 0.0, None, 0.88, None]


def test_a_call_taken_up_after_a_crash_goes_on_counting_its_alerts() -> None:
    before, _ = log_of(UPSET, ASKING)
    after = CallLog(CallIdentity("c1", "1.7", "t", "5", "6"), cast(LiveStream, Watchers()), time.time(), before.turns)
    assert after.alerts == before.alerts == 1


def test_what_was_not_read_has_no_mood() -> None:
    log, watchers = log_of()
    log.caller_said(Correction("123", "123"), None, NOTHING_READ)
    assert "sentiment" not in log.turns[0]
    assert mood_figures(log.turns, 0)["final_sentiment"] is None
    assert mood_figures(log.turns, 0)["sentiment_trend"] == []
    told = watchers.told[0]
    assert isinstance(told, TurnTaken)
    assert told.sentiment is None


def test_how_we_made_sure_of_a_word_is_noted() -> None:
    entry: dict[str, Any] = {"speaker": "caller", "at": 1.0, "clarification": {"strategy": "explicit"}}
    assert mood_figures([entry], 0)["clarifications_count"] == 1
    assert turn_figures([entry]) == [{"speaker": "caller", "at": 1.0}]
