"""What the dialogue read in a caller's turn, as files and watchers get it: plain values, the reference names."""

from collections.abc import Mapping, Sequence
from typing import Any

from ari_app.live_events import SentimentAlert, TurnContext, TurnSentiment
from conversation.sentiment import trend_of
from conversation.understanding import Reading


def sentiment_told(reading: Reading) -> TurnSentiment:
    """The mood of the turn, for watchers."""
    mood = reading.sentiment
    return TurnSentiment(mood.mood.value, mood.score, mood.level.value, reading.trend.value)


def context_told(reading: Reading) -> TurnContext:
    """How the conversation stands, for watchers."""
    context = reading.context
    return TurnContext(
        needs_escalation=context.needs_escalation,
        confidence_level=context.confidence_level,
        suggested_action=context.suggested_action.value,
        issues=tuple(issue.value for issue in context.issues),
    )


def clarification_told(reading: Reading) -> str:
    """How we made sure of what was said: explicit, implicit, spell_out; "" when we did not."""
    return "" if reading.clarification is None else reading.clarification.strategy.value


def alert_of(reading: Reading, at: float, call_id: str, message: str) -> SentimentAlert | None:
    """What a supervisor should know, if anything."""
    if not reading.sentiment.is_alarming:
        return None
    told = sentiment_told(reading)
    return SentimentAlert(at, call_id, told.sentiment, told.score, message, told.level, told.trend)


def entry_of(reading: Reading) -> dict[str, Any]:
    """What the transcript keeps of it, beside the caller's words."""
    told, context = sentiment_told(reading), context_told(reading)
    entry: dict[str, Any] = {
        "sentiment": {"sentiment": told.sentiment, "score": told.score, "level": told.level, "trend": told.trend},
        "context": {
            "needs_escalation": context.needs_escalation,
            "confidence_level": context.confidence_level,
            "suggested_action": context.suggested_action,
            "issues": list(context.issues),
        },
    }
    if reading.clarification is not None:
        entry["clarification"] = {
            "strategy": clarification_told(reading),
            "kind": reading.clarification.kind.value,
            "word": reading.clarification.word,
            "confidence": round(reading.clarification.confidence, 3),
        }
    return entry


def mood_figures(turns: Sequence[Mapping[str, Any]], alerts: int) -> dict[str, Any]:
    """The call's moods in numbers, from the transcript's entries; None where no turn was read."""
    read = [turn["sentiment"] for turn in turns if "sentiment" in turn]
    scores = [float(one["score"]) for one in read]
    return {
        "avg_sentiment_score": round(sum(scores) / len(scores), 3) if scores else None,
        "sentiment_trend": scores,
        "sentiment_direction": trend_of(scores).value,
        "final_sentiment": read[-1]["sentiment"] if read else None,
        "sentiment_alerts_count": alerts,
        "clarifications_count": sum("clarification" in turn for turn in turns),
        "escalation_turns_count": sum(turn.get("context", {}).get("needs_escalation", False) for turn in turns),
    }


def turn_figures(turns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every turn in numbers, without its words: who, when, the latency, the mood."""
    shown: list[dict[str, Any]] = []
    for turn in turns:
        figures: dict[str, Any] = {"speaker": turn["speaker"], "at": turn["at"]}
        if "latency" in turn:
            figures["latency"] = turn["latency"]
        if "sentiment" in turn:
            figures |= {
                "sentiment_label": turn["sentiment"]["sentiment"],
                "sentiment_score": turn["sentiment"]["score"],
                "issues": turn["context"]["issues"],
            }
        shown.append(figures)
    return shown
