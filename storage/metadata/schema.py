"""The schema of `rec_<id>_metadata.json`, version 2.

Names are those of the metrics and of the search that the product promises: a person reads these files with `jq` and
`grep '"processed": false'`. Fields that this version does not know are kept and written back, so a file loses nothing
by passing through an older program. Moments are Unix time in seconds. What was said stands in `transcription` only:
deleting the transcript empties that part, and the entities found in it.
"""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

SCHEMA_VERSION: Final = 2
ID_PATTERN: Final = r"^rec_[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"

Moment = Annotated[float, Field(ge=0, le=8e9)]
"""Unix time; the bound is the year 2223, beyond which a clock is broken."""
Seconds = Annotated[float, Field(ge=0, le=1e9)]
Share = Annotated[float, Field(ge=0, le=1)]
Score = Annotated[float, Field(ge=-1, le=1)]
Count = Annotated[int, Field(ge=0, le=2**53)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False, hide_input_in_errors=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """Nothing: fields hold what callers said, and a repr ends up in a log."""
        return iter(())


class AudioMetadata(_Part):
    """The sound."""

    file: str = ""
    """Its name in `audio/`."""
    format: str = "wav"
    sample_rate: Annotated[int, Field(ge=1, le=768_000)]
    """Hertz."""
    bits: Annotated[int, Field(ge=1, le=64)] = 16
    """Of a sample."""
    channels: tuple[str, ...] = ("caller", "agent")
    """Who is on which channel, from the left."""
    duration_seconds: Seconds
    size_bytes: Count = 0
    checksum: str = ""
    """`sha256:` and 64 hexadecimal digits; "" when it was never computed."""
    seconds_lost: Seconds = 0.0
    """Silence in place of sound that the disk did not take."""
    removed_at: Moment | None = None
    """When retention took the sound away; the rest stays."""


class CorrectionMetadata(_Part):
    """Words that were heard wrong."""

    heard: str
    meant: str
    rule: str = ""
    """Which level and entry changed them."""
    turn: Count | None = None
    """Position of the turn in the transcript, from 0."""


class TranscriptionMetadata(_Part):
    """What was said, as far as we know."""

    text: str = ""
    """The caller's words after correction, one turn a line."""
    raw_text: str = ""
    """The same as they were heard."""
    confidence: Share | None = None
    """Mean of the caller's turns."""
    corrections: tuple[CorrectionMetadata, ...] = ()
    estimated_wer: Share | None = None
    """Estimated share of wrong words, before correction."""
    engine: str = ""
    """The ear that heard it."""
    is_retranscribed: bool = False
    """A better ear has listened again."""
    removed_at: Moment | None = None
    """When retention took the words away."""


class EntityMetadata(_Part):
    """Something named in the call: a phone, a date, an amount."""

    kind: str
    text: str
    """As it was said."""
    value: str = ""
    """As a program wants it: digits, ISO 8601, an address."""
    confidence: Share | None = None
    turn: Count | None = None
    begin: Count | None = None
    """First character in the turn's text."""
    end: Count | None = None
    """One after the last."""


class AnalysisMetadata(_Part):
    """What the second listening made of the call."""

    sentiment: str = ""
    """Of the whole call, such as `frustrated`."""
    sentiment_score: Score | None = None
    sentiment_trend: tuple[Score, ...] = ()
    """The score of every turn of the caller's."""
    intent: str = ""
    """What the caller wanted above all, such as `billing_inquiry`."""
    intent_confidence: Share | None = None
    intents: dict[str, Share] = Field(default_factory=dict)
    """All that were found, with their confidences."""
    entities: tuple[EntityMetadata, ...] = ()
    topics: tuple[str, ...] = ()
    coherence: Share | None = None
    quality_score: Share | None = None
    talk_ratio: Share | None = None
    """The caller's share of all speech."""
    silence_seconds: Seconds | None = None
    interruptions_count: Count | None = None
    outcome: str = ""
    """How it ended for the caller, such as `resolved`."""


class ConversationMetrics(_Part):
    """The call in numbers, measured while it lasted."""

    duration_seconds: Seconds = 0.0
    total_turns: Count = 0
    avg_stt_latency_ms: float | None = None
    avg_llm_latency_ms: float | None = None
    avg_tts_latency_ms: float | None = None
    avg_own_latency_ms: float | None = None
    avg_total_latency_ms: float | None = None
    interruptions_count: Count = 0
    gap_seconds: float | None = None
    """How long the caller heard nothing while `calls` was restarted."""
    avg_sentiment_score: Score | None = None
    sentiment_trend: tuple[Score, ...] = ()
    """The score of every turn of the caller's, as heard while the call lasted."""
    sentiment_direction: str = ""
    """Where it went: worsening, steady, improving."""
    final_sentiment: str | None = None
    sentiment_alerts_count: Count = 0
    clarifications_count: Count = 0
    escalation_turns_count: Count = 0
    outcome: str = ""
    """How the line ended, such as `caller_hung_up` or `transferred`."""


class TurnFigures(_Part):
    """One turn, without its words."""

    speaker: str
    at: float = 0.0
    """Seconds since the call began."""


class RecordingMetadata(_Part):
    """Everything `rec_<id>_metadata.json` holds."""

    schema_version: Literal[2] = SCHEMA_VERSION
    recording_id: Annotated[str, Field(pattern=ID_PATTERN)]
    """`rec_` and the call's id: the files' names begin with it."""
    conversation_id: Annotated[str, Field(min_length=1)]
    """The call's id."""
    agent: str = ""
    did: str = ""
    caller: str = ""
    language: str = ""
    started_at: Moment
    kept_since: Moment | None = None
    """From when retention counts: never earlier than a recording kept before it, whatever the clock said."""
    audio: AudioMetadata | None = None
    transcription: TranscriptionMetadata | None = None
    analysis: AnalysisMetadata | None = None
    metrics: ConversationMetrics = ConversationMetrics()
    turns: tuple[TurnFigures, ...] = ()
    processed: bool = False
    """The second listening is done."""
    processing_mode: Literal["online", "offline"] = "online"
    pipeline_version: str = ""
    """Of the second listening that made `analysis`."""
    processed_at: Moment | None = None
    outcome: str = ""
    """The analysis' outcome, or how the line ended while there is none."""
    hangup: dict[str, JsonValue] | None = None
    """How the PBX saw the end."""
    legal_hold: bool = False
    """Neither retention nor a permanent deletion touches it."""
    deleted_at: Moment | None = None
    """Deleted, and restorable."""
    is_purging: bool = False
    """A permanent deletion has begun; whoever finds this finishes it."""

    @field_validator("recording_id", "conversation_id", "agent", "did", "caller", "language", "outcome")
    @classmethod
    def _no_nul(cls, value: str) -> str:
        if "\0" in value:
            raise ValueError("holds a NUL character")
        return value

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """The id alone."""
        yield "recording_id", self.recording_id

    @property
    def call_id(self) -> str:
        """The id in the files' names, as `RecordingLayout` takes it."""
        return self.recording_id.removeprefix("rec_")


def with_audio_bytes(metadata: RecordingMetadata, size_bytes: int) -> RecordingMetadata:
    """Return the metadata with the size of its sound, if it has sound."""
    if metadata.audio is None:
        return metadata
    return metadata.model_copy(update={"audio": metadata.audio.model_copy(update={"size_bytes": size_bytes})})
