"""A call in numbers, in the shape the API documents for one call: what was measured while it lasted and what the second
listening found. Pure."""

from typing import TypedDict

from storage.metadata.schema import RecordingMetadata


class CallMetrics(TypedDict):
    """The answer of GET /conversations/{id}/metrics; None where nobody measured or found it yet."""

    conversation_id: str
    duration_seconds: float
    total_turns: int
    avg_stt_latency_ms: float | None
    avg_llm_latency_ms: float | None
    avg_tts_latency_ms: float | None
    total_latency_ms: float | None
    interruptions_count: int
    sentiment_trend: list[float]
    final_sentiment: str
    outcome: str
    topics: list[str]
    quality_score: float | None


def call_metrics(metadata: RecordingMetadata) -> CallMetrics:
    """Return the call's metrics; moods and outcome are the second listening's once there is one."""
    live, found = metadata.metrics, metadata.analysis
    final = "" if found is None else (found.model_extra or {}).get("final_sentiment") or found.sentiment
    return {
        "conversation_id": metadata.conversation_id,
        "duration_seconds": live.duration_seconds,
        "total_turns": len(metadata.turns) if found is not None and metadata.turns else live.total_turns,
        "avg_stt_latency_ms": live.avg_stt_latency_ms,
        "avg_llm_latency_ms": live.avg_llm_latency_ms,
        "avg_tts_latency_ms": live.avg_tts_latency_ms,
        "total_latency_ms": live.avg_total_latency_ms,
        "interruptions_count": live.interruptions_count,
        "sentiment_trend": list(live.sentiment_trend if found is None else found.sentiment_trend),
        "final_sentiment": str(final or live.final_sentiment or ""),
        "outcome": metadata.outcome,
        "topics": [] if found is None else list(found.topics),
        "quality_score": None if found is None else found.quality_score,
    }
