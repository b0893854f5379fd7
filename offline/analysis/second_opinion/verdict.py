"""What a language model is asked to say of a call; its JSON schema goes into the request, its answer is read by it."""

from enum import Enum
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from conversation.sentiment import Mood
from offline.analysis.entities.entity import Kind
from offline.analysis.intents import INTENTS, OTHER
from offline.analysis.outcome import Result
from offline.analysis.topic_words import SPANISH

NAME: Final = "call_analysis"
"""The schema's name in a request."""
_MOST: Final = 40

IntentName = Enum("IntentName", {name.upper(): name for name in (*INTENTS, OTHER)})  # type: ignore[misc]
TopicName = Enum("TopicName", {name.upper(): name for name in SPANISH})  # type: ignore[misc]


class _Strict(BaseModel):
    """No field may be missing and none may be added: that is what strict schemas ask for."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(_Strict):
    """Words of the transcript that show something."""

    turn: Annotated[int, Field(ge=0)]
    """The number in front of the turn."""
    quote: Annotated[str, Field(min_length=1, max_length=400)]
    """Copied from that turn, word by word."""


class ClaimedEntity(_Strict):
    """Something that is said to have been named."""

    kind: Kind
    value: Annotated[str, Field(min_length=1, max_length=200)]
    evidence: Evidence


class ClaimedTopic(_Strict):
    """Something that the call is said to be about."""

    name: TopicName
    evidence: Evidence


class Verdict(_Strict):
    """A language model's opinion of a call."""

    summary: Annotated[str, Field(max_length=1200)]
    intent: IntentName
    intent_evidence: Evidence
    sentiment: Mood
    sentiment_evidence: Evidence
    outcome: Result
    outcome_evidence: Evidence
    topics: Annotated[list[ClaimedTopic], Field(max_length=_MOST)]
    entities: Annotated[list[ClaimedEntity], Field(max_length=_MOST)]


def schema() -> dict[str, Any]:
    """Return the JSON schema of a verdict."""
    return Verdict.model_json_schema()
