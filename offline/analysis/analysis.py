"""The whole analysis of a call: `analyse` takes what was said and returns what it meant, as JSON if wanted."""

from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field

from offline.analysis import coherence, dynamics, intents, moods, outcome, quality, topics, voices
from offline.analysis.call import CallToAnalyse
from offline.analysis.entities import find
from offline.analysis.intent_model import shipped_model

ANALYSIS_VERSION: Final = "+".join(
    (
        f"analysis-1.{moods.VERSION}.{intents.VERSION}.{topics.VERSION}.{dynamics.VERSION}.{coherence.VERSION}"
        f".{outcome.VERSION}.{quality.VERSION}.{voices.VERSION}",
        find.VERSION,
    )
)
"""Changes whenever a stage judges otherwise; the weights of the intent model are named in `Analysis.model`."""

Share = Annotated[float, Field(ge=0, le=1)]
Score = Annotated[float, Field(ge=-1, le=1)]
Place = Annotated[int, Field(ge=0)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TurnSentiment(_Frozen):
    """The mood of one turn of the caller's."""

    turn: Place
    label: str
    """frustrated, confused, neutral, positive."""
    level: str
    """very_negative … very_positive."""
    score: Score


class FoundIntent(_Frozen):
    """Something the caller wanted."""

    name: str
    confidence: Share
    turn: Place | None


class FoundEntity(_Frozen):
    """Something that was named."""

    kind: str
    value: str
    """Written one way only: E.164, ISO 8601, "45.50 EUR"."""
    text: str
    """As it was said; of payment cards only the last four digits."""
    turn: Place
    speaker: str
    begin: Place
    """Index of its first character in the turn's text."""
    end: Place
    """Index behind its last character."""
    confidence: Share
    granularity: str = ""


class FoundTopic(_Frozen):
    """Something the call was about."""

    name: str
    share: Share
    turns: tuple[Place, ...]


class QualityPart(_Frozen):
    """A part of the quality score, and what it was made of."""

    name: str
    value: Share
    weight: Share
    reason: str


class CallDynamics(_Frozen):
    """The call in seconds; see `dynamics.Dynamics`."""

    duration_seconds: float | None
    caller_seconds: float | None
    agent_seconds: float | None
    silence_ratio: Share | None
    longest_silence_seconds: float | None
    long_silences: int | None
    interruptions_by_caller: int
    interruptions_by_agent: int | None
    caller_words_per_minute: float | None
    agent_words_per_minute: float | None
    response_seconds: float | None


class Disagreement(_Frozen):
    """Where the language model judged otherwise than the rules."""

    field: str
    rules: str
    llm: str


class SecondOpinion(_Frozen):
    """What the language model's stage did."""

    status: str
    """used, or failed: then everything is the rules' own."""
    model: str
    attempts: int
    reason: str = ""
    """Why it failed, or ""; never the model's words."""
    summary: str = ""
    intent: str = ""
    sentiment: str = ""
    outcome: str = ""
    quotes_checked: int = 0
    quotes_rejected: int = 0
    """Things it claimed with words that nobody said: they are left out."""
    disagreements: tuple[Disagreement, ...] = ()


class Analysis(_Frozen):
    """What a call meant."""

    analysis_version: str
    model: str
    """Digest of what the intent model was trained on."""
    conversation_id: str
    analysed_at: datetime
    language: str
    total_turns: int
    sentiment: str
    """Of the whole call: frustrated, confused, neutral, positive."""
    sentiment_level: str
    sentiment_score: Score
    sentiment_trend: tuple[Score, ...]
    """The score of each turn of the caller's."""
    trend: str
    """worsening, steady, improving."""
    final_sentiment: str
    sentiment_turns: tuple[TurnSentiment, ...]
    sentiment_alerts: tuple[Place, ...]
    """Turns under -0.5."""
    intent: str
    intent_confidence: Share
    intents: tuple[FoundIntent, ...]
    entities: tuple[FoundEntity, ...]
    topics: tuple[str, ...]
    topic_details: tuple[FoundTopic, ...]
    coherence: Share | None
    coherence_parts: dict[str, float | None]
    talk_ratio: Share | None
    """The caller's share of all speech."""
    silence_seconds: float | None
    interruptions_count: int
    dynamics: CallDynamics
    outcome: str
    outcome_reason: str
    quality_score: Share | None
    quality_parts: tuple[QualityPart, ...]
    second_opinion: SecondOpinion | None = None

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read what `to_json` returned. Raises: ValueError that names the fields."""
        return (
            cls.model_validate_json(value)
            if isinstance(value, str | bytes)
            else cls.model_validate(value, strict=False)
        )

    def metadata(self) -> dict[str, Any]:
        """Return what `analysis` holds in `rec_<id>_metadata.json`."""
        kept = ("kind", "text", "value", "confidence", "turn", "begin", "end")
        return {
            "sentiment": self.sentiment,
            "sentiment_score": self.sentiment_score,
            "sentiment_trend": list(self.sentiment_trend),
            "intent": self.intent,
            "intent_confidence": self.intent_confidence,
            "intents": {intent.name: intent.confidence for intent in self.intents},
            "entities": [{name: getattr(entity, name) for name in kept} for entity in self.entities],
            "topics": list(self.topics),
            "coherence": self.coherence,
            "quality_score": self.quality_score,
            "talk_ratio": self.talk_ratio,
            "silence_seconds": self.silence_seconds,
            "interruptions_count": self.interruptions_count,
            "outcome": self.outcome,
        }


def analyse(call: CallToAnalyse, *, now: datetime) -> Analysis:
    """Say what a call meant. Pure: `now` (with its zone) only becomes `analysed_at`."""
    mood = moods.analyse(call)
    wanted = intents.analyse(call)
    about = topics.analyse(call)
    times = dynamics.analyse(call)
    hangs_together = coherence.analyse(call)
    ended = outcome.analyse(call, mood, wanted)
    good = quality.analyse(call, mood, hangs_together, times, ended)
    return Analysis(
        analysis_version=ANALYSIS_VERSION,
        model=shipped_model().sentences,
        conversation_id=call.call_id,
        analysed_at=now,
        language=call.language,
        total_turns=len(call.turns),
        sentiment=mood.overall.mood.value,
        sentiment_level=mood.overall.level.value,
        sentiment_score=mood.overall.score,
        sentiment_trend=mood.scores,
        trend=mood.trend.value,
        final_sentiment=mood.final.mood.value,
        sentiment_turns=tuple(
            TurnSentiment(
                turn=one.turn,
                label=one.sentiment.mood.value,
                level=one.sentiment.level.value,
                score=one.sentiment.score,
            )
            for one in mood.turns
        ),
        sentiment_alerts=mood.alarming_turns,
        intent=wanted[0].name,
        intent_confidence=round(wanted[0].confidence, 3),
        intents=tuple(FoundIntent(name=one.name, confidence=round(one.confidence, 3), turn=one.turn) for one in wanted),
        entities=tuple(
            FoundEntity(
                kind=one.kind.value,
                value=one.value,
                text=one.text,
                turn=one.turn,
                speaker=one.speaker.value,
                begin=one.begin,
                end=one.end,
                confidence=one.confidence,
                granularity=one.granularity,
            )
            for one in find.analyse(call).entities
        ),
        topics=tuple(topic.name for topic in about),
        topic_details=tuple(FoundTopic(name=one.name, share=one.share, turns=one.turns) for one in about),
        coherence=hangs_together.score,
        coherence_parts=hangs_together.parts,
        talk_ratio=times.talk_ratio,
        silence_seconds=times.silence_seconds,
        interruptions_count=times.interruptions_count,
        dynamics=CallDynamics(**{name: getattr(times, name) for name in CallDynamics.model_fields}),
        outcome=ended.result.value,
        outcome_reason=ended.reason,
        quality_score=good.score,
        quality_parts=tuple(
            QualityPart(name=one.name, value=one.value, weight=one.weight, reason=one.reason) for one in good.parts
        ),
    )
