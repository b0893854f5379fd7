"""What a second listening is given of one recording, and what it gives back: values that travel between processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from offline.batch.turns import Turn
from storage.metadata.schema import RecordingMetadata


class Stage(Enum):
    """The stages, in order."""

    ESTIMATE = "estimate"
    """How wrong the first transcript probably is."""
    RETRANSCRIBE = "retranscribe"
    """Listening again, when it is too wrong or there is none."""
    CORRECT = "correct"
    """Dictionary, vectors, sound."""
    ANALYSE = "analyse"
    """What the call meant."""
    KEEP = "keep"
    """Files and rows."""


@dataclass(frozen=True, slots=True)
class Material:
    """One recording as it lies there."""

    metadata: RecordingMetadata
    transcript: Mapping[str, Any] | None = field(repr=False)
    """The first one, as the call wrote it; None when there is none."""
    sound: Path | None
    """A readable WAV on this machine; None when there is none."""
    problems: tuple[str, ...] = ()
    """What is wrong with the files, but does not keep us from the rest; without anybody's words."""


@dataclass(frozen=True, slots=True)
class SecondListening:
    """What was found."""

    recording_id: str
    pipeline_version: str
    stages: Mapping[str, str]
    """Version of each stage."""
    turns: tuple[Turn, ...] = field(repr=False)
    sentiments: Mapping[int, Mapping[str, Any]]
    """Mood by the place of the turn, as the transcript's file has it."""
    analysis: Mapping[str, Any] = field(repr=False)
    """As the metadata's `analysis`."""
    first_wer: float | None
    """Estimated share of wrong words in the first transcript; None where that cannot be told."""
    estimated_wer: float | None
    """The same of the one that is kept, before correction."""
    suspicions: tuple[str, ...] = ()
    """Plain signs that the first transcript was invented."""
    ear: str = ""
    """The second ear, when its words are used."""
    settings: str = ""
    """How it listened: `ListeningSettings.digest`."""
    bank: str = ""
    """Fingerprint of the agent's words that were used to correct."""
    problems: tuple[str, ...] = ()

    @property
    def is_retranscribed(self) -> bool:
        """The kept words are the second ear's."""
        return bool(self.ear)


@dataclass(frozen=True, slots=True)
class StageFailed:
    """A stage could not be done, and the recording is as it was."""

    recording_id: str
    stage: Stage
    reason: str
    """Without anybody's words."""
    is_retryable: bool = False
    """A moment later, or on another machine, it may succeed."""
