"""The index of recordings, with their conversations, turns, corrections and words: filled from files, never the truth.

Everything takes a connection, so that it happens in the caller's transaction. With encryption on, what was said and who
called comes here sealed (`storage.database.index_rows`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, column, delete, func, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.bulk import add_rows, is_one_of
from storage.database.index_rows import (
    ANALYSIS_COLUMNS,
    CONVERSATION_COLUMNS,
    CORRECTION_COLUMNS,
    RECORDING_COLUMNS,
    TURN_COLUMNS,
    IndexRows,
)
from storage.database.tables import ANALYSES, CONVERSATIONS, CORRECTIONS, RECORDINGS, SEALED_WORDS, SEARCH_TABLE, TURNS

_INDEX_LOCK: Final = 6311002
"""PostgreSQL's advisory lock of those who write the index; SQLite has one writer anyway."""


@dataclass(frozen=True, slots=True)
class IndexedRecording:
    """What the index knows of a recording; the rest is in its file."""

    number: int
    """Grows with the time the call began; `SearchQuery.before` takes it for the next page."""
    recording_id: str
    conversation_id: str
    agent: str
    language: str
    started_at: float
    kept_since: float
    duration_seconds: float
    has_audio: bool
    has_transcript: bool
    size_bytes: int
    processed: bool
    processing_mode: str
    pipeline_version: str
    sentiment: str
    intent: str
    outcome: str
    quality_score: float | None
    legal_hold: bool
    deleted_at: float | None
    is_purging: bool


COLUMNS: Final = tuple(RECORDINGS.c[name] for name in IndexedRecording.__slots__)
"""What `indexed` reads."""
WORDS: Final = table(SEARCH_TABLE, column("number"), column("words"))
SQLITE_WORDS: Final = table(SEARCH_TABLE, column("rowid"), column("words"))


def indexed(row: Row[Any]) -> IndexedRecording:
    """Return a row of `COLUMNS`."""
    return IndexedRecording(**row._mapping)


async def replace(connection: AsyncConnection, entries: Iterable[IndexRows]) -> None:
    """Put recordings into the index, in place of what it said of them before; of an id twice, the last one."""
    by_id = {one.recording_id: one for one in entries}
    if not by_id:
        return
    await _only_writer(connection)
    await _forget_rows(connection, list(by_id))
    numbers = await _free_numbers(connection, by_id)
    # In the order of the key: neighbours land on the same pages
    ordered = sorted(by_id.values(), key=lambda one: numbers[one.recording_id])
    await add_rows(
        connection, "recordings", RECORDING_COLUMNS, [(numbers[one.recording_id], *one.recording) for one in ordered]
    )
    words = [(numbers[one.recording_id], f"{one.words} {one.labels}") for one in ordered if one.words]
    key = "rowid" if connection.dialect.name == "sqlite" else "number"
    await add_rows(connection, SEARCH_TABLE, (key, "words"), words)
    sealed = [(numbers[one.recording_id], one.sealed_words) for one in ordered if one.sealed_words is not None]
    await add_rows(connection, SEALED_WORDS.name, ("number", "words"), sealed)
    by_conversation = {one.conversation_id: one for one in by_id.values()}
    await _forget_conversations(connection, list(by_conversation))
    last = [by_conversation[name] for name in sorted(by_conversation)]
    await add_rows(connection, CONVERSATIONS.name, CONVERSATION_COLUMNS, [one.conversation for one in last])
    await add_rows(connection, TURNS.name, TURN_COLUMNS, [row for one in last for row in one.turns])
    await add_rows(connection, CORRECTIONS.name, CORRECTION_COLUMNS, [row for one in last for row in one.corrections])
    await _keep_analyses(connection, ordered)


async def forget(connection: AsyncConnection, recording_ids: Sequence[str]) -> None:
    """Take recordings out of the index, with their words, and conversations that no other recording has."""
    if not recording_ids:
        return
    await _only_writer(connection)
    conversations: set[str] = set()
    wanted = select(RECORDINGS.c.conversation_id)
    found = await connection.execute(wanted.where(is_one_of(connection, RECORDINGS.c.recording_id, recording_ids)))
    conversations.update(found.scalars())
    await _forget_rows(connection, recording_ids)
    ids = sorted(conversations)
    left = await connection.execute(wanted.where(is_one_of(connection, RECORDINGS.c.conversation_id, ids)))
    await _forget_conversations(connection, sorted(conversations.difference(left.scalars())))


