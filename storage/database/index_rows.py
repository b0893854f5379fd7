"""What the database gets of one recording, worked out from its files: pure, so that any process can do it.

Rows are plain tuples in the order of their columns: there are many of them, they travel from the process that reads
files to the one that writes, and drivers take them as they are. With encryption on, what was said and who called is
written by the call's `Seal` (`storage.encryption.words`): by the process that writes, for no key leaves it.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from storage.database.json_text import json_text, plain
from storage.database.tables import CONVERSATIONS, CORRECTIONS, RECORDINGS, TURNS
from storage.database.words import label_word, words_of
from storage.encryption.words import Seal
from storage.metadata.schema import RecordingMetadata
from storage.metadata.transcript import Transcript, TranscriptTurn, spoken_text

LABELS: Final = ("processed", "sentiment", "intent", "agent")
"""Columns whose values stand in the full-text index too (`label_word`)."""
CALLER_PLACES: Final = ("recordings.caller", "conversations.caller")
TURN_PLACES: Final = ("turns.text", "turns.heard")
CORRECTION_PLACES: Final = ("corrections.heard", "corrections.meant", "corrections.rule")
ANALYSIS_PLACE: Final = "analyses.result"
"""What a seal is told that it writes: table and column."""
HASH_BITS: Final = 20
"""Of a recording's number, below its milliseconds."""

Value: TypeAlias = "str | int | float | bool | None"
Row: TypeAlias = tuple[Value, ...]

RECORDING_COLUMNS: Final = tuple(column.name for column in RECORDINGS.c)
"""The first is `number`, which is not in `IndexRows.recording`: which is free is known only in the transaction."""
CONVERSATION_COLUMNS: Final = tuple(column.name for column in CONVERSATIONS.c)
TURN_COLUMNS: Final = tuple(column.name for column in TURNS.c)
CORRECTION_COLUMNS: Final = tuple(column.name for column in CORRECTIONS.c)
ANALYSIS_COLUMNS: Final = ("recording_id", "pipeline_version", "finished_at", "result")


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
    seal: Seal | None = None
    """Writes the words; None: in clear."""


class IndexRows(NamedTuple):
    """One recording, as the database wants it."""

    recording_id: str
    conversation_id: str
    number: int
    """The key it would like; the next free one when that is taken."""
    recording: Row
    """Of `RECORDING_COLUMNS`, without the number."""
    words: str
    """Those that were said, for the full-text index; "" when nothing was, or they are sealed."""
    labels: str
    """Go into the full-text index with the words."""
    conversation: Row
    turns: tuple[Row, ...]
    corrections: tuple[Row, ...]
    analysis: Row | None
    """Of `ANALYSIS_COLUMNS`; None when the file holds no result."""
    sealed_words: bytes | None = None
    """In place of the full-text index, b"" when nothing was said; None: this recording is in clear."""


def number_of(started_at: float, recording_id: str) -> int:
    """Return the key wanted for a recording: milliseconds first, so keys grow with time, then bits of its id."""
    return int(started_at * 1000) << HASH_BITS | zlib.crc32(recording_id.encode()) & (1 << HASH_BITS) - 1


def rows_of(entry: IndexEntry) -> IndexRows:
    """Return the rows of one recording."""
    metadata = entry.metadata
    recording = _recording(entry)
    said = words_of(spoken_text(metadata, entry.transcript))
    turns = entry.transcript.turns if entry.transcript is not None else ()
    conversation_id = metadata.conversation_id
    rows = IndexRows(
        metadata.recording_id,
        conversation_id,
        number_of(metadata.started_at, metadata.recording_id),
        recording,
        " ".join(said),
        " ".join(_labels(recording)),
        _conversation(metadata),
        tuple(_turn(conversation_id, position, turn) for position, turn in enumerate(turns)),
        tuple(row for position, turn in enumerate(turns) for row in _corrections(conversation_id, position, turn)),
        _analysis(metadata),
    )
    return rows if entry.seal is None else sealed_rows(rows, entry.seal)


