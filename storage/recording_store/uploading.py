"""Sending what lies here to S3: one call at a time, driven by a job; may be stopped anywhere and done again.

Audio goes first and metadata last, so that whoever finds a call's metadata in the bucket finds the rest. Each file is
compared with what lies there, sent only when it must be, and counts as uploaded when the server's sums are ours.
"""

import asyncio
import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from storage.recording_store.both import BothRecordings
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.errors import (
    DiskRefused,
    RecordingMissing,
    RecordingUnfinished,
    StoreUnavailable,
    UploadConflict,
    UploadDamaged,
)
from storage.recording_store.finished import QUIET_SECONDS, is_finished
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings
from storage.recording_store.port import Stored
from storage.recording_store.s3 import Fingerprint, fingerprint
from storage.recording_store.upload_ledger import CallReceipts, Receipt
from storage.recording_store.wav_check import LONGEST_HEADER_BYTES, wav_problem
from vocabulary.errors import ConfigurationError

_ATTEMPTS: Final = 3
"""Metadata may be rewritten while it is sent; then it is sent again."""

UploadingStore = BothRecordings | EncryptedRecordings

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What an upload did."""

    call_id: str
    sent: tuple[Stored, ...]
    """Files sent now, as they lie in the bucket, verified."""
    already_there: tuple[Item, ...]
    """Files that lay there already, the same to the last bit."""
    problems: tuple[str, ...] = ()
    """What is wrong with the files themselves (a cut WAV): they were sent as they are."""

    @property
    def bytes_sent(self) -> int:
        return sum(one.size for one in self.sent)


async def upload_recording(store: UploadingStore, call_id: str, quiet_seconds: float = QUIET_SECONDS) -> Uploaded:
    """Bring the bucket up to date with what lies here of this call; with encryption on, encrypt it first.

    Doing it twice, or at two places at once, sends nothing twice that is there and does no harm.

    Raises: RecordingMissing when nothing lies here; RecordingUnfinished when the call goes on (retry);
    StoreUnavailable (retry), StoreRefused (repair the settings), UploadConflict (a person must look), UploadDamaged
    (retry), DiskRefused (retry), RecordingErased; ConfigurationError when the store has no bucket behind it.
    """
    both = both_of(store)
    problems: tuple[str, ...] = ()
    if isinstance(store, EncryptedRecordings):
        problems = await store.protect(call_id, quiet_seconds)
    await both.refresh(call_id)
    here = await asyncio.to_thread(both.local.signatures, call_id)
    if isinstance(store, EncryptedRecordings):
        here = [(item, signature) for item, signature in here if item.is_sealed]
    if not here:
        raise RecordingMissing(f"nothing lies here of call {call_id}")
    if not is_finished(here, time.time(), quiet_seconds):
        raise RecordingUnfinished(f"call {call_id} goes on, or has just died: its files are still being written")
    receipts = await asyncio.to_thread(both.ledger.load, call_id)
    pending = receipts.pending(here)
    sent, there = [], [item for item, _ in here if item not in pending]
    for item in pending:
        if item.artefact is Artefact.AUDIO and not item.is_sealed:
            problems += await _wav_problems(both.local, item)
        upload = _Upload(both, item, receipts)
        stored = await upload.run()
        receipts = upload.receipts
        if upload.was_sent:
            sent.append(stored)
        else:
            there.append(item)
        if item.is_sealed:
            # sent in clear before encryption was switched on
            await both.remote.remove(item.plain())
    result = Uploaded(call_id, tuple(sent), tuple(there), problems)
    _logger.info(
        "recording uploaded",
        extra={"call_id": call_id, "files": len(sent), "bytes": result.bytes_sent, "problems": len(problems)},
    )
    return result


async def never_uploaded(
    store: UploadingStore, now: float, quiet_seconds: float = QUIET_SECONDS, calls: Collection[str] | None = None
) -> list[str]:
    """Return the finished calls that have a file here that is not in the bucket as it is now, oldest first.

    This finds what no job was queued for, or whose job was lost. `now`: seconds since 1970. A call is finished when it
    has metadata, or when nothing of it has changed for `quiet_seconds` (in either direction: clocks are set back).
    `calls`: look at these only.
    """
    both = both_of(store)
    must_be_sealed = isinstance(store, EncryptedRecordings)
    return await asyncio.to_thread(_scan, both, now, quiet_seconds, must_be_sealed, calls)


async def verify_uploads(store: UploadingStore, call_id: str) -> tuple[str, ...]:
    """Read the call's files here, and compare them with their receipts and with the bucket; return what is wrong.

    Raises: StoreUnavailable, StoreRefused, DiskRefused.
    """
    both = both_of(store)
    await both.refresh(call_id)
    receipts = await asyncio.to_thread(both.ledger.load, call_id)
    problems = []
    for item, signature in await asyncio.to_thread(both.local.signatures, call_id):
        receipt = receipts.receipts.get(item.key)
        if receipt is None or receipt.signature != signature:
            problems.append(f"{both.local.path(item)} has not been uploaded as it is now")
            continue
        known = await asyncio.to_thread(fingerprint, both.local.path(item))
        if known.sha256 != receipt.sha256:
            problems.append(f"{both.local.path(item)} has changed on the disk by itself: restore it from the bucket")
        elif not await both.remote.holds(item, known):
            problems.append(f"{both.remote.where(item)} is missing or not what was sent: repair the upload")
    return tuple(problems)


async def repair_upload(store: UploadingStore, call_id: str) -> Uploaded:
    """Compare every file with the bucket anew, and put ours over whatever took the place of what we had sent.

    For a person who has seen what `verify_uploads` says. Raises: as `upload_recording`.
    """
    both = both_of(store)
    await both.refresh(call_id)
    receipts = await asyncio.to_thread(both.ledger.load, call_id)
    for item, signature in await asyncio.to_thread(both.local.signatures, call_id):
        receipt = receipts.receipts.get(item.key)
        there = await both.remote.head(item)
        if receipt is not None and receipt.signature == signature and there is not None:
            known = await asyncio.to_thread(fingerprint, both.local.path(item))
            is_ours = known.sha256 == receipt.sha256
            if is_ours and not await both.remote.holds(item, known):
                await both.remote.remove(item)
    await asyncio.to_thread(both.ledger.save, call_id, CallReceipts({}, receipts.intents))
    return await upload_recording(store, call_id)


class _Upload:
    """One file on its way."""

    def __init__(self, both: BothRecordings, item: Item, receipts: CallReceipts) -> None:
        self._both = both
        self._item = item
        self.receipts = receipts
        self.was_sent = False

    async def run(self) -> Stored:
        both, item = self._both, self._item
        for _ in range(_ATTEMPTS):
            signature = await asyncio.to_thread(both.local.signature, item)
            if signature is None:
                raise RecordingMissing(f"{both.local.path(item)} disappeared while it was sent")
            try:
                stored, known = await self._send()
            except UploadDamaged:
                if await asyncio.to_thread(both.local.signature, item) == signature:
                    raise
                continue  # it was rewritten while it was sent
            if await asyncio.to_thread(both.local.signature, item) == signature:
                receipt = Receipt(signature, known.sha256, stored.e_tag, time.time())
                await self._keep(self.receipts.with_receipt(item, receipt))
                return stored
        raise StoreUnavailable(f"{both.local.path(item)} is rewritten all the time: it is sent later")

    async def _send(self) -> tuple[Stored, Fingerprint]:
        both, item = self._both, self._item
        path = both.local.path(item)
        try:
            known = await asyncio.to_thread(fingerprint, path)
        except OSError as error:
            raise DiskRefused(f"{path} cannot be read: {error.strerror}") from error
        found = await both.remote.head(item)
        if found is not None and await both.remote.holds(item, known, found):
            return Stored(item, known.size, known.sha256, found.e_tag), known
        only = replaceable(found, self.receipts.receipts.get(item.key), self.receipts.intents.get(item.key), known)
        if only is None:
            raise UploadConflict(
                f"another file lies at {both.remote.where(item)}; neither has been touched: "
                f"compare it with {path}, then delete one"
            )
        # written down first: should we die before the receipt, what lies there will be known as ours
        await self._keep(self.receipts.with_intent(item, known.sha256))
        stored = await both.remote.put_file(item, path, known, only)
        self.was_sent = True
        return stored, known

    async def _keep(self, receipts: CallReceipts) -> None:
        try:
            await asyncio.to_thread(self._both.ledger.save, self._item.call_id, receipts)
        except OSError as error:
            path = self._both.ledger.path(self._item.call_id)
            raise DiskRefused(f"{path} cannot be written: {error.strerror}") from error
        self.receipts = receipts


def replaceable(found: Stored | None, receipt: Receipt | None, intent: str | None, known: Fingerprint) -> str | None:
    """Return under which condition the file may be put where `found` lies, or None when that is somebody else's.

    "create" when nothing lies there; the ETag of what may be replaced when that is an earlier, or damaged, one of ours.
    """
    if found is None:
        return "create"
    ours = {known.sha256, intent, receipt.sha256 if receipt else None} - {None, ""}
    if found.sha256 in ours or (receipt is not None and found.e_tag == receipt.e_tag):
        return found.e_tag or "overwrite"
    return None


def both_of(store: UploadingStore) -> BothRecordings:
    """Return the folder and the bucket underneath. Raises: ConfigurationError when there is no bucket."""
    inner = store.inner if isinstance(store, EncryptedRecordings) else store
    if not isinstance(inner, BothRecordings):
        raise ConfigurationError("storage.backend is not 'both': there is no bucket to upload to")
    return inner


async def _wav_problems(local: LocalRecordings, item: Item) -> tuple[str, ...]:
    signature = await asyncio.to_thread(local.signature, item)
    problem = wav_problem(await local.read(item, 0, LONGEST_HEADER_BYTES), signature.size) if signature else ""
    return (f"{local.path(item)}: {problem}",) if problem else ()


def _scan(
    both: BothRecordings, now: float, quiet_seconds: float, must_be_sealed: bool, calls: Collection[str] | None
) -> list[str]:
    found = []
    for call_id in both.local.call_ids() if calls is None else calls:
        here = both.local.signatures(call_id)
        if not here:
            continue  # deleted since
        newest = max(signature.modified_ns for _, signature in here) / 1e9
        if not is_finished(here, now, quiet_seconds):
            continue
        has_plain = must_be_sealed and any(not item.is_sealed for item, _ in here)
        if has_plain or both.ledger.load(call_id).pending(here):
            found.append((newest, call_id))
    return [call_id for _, call_id in sorted(found)]