async def find(connection: AsyncConnection, recording_id: str) -> IndexedRecording | None:
    """Return what the index knows of a recording, deleted or not; None when it knows nothing."""
    row = (await connection.execute(select(*COLUMNS).where(RECORDINGS.c.recording_id == recording_id))).first()
    return None if row is None else indexed(row)


async def page(connection: AsyncConnection, after: int, rows: int) -> list[IndexedRecording]:
    """Return up to `rows` recordings with a number above `after`, oldest first, deleted ones too."""
    wanted = select(*COLUMNS).where(RECORDINGS.c.number > after).order_by(RECORDINGS.c.number).limit(rows)
    return [indexed(row) for row in await connection.execute(wanted)]


async def latest_kept_since(connection: AsyncConnection) -> float:
    """Return the latest moment from which anything is kept; 0.0 in an empty index."""
    return (await connection.execute(select(func.max(RECORDINGS.c.kept_since)))).scalar() or 0.0


async def words_gathered(connection: AsyncConnection) -> None:
    """Tell the database that much has changed, so that it plans well: after a reindex."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text(f"ANALYZE recordings, conversations, turns, {SEARCH_TABLE}"))
    else:
        await connection.execute(text("ANALYZE"))


# -- statements -------------------------------------------------------------------------------------------------------


async def _only_writer(connection: AsyncConnection) -> None:
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(_INDEX_LOCK)))


async def _forget_rows(connection: AsyncConnection, recording_ids: Sequence[str]) -> None:
    words, key = (WORDS, WORDS.c.number)
    if connection.dialect.name == "sqlite":
        words, key = SQLITE_WORDS, SQLITE_WORDS.c.rowid
    wanted = select(RECORDINGS.c.number).where(is_one_of(connection, RECORDINGS.c.recording_id, recording_ids))
    numbers = list((await connection.execute(wanted)).scalars())
    if numbers:
        await connection.execute(delete(words).where(is_one_of(connection, key, numbers)))
        await connection.execute(delete(RECORDINGS).where(is_one_of(connection, RECORDINGS.c.number, numbers)))


async def _forget_conversations(connection: AsyncConnection, conversation_ids: Sequence[str]) -> None:
    key = CONVERSATIONS.c.conversation_id
    await connection.execute(delete(CONVERSATIONS).where(is_one_of(connection, key, conversation_ids)))


async def _free_numbers(connection: AsyncConnection, by_id: Mapping[str, IndexRows]) -> dict[str, int]:
    """Return a number nobody has for every recording: the one wanted, or the next that is free."""
    wanted = {one: rows.number for one, rows in by_id.items()}
    numbers: dict[str, int] = {}
    used: set[int] = set()
    while wanted:
        these = sorted(set(wanted.values()))
        asking = select(RECORDINGS.c.number).where(is_one_of(connection, RECORDINGS.c.number, these))
        taken = set((await connection.execute(asking)).scalars())
        again: dict[str, int] = {}
        for one, number in wanted.items():
            if number in taken or number in used:
                again[one] = number + 1
            else:
                numbers[one] = number
                used.add(number)
        wanted = again
    return numbers


async def _keep_analyses(connection: AsyncConnection, entries: Iterable[IndexRows]) -> None:
    """Note results that only files know of; those noted already stay as they are."""
    rows: dict[object, list[tuple[Any, ...]]] = defaultdict(list)
    for one in entries:
        if one.analysis is not None:
            rows[one.analysis[1]].append(one.analysis)
    for version, some in rows.items():
        ids = [row[0] for row in some]
        known = await connection.execute(
            select(ANALYSES.c.recording_id).where(
                ANALYSES.c.pipeline_version == version, is_one_of(connection, ANALYSES.c.recording_id, ids)
            )
        )
        there = set(known.scalars())
        await add_rows(connection, ANALYSES.name, ANALYSIS_COLUMNS, [row for row in some if row[0] not in there])
