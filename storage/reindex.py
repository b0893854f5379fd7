"""Rebuilding the index from the files, which are the truth.

Files are read and checked in a thread while the batch before goes into the database; a batch is one transaction, so
after a kill the index holds whole batches, can be used, and the next run completes it. A file that cannot be used is
reported with its reason, keeps what the index knew of it, and stops nothing. Rows whose files are gone are removed at
the end. Calls may go on ending meanwhile: a file that changed while its batch was written is read again.
"""

import asyncio
import gc
import itertools
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import delete, insert, select

from storage.database import recordings
from storage.database.database import Database
from storage.database.recordings import IndexEntry
from storage.database.tables import RECORDINGS, REPORTED_FILES
from storage.metadata.files import MetadataError, parse_versioned, recording_id_of
from storage.metadata.schema import SCHEMA_VERSION, with_audio_bytes
from storage.metadata.transcript import Transcript, parse_transcript
from storage.recording_store.errors import RecordingStoreError
from storage.recording_store.item import SEALED_SUFFIX, Artefact, Item
from storage.recording_store.port import RecordingStore

BATCH: Final = 2000
"""Files of one transaction."""
_RARELY: Final = (100_000, 20, 20)
"""When the cycle collector looks: a batch is many objects and no cycles, and looking cost a quarter of the time."""
MOST_REPORTED: Final = 10_000
"""Reports kept; more are only counted."""
METADATA_FOLDER: Final = "metadata"
AUDIO_FOLDER: Final = "audio"
TRANSCRIPTS_FOLDER: Final = "transcripts"


@dataclass(frozen=True, slots=True)
class ReportedFile:
    """A file that is not in the index as it should be, and why."""

    path: Path
    reason: str


@dataclass(slots=True)
class ReindexReport:
    """What a reindex did."""

    files: int = 0
    """Looked at."""
    indexed: int = 0
    older: int = 0
    """Of these, written in an older schema; they were read, and stay as they are."""
    removed: int = 0
    """Rows whose files are gone."""
    reported_count: int = 0
    reported: list[ReportedFile] = field(default_factory=list)
    """The first `MOST_REPORTED`."""
    seconds: float = 0.0

    @property
    def files_per_second(self) -> float:
        return self.files / self.seconds if self.seconds else 0.0

    def add(self, one: ReportedFile) -> None:
        """Report a file."""
        self.reported_count += 1
        if len(self.reported) < MOST_REPORTED:
            self.reported.append(one)


@dataclass(frozen=True, slots=True)
class _Stamp:
    """How a file looked when it was read."""

    changed_ns: int
    size: int


@dataclass(slots=True)
class _Batch:
    entries: list[IndexEntry] = field(default_factory=list)
    stamps: dict[Path, _Stamp] = field(default_factory=dict)
    reported: list[ReportedFile] = field(default_factory=list)
    sealed: list[Path] = field(default_factory=list)
    older: int = 0
    files: int = 0


