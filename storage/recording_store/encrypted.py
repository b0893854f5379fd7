"""Any place for recordings, encrypted: what lies there can be read with the call's key only.

A call's WAV is written in clear while it lasts, because it must be readable after `kill -9`; `protect` encrypts what a
finished call left, and until then it is read as it is.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

from storage.encryption.data_key import DataKey
from storage.encryption.errors import CiphertextDamaged, EncryptionError, KeyErased
from storage.encryption.key_shelf import KeyRing
from storage.encryption.sealed_file import (
    CHUNK_BYTES,
    HEADER_BYTES,
    Opener,
    RangeOpener,
    open_whole,
    original_size,
    seal,
)
from storage.encryption.words import Sealing
from storage.recording_store.both import BothRecordings
from storage.recording_store.errors import RecordingDamaged, RecordingErased, RecordingUnfinished, StoreRefused
from storage.recording_store.finished import QUIET_SECONDS, is_finished
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings, pieces_of
from storage.recording_store.port import Content, RecordingStore, Stored, checked_range
from storage.recording_store.wav_check import LONGEST_HEADER_BYTES, wav_problem

_LONGEST_WHOLE: Final = 8 * CHUNK_BYTES
"""Ranges of files up to here are cut from the whole: fewer requests, and no version can change in between."""


class EncryptedRecordings:
    """A `RecordingStore` whose `inner` place sees ciphertext only."""

    def __init__(self, inner: RecordingStore, ring: KeyRing) -> None:
        self.inner = inner
        self._ring = ring
        self.sealing = Sealing(ring)
        """Of the words in the database."""

    @property
    def local(self) -> LocalRecordings | None:
        """The folder underneath, where there is one."""
        if isinstance(self.inner, BothRecordings):
            return self.inner.local
        return self.inner if isinstance(self.inner, LocalRecordings) else None

    def rewrap(self) -> int:
        """Wrap all calls' keys by the current master key; return how many were not. Does file I/O.

        Raises: WrongMasterKey when one was wrapped by a master key that is not known here.
        """
        return self._ring.rewrap()

    async def put(self, item: Item, content: Content) -> Stored:
        """Encrypt and keep; a plain file of the same name is removed afterwards.

        Returns: the encrypted file as it lies there.

        Raises: as the inner place; RecordingErased when the call's key has been deleted.
        """
        with _told(item):
            key = await asyncio.to_thread(self._ring.for_writing, item.call_id)
        pieces = pieces_of(content) if isinstance(content, bytes) or not isinstance(content, Iterator) else content
        stored = await self.inner.put(item.sealed(), seal(key, item.artefact.value, pieces))
        # a plain one in a bucket goes when the encrypted one is uploaded: S3 may be away now
        await (self.local or self.inner).remove(item.plain())
        return stored

    async def read(self, item: Item, start: int = 0, end: int | None = None) -> bytes:
        """Return a range of the original; that the file is whole is checked too.

        Raises: as the inner place; RecordingDamaged, RecordingErased, StoreRefused when no key opens it.
        """
        checked_range(start, end)
        found = await self.inner.head(item.sealed())
        if found is None:
            return await self.inner.read(item.plain(), start, end)
        key = await self._key(item)
        with _told(item):
            if found.size <= _LONGEST_WHOLE or (start == 0 and end is None):
                sealed = await self.inner.read(item.sealed())
                return (await asyncio.to_thread(open_whole, key, item.artefact.value, sealed))[start:end]
            return await self._range(item.sealed(), key, found.size, start, end)

    async def _range(self, item: Item, key: DataKey, sealed_size: int, start: int, end: int | None) -> bytes:
        header = await self.inner.read(item, 0, HEADER_BYTES)
        opener = RangeOpener(key, item.artefact.value, header, sealed_size)
        # the last chunk vouches for the file's length
        last = await asyncio.to_thread(
            opener.open, opener.last, await self.inner.read(item, *opener.place(opener.last))
        )
        end = opener.size if end is None else min(end, opener.size)
        if start >= end:
            return b""
        first, behind = start // CHUNK_BYTES, -(-end // CHUNK_BYTES)
        original = bytearray()
        for number in range(first, behind):
            if number == opener.last:
                original += last
            else:
                sealed = await self.inner.read(item, *opener.place(number))
                original += await asyncio.to_thread(opener.open, number, sealed)
        return bytes(original[start - first * CHUNK_BYTES : end - first * CHUNK_BYTES])

    async def stream(self, item: Item) -> AsyncIterator[bytes]:
        """Yield the original in pieces. Raises: as `read`; a cut file is known for one at its end."""
        if await self.inner.head(item.sealed()) is None:
            async for piece in self.inner.stream(item.plain()):
                yield piece
            return
        key = await self._key(item)
        opener = Opener(key, item.artefact.value)
        with _told(item):
            async for sealed in self.inner.stream(item.sealed()):
                if piece := await asyncio.to_thread(opener.feed, sealed):
                    yield piece
            if piece := await asyncio.to_thread(opener.end):
                yield piece

    async def head(self, item: Item) -> Stored | None:
        """Return the original's size; its sha256 would mean reading it."""
        found = await self.inner.head(item.sealed())
        if found is None:
            return await self.inner.head(item.plain())
        with _told(item):
            return Stored(item.plain(), original_size(found.size), e_tag=found.e_tag)

    def calls(self) -> AsyncIterator[str]:
        """Yield the calls that have a file here."""
        return self.inner.calls()

    async def remove(self, item: Item) -> bool:
        """Delete one file, encrypted or not; the call's key stays."""
        was_sealed = await self.inner.remove(item.sealed())
        return await self.inner.remove(item.plain()) or was_sealed

    async def delete(self, call_id: str) -> int:
        """Delete the call's key first, which deletes every copy and backup at once, then its files.

        Raises: as the inner place. The key is gone then already; ask again for the files.
        """
        await asyncio.to_thread(self._ring.erase, call_id)
        return await self.inner.delete(call_id)

    async def player_url(self, item: Item, seconds: int) -> str | None:
        """None: a player asks for ranges with `read`."""
        return None

    async def protect(self, call_id: str, quiet_seconds: float = QUIET_SECONDS) -> tuple[str, ...]:
        """Encrypt what a finished call left in clear in the folder underneath.

        Killed in the middle, call it again: the plain file goes only when an encrypted one is there and opens.

        Returns: what is wrong with the WAV, for a report; it is encrypted as it is.

        Raises: RecordingUnfinished when the call goes on: its recorder would write into a file without a name;
        DiskRefused, RecordingErased, StoreRefused.
        """
        if self.local is None:
            return ()
        files = await asyncio.to_thread(self.local.signatures, call_id)
        plain_files = [(item, signature) for item, signature in files if not item.is_sealed]
        if plain_files and not is_finished(files, time.time(), quiet_seconds):
            raise RecordingUnfinished(f"call {call_id} goes on, or has just died: its files are still being written")
        problems = []
        for item, plain in plain_files:
            if item.artefact is Artefact.AUDIO:
                problem = wav_problem(await self.local.read(item, 0, LONGEST_HEADER_BYTES), plain.size)
                problems += [f"{self.local.path(item)}: {problem}"] if problem else []
            sealed = await asyncio.to_thread(self.local.signature, item.sealed())
            if sealed is not None and sealed.modified_ns >= plain.modified_ns and await self._opens(item):
                await self.local.remove(item)  # we were killed just before this
            else:
                await self._seal_local(self.local, item)
        return tuple(problems)

    async def _seal_local(self, local: LocalRecordings, item: Item) -> None:
        with _told(item):
            key = await asyncio.to_thread(self._ring.for_writing, item.call_id)
        while (before := await asyncio.to_thread(local.signature, item)) is not None:
            await local.put(item.sealed(), seal(key, item.artefact.value, pieces_of(local.path(item))))
            if await asyncio.to_thread(local.signature, item) == before:  # else it was rewritten meanwhile
                await local.remove(item)

    async def _opens(self, item: Item) -> bool:
        try:
            async for _ in self.stream(item):
                pass
        except RecordingDamaged:
            return False
        return True

    async def _key(self, item: Item) -> DataKey:
        with _told(item):
            return await asyncio.to_thread(self._ring.for_reading, item.call_id)


def sealing_of(store: RecordingStore) -> Sealing | None:
    """Return what a store's words in the database are encrypted with, if they are."""
    return store.sealing if isinstance(store, EncryptedRecordings) else None


@contextmanager
def _told(item: Item) -> Iterator[None]:
    """Say in this package's errors what encryption says in its own."""
    try:
        yield
    except KeyErased as error:
        raise RecordingErased(f"call {item.call_id} has been deleted: its key is gone") from error
    except CiphertextDamaged as error:
        raise RecordingDamaged(f"{item.sealed().key}: {error}") from error
    except EncryptionError as error:
        raise StoreRefused(str(error)) from error
