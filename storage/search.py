"""Finding recordings: by conversation, time, state, mood, intent and words, newest first.

Every filter is an index, and the order is the key's own (`storage.database.recordings.number_of`), so an answer is
found by walking from the newest until there are enough, and nothing is sorted.

Words of encrypted calls are in no index (`storage.encryption.words`): they are opened, call by call, from the newest
among those that fit the rest of the query, until there are enough. That takes as long as there are such calls: a rare
word is found sooner with a date.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, column, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.index_rows import HASH_BITS, LABELS, number_of
from storage.database.recordings import COLUMNS, IndexedRecording, indexed
from storage.database.tables import RECORDINGS, SEALED_WORDS, SEARCH_TABLE
from storage.database.words import fts5_query, label_word, query_words, tsquery
from storage.encryption.errors import EncryptionError, KeyErased
from storage.encryption.words import Sealing
from vocabulary.errors import CentralitaError

logger = logging.getLogger(__name__)

MOST: Final = 10_000
"""Recordings in one answer."""
_OPENED_AT_ONCE: Final = 200
"""Encrypted calls looked through between two questions to the database."""


class WordsSealed(CentralitaError):
    """Words were asked for, some are encrypted, and there is no key to open them with."""


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


async def search(
    connection: AsyncConnection, query: SearchQuery, sealing: Sealing | None = None
) -> list[IndexedRecording]:
    """Return what is found, newest first; `sealing` opens the words of encrypted calls.

    A call whose key was deleted is not found by its words; one whose key is missing is told of in the log.

    Raises: WordsSealed when words are asked for, and some that may hold them are encrypted, without `sealing`.
    """
    words = query_words(query.text)
    if query.text.strip() and not words:
        return []  # signs only, which nobody says
    limit = max(0, min(query.limit, MOST))
    with_labels = words + _labels(query) if words else words
    statement = _filtered(_with_words(connection, with_labels), query).limit(limit)
    found = [indexed(row) for row in await connection.execute(statement)]
    if not words or not limit:
        return found
    oldest = found[-1].number if len(found) == limit else -1
    found += await _among_sealed(connection, query, words, sealing, limit, oldest)
    return sorted(found, key=lambda one: one.number, reverse=True)[:limit]


async def _among_sealed(
    connection: AsyncConnection,
    query: SearchQuery,
    words: Sequence[str],
    sealing: Sealing | None,
    limit: int,
    oldest: int,
) -> list[IndexedRecording]:
    """Return up to `limit` encrypted calls above the number `oldest` in which all the words were said."""
    wanted = select(*COLUMNS, SEALED_WORDS.c.words).join(SEALED_WORDS, SEALED_WORDS.c.number == RECORDINGS.c.number)
    wanted = _filtered(wanted, query).where(RECORDINGS.c.number > oldest).order_by(RECORDINGS.c.number.desc())
    found: list[IndexedRecording] = []
    unread, last = 0, None
    while len(found) < limit:
        page = wanted.limit(_OPENED_AT_ONCE)
        rows = (await connection.execute(page if last is None else page.where(RECORDINGS.c.number < last))).all()
        if not rows:
            break
        if sealing is None:
            raise WordsSealed("what was said is encrypted: searching for words needs storage.master_key")
        last = rows[-1].number
        hits, closed = await asyncio.to_thread(_opened, [dict(row._mapping) for row in rows], words, sealing)
        found += hits
        unread += closed
    if unread:
        logger.warning("calls not searched: no key opens their words", extra={"calls": unread})
    return found[:limit]


def _opened(
    rows: Sequence[dict[str, Any]], words: Sequence[str], sealing: Sealing
) -> tuple[list[IndexedRecording], int]:
    """Return those in which all the words were said, and how many could not be opened. Does file I/O."""
    found: list[IndexedRecording] = []
    closed = 0
    for values in rows:
        sealed = values.pop("words")
        if not sealed:
            continue
        try:
            said = sealing.for_reading(values["recording_id"].removeprefix("rec_")).open_words(sealed)
        except KeyErased:
            continue
        except EncryptionError:
            closed += 1
            continue
        if all(_is_said(word, said) for word in words):
            found.append(IndexedRecording(**values))
    return found, closed


def _is_said(word: str, said: str) -> bool:
    """Whether a word, or with `*` one that begins so, is among words with a space between them."""
    padded = f" {said} "
    return f" {word[:-1]}" in padded if word.endswith("*") else f" {word} " in padded


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
    return number_of(max(0.0, moment), "") >> HASH_BITS << HASH_BITS