async def reindex(
    database: Database,
    root: Path,
    *,
    store: RecordingStore | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ReindexReport:
    """Bring the index in line with the files under `root`, and return what happened.

    `store` opens encrypted files; without it they are reported. `progress` is told how many of how many files are done.

    Raises: DatabaseUnavailable; FileNotFoundError when `root` has no folder of metadata, because an unmounted disk must
    not look like one whose recordings were all deleted.
    """
    began = time.monotonic()
    report = ReindexReport()
    folder = root / METADATA_FOLDER
    if not await asyncio.to_thread(folder.is_dir):
        raise FileNotFoundError(f"{folder} does not exist: nothing was changed")
    total = await asyncio.to_thread(_count, folder)
    batches = _batches(root)
    thresholds = gc.get_threshold()
    gc.set_threshold(*_RARELY)
    coming = asyncio.create_task(asyncio.to_thread(next, batches, None))
    try:
        while (batch := await coming) is not None:
            coming = asyncio.create_task(asyncio.to_thread(next, batches, None))
            await _unseal(batch, store)
            await _write(database, batch)
            await _write_what_changed(database, root, batch)
            report.files += batch.files
            report.indexed += len(batch.entries)
            report.older += batch.older
            for one in batch.reported:
                report.add(one)
            progress(report.files, max(total, report.files))
    finally:
        gc.set_threshold(*thresholds)
        await asyncio.wait([coming])
    report.removed = await _remove_gone(database, folder)
    await _note(database, report)
    report.seconds = time.monotonic() - began
    return report


async def _write(database: Database, batch: _Batch) -> None:
    if batch.entries:
        async with database.begin() as connection:
            await recordings.replace(connection, batch.entries)


async def _write_what_changed(database: Database, root: Path, batch: _Batch) -> None:
    """Read again what somebody wrote between our reading and our commit: their row may have come before ours."""
    while changed := await asyncio.to_thread(_changed, batch):
        batch = await asyncio.to_thread(_read_all, root, changed)
        await _write(database, batch)


async def _unseal(batch: _Batch, store: RecordingStore | None) -> None:
    for path in batch.sealed:
        call_id = path.name.removeprefix("rec_").removesuffix(SEALED_SUFFIX).removesuffix("_metadata.json")
        if store is None:
            batch.reported.append(ReportedFile(path, "encrypted, and there is no key to open it with"))
            continue
        try:
            data = await store.read(Item(call_id, Artefact.METADATA))
            try:
                words: bytes | None = await store.read(Item(call_id, Artefact.TRANSCRIPT))
            except RecordingStoreError:
                words = None
            stamp = await asyncio.to_thread(_stamp, path)
        except (RecordingStoreError, ValueError) as exc:
            batch.reported.append(ReportedFile(path, str(exc)))
            continue
        _take(batch, path, f"rec_{call_id}", data, words, stamp)


async def _remove_gone(database: Database, folder: Path) -> int:
    """Remove the rows of files that are no more; looks at the disk for every row, and keeps no list of files."""
    removed = 0
    last = -1
    while True:
        wanted = select(RECORDINGS.c.number, RECORDINGS.c.recording_id, RECORDINGS.c.metadata_file)
        async with database.read() as connection:
            rows = (
                await connection.execute(
                    wanted.where(RECORDINGS.c.number > last).order_by(RECORDINGS.c.number).limit(2 * BATCH)
                )
            ).all()
        if not rows:
            return removed
        last = rows[-1].number
        names = {row.recording_id: row.metadata_file for row in rows}
        gone = await asyncio.to_thread(_without_file, folder, names)
        if gone:
            async with database.begin() as connection:
                await recordings.forget(connection, gone)
            removed += len(gone)


async def _note(database: Database, report: ReindexReport) -> None:
    now = time.time()
    rows = [{"path": os.fsencode(one.path).decode("utf-8", "replace"), "reason": one.reason} for one in report.reported]
    async with database.begin() as connection:
        await connection.execute(delete(REPORTED_FILES))
        if rows:
            await connection.execute(insert(REPORTED_FILES), [{**row, "at": now} for row in rows])
        await recordings.words_gathered(connection)


# -- files, in a thread -----------------------------------------------------------------------------------------------


def _count(folder: Path) -> int:
    with os.scandir(folder) as found:
        return sum(1 for one in found if not one.name.startswith("."))


def _changed(batch: _Batch) -> list[Path]:
    """Return the batch's files that are there and are not what was read."""
    now = {path: _stamp(path) for path in batch.stamps}
    return [path for path, stamp in batch.stamps.items() if now[path] is not None and now[path] != stamp]


def _without_file(folder: Path, names: Mapping[str, str]) -> list[str]:
    """Return the recordings whose files are not there."""
    return [one for one, name in names.items() if not (folder / name).exists()]


def _batches(root: Path) -> Iterator[_Batch]:
    with os.scandir(root / METADATA_FOLDER) as found:
        # Hidden files are drafts of files being written, or left by a crash: never a recording's only copy.
        visible = (Path(one.path) for one in found if not one.name.startswith("."))
        while paths := list(itertools.islice(visible, BATCH)):
            yield _read_all(root, paths)


def _read_all(root: Path, paths: list[Path]) -> _Batch:
    batch = _Batch()
    transcripts = root / TRANSCRIPTS_FOLDER
    for path in paths:
        batch.files += 1
        if path.name.endswith(f"_metadata.json{SEALED_SUFFIX}") and path.name.startswith("rec_"):
            batch.sealed.append(path)
            continue
        recording_id = recording_id_of(path)
        if recording_id is None:
            batch.reported.append(ReportedFile(path, "not named rec_<id>_metadata.json: put aside or rename it"))
            continue
        try:
            data, stamp = _read(path)
        except OSError as exc:
            batch.reported.append(ReportedFile(path, f"cannot be read: {exc.strerror}"))
            continue
        try:
            words: bytes | None = _read(f"{transcripts}/{recording_id}_transcript.json")[0]
        except FileNotFoundError:
            words = None
        except OSError as exc:
            words = None
            batch.reported.append(ReportedFile(path, f"its transcript cannot be read: {exc.strerror}"))
        _take(batch, path, recording_id, data, words, stamp, root)
    return batch


def _take(
    batch: _Batch,
    path: Path,
    recording_id: str,
    data: bytes,
    words: bytes | None,
    stamp: _Stamp | None,
    root: Path | None = None,
) -> None:
    """Add a file's contents to the batch, or the reason why not."""
    try:
        metadata, version = parse_versioned(data)
    except MetadataError as exc:
        batch.reported.append(ReportedFile(path, str(exc)))
        return
    if metadata.recording_id != recording_id:
        reason = f"a copy? Its name says {recording_id}, its contents {metadata.recording_id}: not indexed"
        batch.reported.append(ReportedFile(path, reason))
        return
    transcript: Transcript | None = None
    if words is not None:
        try:
            transcript = parse_transcript(words)
        except MetadataError as exc:
            batch.reported.append(ReportedFile(path, f"indexed without its words: {exc}"))
    batch.older += version < SCHEMA_VERSION
    kept_since = metadata.kept_since
    if kept_since is None:
        # Written without it: the file's own time, unless the call began later by its clock.
        kept_since = max(metadata.started_at, stamp.changed_ns / 1e9 if stamp is not None else 0.0)
    if root is not None and metadata.audio is not None and not metadata.audio.size_bytes:
        # An older program did not write down how long the file is.
        sound = _stamp(root / AUDIO_FOLDER / f"{recording_id}.wav")
        metadata = with_audio_bytes(metadata, sound.size if sound is not None else 0)
    batch.entries.append(IndexEntry(metadata, transcript, path.name, len(data), kept_since))
    if stamp is not None:
        batch.stamps[path] = stamp


def _read(path: Path | str) -> tuple[bytes, _Stamp]:
    """Return a file's contents and how it looked just then. Raises: OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        info = os.fstat(handle)
        data = os.read(handle, info.st_size + 1)
        while more := os.read(handle, 65536):
            data += more
    finally:
        os.close(handle)
    return data, _Stamp(info.st_mtime_ns, info.st_size)


def _stamp(path: Path) -> _Stamp | None:
    try:
        info = path.stat()
    except OSError:
        return None
    return _Stamp(info.st_mtime_ns, info.st_size)
