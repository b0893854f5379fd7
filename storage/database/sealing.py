"""Rows that were written in clear, before encryption was switched on: encrypted where they stand.

No file is read for it, so it works for recordings whose files are in a bucket that is away. One recording is one
transaction; killed in the middle, the next round does the rest.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Table, bindparam, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.database import Database
from storage.database.events import EVENT_PLACE
from storage.database.index_rows import ANALYSIS_PLACE, CALLER_PLACES, CORRECTION_PLACES, LABELS, TURN_PLACES
from storage.database.recordings import SQLITE_WORDS, WORDS
from storage.database.tables import (
    ANALYSES,
    CONVERSATIONS,
    CORRECTIONS,
    EVENTS,
    RECORDINGS,
    SEALED_WORDS,
    SEARCH_TABLE,
    TURNS,
)
from storage.encryption.words import Seal, Sealing, is_sealed, is_sealed_value

_LABEL_MARKS: Final = tuple(f"zz{kind}" for kind in LABELS)
_AT_ONCE: Final = 500


async def seal_clear_rows(database: Database, sealing: Sealing) -> int:
    """Encrypt what stands in clear of any recording; return of how many.

    In SQLite nothing of it stays in free pages either; PostgreSQL keeps old rows until its own VACUUM.

    Raises: DatabaseUnavailable, EncryptionError when a key cannot be used: those done so far are done.
    """
    done = 0
    while True:
        wanted = select(RECORDINGS.c.number, RECORDINGS.c.recording_id, RECORDINGS.c.conversation_id)
        wanted = wanted.outerjoin(SEALED_WORDS, SEALED_WORDS.c.number == RECORDINGS.c.number)
        async with database.read() as connection:
            found = await connection.execute(wanted.where(SEALED_WORDS.c.number.is_(None)).limit(_AT_ONCE))
            rows = found.all()
        for place, row in enumerate(rows):
            seal = await asyncio.to_thread(sealing.for_writing, row.recording_id.removeprefix("rec_"))
            async with database.begin() as connection:
                if database.is_sqlite:
                    await connection.exec_driver_sql("PRAGMA secure_delete=ON")
                await _seal_one(connection, row.number, row.recording_id, row.conversation_id, seal)
                if database.is_sqlite and place == len(rows) - 1:
                    # The full-text index keeps what was deleted until its parts are merged.
                    await connection.exec_driver_sql(f"INSERT INTO {SEARCH_TABLE}({SEARCH_TABLE}) VALUES('optimize')")
            done += 1
        if len(rows) < _AT_ONCE:
            break
    if done and database.is_sqlite:
        await _empty_log(database)
    return done


async def _seal_one(
    connection: AsyncConnection, number: int, recording_id: str, conversation_id: str, seal: Seal
) -> None:
    await _seal_columns(connection, RECORDINGS, {"number": number}, CALLER_PLACES[:1], seal)
    of_call = {"conversation_id": conversation_id}
    await _seal_columns(connection, CONVERSATIONS, of_call, CALLER_PLACES[1:], seal)
    await _seal_columns(connection, TURNS, of_call, TURN_PLACES, seal)
    await _seal_columns(connection, CORRECTIONS, of_call, CORRECTION_PLACES, seal)
    await _seal_values(connection, ANALYSES, {"recording_id": recording_id}, ANALYSIS_PLACE, seal)
    await _seal_values(connection, EVENTS, of_call, EVENT_PLACE, seal)
    words, key = (WORDS, WORDS.c.number)
    if connection.dialect.name == "sqlite":
        words, key = (SQLITE_WORDS, SQLITE_WORDS.c.rowid)
    said = (await connection.execute(select(words.c.words).where(key == number))).scalar() or ""
    kept = " ".join(word for word in said.split() if not word.startswith(_LABEL_MARKS))
    await connection.execute(delete(words).where(key == number))
    await connection.execute(delete(SEALED_WORDS).where(SEALED_WORDS.c.number == number))  # somebody was faster
    values = {"number": number, "words": seal.words(kept) if kept else b""}
    await connection.execute(insert(SEALED_WORDS).values(values))


async def _seal_columns(
    connection: AsyncConnection, table: Table, of: Mapping[str, object], places: Iterable[str], seal: Seal
) -> None:
    names = {place.partition(".")[2]: place for place in places}
    changes: list[dict[str, Any]] = []
    for row in await connection.execute(select(table).where(*_matching(table, of))):
        values = row._mapping
        clear = {name: place for name, place in names.items() if values[name] and not is_sealed(values[name])}
        if clear:
            sealed = {name: seal.text(clear[name], values[name]) if name in clear else values[name] for name in names}
            changes.append(sealed | {f"of_{key.name}": values[key.name] for key in table.primary_key})
    await _change(connection, table, names, changes)


async def _seal_values(
    connection: AsyncConnection, table: Table, of: Mapping[str, object], place: str, seal: Seal
) -> None:
    name = place.partition(".")[2]
    changes: list[dict[str, Any]] = []
    for row in await connection.execute(select(table).where(*_matching(table, of))):
        values = row._mapping
        if not is_sealed_value(values[name]):
            changes.append(
                {name: seal.value(place, values[name])}
                | {f"of_{key.name}": values[key.name] for key in table.primary_key}
            )
    await _change(connection, table, [name], changes)


async def _change(
    connection: AsyncConnection, table: Table, names: Iterable[str], changes: list[dict[str, Any]]
) -> None:
    if changes:
        keys = [key == bindparam(f"of_{key.name}") for key in table.primary_key]
        await connection.execute(update(table).where(*keys).values({name: bindparam(name) for name in names}), changes)


def _matching(table: Table, of: Mapping[str, object]) -> list[Any]:
    return [table.c[name] == value for name, value in of.items()]


async def _empty_log(database: Database) -> None:
    """Bring SQLite's log into the file and cut it, as far as readers let us: it holds the old pages."""
    async with database.engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        await connection.rollback()
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        await raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
