"""A folder, and a bucket that other machines write to as well.

What lies in the bucket is changed there: `put` replaces it before it returns, so whoever holds the database's lock on a
recording reads what the one before has written, whichever machine that was. What has never left this machine stays
here and is uploaded later, as with `BothRecordings`. Copies here of what another machine has replaced are neither read
nor sent; the first who asks for them brings them up to date.

Sound never changes, so only words and metadata are asked about. While S3 is away, what lies here is read as it is, and
what lies in the bucket cannot be changed.
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from storage.recording_store.both import BothRecordings
from storage.recording_store.errors import DiskRefused, StoreRefused, StoreUnavailable, UploadConflict
from storage.recording_store.item import Artefact, Item, items_of
from storage.recording_store.local import LocalRecordings, Signature
from storage.recording_store.port import Content, Stored
from storage.recording_store.s3 import Fingerprint, S3Recordings, as_file, fingerprint
from storage.recording_store.superseded import is_superseded, with_late_news
from storage.recording_store.upload_ledger import CallReceipts, Receipt

_CHANGING: Final = frozenset({Artefact.TRANSCRIPT, Artefact.METADATA})
_AWAY_SECONDS: Final = 30.0
"""After S3 did not answer, reading asks it again only then: every question would take as long as its patience."""

_logger = logging.getLogger(__name__)


class SharedRecordings(BothRecordings):
    """This machine's folder and the bucket of all machines."""

    is_shared = True

    def __init__(
        self, local: LocalRecordings, remote: S3Recordings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` gives seconds that only run forward."""
        super().__init__(local, remote)
        self._clock = clock
        self._away_until = 0.0

    async def put(self, item: Item, content: Content) -> Stored:
        """Keep a file: in the bucket if anything of the call may be there, or else here.

        Raises: StoreUnavailable, StoreRefused, UploadDamaged, DiskRefused; OSError when `content` cannot be read.
        """
        with ExitStack() as stack:
            path = await asyncio.to_thread(as_file, content, stack)
            if await asyncio.to_thread(self._is_here_alone, item.call_id):
                stored = await self.local.put(item, path)
                if await asyncio.to_thread(self._is_here_alone, item.call_id):
                    return stored
                # Its upload has begun meanwhile, and another machine may have the older version before ours arrives.
            return await self._put_there(item, path, await asyncio.to_thread(fingerprint, path))

    async def read(self, item: Item, start: int = 0, end: int | None = None) -> bytes:
        """Read the newest version. Raises: as `BothRecordings.read`."""
        if await self._is_current(item):
            return await super().read(item, start, end)
        return await self.remote.read(item, start, end)

    async def stream(self, item: Item) -> AsyncIterator[bytes]:
        """Stream the newest version. Raises: as `BothRecordings.stream`."""
        pieces = super().stream(item) if await self._is_current(item) else self.remote.stream(item)
        async for piece in pieces:
            yield piece

    async def head(self, item: Item) -> Stored | None:
        """Look at the newest version. Raises: as `BothRecordings.head`."""
        return await (super().head(item) if await self._is_current(item) else self.remote.head(item))

    async def refresh(self, call_id: str) -> None:
        """Bring what lies here of a call in line with the bucket. Raises: StoreUnavailable, StoreRefused."""
        for item in items_of(call_id):
            if item.artefact in _CHANGING:
                await self._reconcile(item)

    async def free_local(self, call_id: str) -> int:
        """As `BothRecordings.free_local`; copies of what another machine has replaced go too."""
        await self.refresh(call_id)
        return await super().free_local(call_id)

    # -- into the bucket --

    def _is_here_alone(self, call_id: str) -> bool:
        """Whether nothing of the call has ever begun to be sent from the folder in which it lies."""
        receipts = self.ledger.load(call_id)
        return not receipts.receipts and not receipts.intents and bool(self.local.signatures(call_id))

    async def _put_there(self, item: Item, path: Path, known: Fingerprint) -> Stored:
        """Put a file over what lies in the bucket; then over the copy here, if there is one."""
        found = await self.remote.head(item)
        if found is not None and await self.remote.holds(item, known, found):
            stored = Stored(item, known.size, known.sha256, found.e_tag)
        else:
            # Written down first: should we die now, our copy is known for an old one of ours.
            if await asyncio.to_thread(self.local.signature, item) is not None:
                await self._note(item, lambda receipts: receipts.with_intent(item, known.sha256))
            stored = await self._sent(item, path, known, found)
        if item.is_sealed:
            await self.remote.remove(item.plain())  # sent in clear before encryption was switched on
        if await asyncio.to_thread(self.local.signature, item) is not None:
            await self.local.put(item, path)
            await self._note_received(item, known.sha256, stored.e_tag)
        return stored

    async def _sent(self, item: Item, path: Path, known: Fingerprint, found: Stored | None) -> Stored:
        try:
            return await self.remote.put_file(item, path, known, (found.e_tag or "overwrite") if found else "create")
        except UploadConflict as error:
            raise StoreUnavailable(
                f"another machine has just written {self.remote.where(item)}: try again, with what lies there now"
            ) from error

    # -- which is the newest --

    async def _is_current(self, item: Item) -> bool:
        """Whether what lies here, if anything does, may be read; brings it up to date if it can."""
        if item.artefact not in _CHANGING or self._clock() < self._away_until:
            return True
        try:
            return await self._reconcile(item)
        except (StoreUnavailable, StoreRefused) as error:
            self._away_until = self._clock() + _AWAY_SECONDS
            _logger.warning("copies here are read unasked: the bucket does not tell", extra={"error": str(error)})
            return True

    async def _reconcile(self, item: Item) -> bool:
        """Return whether the copy here is the newest version, or there is none. Raises: StoreUnavailable, …"""
        here = await asyncio.to_thread(self.local.signature, item)
        if here is None:
            return True
        receipts = await asyncio.to_thread(self.ledger.load, item.call_id)
        receipt, intent = receipts.receipts.get(item.key), receipts.intents.get(item.key)
        if receipt is None and intent is None:
            return True  # never sent from here
        found = await self.remote.head(item)
        if receipt is not None and receipt.signature == here:
            sha256 = receipt.sha256
        else:
            sha256 = (await self.local.checksum(item)).sha256
        if found is not None and is_superseded(sha256, receipt, intent, found):
            return await self._replace_copy(item, here, found, await self.remote.read(item))
        if found is not None and receipt is not None and is_superseded(receipt.sha256, receipt, None, found):
            return await self._bring_late_news(item, here, found)
        return True

    async def _replace_copy(self, item: Item, here: Signature, found: Stored, newer: bytes) -> bool:
        """Put the bucket's version in place of ours; return whether that was done, or else the bucket is to be read."""
        is_found = hashlib.sha256(newer).hexdigest() == found.sha256
        if not is_found or await asyncio.to_thread(self.local.signature, item) != here:
            return False  # changed again meanwhile
        try:
            await self.local.put(item, newer)
        except DiskRefused as error:
            _logger.warning("an old copy stays", extra={"call_id": item.call_id, "error": str(error)})
            return False
        await self._note_received(item, found.sha256, found.e_tag)
        return True

    async def _bring_late_news(self, item: Item, here: Signature, found: Stored) -> bool:
        """Add to the bucket's metadata what the call wrote here since; other changes here are for a person to judge."""
        if item.artefact is not Artefact.METADATA or item.is_sealed:
            return True
        newer = await self.remote.read(item)
        merged = with_late_news(await self.local.read(item), newer)
        if merged is None:
            return True  # an upload will say that a person must look
        if merged != newer:
            with ExitStack() as stack:
                path = await asyncio.to_thread(as_file, merged, stack)
                found = await self._sent(item, path, await asyncio.to_thread(fingerprint, path), found)
        return await self._replace_copy(item, here, found, merged)

    async def _note_received(self, item: Item, sha256: str, e_tag: str) -> None:
        """Note that what lies here now lies in the bucket."""
        signature = await asyncio.to_thread(self.local.signature, item)
        if signature is not None:
            receipt = Receipt(signature, sha256, e_tag, time.time())
            await self._note(item, lambda receipts: receipts.with_receipt(item, receipt))

    async def _note(self, item: Item, change: Callable[[CallReceipts], CallReceipts]) -> None:
        def write() -> None:
            self.ledger.save(item.call_id, change(self.ledger.load(item.call_id)))

        try:
            await asyncio.to_thread(write)
        except OSError as error:
            path = self.ledger.path(item.call_id)
            raise DiskRefused(f"{path} cannot be written: {error.strerror}") from error
