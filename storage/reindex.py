"""Rebuilding the index from the files, which are the truth.

Files are read and checked (`reindex_reader`) while the batch before goes into the database. A batch is one transaction,
so after a kill the index holds whole batches, can be used, and the next run completes it. A file that cannot be used is
reported with its reason, keeps what the index knew of it, and stops nothing. Rows whose files are gone are removed at
the end. Calls may go on ending meanwhile: a file that changed while its batch was written is read again.
"""

import asyncio
import gc
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import delete, insert, select

from storage.database import deletions, recordings
from storage.database.database import Database
from storage.database.index_rows import sealed_rows
from storage.database.tables import RECORDINGS, REPORTED_FILES
from storage.encryption.errors import EncryptionError
from storage.encryption.words import Sealing
from storage.metadata.files import SUFFIX
from storage.recording_store.both import BothRecordings
from storage.recording_store.encrypted import EncryptedRecordings, sealing_of
from storage.recording_store.errors import RecordingStoreError
from storage.recording_store.item import SEALED_SUFFIX, Artefact, Item
from storage.recording_store.port import RecordingStore
from storage.reindex_batches import METADATA_FOLDER, Batch, ReportedFile, changed, read_files, stamp_of, take
from storage.reindex_reader import RARELY, is_worth_a_process, reading

BATCH: Final = 2000
"""Files of one transaction."""
MOST_REPORTED: Final = 10_000
"""Reports kept; more are only counted."""


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


async def reindex(
    database: Database,
    root: Path,
    *,
    store: RecordingStore | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    beside: bool | None = None,
) -> ReindexReport:
    """Bring the index in line with the files under `root`, and return what happened.

    `store` opens encrypted files; without it they are reported. `progress` is told how many of how many files are done.
    `beside`: whether files are read by a process of its own; None: where that is quicker.

    With a bucket behind `store`, rows whose files lie there stay, and copies here that another machine has replaced are
    brought up to date first.

    Raises: DatabaseUnavailable, StoreUnavailable, ReaderDied; FileNotFoundError when `root` has no folder of metadata,
    because an unmounted disk must not look like one whose recordings were all deleted.
    """
    began = time.monotonic()
    report = ReindexReport()
    folder = root / METADATA_FOLDER
    if not await asyncio.to_thread(folder.is_dir):
        raise FileNotFoundError(f"{folder} does not exist: nothing was changed")
    await _refresh(store)
    total = await asyncio.to_thread(_count, folder)
    thresholds = gc.get_threshold()
    gc.set_threshold(*RARELY)
    try:
        with reading(root, BATCH, beside=is_worth_a_process(total) if beside is None else beside) as batches:
            await _take_in(database, root, store, batches, report, lambda done: progress(done, max(total, done)))
    finally:
        gc.set_threshold(*thresholds)
    report.removed = await _remove_gone(database, folder, store)
    await _note(database, report)
    report.seconds = time.monotonic() - began
    return report


async def _take_in(
    database: Database,
    root: Path,
    store: RecordingStore | None,
    batches: Iterator[Batch],
    report: ReindexReport,
    progress: Callable[[int], None],
) -> None:
    """Write one batch while the next is read."""
    coming = asyncio.create_task(asyncio.to_thread(next, batches, None))
    try:
        while (batch := await coming) is not None:
            coming = asyncio.create_task(asyncio.to_thread(next, batches, None))
            await _write(database, root, store, batch)
            await _write_what_changed(database, root, store, batch)
            report.files += batch.files
            report.indexed += len(batch.entries)
            report.older += batch.older
            for one in batch.reported:
                report.add(one)
            progress(report.files)
    finally:
        await asyncio.wait([coming])  # nobody may close what a thread still reads from
        if not coming.cancelled():
            coming.exception()  # of two troubles the first is told


