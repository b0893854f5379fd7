"""Recordings fetched for a second listening, and what was found kept: files first, then the rows in one transaction.

A process may die anywhere in `keep`. What it leaves is one of: nothing new; a new transcript (which holds the first one
whole) beside metadata that still say `processed: false`; or both new files and an index that lags behind. In every case
doing it again, by anybody, ends with the same files and rows.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from offline.batch.material import Material, SecondListening
from offline.batch.writing import (
    analysis_row,
    first_transcript,
    metadata_with,
    processed_event,
    transcript_with,
)
from storage.catalogue import Catalogue, OpenEntry
from storage.database import analyses, events
from storage.metadata.schema import RecordingMetadata
from storage.recording_store.both import BothRecordings
from storage.recording_store.errors import RecordingMissing
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings
from vocabulary.errors import CentralitaError

InTransaction = Callable[[AsyncConnection], Awaitable[None]]
"""What else is to be committed with a result."""


class WrongName(CentralitaError):
    """A metadata file holds another recording than its name says."""


class BrokenFile(CentralitaError):
    """A transcript is cut short or no JSON; both its copy and the recording are untouched."""


class Kept(Enum):
    """What became of a result."""

    WRITTEN = "processed"
    ALREADY = "already"
    """There was one of this version; rows that lagged behind have been brought up."""
    GONE = "gone"
    """The recording was deleted, or its words were, while we listened: nothing was written."""


@dataclass(frozen=True, slots=True)
class _Readable:
    """A recording's sound as a file."""

    path: Path | None
    problem: str = ""


class Results(Catalogue):
    """The catalogue, as the second listening uses it."""

    async def checked(self, recording_id: str) -> RecordingMetadata:
        """Return the metadata of this recording and no other. Raises: as `read`, and WrongName."""
        metadata = await self.read(recording_id)
        if metadata.recording_id != recording_id:
            raise WrongName(f"a copy? The file of {recording_id} holds {metadata.recording_id}: rename or remove it")
        return metadata

    async def is_indexed(self, recording_id: str) -> bool:
        """Return whether the index knows the recording. Raises: DatabaseUnavailable."""
        return await self._row(recording_id) is not None

    @asynccontextmanager
    async def material(self, metadata: RecordingMetadata) -> AsyncIterator[Material]:
        """Give what the stages need; sound that does not lie here readably is fetched for as long as the block lasts.

        Raises: BrokenFile, RecordingStoreError.
        """
        file = await self.transcript_file(metadata.recording_id)
        with tempfile.TemporaryDirectory(prefix="centralita-sound-") as folder:
            sound = await self._sound(metadata, Path(folder))
            problems = (sound.problem,) if sound.problem else ()
            yield Material(metadata, first_transcript(file), sound.path, problems)

    async def settle(self, metadata: RecordingMetadata, also: InTransaction | None = None) -> None:
        """Bring the rows of a recording that is processed already in line with its files.

        Raises: as `change`.
        """
        async with self.alone(metadata.recording_id) as entry:
            await self._rows(entry, await self.checked(metadata.recording_id), is_again=False)
            if also is not None:
                await also(entry.connection)

    async def keep(
        self, found: SecondListening, now: float, *, again: bool = False, also: InTransaction | None = None
    ) -> Kept:
        """Write a result; with `again` in place of one of the same version. `also` happens in the same transaction.

        Raises: as `change`, BrokenFile, and what `also` raises, in which case no row is changed.
        """
        async with self.alone(found.recording_id) as entry:
            metadata = await self.checked(found.recording_id)
            is_there = is_done(metadata, found.pipeline_version)
            if entry.is_erased or is_gone(metadata):
                kept = Kept.GONE
            elif is_there and not again:
                await self._rows(entry, metadata, is_again=False)
                kept = Kept.ALREADY
            else:
                await self._write_both(entry, metadata, found, now)
                kept = Kept.WRITTEN
            if also is not None:
                await also(entry.connection)
        return kept

    async def _write_both(
        self, entry: OpenEntry, metadata: RecordingMetadata, found: SecondListening, now: float
    ) -> None:
        file = await self.transcript_file(found.recording_id)
        transcript = transcript_with(file, found, metadata, now)
        # The transcript first: it can be told from the first one, and metadata that say "processed" must be right.
        data = to_json(transcript, indent=2) + b"\n"
        await self.store.put(Item(metadata.call_id, Artefact.TRANSCRIPT), data)
        written = await entry.write(metadata_with(metadata, found, now))
        await self._rows(entry, written, is_again=True, is_indexed=True)

    async def _rows(
        self, entry: OpenEntry, metadata: RecordingMetadata, *, is_again: bool, is_indexed: bool = False
    ) -> None:
        if not is_indexed:
            await entry.index(metadata)
        seal = await entry.seal(metadata.recording_id)
        row = analysis_row(metadata)
        await (analyses.replace if is_again else analyses.keep)(entry.connection, row, seal)
        await events.keep(entry.connection, processed_event(metadata), seal)

    async def transcript_file(self, recording_id: str) -> Mapping[str, Any] | None:
        """Return what lies there as the recording's transcript. Raises: BrokenFile, RecordingStoreError."""
        item = Item(recording_id.removeprefix("rec_"), Artefact.TRANSCRIPT)
        try:
            value = json.loads(await self.store.read(item))
        except RecordingMissing:
            return None
        except ValueError:
            # Not the parser's own words: they quote the text.
            raise BrokenFile(
                f"the transcript of {recording_id} is cut short or no JSON: restore or remove it"
            ) from None
        if not isinstance(value, dict):
            raise BrokenFile(f"the transcript of {recording_id} is no JSON object: restore or remove it")
        return value

    async def _sound(self, metadata: RecordingMetadata, folder: Path) -> _Readable:
        audio = metadata.audio
        if audio is not None and audio.removed_at is not None:
            return _Readable(None)
        item = Item(metadata.call_id, Artefact.AUDIO)
        if (local := _local(self.store)) is not None and local.path(item).exists():
            return _Readable(local.path(item))
        copy = folder / "sound.wav"
        try:
            async for piece in self.store.stream(item):
                await asyncio.to_thread(_append, copy, piece)
        except RecordingMissing:
            return _Readable(None, "sound: the file is missing" if audio is not None else "")
        return _Readable(copy)


def is_done(metadata: RecordingMetadata, version: str) -> bool:
    """Whether the second listening of this version is in the metadata."""
    return metadata.processed and metadata.pipeline_version == version


def is_gone(metadata: RecordingMetadata) -> bool:
    """Whether somebody wants this recording, or its words, to be no more."""
    words = metadata.transcription
    is_forgotten = words is not None and words.removed_at is not None
    return metadata.is_purging or metadata.deleted_at is not None or is_forgotten


def _append(path: Path, piece: bytes) -> None:
    with path.open("ab") as file:
        file.write(piece)


def _local(store: object) -> LocalRecordings | None:
    """Return the folder whose files can be read as they are."""
    if isinstance(store, LocalRecordings):
        return store
    return store.local if isinstance(store, BothRecordings) else None
