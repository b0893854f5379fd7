"""How long recordings are kept: sound, words and figures each for so many days, decided first and done afterwards.

Age counts from `kept_since`, which never runs backwards, and a clock that goes back only makes everything younger: so
nothing is ever removed early. What is under legal hold is left alone, and told. Deletions that a crash has interrupted
are finished.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from storage.catalogue import Catalogue, RecordingUnknown, UnderLegalHold
from storage.database import recordings
from storage.database.recordings import IndexedRecording
from storage.metadata.files import MetadataError
from storage.recording_store.errors import RecordingStoreError
from vocabulary.errors import ConfigurationError

DAY: Final = 86_400.0
_PAGE: Final = 1000


class Kind(Enum):
    """What can be removed by age, the most telling first."""

    AUDIO = "audio"
    """The sound; words and figures stay."""
    TRANSCRIPT = "transcript"
    """What was said, wherever it stands; figures and labels stay."""
    METADATA = "metadata"
    """Everything: no trace of the call is left."""


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """Days after which each kind goes; None keeps it for ever."""

    audio_days: float | None = None
    transcript_days: float | None = None
    metadata_days: float | None = None
    deleted_days: float | None = None
    """After a soft deletion everything goes, however young the recording is."""

    def __post_init__(self) -> None:
        """Raises: ConfigurationError for a number of days that is none."""
        for name in RetentionPolicy.__slots__:
            days = getattr(self, name)
            if days is not None and not 0 < days < 1e6:
                raise ConfigurationError(f"{name} must be more than 0 days; leave it out to keep for ever")


@dataclass(frozen=True, slots=True)
class Removal:
    """One thing that goes."""

    recording_id: str
    kind: Kind
    age_days: float
    size_bytes: int
    """Freed, as far as known."""


@dataclass(slots=True)
class RetentionReport:
    """What went, or with a dry run would go."""

    removals: list[Removal] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    """Old enough, and under legal hold."""
    failed: list[tuple[str, str]] = field(default_factory=list)
    """Recording and reason; the next run tries again."""
    looked_at: int = 0
    from_the_future: int = 0
    """Kept since a moment that has not come: the clock is, or was, wrong."""

    @property
    def freed_bytes(self) -> int:
        return sum(one.size_bytes for one in self.removals)


def due(one: IndexedRecording, policy: RetentionPolicy, now: float) -> tuple[Removal, ...]:
    """Return what of a recording must go at `now`; all of it at once, if its figures must."""
    age = (now - one.kept_since) / DAY
    freed = one.size_bytes if one.has_audio else 0
    deleted_for = None if one.deleted_at is None else (now - one.deleted_at) / DAY
    if (
        one.is_purging
        or _is_due(age, policy.metadata_days)
        or (deleted_for is not None and _is_due(deleted_for, policy.deleted_days))
    ):
        return (Removal(one.recording_id, Kind.METADATA, age, freed),)
    removals = []
    if one.has_audio and _is_due(age, policy.audio_days):
        removals.append(Removal(one.recording_id, Kind.AUDIO, age, freed))
    if one.has_transcript and _is_due(age, policy.transcript_days):
        removals.append(Removal(one.recording_id, Kind.TRANSCRIPT, age, 0))
    return tuple(removals)


def _is_due(age_days: float, limit: float | None) -> bool:
    return limit is not None and age_days >= limit


async def apply_retention(
    catalogue: Catalogue,
    policy: RetentionPolicy,
    now: float,
    *,
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda looked_at: None,
) -> RetentionReport:
    """Remove what is due, or with `dry_run` only tell; a recording that cannot be changed stops nothing.

    Raises: DatabaseUnavailable.
    """
    report = RetentionReport()
    async for some in _pages(catalogue):
        for one in some:
            report.looked_at += 1
            report.from_the_future += one.kept_since > now
            removals = due(one, policy, now)
            if removals and one.legal_hold:
                report.held.append(one.recording_id)
                continue
            for removal in removals:
                if dry_run or await _remove(catalogue, removal, report):
                    report.removals.append(removal)
        progress(report.looked_at)
    return report


async def _pages(catalogue: Catalogue) -> AsyncIterator[list[IndexedRecording]]:
    last = -1
    while True:
        async with catalogue.database.read() as connection:
            some = await recordings.page(connection, last, _PAGE)
        if not some:
            return
        last = some[-1].number
        yield some


async def _remove(catalogue: Catalogue, removal: Removal, report: RetentionReport) -> bool:
    try:
        match removal.kind:
            case Kind.AUDIO:
                await catalogue.remove_audio(removal.recording_id)
            case Kind.TRANSCRIPT:
                await catalogue.remove_words(removal.recording_id)
            case Kind.METADATA:
                await catalogue.delete_permanently(removal.recording_id)
    except UnderLegalHold:
        report.held.append(removal.recording_id)  # the file knows of a hold that the index has not heard of
        return False
    except RecordingUnknown:
        return removal.kind is Kind.METADATA  # somebody else was faster
    except (RecordingStoreError, MetadataError) as exc:
        report.failed.append((removal.recording_id, str(exc)))
        return False
    return True
