"""Recordings here first, and in S3 as soon as it can be: a call never waits for S3, and S3 may be away for days.

`put` writes the local file and returns; `storage.recording_store.uploading` sends it, as a job.
"""

import asyncio
from collections.abc import AsyncIterator

from storage.recording_store.errors import RecordingMissing
from storage.recording_store.item import Item, items_of
from storage.recording_store.local import LocalRecordings
from storage.recording_store.port import Content, Stored
from storage.recording_store.s3 import S3Recordings
from storage.recording_store.upload_ledger import UploadLedger


class BothRecordings:
    """A folder, and a bucket behind it to which nobody else writes. What lies in the folder is the newer one."""

    is_shared = False
    """Other machines read and write the bucket as well: `storage.recording_store.shared`."""

    def __init__(self, local: LocalRecordings, remote: S3Recordings) -> None:
        self.local = local
        self.remote = remote
        self.ledger = UploadLedger(local.root)

    async def put(self, item: Item, content: Content) -> Stored:
        """Keep the file here; nothing is sent yet. Raises: DiskRefused; OSError when `content` cannot be read."""
        return await self.local.put(item, content)

    async def read(self, item: Item, start: int = 0, end: int | None = None) -> bytes:
        """Read here, else there. Raises: RecordingMissing, StoreUnavailable, StoreRefused, ValueError."""
        try:
            return await self.local.read(item, start, end)
        except RecordingMissing:
            return await self.remote.read(item, start, end)

    async def stream(self, item: Item) -> AsyncIterator[bytes]:
        """Stream from here, else from there. Raises: RecordingMissing, StoreUnavailable, StoreRefused."""
        place = self.local if await self.local.head(item) is not None else self.remote
        async for piece in place.stream(item):
            yield piece

    async def head(self, item: Item) -> Stored | None:
        """Look here, then there. Raises: StoreUnavailable, StoreRefused, when it is not here."""
        return await self.local.head(item) or await self.remote.head(item)

    async def calls(self) -> AsyncIterator[str]:
        """Yield the calls here, then those only there. Raises: StoreUnavailable, StoreRefused, after those here."""
        here = await asyncio.to_thread(self.local.call_ids)
        for call_id in here:
            yield call_id
        known = set(here)
        async for call_id in self.remote.calls():
            if call_id not in known:
                yield call_id

    async def remove(self, item: Item) -> bool:
        """Delete one file, here and, if it may ever have been sent, there.

        Raises: StoreUnavailable, StoreRefused, DiskRefused.
        """
        was_here = await self.local.remove(item)
        receipts = await asyncio.to_thread(self.ledger.load, item.call_id)
        if was_here and item.key not in receipts.receipts and item.key not in receipts.intents:
            return True
        was_there = await self.remote.remove(item)
        if item.key in receipts.receipts or item.key in receipts.intents:
            await asyncio.to_thread(self.ledger.save, item.call_id, receipts.without(item))
        return was_here or was_there

    async def delete(self, call_id: str) -> int:
        """Delete the call there, then here: as long as S3 cannot be asked, the file here keeps telling of it.

        Raises: StoreUnavailable, StoreRefused, DiskRefused.
        """
        there = await self.remote.delete(call_id)
        here = await self.local.delete(call_id)
        await asyncio.to_thread(self.ledger.forget, call_id)
        return max(there, here)

    async def player_url(self, item: Item, seconds: int) -> str | None:
        """Return the bucket's address once the file has been uploaded as it is now, else None."""
        receipts = await asyncio.to_thread(self.ledger.load, item.call_id)
        here = await asyncio.to_thread(self.local.signature, item)
        is_up_to_date = here is None or not receipts.pending([(item, here)])
        return await self.remote.player_url(item, seconds) if is_up_to_date else None

    async def refresh(self, call_id: str) -> None:
        """Bring copies here in line with what others have put in the bucket since: nobody does.

        Raises: in `SharedRecordings`, StoreUnavailable, StoreRefused.
        """

    async def has_pending(self, call_id: str) -> bool:
        """Return whether a file lies here that is not in the bucket as it is now."""
        here = await asyncio.to_thread(self.local.signatures, call_id)
        receipts = await asyncio.to_thread(self.ledger.load, call_id)
        return bool(receipts.pending(here))

    async def free_local(self, call_id: str) -> int:
        """Delete the local copies whose verified twin still lies in the bucket; return how many.

        Raises: StoreUnavailable, StoreRefused, DiskRefused.
        """
        receipts = await asyncio.to_thread(self.ledger.load, call_id)
        freed = 0
        for item in items_of(call_id):
            here = await asyncio.to_thread(self.local.signature, item)
            receipt = receipts.receipts.get(item.key)
            if here is None or receipt is None or receipt.signature != here:
                continue
            there = await self.remote.head(item)
            if there is not None and (there.size, there.e_tag) == (here.size, receipt.e_tag):
                freed += await self.local.remove(item)
        return freed
