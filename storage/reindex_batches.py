"""Metadata files read and checked, some thousand at a time, as the rows the index wants: no database, only files.

A file that cannot be used is reported with its reason and stops nothing.
"""

import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from storage.database.index_rows import IndexEntry, IndexRows, rows_of
from storage.metadata.files import PREFIX, SUFFIX, MetadataError, parse_versioned
from storage.metadata.schema import SCHEMA_VERSION, with_audio_bytes
from storage.metadata.transcript import Transcript, parse_transcript
from storage.recording_store.item import SEALED_SUFFIX

METADATA_FOLDER: Final = "metadata"
AUDIO_FOLDER: Final = "audio"
TRANSCRIPTS_FOLDER: Final = "transcripts"

Stamp: TypeAlias = tuple[int, int]
"""How a file looked when it was read: nanoseconds of its last change, bytes."""


@dataclass(frozen=True, slots=True)
class ReportedFile:
    """A file that is not in the index as it should be, and why."""

    path: Path
    reason: str


@dataclass(slots=True)
class Batch:
    """What some files say."""

    entries: list[IndexRows] = field(default_factory=list)
    stamps: dict[str, Stamp] = field(default_factory=dict)
    """By file name; of `entries` that were read here."""
    reported: list[ReportedFile] = field(default_factory=list)
    sealed: list[str] = field(default_factory=list)
    """Names of encrypted files, which whoever has the key must read."""
    older: int = 0
    """Of `entries`, those written in an older schema."""
    files: int = 0
    """Looked at."""

    def report(self, path: str | Path, reason: str) -> None:
        """Report a file."""
        self.reported.append(ReportedFile(Path(path), reason))


def batches(root: Path, size: int) -> Iterator[Batch]:
    """Read every metadata file under `root`, `size` at a time. Raises: OSError when the folder cannot be listed."""
    with os.scandir(root / METADATA_FOLDER) as found:
        # Hidden files are drafts of files being written, or left by a crash: never a recording's only copy.
        visible = (one.name for one in found if not one.name.startswith("."))
        while names := list(itertools.islice(visible, size)):
            yield read_files(root, names)


def read_files(root: Path, names: Iterable[str]) -> Batch:
    """Read these metadata files."""
    batch = Batch()
    folder, transcripts = f"{root}/{METADATA_FOLDER}", f"{root}/{TRANSCRIPTS_FOLDER}"
    for name in names:
        batch.files += 1
        path = f"{folder}/{name}"
        if name.startswith(PREFIX) and name.endswith(SUFFIX + SEALED_SUFFIX):
            batch.sealed.append(name)
            continue
        if not (name.startswith(PREFIX) and name.endswith(SUFFIX) and len(name) > len(PREFIX) + len(SUFFIX)):
            batch.report(path, "not named rec_<id>_metadata.json: put aside or rename it")
            continue
        recording_id = name.removesuffix(SUFFIX)
        try:
            data, stamp = _read(path)
        except OSError as exc:
            batch.report(path, f"cannot be read: {exc.strerror}")
            continue
        try:
            words: bytes | None = _read(f"{transcripts}/{recording_id}_transcript.json")[0]
        except FileNotFoundError:
            words = None
        except OSError as exc:
            words = None
            batch.report(path, f"its transcript cannot be read: {exc.strerror}")
        take(batch, Path(root), name, recording_id, data, words, stamp)
    return batch


def take(
    batch: Batch, root: Path, name: str, recording_id: str, data: bytes, words: bytes | None, stamp: Stamp | None
) -> None:
    """Add a file's contents to the batch, or the reason why not; `words` are its transcript's, `name` the file's."""
    path = f"{root}/{METADATA_FOLDER}/{name}"
    try:
        metadata, version = parse_versioned(data)
    except MetadataError as exc:
        batch.report(path, str(exc))
        return
    if metadata.recording_id != recording_id:
        batch.report(path, f"a copy? Its name says {recording_id}, its contents {metadata.recording_id}: not indexed")
        return
    transcript: Transcript | None = None
    if words is not None:
        try:
            transcript = parse_transcript(words)
        except MetadataError as exc:
            batch.report(path, f"indexed without its words: {exc}")
    batch.older += version < SCHEMA_VERSION
    kept_since = metadata.kept_since
    if kept_since is None:
        # Written without it: the file's own time, unless the call began later by its clock.
        kept_since = max(metadata.started_at, stamp[0] / 1e9 if stamp is not None else 0.0)
    if not name.endswith(SEALED_SUFFIX) and metadata.audio is not None and not metadata.audio.size_bytes:
        # An older program did not write down how long the file is.
        sound = stamp_of(f"{root}/{AUDIO_FOLDER}/{recording_id}.wav")
        metadata = with_audio_bytes(metadata, sound[1] if sound is not None else 0)
    batch.entries.append(rows_of(IndexEntry(metadata, transcript, name, len(data), kept_since)))
    if stamp is not None:
        batch.stamps[name] = stamp


def changed(root: Path, batch: Batch) -> list[str]:
    """Return the names of the batch's files that are there and are not what was read."""
    folder = f"{root}/{METADATA_FOLDER}"
    now = ((name, stamp, stamp_of(f"{folder}/{name}")) for name, stamp in batch.stamps.items())
    return [name for name, stamp, here in now if here is not None and here != stamp]


def stamp_of(path: str) -> Stamp | None:
    """Return how a file looks now; None when there is none."""
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_mtime_ns, info.st_size


def _read(path: str) -> tuple[bytes, Stamp]:
    """Return a file's contents and how it looked just then. Raises: OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        info = os.fstat(handle)
        # One byte more than there is: when no more than that comes, it was the end
        data = os.read(handle, info.st_size + 1)
        while len(data) != info.st_size and (more := os.read(handle, 65536)):
            data += more
    finally:
        os.close(handle)
    return data, (info.st_mtime_ns, info.st_size)
