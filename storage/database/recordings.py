"""The index of recordings, with their conversations, turns, corrections and words: filled from files, never the truth.

Everything takes a connection, so that it happens in the caller's transaction.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, Table, bindparam, column, delete, func, insert, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.json_text import plain
from storage.database.tables import ANALYSES, CONVERSATIONS, CORRECTIONS, RECORDINGS, SEARCH_TABLE, TURNS
from storage.database.words import label_word, words_of
from storage.metadata.schema import RecordingMetadata
from storage.metadata.transcript import Transcript, TranscriptTurn, spoken_text

LABELS: Final = ("processed", "sentiment", "intent", "agent")
"""Columns whose values stand in the full-text index too (`label_word`)."""
_ROWS_AT_ONCE: Final = 500
"""Values in one IN list."""
_INDEX_LOCK: Final = 6311002
"""PostgreSQL's advisory lock of those who write the index; SQLite has one writer anyway."""
_HASH_BITS: Final = 20

Values = dict[str, Any]
"""Of one row, by column; `Any` because a database's values are."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One recording, as its files say."""

    metadata: RecordingMetadata
    transcript: Transcript | None
    """None when there is no such file, or it cannot be read."""
    file: str
    """Name of the metadata file."""
    file_bytes: int
    kept_since: float
    """From when retention counts."""


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
_SQLITE_WORDS: Final = table(SEARCH_TABLE, column("rowid"), column("words"))


def indexed(row: Row[Any]) -> IndexedRecording:
    """Return a row of `COLUMNS`."""
    return IndexedRecording(**row._mapping)


def number_of(started_at: float, recording_id: str) -> int:
    """Return the key wanted for a recording: milliseconds first, so keys grow with time, then bits of its id."""
    return int(started_at * 1000) << _HASH_BITS | zlib.crc32(recording_id.encode()) & (1 << _HASH_BITS) - 1


async def replace(connection: AsyncConnection, entries: Iterable[IndexEntry]) -> None:
    """Put recordings into the index, in place of what it said of them before; of an id twice, the last one."""
    by_id = {entry.metadata.recording_id: entry for entry in entries}
    if not by_id:
        return
    await _only_writer(connection)
    await _forget_rows(connection, list(by_id))
    numbers = await _free_numbers(connection, by_id)
    by_conversation = {entry.metadata.conversation_id: entry for entry in by_id.values()}
    await _forget_conversations(connection, list(by_conversation))
    rows = {one: _recording_values(numbers[one], entry) for one, entry in by_id.items()}
    await _insert(connection, RECORDINGS, list(rows.values()))
    words = [(rows[one], words_of(spoken_text(entry.metadata, entry.transcript))) for one, entry in by_id.items()]
    await _insert_words(
        connection,
        [{"number": row["number"], "words": " ".join((*said, *_labels(row)))} for row, said in words if said],
    )
    await _insert(connection, CONVERSATIONS, [_conversation_values(entry) for entry in by_conversation.values()])
    turns: list[Values] = []
    corrections: list[Values] = []
    for conversation_id, entry in by_conversation.items():
        for position, turn in enumerate(entry.transcript.turns if entry.transcript is not None else ()):
            turns.append(_turn_values(conversation_id, position, turn))
            corrections += _correction_values(conversation_id, position, turn)
    await _insert(connection, TURNS, turns)
    await _insert(connection, CORRECTIONS, corrections)
    await _keep_analyses(connection, by_id)


async def forget(connection: AsyncConnection, recording_ids: Sequence[str]) -> None:
    """Take recordings out of the index, with their words, and conversations that no other recording has."""
    if not recording_ids:
        return
    await _only_writer(connection)
    conversations: set[str] = set()
    for some in _parts(recording_ids):
        found = await connection.execute(
            select(RECORDINGS.c.conversation_id).where(RECORDINGS.c.recording_id.in_(some))
        )
        conversations.update(found.scalars())
    await _forget_rows(connection, recording_ids)
    for some in _parts(sorted(conversations)):
        left = await connection.execute(
            select(RECORDINGS.c.conversation_id).where(RECORDINGS.c.conversation_id.in_(some))
        )
        conversations -= set(left.scalars())
    await _forget_conversations(connection, sorted(conversations))


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


# -- rows -------------------------------------------------------------------------------------------------------------


def _recording_values(number: int, entry: IndexEntry) -> Values:
    metadata = entry.metadata
    audio, analysis, heard = metadata.audio, metadata.analysis, metadata.transcription
    return {
        "number": number,
        "recording_id": metadata.recording_id,
        "conversation_id": metadata.conversation_id,
        "agent": metadata.agent,
        "did": metadata.did,
        "caller": metadata.caller,
        "language": metadata.language,
        "started_at": metadata.started_at,
        "kept_since": entry.kept_since,
        "duration_seconds": audio.duration_seconds if audio is not None else metadata.metrics.duration_seconds,
        "has_audio": audio is not None and audio.removed_at is None,
        "has_transcript": entry.transcript is not None or (heard is not None and heard.removed_at is None),
        "size_bytes": audio.size_bytes if audio is not None and audio.removed_at is None else 0,
        "checksum": plain(audio.checksum) if audio is not None else "",
        "processed": metadata.processed,
        "processing_mode": metadata.processing_mode,
        "pipeline_version": plain(metadata.pipeline_version),
        "sentiment": plain(_sentiment(metadata)),
        "sentiment_score": metadata.metrics.avg_sentiment_score if analysis is None else analysis.sentiment_score,
        "intent": plain(analysis.intent) if analysis is not None else "",
        "outcome": metadata.outcome,
        "quality_score": analysis.quality_score if analysis is not None else None,
        "estimated_wer": heard.estimated_wer if heard is not None else None,
        "legal_hold": metadata.legal_hold,
        "deleted_at": metadata.deleted_at,
        "is_purging": metadata.is_purging,
        "metadata_file": entry.file,
        "metadata_bytes": entry.file_bytes,
    }


