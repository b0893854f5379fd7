"""Metadata files and their index together: reading, changing, deleting, restoring.

The file is written first and is the truth; the row follows in the same transaction, whose lock also keeps two processes
from changing the same file at once. Should we die between the two, the index is behind until the next change or
reindex; nothing else is lost.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from pydantic_core import to_json
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import analyses, events, recordings
from storage.database.database import Database
from storage.database.recordings import IndexedRecording, IndexEntry
from storage.metadata.files import MetadataError, metadata_json, parse_metadata
from storage.metadata.schema import AnalysisMetadata, RecordingMetadata, TranscriptionMetadata, with_audio_bytes
from storage.metadata.transcript import Transcript, parse_transcript
from storage.recording_store.errors import RecordingMissing
from storage.recording_store.item import Artefact, Item
from storage.recording_store.port import RecordingStore
from vocabulary.errors import CentralitaError

Change = Callable[[RecordingMetadata], RecordingMetadata]
_WORDS_OF_ANALYSIS = frozenset({"entities"})
"""Known fields of an analysis that repeat what was said; unknown ones may, so they go with them."""


class RecordingUnknown(CentralitaError):
    """There is no recording with this id."""


class UnderLegalHold(CentralitaError):
    """The recording must be kept: release the hold first."""


class Catalogue:
    """The recordings of one store and one database."""

    def __init__(self, store: RecordingStore, database: Database, *, now: Callable[[], float] = time.time) -> None:
        """`now` gives Unix time."""
        self.store = store
        self.database = database
        self._now = now

    async def read(self, recording_id: str) -> RecordingMetadata:
        """Return what the recording's file says. Raises: RecordingUnknown, MetadataError, RecordingStoreError."""
        try:
            return parse_metadata(await self.store.read(_item(recording_id, Artefact.METADATA)))
        except RecordingMissing as exc:
            raise RecordingUnknown(f"there is no recording {recording_id}") from exc

    async def save(self, metadata: RecordingMetadata) -> RecordingMetadata:
        """Write a recording's metadata, whatever was there before, and index it; return it as written.

        `kept_since` is filled in where it is missing. Raises: RecordingStoreError, DatabaseUnavailable.
        """
        async with self._alone(metadata.recording_id) as connection:
            return await self._write(connection, metadata)

    async def change(self, recording_id: str, change: Change) -> RecordingMetadata:
        """Replace a recording's metadata by what `change` makes of it; nobody else changes it meanwhile.

        Raises: RecordingUnknown, MetadataError, RecordingStoreError, DatabaseUnavailable, and what `change` raises.
        """
        async with self._alone(recording_id) as connection:
            return await self._write(connection, change(await self.read(recording_id)))

    async def index(self, recording_id: str) -> None:
        """Index what somebody else has written. Raises: as `read`, and DatabaseUnavailable."""
        async with self._alone(recording_id) as connection:
            await self._index(connection, await self.read(recording_id))

    async def hold(self, recording_id: str, *, is_held: bool) -> RecordingMetadata:
        """Put a recording under legal hold, or release it. Raises: as `change`."""
        return await self.change(recording_id, lambda one: one.model_copy(update={"legal_hold": is_held}))

    async def delete(self, recording_id: str) -> RecordingMetadata:
        """Mark a recording as deleted: out of every search, and restorable. Raises: as `change`."""
        now = self._now()
        return await self.change(recording_id, lambda one: one.model_copy(update={"deleted_at": one.deleted_at or now}))

    async def restore(self, recording_id: str) -> RecordingMetadata:
        """Undo `delete`. Raises: as `change`; RecordingUnknown when its permanent deletion has begun."""

        def change(one: RecordingMetadata) -> RecordingMetadata:
            if one.is_purging:
                raise RecordingUnknown(f"{recording_id} is being deleted for good")
            return one.model_copy(update={"deleted_at": None})

        return await self.change(recording_id, change)

    async def delete_permanently(self, recording_id: str) -> None:
        """Delete sound, words, metadata, key and rows; after a crash in the middle, asking again finishes it.

        A file that cannot be read is deleted too, unless the index remembers a hold.

        Raises: RecordingUnknown when there is nothing at all, UnderLegalHold, RecordingStoreError, DatabaseUnavailable.
        """
        row = await self._row(recording_id)
        try:
            metadata = await self.change(recording_id, lambda one: _purging(one, self._now()))
            conversation_id = metadata.conversation_id
        except (RecordingUnknown, MetadataError) as exc:
            if isinstance(exc, RecordingUnknown) and row is None:
                raise
            if row is not None and row.legal_hold:
                raise _held(recording_id) from exc
            conversation_id = row.conversation_id if row is not None else recording_id.removeprefix("rec_")
        # The metadata goes last: as long as it is there, a crash leaves a file that says what was going on.
        for artefact in (Artefact.AUDIO, Artefact.TRANSCRIPT):
            await self.store.remove(_item(recording_id, artefact))
        await self.store.delete(recording_id.removeprefix("rec_"))
        async with self._alone(recording_id) as connection:
            await recordings.forget(connection, [recording_id])
            await analyses.forget(connection, recording_id)
            await events.forget(connection, conversation_id)

    async def remove_audio(self, recording_id: str) -> None:
        """Delete the sound and keep the rest. Raises: as `change`, and UnderLegalHold."""
        await self._check_hold(recording_id)
        await self.store.remove(_item(recording_id, Artefact.AUDIO))
        now = self._now()

        def change(one: RecordingMetadata) -> RecordingMetadata:
            audio = one.audio
            return (
                one if audio is None else one.model_copy(update={"audio": audio.model_copy(update={"removed_at": now})})
            )

        await self.change(recording_id, change)

    async def remove_words(self, recording_id: str) -> None:
        """Delete what was said, wherever it stands, and keep figures and labels. Raises: as `remove_audio`."""
        await self._check_hold(recording_id)
        async with self._alone(recording_id) as connection:
            metadata = _without_words(await self.read(recording_id), self._now())
            await self.store.put(_item(recording_id, Artefact.METADATA), _bytes(metadata))
            await self.store.remove(_item(recording_id, Artefact.TRANSCRIPT))
            await analyses.forget(connection, recording_id)
            await events.forget(connection, metadata.conversation_id)
            await self._index(connection, metadata)

    # -- within a transaction --

    def _alone(self, recording_id: str) -> "_Alone":
        return _Alone(self.database, recording_id)

    async def _write(self, connection: AsyncConnection, metadata: RecordingMetadata) -> RecordingMetadata:
        if metadata.kept_since is None:
            metadata = metadata.model_copy(update={"kept_since": await self._kept_since(connection, metadata)})
        await self.store.put(_item(metadata.recording_id, Artefact.METADATA), _bytes(metadata))
        await self._index(connection, metadata)
        return metadata

    async def _kept_since(self, connection: AsyncConnection, metadata: RecordingMetadata) -> float:
        """A clock that went back must not make a new recording look old, so time never runs backwards here."""
        known = await recordings.find(connection, metadata.recording_id)
        if known is not None:
            return known.kept_since
        return max(metadata.started_at, self._now(), await recordings.latest_kept_since(connection))

    async def _index(self, connection: AsyncConnection, metadata: RecordingMetadata) -> None:
        item = _item(metadata.recording_id, Artefact.METADATA)
        kept_since = metadata.kept_since or await self._kept_since(connection, metadata)
        transcript = await self._transcript(metadata.recording_id)
        size = len(_bytes(metadata))
        if metadata.audio is not None and not metadata.audio.size_bytes and metadata.audio.removed_at is None:
            sound = await self.store.head(_item(metadata.recording_id, Artefact.AUDIO))
            metadata = with_audio_bytes(metadata, sound.size if sound is not None else 0)
        entry = IndexEntry(metadata, transcript, PurePosixPath(item.key).name, size, kept_since)
        await recordings.replace(connection, [entry])

    async def _transcript(self, recording_id: str) -> Transcript | None:
        try:
            return parse_transcript(await self.store.read(_item(recording_id, Artefact.TRANSCRIPT)))
        except (RecordingMissing, MetadataError):
            return None

    async def _row(self, recording_id: str) -> IndexedRecording | None:
        async with self.database.read() as connection:
            return await recordings.find(connection, recording_id)

    async def _check_hold(self, recording_id: str) -> None:
        if (await self.read(recording_id)).legal_hold:
            raise _held(recording_id)


