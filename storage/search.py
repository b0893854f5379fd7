"""Finding recordings: by conversation, time, state, mood, intent and words, newest first.

Every filter is an index, and the order is the key's own (`storage.database.recordings.number_of`), so an answer is
found by walking from the newest until there are enough, and nothing is sorted.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, column, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.recordings import COLUMNS, LABELS, IndexedRecording, indexed, number_of
from storage.database.tables import RECORDINGS, SEARCH_TABLE
from storage.database.words import fts5_query, label_word, query_words, tsquery

MOST: Final = 10_000
"""Recordings in one answer."""


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is looked for; an empty field does not matter."""

    conversation: str = ""
    """A call's id."""
    agent: str = ""
    since: float | None = None
    """Unix time: begun then or later."""
    until: float | None = None
    """Unix time: begun before."""
    processed: bool | None = None
    sentiment: str = ""
    intent: str = ""
    text: str = ""
    """Words that were all said, in any order; `factur*` is any word that begins so."""
    deleted: bool = False
    """The deleted ones instead of the others."""
    limit: int = 50
    before: int | None = None
    """The last answer's last `number`, for the next page."""


async def search(connection: AsyncConnection, query: SearchQuery) -> list[IndexedRecording]:
    """Return what is found, newest first."""
    words = query_words(query.text)
    if query.text.strip() and not words:
        return []  # signs only, which nobody says
    if words:
        words += _labels(query)
    statement = _filtered(_with_words(connection, words), query).limit(max(0, min(query.limit, MOST)))
    return [indexed(row) for row in await connection.execute(statement)]


def _labels(query: SearchQuery) -> tuple[str, ...]:
    """Return the wanted labels as words, or a common word would be walked for a label that hardly anything has."""
    wanted = {kind: getattr(query, kind) for kind in LABELS}
    return tuple(label_word(kind, str(value)) for kind, value in wanted.items() if value not in ("", None))


def _with_words(connection: AsyncConnection, words: tuple[str, ...]) -> Select[Any]:
    """Begin the statement: from the full-text index when words are asked for, so that it is walked in its own order."""
    if not words:
        return select(*COLUMNS).order_by(RECORDINGS.c.number.desc())
    if connection.dialect.name == "sqlite":
        index = table(SEARCH_TABLE, column("rowid"))
        key = index.c.rowid
        match = text(f"{SEARCH_TABLE} MATCH :words").bindparams(words=fts5_query(words))
    else:
        index = table(SEARCH_TABLE, column("number"))
        key = index.c.number
        match = text(f"{SEARCH_TABLE}.vector @@ CAST(:words AS tsquery)").bindparams(words=tsquery(words))
    joined = select(*COLUMNS).select_from(index.join(RECORDINGS, RECORDINGS.c.number == key))
    return joined.where(match).order_by(key.desc())


def _filtered(statement: Select[Any], query: SearchQuery) -> Select[Any]:
    table = RECORDINGS.c
    deleted = table.deleted_at
    statement = statement.where(deleted.is_not(None) if query.deleted else deleted.is_(None))
    if query.conversation:
        statement = statement.where(table.conversation_id == query.conversation)
    if query.agent:
        statement = statement.where(table.agent == query.agent)
    if query.since is not None:
        # The key's range is what makes it fast, the moment itself what makes it exact.
        statement = statement.where(table.number >= _first_number(query.since), table.started_at >= query.since)
    if query.until is not None:
        statement = statement.where(table.number < _first_number(query.until + 0.002), table.started_at < query.until)
    if query.processed is not None:
        statement = statement.where(table.processed == query.processed)
    if query.sentiment:
        statement = statement.where(table.sentiment == query.sentiment)
    if query.intent:
        statement = statement.where(table.intent == query.intent)
    if query.before is not None:
        statement = statement.where(table.number < query.before)
    return statement


def _first_number(moment: float) -> int:
    """Return a key at or below that of anything begun at `moment`."""
    return number_of(max(0.0, moment), "") >> 20 << 20