def _labels(row: Values) -> list[str]:
    return [label_word(kind, str(row[kind])) for kind in LABELS]


def _sentiment(metadata: RecordingMetadata) -> str:
    """The second listening's word, or while there is none, the mood the call ended in."""
    if metadata.analysis is not None and metadata.analysis.sentiment:
        return metadata.analysis.sentiment
    return metadata.metrics.final_sentiment or ""


def _conversation_values(entry: IndexEntry) -> Values:
    metadata = entry.metadata
    return {
        "conversation_id": metadata.conversation_id,
        "agent": metadata.agent,
        "did": metadata.did,
        "caller": metadata.caller,
        "language": metadata.language,
        "started_at": metadata.started_at,
        "duration_seconds": metadata.metrics.duration_seconds,
        "total_turns": metadata.metrics.total_turns,
        "outcome": metadata.outcome,
        "metrics": metadata.metrics,
    }


def _turn_values(conversation_id: str, position: int, turn: TranscriptTurn) -> Values:
    return {
        "conversation_id": conversation_id,
        "position": position,
        "speaker": plain(turn.speaker),
        "at_seconds": turn.at,
        "text": plain(turn.text),
        "heard": plain(turn.heard),
        "confidence": turn.confidence,
        "sentiment": plain(turn.sentiment.sentiment),
        "sentiment_score": turn.sentiment.score,
        "was_interrupted": turn.was_interrupted,
        "latency": turn.latency,
    }


def _correction_values(conversation_id: str, position: int, turn: TranscriptTurn) -> list[Values]:
    return [
        {
            "conversation_id": conversation_id,
            "turn": position,
            "position": place,
            "heard": plain(one.heard),
            "meant": plain(one.meant),
            "rule": plain(one.rule),
        }
        for place, one in enumerate(turn.corrections)
    ]


# -- statements -------------------------------------------------------------------------------------------------------


def _parts(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[begin : begin + _ROWS_AT_ONCE] for begin in range(0, len(values), _ROWS_AT_ONCE))


async def _only_writer(connection: AsyncConnection) -> None:
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(_INDEX_LOCK)))


async def _insert(connection: AsyncConnection, into: Table, rows: list[Values]) -> None:
    if rows:
        await connection.execute(insert(into), rows)


async def _insert_words(connection: AsyncConnection, rows: list[Values]) -> None:
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        target = insert(_SQLITE_WORDS).values(rowid=bindparam("number"), words=bindparam("words"))
    else:
        target = insert(WORDS).values(number=bindparam("number"), words=bindparam("words"))
    await connection.execute(target, rows)


async def _forget_rows(connection: AsyncConnection, recording_ids: Sequence[str]) -> None:
    words, key = (WORDS, WORDS.c.number)
    if connection.dialect.name == "sqlite":
        words, key = _SQLITE_WORDS, _SQLITE_WORDS.c.rowid
    for some in _parts(recording_ids):
        found = await connection.execute(select(RECORDINGS.c.number).where(RECORDINGS.c.recording_id.in_(some)))
        numbers = list(found.scalars())
        if numbers:
            await connection.execute(delete(words).where(key.in_(numbers)))
            await connection.execute(delete(RECORDINGS).where(RECORDINGS.c.number.in_(numbers)))


async def _forget_conversations(connection: AsyncConnection, conversation_ids: Sequence[str]) -> None:
    for some in _parts(conversation_ids):
        await connection.execute(delete(CONVERSATIONS).where(CONVERSATIONS.c.conversation_id.in_(some)))


async def _free_numbers(connection: AsyncConnection, by_id: Mapping[str, IndexEntry]) -> dict[str, int]:
    """Return a number nobody has for every recording: the one wanted, or the next that is free."""
    wanted = {one: number_of(entry.metadata.started_at, one) for one, entry in by_id.items()}
    numbers: dict[str, int] = {}
    used: set[int] = set()
    while wanted:
        taken: set[int] = set()
        for some in _parts(sorted(set(wanted.values()))):
            found = await connection.execute(select(RECORDINGS.c.number).where(RECORDINGS.c.number.in_(some)))
            taken.update(found.scalars())
        again: dict[str, int] = {}
        for one, number in wanted.items():
            if number in taken or number in used:
                again[one] = number + 1
            else:
                numbers[one] = number
                used.add(number)
        wanted = again
    return numbers


async def _keep_analyses(connection: AsyncConnection, by_id: Mapping[str, IndexEntry]) -> None:
    """Note results that only files know of; those noted already stay as they are."""
    rows: dict[str, list[Values]] = defaultdict(list)
    for one, entry in by_id.items():
        metadata = entry.metadata
        if metadata.analysis is not None and metadata.pipeline_version and not metadata.is_purging:
            result = metadata.analysis
            finished_at = metadata.processed_at or metadata.started_at
            version = plain(metadata.pipeline_version)
            rows[version].append(
                {"recording_id": one, "pipeline_version": version, "finished_at": finished_at, "result": result}
            )
    for version, some in rows.items():
        for part in _parts(some):
            known = await connection.execute(
                select(ANALYSES.c.recording_id).where(
                    ANALYSES.c.pipeline_version == version,
                    ANALYSES.c.recording_id.in_([row["recording_id"] for row in part]),
                )
            )
            there = set(known.scalars())
            await _insert(connection, ANALYSES, [row for row in part if row["recording_id"] not in there])
