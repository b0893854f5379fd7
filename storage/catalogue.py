"""Metadata files and their index together: reading, changing, deleting, restoring.

The file is written first and is the truth; the row follows in the same transaction, whose lock also keeps two processes
from changing the same file at once. Should we die between the two, the index is behind until the next change or
reindex; nothing else is lost.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic_core import to_json
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import analyses, deletions, events, recordings
from storage.database.database import Database
from storage.database.index_rows import IndexEntry, rows_of
from storage.database.recordings import IndexedRecording
from storage.encryption.words import Seal, Sealing
from storage.metadata.files import MetadataError, metadata_json, parse_metadata
from storage.metadata.schema import AnalysisMetadata, RecordingMetadata, TranscriptionMetadata, with_audio_bytes
from storage.metadata.transcript import Transcript, parse_transcript
from storage.recording_store.encrypted import sealing_of
from storage.recording_store.errors import RecordingErased, RecordingMissing
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
        self.sealing = sealing_of(store)
        """What the words in the database are encrypted with; None: they are in clear."""
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
        async with self.alone(metadata.recording_id) as entry:
            return await entry.write(metadata)

    async def change(self, recording_id: str, change: Change) -> RecordingMetadata:
        """Replace a recording's metadata by what `change` makes of it; nobody else changes it meanwhile.

        Raises: RecordingUnknown, MetadataError, RecordingStoreError, DatabaseUnavailable, and what `change` raises.
        """
        async with self.alone(recording_id) as entry:
            return await entry.write(change(await self.read(recording_id)))

    async def index(self, recording_id: str) -> None:
        """Index what somebody else has written. Raises: as `read`, and DatabaseUnavailable."""
        async with self.alone(recording_id) as entry:
            await entry.index(await self.read(recording_id))

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

        A file that cannot be read is deleted too, unless the index remembers a hold. What other machines have of it is
        no longer indexed or sent, and their workers delete it.

        Raises: RecordingUnknown when there is nothing at all, UnderLegalHold, RecordingStoreError, DatabaseUnavailable.
        """
        row = await self._row(recording_id)
        try:
            conversation_id = await self._begin_deletion(recording_id)
        except (RecordingUnknown, RecordingErased, MetadataError) as exc:
            if isinstance(exc, RecordingUnknown) and row is None:
                raise
            if row is not None and row.legal_hold:
                raise _held(recording_id) from exc
            conversation_id = row.conversation_id if row is not None else recording_id.removeprefix("rec_")
        # The metadata goes last: as long as it is there, a crash leaves a file that says what was going on.
        for artefact in (Artefact.AUDIO, Artefact.TRANSCRIPT):
            await self.store.remove(_item(recording_id, artefact))
        await self.store.delete(recording_id.removeprefix("rec_"))
        async with self.alone(recording_id) as entry:
            await recordings.forget(entry.connection, [recording_id])
            await analyses.forget(entry.connection, recording_id)
            await events.forget(entry.connection, conversation_id)
            await deletions.note(entry.connection, recording_id, self._now())

    async def _begin_deletion(self, recording_id: str) -> str:
        """Note that a recording is to be no more; return its conversation. Raises: as `change`, and UnderLegalHold."""
        async with self.alone(recording_id) as entry:
            metadata = _purging(await self.read(recording_id), self._now())
            if not entry.is_erased:
                await entry.write(metadata)
                await deletions.note(entry.connection, recording_id, self._now())
        return metadata.conversation_id

    async def is_erased(self, recording_id: str) -> bool:
        """Return whether a recording was deleted for good, here or elsewhere. Raises: DatabaseUnavailable."""
        async with self.database.read() as connection:
            return bool(await deletions.among(connection, [recording_id]))

    async def delete_copy(self, recording_id: str) -> bool:
        """Delete what the store has of a recording that was deleted for good; return False where a hold forbids it.

        Raises: RecordingStoreError.
        """
        try:
            if (await self.read(recording_id)).legal_hold:
                return False
        except (RecordingUnknown, RecordingErased, MetadataError):
            pass  # what cannot be read, or is cut short, is to go as well
        await self.store.delete(recording_id.removeprefix("rec_"))
        return True

    async def readmit(self, recording_id: str) -> bool:
        """Let files of a recording that was deleted for good be kept again; return whether it had been.

        Raises: DatabaseUnavailable.
        """
        async with self.alone(recording_id) as entry:
            return await deletions.forget(entry.connection, recording_id)

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
        async with self.alone(recording_id) as entry:
            metadata = _without_words(await self.read(recording_id), self._now())
            await self.store.put(_item(recording_id, Artefact.METADATA), _bytes(metadata))
            await self.store.remove(_item(recording_id, Artefact.TRANSCRIPT))
            await analyses.forget(entry.connection, recording_id)
            await events.forget(entry.connection, metadata.conversation_id)
            await entry.index(metadata)

    @asynccontextmanager
    async def alone(self, recording_id: str) -> AsyncIterator["OpenEntry"]:
        """Give a recording's entry inside a transaction in which nobody else changes that recording.

        For whoever writes more than metadata together: what is executed on `entry.connection` is committed with the
        entry, or not at all. The block may read the files; whatever it writes to the store stays written.

        Raises: DatabaseUnavailable.
        """
        async with self.database.begin() as connection:
            if connection.dialect.name == "postgresql":  # SQLite has its one writer in us
                await connection.execute(select(func.pg_advisory_xact_lock(6311003, func.hashtext(recording_id))))
            is_erased = bool(await deletions.among(connection, [recording_id]))
            yield OpenEntry(connection, is_erased, self.store, self.sealing, self._now)

    async def _row(self, recording_id: str) -> IndexedRecording | None:
        async with self.database.read() as connection:
            return await recordings.find(connection, recording_id)

    async def _check_hold(self, recording_id: str) -> None:
        if (await self.read(recording_id)).legal_hold:
            raise _held(recording_id)


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """A recording in the hands of one, from `Catalogue.alone`."""

    connection: AsyncConnection
    is_erased: bool
    """The recording was deleted for good; what lies here is a copy."""
    _store: RecordingStore
    _sealing: Sealing | None
    _now: Callable[[], float]

    async def write(self, metadata: RecordingMetadata) -> RecordingMetadata:
        """Write the metadata's file, then index it; return it as written, `kept_since` filled in.

        Raises: RecordingStoreError; RecordingErased when it was deleted for good.
        """
        self._check_erased(metadata)
        if metadata.kept_since is None:
            metadata = metadata.model_copy(update={"kept_since": await self._kept_since(metadata)})
        await self._store.put(_item(metadata.recording_id, Artefact.METADATA), _bytes(metadata))
        await self.index(metadata)
        return metadata

    async def index(self, metadata: RecordingMetadata) -> None:
        """Put what a file says, and its transcript's words, into the index.

        Raises: RecordingStoreError, EncryptionError; RecordingErased when it was deleted for good.
        """
        self._check_erased(metadata)
        item = _item(metadata.recording_id, Artefact.METADATA)
        kept_since = metadata.kept_since or await self._kept_since(metadata)
        transcript = await self._transcript(metadata.recording_id)
        size = len(_bytes(metadata))
        if metadata.audio is not None and not metadata.audio.size_bytes and metadata.audio.removed_at is None:
            sound = await self._store.head(_item(metadata.recording_id, Artefact.AUDIO))
            metadata = with_audio_bytes(metadata, sound.size if sound is not None else 0)
        seal = await self.seal(metadata.recording_id)
        entry = IndexEntry(metadata, transcript, PurePosixPath(item.key).name, size, kept_since, seal)
        await recordings.replace(self.connection, [rows_of(entry)])

    async def seal(self, recording_id: str) -> Seal | None:
        """Return what the recording's words are written with; None: in clear. Raises: EncryptionError."""
        if self._sealing is None:
            return None
        return await asyncio.to_thread(self._sealing.for_writing, recording_id.removeprefix("rec_"))

    def _check_erased(self, metadata: RecordingMetadata) -> None:
        if self.is_erased:
            raise RecordingErased(f"{metadata.recording_id} was deleted for good: what lies here is a copy")

    async def _kept_since(self, metadata: RecordingMetadata) -> float:
        """A clock that went back must not make a new recording look old, so time never runs backwards here."""
        known = await recordings.find(self.connection, metadata.recording_id)
        if known is not None:
            return known.kept_since
        return max(metadata.started_at, self._now(), await recordings.latest_kept_since(self.connection))

    async def _transcript(self, recording_id: str) -> Transcript | None:
        try:
            return parse_transcript(await self._store.read(_item(recording_id, Artefact.TRANSCRIPT)))
        except (RecordingMissing, MetadataError):
            return None


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
