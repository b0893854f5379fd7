"""A call that is over, as every stage of the analysis takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from conversation.sentiment import Prosody
from vocabulary.call import Ending
from vocabulary.speech import Speaker, Word


@dataclass(frozen=True, slots=True)
class Stretch:
    """Somebody's voice, from its first sound to its last."""

    speaker: Speaker
    begin_seconds: float
    """From the beginning of the call."""
    end_seconds: float


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """What one side said in one go."""

    speaker: Speaker
    text: str
    begin_seconds: float | None = None
    """From the beginning of the call; None when nobody measured it."""
    end_seconds: float | None = None
    words: tuple[Word, ...] = ()
    """With the ear's confidence; empty for what we said ourselves, or when the ear gave none."""
    confidence: float | None = None
    """0 to 1, of the whole turn; None when nobody gave one."""
    prosody: Prosody | None = None
    was_interrupted: bool = False
    """The other side cut it off."""

    @property
    def stretch(self) -> Stretch | None:
        """When it was said, if that is known."""
        if self.begin_seconds is None or self.end_seconds is None or self.end_seconds <= self.begin_seconds:
            return None
        return Stretch(self.speaker, self.begin_seconds, self.end_seconds)

    @property
    def certainty(self) -> float | None:
        """How sure the ear was, 0 to 1: the mean of its words, or else what it said of the whole."""
        if self.words:
            return sum(word.confidence for word in self.words) / len(self.words)
        return self.confidence


@dataclass(frozen=True, slots=True)
class ToolUse:
    """Something that was done for the caller while they were on the line."""

    name: str
    """As in `conversation.tools`: "schedule_callback", "transfer_to_agent" …"""
    succeeded: bool
    after_turn: int
    """Index of the last turn before it."""


@dataclass(frozen=True, slots=True)
class AgentVocabulary:
    """The words of this agent's business."""

    topics: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Name of a topic of its own, and words or phrases that tell it; a trailing `*` stands for any ending."""
    hints: frozenset[str] = frozenset()
    """Words it expects to hear; they count as content, however common they are."""


@dataclass(frozen=True, slots=True)
class CallToAnalyse:
    """Everything the analysis is told. It asks no clock and opens no file."""

    call_id: str
    started: datetime
    """With its zone: "pasado mañana" is counted from the caller's calendar, so pass local time."""
    turns: tuple[SpokenTurn, ...]
    language: str = "es"
    """ISO 639-1."""
    country: str = "ES"
    """ISO 3166: whose telephone numbers and pesos are meant when nobody says so."""
    duration_seconds: float | None = None
    ending: Ending | None = None
    tools: tuple[ToolUse, ...] = ()
    voices: tuple[Stretch, ...] = ()
    """Who sounded when, measured on the recording; when empty, the turns' own times are used."""
    vocabulary: AgentVocabulary = AgentVocabulary()

    @property
    def caller_turns(self) -> tuple[tuple[int, SpokenTurn], ...]:
        """The caller's turns that hold words, with their places in the call."""
        return tuple(
            (place, turn)
            for place, turn in enumerate(self.turns)
            if turn.speaker is Speaker.CALLER and turn.text.strip()
        )


def call_from_files(
    transcript: Mapping[str, Any],
    metadata: Mapping[str, Any],
    *,
    zone: tzinfo = UTC,
    country: str = "ES",
    vocabulary: AgentVocabulary | None = None,
) -> CallToAnalyse:
    """Read what `calls` left behind: `rec_<id>_transcript.json` and `rec_<id>_metadata.json`.

    Of the agent's sentences those files know only when they had been said (`at`), so they carry no times; measured
    voices (`CallToAnalyse.voices`) fill that gap. Tools are not in those files either: add both with
    `dataclasses.replace`.

    Raises: ValueError when a field is missing or of the wrong kind; the message names it.
    """
    try:
        metrics = metadata.get("metrics", {})
        return CallToAnalyse(
            call_id=str(transcript["call_id"]),
            started=datetime.fromtimestamp(float(transcript["started_at"]), zone),
            turns=tuple(_turn(entry) for entry in transcript["turns"]),
            language=str(metadata.get("language", "es")),
            country=country,
            duration_seconds=_number(metrics.get("duration_seconds", metrics.get("duration"))),
            ending=Ending(metrics["outcome"]) if metrics.get("outcome") else None,
            vocabulary=vocabulary or AgentVocabulary(),
        )
    except KeyError as error:
        raise ValueError(f"the transcript has no field {error}") from error
    except TypeError as error:
        raise ValueError(f"a field of the transcript is of the wrong kind: {error}") from error


def _turn(entry: Mapping[str, Any]) -> SpokenTurn:
    return SpokenTurn(
        speaker=Speaker(entry["speaker"]),
        text=str(entry["text"]),
        begin_seconds=_number(entry.get("begin_seconds")),
        end_seconds=_number(entry.get("end_seconds")),
        confidence=_number(entry.get("confidence")),
        was_interrupted=bool(entry.get("was_interrupted", False)),
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