class _Alone:
    """A transaction in which nobody else changes this recording."""

    def __init__(self, database: Database, recording_id: str) -> None:
        self._transaction = database.begin()
        self._recording_id = recording_id

    async def __aenter__(self) -> AsyncConnection:
        connection = await self._transaction.__aenter__()
        if connection.dialect.name == "postgresql":  # SQLite has its one writer in us
            await connection.execute(select(func.pg_advisory_xact_lock(6311003, func.hashtext(self._recording_id))))
        return connection

    async def __aexit__(self, *problem: object) -> bool | None:
        return await self._transaction.__aexit__(*problem)  # type: ignore[arg-type]


def _item(recording_id: str, artefact: Artefact) -> Item:
    try:
        return Item(recording_id.removeprefix("rec_"), artefact)
    except ValueError as exc:
        raise RecordingUnknown("a recording's id is rec_ and letters, digits, '.', '_' and '-'") from exc


def _bytes(metadata: RecordingMetadata) -> bytes:
    return to_json(metadata_json(metadata), indent=2) + b"\n"


def _held(recording_id: str) -> UnderLegalHold:
    return UnderLegalHold(f"{recording_id} is under legal hold: release it first")


def _purging(metadata: RecordingMetadata, now: float) -> RecordingMetadata:
    if metadata.legal_hold:
        raise _held(metadata.recording_id)
    return metadata.model_copy(update={"is_purging": True, "deleted_at": metadata.deleted_at or now})


def _without_words(metadata: RecordingMetadata, now: float) -> RecordingMetadata:
    """Return the metadata without anything that was said; confidences, labels and figures stay."""
    old = metadata.transcription or TranscriptionMetadata()
    transcription = TranscriptionMetadata(
        confidence=old.confidence,
        estimated_wer=old.estimated_wer,
        engine=old.engine,
        is_retranscribed=old.is_retranscribed,
        removed_at=old.removed_at or now,
    )
    analysis = metadata.analysis
    if analysis is not None:
        kept: Sequence[str] = [name for name in AnalysisMetadata.model_fields if name not in _WORDS_OF_ANALYSIS]
        analysis = AnalysisMetadata.model_validate({name: getattr(analysis, name) for name in kept})
    return metadata.model_copy(update={"transcription": transcription, "analysis": analysis})
