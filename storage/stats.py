"""Figures of what is kept and what waits for the second listening, in the shape the API documents.

`processing_stats` answers GET /processing/stats, `storage_stats` GET /storage/stats.
"""

from dataclasses import dataclass
from typing import Final, TypedDict

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.tables import RECORDINGS, REPORTED_FILES

_MB: Final = 1024 * 1024


class PlaceStats(TypedDict):
    """What lies in one place."""

    total_recordings: int
    total_size_mb: float


class QueueStats(TypedDict):
    """How far the second listening is; the rate is a share, from 0 to 1."""

    total_recordings: int
    processed: int
    pending: int
    processing_rate: float


class ProcessingStats(TypedDict):
    """The answer of GET /processing/stats."""

    storage: dict[str, PlaceStats]
    processing_queue: QueueStats


class StorageStats(TypedDict):
    """The answer of GET /storage/stats."""

    backend: str
    storage: dict[str, PlaceStats]
    with_audio: int
    with_transcript: int
    deleted: int
    legal_hold: int
    total_duration_seconds: float
    oldest: float | None
    newest: float | None
    unreadable_files: int


@dataclass(frozen=True, slots=True)
class _Counts:
    total: int
    processed: int
    with_audio: int
    with_transcript: int
    held: int
    size: int
    seconds: float
    oldest: float | None
    newest: float | None


async def processing_stats(connection: AsyncConnection, backend: str = "local") -> ProcessingStats:
    """Return how much is kept and how much of it the second listening has done; deleted ones do not count."""
    counts = await _counts(connection)
    return {
        "storage": _places(backend, counts),
        "processing_queue": {
            "total_recordings": counts.total,
            "processed": counts.processed,
            "pending": counts.total - counts.processed,
            "processing_rate": round(counts.processed / counts.total, 2) if counts.total else 0.0,
        },
    }


async def storage_stats(connection: AsyncConnection, backend: str = "local") -> StorageStats:
    """Return what is kept where; `unreadable_files` are those the last reindex reported."""
    counts = await _counts(connection)
    deleted = select(func.count()).select_from(RECORDINGS).where(RECORDINGS.c.deleted_at.is_not(None))
    unreadable = select(func.count()).select_from(REPORTED_FILES)
    return {
        "backend": backend,
        "storage": _places(backend, counts),
        "with_audio": counts.with_audio,
        "with_transcript": counts.with_transcript,
        "deleted": (await connection.execute(deleted)).scalar_one(),
        "legal_hold": counts.held,
        "total_duration_seconds": round(counts.seconds, 1),
        "oldest": counts.oldest,
        "newest": counts.newest,
        "unreadable_files": (await connection.execute(unreadable)).scalar_one(),
    }


def _places(backend: str, counts: _Counts) -> dict[str, PlaceStats]:
    """Every recording is in each place of its backend: "both" is a local copy and one in the bucket."""
    names = ("local", "s3") if backend == "both" else (backend,)
    return {name: {"total_recordings": counts.total, "total_size_mb": round(counts.size / _MB, 1)} for name in names}


async def _counts(connection: AsyncConnection) -> _Counts:
    one = RECORDINGS.c
    wanted = select(
        func.count(),
        func.coalesce(func.sum(case((one.processed, 1), else_=0)), 0),
        func.coalesce(func.sum(case((one.has_audio, 1), else_=0)), 0),
        func.coalesce(func.sum(case((one.has_transcript, 1), else_=0)), 0),
        func.coalesce(func.sum(case((one.legal_hold, 1), else_=0)), 0),
        func.coalesce(func.sum(one.size_bytes), 0),
        func.coalesce(func.sum(one.duration_seconds), 0.0),
        func.min(one.started_at),
        func.max(one.started_at),
    ).where(one.deleted_at.is_(None))
    row = (await connection.execute(wanted)).one()
    total, processed, with_audio, with_transcript, held, size, seconds, oldest, newest = row
    return _Counts(total, processed, with_audio, with_transcript, held, int(size), float(seconds), oldest, newest)
