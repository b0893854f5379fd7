"""The contents of `rec_<id>_transcript.json`, as far as the database keeps them."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from storage.metadata.files import NotJson, WrongShape
from storage.metadata.schema import CorrectionMetadata, RecordingMetadata

CALLER: Final = "caller"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, hide_input_in_errors=True)


class TurnSentiment(_Part):
    """The mood of a turn."""

    sentiment: str = Field(default="", repr=False)
    score: float | None = Field(default=None, repr=False)


class TranscriptTurn(_Part):
    """One turn, with its words."""

    speaker: str
    at: float = 0.0
    """Seconds since the call began."""
    text: str = Field(default="", repr=False)
    heard: str = Field(default="", repr=False)
    """The caller's words before correction."""
    confidence: float | None = None
    corrections: tuple[CorrectionMetadata, ...] = Field(default=(), repr=False)
    was_interrupted: bool = False
    latency: dict[str, JsonValue] | None = None
    sentiment: TurnSentiment = TurnSentiment()


class Transcript(_Part):
    """What was said, turn by turn."""

    turns: tuple[TranscriptTurn, ...] = ()


def parse_transcript(data: bytes) -> Transcript:
    """Return what a transcript file says. Raises: NotJson, WrongShape; messages hold none of its words."""
    try:
        return Transcript.model_validate_json(data)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise NotJson("transcript cut short or no JSON") from exc
        place = ".".join(str(part) for part in first["loc"]) or "file"
        raise WrongShape(f"transcript, {place}: {first['msg']}") from exc


def spoken_text(metadata: RecordingMetadata, transcript: Transcript | None) -> str:
    """Return all that was said in a call, by both, for the search."""
    parts = [turn.text for turn in transcript.turns] if transcript is not None else []
    if metadata.transcription is not None:
        parts.append(metadata.transcription.text)
    return "\n".join(parts)