async def _write(database: Database, root: Path, store: RecordingStore | None, batch: Batch) -> None:
    """Read what is encrypted, encrypt what is to be, and put it all into the index."""
    await _unseal(batch, root, store)
    sealing = sealing_of(store) if store is not None else None
    if sealing is not None:
        await asyncio.to_thread(_seal, batch, root, sealing)
    if batch.entries:
        async with database.begin() as connection:
            _leave_out(batch, root, await deletions.among(connection, [one.recording_id for one in batch.entries]))
            await recordings.replace(connection, batch.entries)


async def _write_what_changed(database: Database, root: Path, store: RecordingStore | None, batch: Batch) -> None:
    """Read again what somebody wrote between our reading and our commit: their row may have come before ours."""
    while names := await asyncio.to_thread(changed, root, batch):
        batch = await asyncio.to_thread(read_files, root, names)
        await _write(database, root, store, batch)


async def _unseal(batch: Batch, root: Path, store: RecordingStore | None) -> None:
    for name in batch.sealed:
        path = root / METADATA_FOLDER / name
        call_id = name.removeprefix("rec_").removesuffix(SEALED_SUFFIX).removesuffix(SUFFIX)
        if store is None:
            batch.report(path, "encrypted, and there is no key to open it with")
            continue
        try:
            data = await store.read(Item(call_id, Artefact.METADATA))
            try:
                words: bytes | None = await store.read(Item(call_id, Artefact.TRANSCRIPT))
            except RecordingStoreError:
                words = None
            stamp = await asyncio.to_thread(stamp_of, str(path))
        except (RecordingStoreError, ValueError) as exc:
            batch.report(path, str(exc))
            continue
        take(batch, root, name, f"rec_{call_id}", data, words, stamp)


async def _refresh(store: RecordingStore | None) -> None:
    """Read no copy that another machine has replaced in the bucket they share."""
    inner = store.inner if isinstance(store, EncryptedRecordings) else store
    if isinstance(inner, BothRecordings) and inner.is_shared:
        for call_id in await asyncio.to_thread(inner.local.call_ids):
            await inner.refresh(call_id)


async def _in_the_store(store: RecordingStore, recording_ids: list[str]) -> set[str]:
    """Return those whose metadata lie in the store, if not in the folder."""
    items = {one: Item(one.removeprefix("rec_"), Artefact.METADATA) for one in recording_ids}
    return {one for one, item in items.items() if await store.head(item) is not None}


async def _remove_gone(database: Database, folder: Path, store: RecordingStore | None) -> int:
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
        if gone and store is not None:
            there = await _in_the_store(store, gone)
            gone = [one for one in gone if one not in there]
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


def _seal(batch: Batch, root: Path, sealing: Sealing) -> None:
    """Seal each entry's words; what has no key that opens is reported, and left out."""
    entries, batch.entries = batch.entries, []
    for rows in entries:
        try:
            seal = sealing.for_writing(rows.recording_id.removeprefix("rec_"))
        except (EncryptionError, OSError) as exc:
            path = root / METADATA_FOLDER / f"{rows.recording_id}{SUFFIX}"
            batch.report(path, f"its key cannot be used: {exc}")
        else:
            batch.entries.append(sealed_rows(rows, seal))


def _leave_out(batch: Batch, root: Path, erased: Collection[str]) -> None:
    """Report what was deleted for good, and index it not."""
    if not erased:
        return
    for one in erased:
        batch.report(root / METADATA_FOLDER / f"{one}{SUFFIX}", "deleted for good: the worker removes this copy")
    batch.entries = [one for one in batch.entries if one.recording_id not in erased]


def _count(folder: Path) -> int:
    with os.scandir(folder) as found:
        return sum(1 for one in found if not one.name.startswith("."))


def _without_file(folder: Path, names: Mapping[str, str]) -> list[str]:
    """Return the recordings whose files are not there."""
    # A row written before its file was encrypted has the plain name.
    return [
        one
        for one, name in names.items()
        if not os.path.exists(f"{folder}/{name}")
        and not os.path.exists(f"{folder}/{name.removesuffix(SEALED_SUFFIX)}{SEALED_SUFFIX}")
    ]
