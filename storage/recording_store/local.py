"""Recordings in a folder of this machine: written as a draft, synced, renamed."""

import asyncio
import errno
import hashlib
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from storage.recording_store.errors import DiskRefused, RecordingMissing
from storage.recording_store.item import Artefact, Item, folder_of, item_of, items_of
from storage.recording_store.port import READ_BYTES, Content, Stored, checked_range

_DRAFT: Final = re.compile(r"\.(?P<name>.+)\.(?P<pid>\d+)\.\d+\.part")
_serial: Final = count()
_FULL: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "it is larger than this process may write",
}


@dataclass(frozen=True, slots=True)
class Signature:
    """Changes whenever a file is replaced or written to, and costs one `stat`."""

    size: int
    modified_ns: int
    inode: int


class LocalRecordings:
    """A folder with `audio/`, `metadata/` and `transcripts/`; what the calls write themselves is found here too."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, item: Item) -> Path:
        """Return where the file lies, whether it is there or not."""
        return self.root / item.key

    async def put(self, item: Item, content: Content) -> Stored:
        """Write a draft, sync it, rename it. Raises: DiskRefused; OSError when `content` cannot be read."""
        return await asyncio.to_thread(self.put_now, item, content)

    def put_now(self, item: Item, content: Content) -> Stored:
        """The same, for those who are in a thread already."""
        path = self.path(item)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{next(_serial)}.part")
        pieces = content if not isinstance(content, bytes | Path) else pieces_of(content)
        digest, size = hashlib.sha256(), 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(draft, "xb", buffering=0, opener=_for_us_alone) as file:
                for piece in pieces:
                    digest.update(piece)
                    size += len(piece)
                    _write(file.fileno(), piece, draft)
                _sync(file.fileno(), draft)
            draft.replace(path)
            sync_folder(path.parent)
        except BaseException as error:  # also when cancelled: no draft stays; raised again
            with suppress(OSError):
                draft.unlink()
            if isinstance(error, OSError) and error.filename in (str(draft), str(path.parent)):
                raise DiskRefused(f"{path} cannot be written: {_reason(error)}") from error
            raise
        return Stored(item, size, digest.hexdigest())

    async def read(self, item: Item, start: int = 0, end: int | None = None) -> bytes:
        """Return a range of the file. Raises: RecordingMissing, DiskRefused, ValueError."""
        checked_range(start, end)
        return await asyncio.to_thread(self._read, item, start, end)

    def _read(self, item: Item, start: int, end: int | None) -> bytes:
        try:
            with self.path(item).open("rb") as file:
                file.seek(start)
                return file.read() if end is None else file.read(end - start)
        except FileNotFoundError:
            raise _missing(self.path(item)) from None
        except OSError as error:
            raise DiskRefused(f"{self.path(item)} cannot be read: {_reason(error)}") from error

    async def stream(self, item: Item) -> AsyncIterator[bytes]:
        """Yield the file in pieces. Raises: RecordingMissing, DiskRefused."""
        start = 0
        while piece := await self.read(item, start, start + READ_BYTES):
            yield piece
            start += len(piece)

    async def head(self, item: Item) -> Stored | None:
        """Return the file's size, or None."""
        found = await asyncio.to_thread(self.signature, item)
        return Stored(item, found.size) if found else None

    def signature(self, item: Item) -> Signature | None:
        """Return what tells this version of the file from any other, or None when there is no file."""
        try:
            stat = self.path(item).stat()
        except FileNotFoundError:
            return None
        return Signature(stat.st_size, stat.st_mtime_ns, stat.st_ino)

    def signatures(self, call_id: str) -> list[tuple[Item, Signature]]:
        """Return the call's files that are there. Does file I/O."""
        found = [(item, self.signature(item)) for item in items_of(call_id)]
        return [(item, signature) for item, signature in found if signature is not None]

    async def checksum(self, item: Item) -> Stored:
        """Read the file and return it with its sha256. Raises: RecordingMissing, DiskRefused."""
        digest, size = hashlib.sha256(), 0
        async for piece in self.stream(item):
            await asyncio.to_thread(digest.update, piece)
            size += len(piece)
        return Stored(item, size, digest.hexdigest())

    async def calls(self) -> AsyncIterator[str]:
        """Yield the calls that have a file here."""
        for call_id in await asyncio.to_thread(self.call_ids):
            yield call_id

    def call_ids(self) -> list[str]:
        """Return the same as a list; reads three folders, so not for the loop."""
        found: set[str] = set()
        for artefact in Artefact:
            folder = folder_of(artefact)
            try:
                with os.scandir(self.root / folder) as entries:
                    items = [item_of(f"{folder}/{entry.name}") for entry in entries]
            except FileNotFoundError:
                continue
            found.update(item.call_id for item in items if item is not None)
        return sorted(found)

    async def delete(self, call_id: str) -> int:
        """Delete the call's files. Raises: DiskRefused."""
        return await asyncio.to_thread(lambda: sum(self.delete_now(item) for item in items_of(call_id)))

    async def remove(self, item: Item) -> bool:
        """Delete one file. Raises: DiskRefused."""
        return await asyncio.to_thread(self.delete_now, item)

    def delete_now(self, item: Item) -> bool:
        """Delete one file and make that survive a power cut; return whether there was one. Raises: DiskRefused."""
        path = self.path(item)
        try:
            path.unlink()
            sync_folder(path.parent)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise DiskRefused(f"{path} cannot be deleted: {_reason(error)}") from error
        return True

    async def player_url(self, item: Item, seconds: int) -> str | None:
        """None: a folder has no address; a player asks for ranges with `read`."""
        return None

    def sweep(self) -> list[Path]:
        """Delete the drafts that killed processes left behind; return them. Does file I/O."""
        swept = []
        for artefact in Artefact:
            for path in (self.root / folder_of(artefact)).glob(".*.part"):
                named = _DRAFT.fullmatch(path.name)
                if named and not _is_alive(int(named["pid"])):
                    path.unlink(missing_ok=True)
                    swept.append(path)
        return swept


def pieces_of(content: bytes | Path) -> Iterator[bytes]:
    """Yield bytes or a file in pieces. Raises: OSError."""
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while piece := file.read(READ_BYTES):
            yield piece


def sync_folder(folder: Path) -> None:
    """Make new and removed names in `folder` survive a power cut. Raises: OSError that names the folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _sync(handle, folder)
    finally:
        os.close(handle)


def _sync(handle: int, path: Path) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _write(handle: int, piece: bytes, path: Path) -> None:
    """Write all of it, or say on which file it failed: errors of reading the source must not be taken for ours."""
    rest = memoryview(piece)
    try:
        while rest:
            rest = rest[os.write(handle, rest) :]
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o640)


def _is_alive(pid: int) -> bool:
    """Whether a process of this machine has the number; another machine's drafts on a shared disk look dead."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _reason(error: OSError) -> str:
    return _FULL.get(error.errno or 0, error.strerror or "the disk gives no reason")


def _missing(path: Path) -> RecordingMissing:
    return RecordingMissing(f"there is no {path}")