def sealed_rows(rows: IndexRows, seal: Seal) -> IndexRows:
    """Return rows that are in clear as the seal writes them; what was not said, such as times and labels, stays."""
    analysis = rows.analysis
    if analysis is not None:
        *others, result = analysis
        analysis = (*others, json_text(seal.value(ANALYSIS_PLACE, json.loads(str(result)))))
    return rows._replace(
        recording=_sealed(rows.recording, RECORDING_COLUMNS[1:], CALLER_PLACES[:1], seal),
        conversation=_sealed(rows.conversation, CONVERSATION_COLUMNS, CALLER_PLACES[1:], seal),
        turns=tuple(_sealed(one, TURN_COLUMNS, TURN_PLACES, seal) for one in rows.turns),
        corrections=tuple(_sealed(one, CORRECTION_COLUMNS, CORRECTION_PLACES, seal) for one in rows.corrections),
        analysis=analysis,
        words="",
        sealed_words=seal.words(rows.words) if rows.words else b"",
    )


def _sealed(row: Row, columns: Sequence[str], places: Sequence[str], seal: Seal) -> Row:
    by_column = {place.partition(".")[2]: place for place in places}
    return tuple(
        seal.text(by_column[name], str(value)) if name in by_column else value
        for name, value in zip(columns, row, strict=True)
    )


def _recording(entry: IndexEntry) -> Row:
    metadata = entry.metadata
    audio, analysis, heard = metadata.audio, metadata.analysis, metadata.transcription
    has_audio = audio is not None and audio.removed_at is None
    return (
        metadata.recording_id,
        metadata.conversation_id,
        metadata.agent,
        metadata.did,
        metadata.caller,
        metadata.language,
        metadata.started_at,
        audio.duration_seconds if audio is not None else metadata.metrics.duration_seconds,
        entry.kept_since,
        has_audio,
        entry.transcript is not None or (heard is not None and heard.removed_at is None),
        audio.size_bytes if audio is not None and has_audio else 0,
        plain(audio.checksum) if audio is not None else "",
        metadata.processed,
        metadata.processing_mode,
        plain(metadata.pipeline_version),
        plain(_sentiment(metadata)),
        metadata.metrics.avg_sentiment_score if analysis is None else analysis.sentiment_score,
        plain(analysis.intent) if analysis is not None else "",
        metadata.outcome,
        analysis.quality_score if analysis is not None else None,
        heard.estimated_wer if heard is not None else None,
        metadata.legal_hold,
        metadata.deleted_at,
        metadata.is_purging,
        entry.file,
        entry.file_bytes,
    )


_LABEL_PLACES: Final = tuple((kind, RECORDING_COLUMNS.index(kind) - 1) for kind in LABELS)


def _labels(recording: Row) -> list[str]:
    return [label_word(kind, str(recording[place])) for kind, place in _LABEL_PLACES]


def _sentiment(metadata: RecordingMetadata) -> str:
    """The second listening's word, or while there is none, the mood the call ended in."""
    if metadata.analysis is not None and metadata.analysis.sentiment:
        return metadata.analysis.sentiment
    return metadata.metrics.final_sentiment or ""


def _conversation(metadata: RecordingMetadata) -> Row:
    return (
        metadata.conversation_id,
        metadata.agent,
        metadata.did,
        metadata.caller,
        metadata.language,
        metadata.started_at,
        metadata.metrics.duration_seconds,
        metadata.metrics.total_turns,
        metadata.outcome,
        json_text(metadata.metrics),
    )


def _turn(conversation_id: str, position: int, turn: TranscriptTurn) -> Row:
    return (
        conversation_id,
        position,
        plain(turn.speaker),
        turn.at,
        plain(turn.text),
        plain(turn.heard),
        turn.confidence,
        plain(turn.sentiment.sentiment),
        turn.sentiment.score,
        turn.was_interrupted,
        json_text(turn.latency) if turn.latency is not None else None,
    )


def _corrections(conversation_id: str, position: int, turn: TranscriptTurn) -> list[Row]:
    return [
        (conversation_id, position, place, plain(one.heard), plain(one.meant), plain(one.rule))
        for place, one in enumerate(turn.corrections)
    ]


def _analysis(metadata: RecordingMetadata) -> Row | None:
    if metadata.analysis is None or not metadata.pipeline_version or metadata.is_purging:
        return None
    finished_at = metadata.processed_at or metadata.started_at
    return metadata.recording_id, plain(metadata.pipeline_version), finished_at, json_text(metadata.analysis)
