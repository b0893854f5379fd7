"""The port: what every place for recordings can do."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from storage.recording_store.item import Item

READ_BYTES: Final = 1024 * 1024
"""Pieces in which files are read and streamed."""

Content = bytes | Path | Iterator[bytes]
"""What may be put: bytes, a file, or pieces (taken once, in a thread)."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as it lies in its place."""

    item: Item
    size: int
    """Bytes."""
    sha256: str = ""
    """Hex, of the bytes as they lie there; "" where finding out would mean reading the whole file."""
    e_tag: str = ""
    """The place's own word for this version, or ""."""


class RecordingStore(Protocol):
    """A place for recordings. Everything that takes time happens outside the loop."""

    async def put(self, item: Item, content: Content) -> Stored:
        """Keep the file; whoever looks sees the old one or the new one, whole.

        Raises: DiskRefused, StoreUnavailable, StoreRefused; OSError when `content` is a file that cannot be read.
        """

    async def read(self, item: Item, start: int = 0, end: int | None = None) -> bytes:
        """Return the bytes from `start` up to but without `end`; past the end of the file there are none.

        Raises: RecordingMissing, RecordingDamaged, StoreUnavailable, StoreRefused, ValueError for a backward range.
        """

    def stream(self, item: Item) -> AsyncIterator[bytes]:
        """Yield the whole file in pieces, so that memory stays flat.

        Raises: as `read`; RecordingDamaged may come after pieces that were good.
        """

    async def head(self, item: Item) -> Stored | None:
        """Return what is known about the file without reading it, or None when there is none.

        Raises: StoreUnavailable, StoreRefused.
        """

    def calls(self) -> AsyncIterator[str]:
        """Yield the id of every call that has a file here, each once, in no order. Raises: as `head`."""

    async def remove(self, item: Item) -> bool:
        """Delete one file; return whether there was one. Raises: DiskRefused, StoreUnavailable, StoreRefused."""

    async def delete(self, call_id: str) -> int:
        """Delete all files of the call; return how many there were.

        Raises: DiskRefused, StoreUnavailable, StoreRefused.
        """

    async def player_url(self, item: Item, seconds: int) -> str | None:
        """Return an address that anybody may play, ranges included, for so many seconds; None where there is none."""


def checked_range(start: int, end: int | None) -> None:
    """Raises: ValueError when it is no range."""
    if start < 0 or (end is not None and end < start):
        raise ValueError(f"no range of bytes: {start} to {end}")
