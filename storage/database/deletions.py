"""Recordings that were deleted for good: by their ids, so that no copy of them comes back from another machine."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.bulk import is_one_of
from storage.database.tables import DELETED_RECORDINGS


async def note(connection: AsyncConnection, recording_id: str, now: float) -> None:
    """Note that a recording is deleted for good; the first time counts. `now`: Unix time."""
    dialect_insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    values = {"recording_id": recording_id, "at": now}
    await connection.execute(dialect_insert(DELETED_RECORDINGS).values(values).on_conflict_do_nothing())


async def among(connection: AsyncConnection, recording_ids: Sequence[str]) -> set[str]:
    """Return those of these recordings that were deleted for good."""
    if not recording_ids:
        return set()
    row = DELETED_RECORDINGS.c
    found = await connection.execute(
        select(row.recording_id).where(is_one_of(connection, row.recording_id, recording_ids))
    )
    return set(found.scalars())


async def forget(connection: AsyncConnection, recording_id: str) -> bool:
    """Let a recording be kept again if its files come back; return whether it had been deleted for good."""
    row = DELETED_RECORDINGS.c
    gone = delete(DELETED_RECORDINGS).where(row.recording_id == recording_id).returning(row.recording_id)
    return (await connection.execute(gone)).first() is not None
