"""What calls left behind and nobody has taken up: indexed, encrypted, enqueued for the second listening and the bucket.

`calls` writes files and knows neither database nor queue, so nothing of these can hold up a call, and a call that ended
while they were down is not lost: whoever gleans next finds its files. Gleaning twice, or by two at once, does no harm.

A round looks at calls with new metadata only (`Arrivals`), so that a folder of a hundred thousand costs a quiet worker
one `stat`, and at notes of how calls ended, which come later. Every `FULL_SECONDS` one goes through everything: sound
whose call died, files that somebody changed in place, rows that somebody removed or wrote in clear.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select

from offline.arrivals import Arrivals
from offline.batch.jobs import enqueue_processing, enqueue_upload
from offline.batch.newcomers import index_newcomers
from offline.batch.results import Results
from offline.batch.selection import chosen, unprocessed
from storage.database import deletions
from storage.database.bulk import is_one_of
from storage.database.sealing import seal_clear_rows
from storage.database.tables import RECORDINGS
from storage.hangup_notes import enter_hangups
from storage.jobs.queue import JobQueue
from storage.recording_store.both import BothRecordings
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.errors import DiskRefused, RecordingUnfinished
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings
from storage.recording_store.uploading import UploadingStore, both_of, never_uploaded
from vocabulary.errors import CentralitaError

logger = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 10.0
FULL_SECONDS: Final = 60.0
"""Between two rounds through everything."""
REST: Final = 20.0
"""The pause is so many times what the last round took: a large folder is not walked all day long."""
_ASKED_AT_ONCE: Final = 5000
"""Calls."""
LONGEST_PAUSE_SECONDS: Final = 60.0
"""A round that took long because the machine had other things to do is no reason to forget callers for hours."""


@dataclass(slots=True)
class Gleaner:
    """Takes up what lies there; keeps in mind what it has enqueued already."""

    here: Results
    """What lies on this machine: a bucket is not listed again and again."""
    queue: JobQueue
    listens: bool
    """Calls are to be listened to again."""
    uploads: UploadingStore | None = None
    """Where recordings are brought to, if anywhere."""
    frees: bool = False
    """What is in the bucket, and has been listened to, does not stay here."""
    everywhere: Results | None = None
    """With the bucket, for what is told of calls whose files are no longer here; without it, `here`."""
    now: Callable[[], float] = time.time
    """Unix time."""
    clock: Callable[[], float] = time.monotonic
    """Seconds, for the time between two rounds through everything."""
    full_rounds: int = 0
    """How often everything was gone through."""
    _arrivals: Arrivals | None = None
    _full_at: float | None = None
    """When everything was gone through to the end."""
    _open: set[str] = field(default_factory=set)
    """Calls that have arrived and were not taken up to the end, such as one that no other machine can get at yet."""
    _taken: set[str] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)

    async def glean(self) -> int:
        """Go round once; return how many jobs are new. Raises: DatabaseUnavailable, StoreUnavailable, DiskRefused."""
        began = self.clock()
        calls = await self._to_look_at(began)
        if calls is None:
            self.full_rounds += 1
        elif not calls:
            await self._enter_hangups()
            return 0
        await self._delete_copies(calls)
        await self._index(calls)
        await self._enter_hangups()
        still_open = await self._encrypt_all(calls)
        lacking = await never_uploaded(self.uploads, self.now(), calls=calls) if self.uploads is not None else []
        new = await self._bring_away(lacking)
        waiting: set[str] = set()
        if self.listens:
            for call_id in await self._unprocessed(calls):
                waiting.add(call_id)
                if call_id in self._taken:
                    continue
                if await self._is_reachable(call_id):
                    new += (await enqueue_processing(self.queue, call_id)).is_new
                    self._taken.add(call_id)
                else:
                    still_open.add(call_id)
        if self.frees:
            await self._free(waiting.union(lacking))
        self._open = still_open
        if calls is None:
            self._full_at = began
        return new

    async def _to_look_at(self, now: float) -> set[str] | None:
        """Return the calls this round is about; None: all."""
        local = _folder(self.here.store)
        if local is None:
            return None
        if self._arrivals is None:
            self._arrivals = Arrivals(local.root)
        try:
            # Kept until a round has come to its end: one that breaks off must not forget them
            self._open |= await asyncio.to_thread(self._arrivals.look)
        except OSError as error:
            raise DiskRefused(f"{local.root} cannot be listed: {error.strerror}") from error
        # What is in the bucket goes from here when it was listened to, which no new name tells
        is_full = self.frees or self._full_at is None or now - self._full_at >= FULL_SECONDS
        return None if is_full else set(self._open)

    async def _delete_copies(self, calls: set[str] | None) -> None:
        """What was deleted for good on another machine goes from here too."""
        local = _folder(self.here.store)
        if local is None:
            return
        found = sorted(calls) if calls is not None else await asyncio.to_thread(local.call_ids)
        for first in range(0, len(found), _ASKED_AT_ONCE):
            some = found[first : first + _ASKED_AT_ONCE]
            async with self.here.database.read() as connection:
                erased = await deletions.among(connection, [f"rec_{call_id}" for call_id in some])
            for recording_id in sorted(erased):
                if await self.here.delete_copy(recording_id):
                    logger.info("recording deleted here too", extra={"recording_id": recording_id})
                elif recording_id not in self._told:
                    self._told.add(recording_id)
                    logger.warning("recording deleted elsewhere is held here", extra={"recording_id": recording_id})

    async def _index(self, calls: set[str] | None) -> None:
        async for bad in index_newcomers(self.here, self.now(), calls=calls):
            if bad.recording_id not in self._told:  # once: it is a file to mend, not an event
                self._told.add(bad.recording_id)
                logger.warning("recording not indexed", extra={"recording_id": bad.recording_id, "reason": bad.reason})

    async def _encrypt_all(self, calls: set[str] | None) -> set[str]:
        """Encrypt files, and when everything is gone through rows too; return the calls that are not finished."""
        store = self.here.store
        if not isinstance(store, EncryptedRecordings):
            return set()
        unfinished = await self._encrypt(store, calls)
        if calls is None and (count := await seal_clear_rows(self.here.database, store.sealing)):
            logger.info("words in the database encrypted", extra={"recordings": count})
        return unfinished

    async def _unprocessed(self, calls: set[str] | None) -> list[str]:
        if calls is None:
            return [one.removeprefix("rec_") async for one in chosen(self.here, unprocessed())]
        row = RECORDINGS.c
        async with self.here.database.read() as connection:
            is_wanted = is_one_of(connection, row.recording_id, [f"rec_{call_id}" for call_id in calls])
            asking = select(row.recording_id).where(is_wanted, ~row.processed, row.deleted_at.is_(None))
            found = (await connection.execute(asking.order_by(row.number.desc()))).scalars().all()
        return [one.removeprefix("rec_") for one in found]

    async def _enter_hangups(self) -> None:
        """How a call ended may be told long after its files were written."""
        told = await enter_hangups(self.everywhere or self.here, self.now())
        for call_id, reason in told.waiting.items():
            if call_id not in self._told:
                self._told.add(call_id)
                logger.warning("hang-up not entered yet", extra={"call_id": call_id, "reason": reason})

    async def _is_reachable(self, call_id: str) -> bool:
        """Whether any worker that may take the job can get at the call: of several machines, only from the bucket."""
        store = self.uploads
        if store is None or not both_of(store).is_shared:
            return True
        note = Item(call_id, Artefact.METADATA)  # the last that is sent
        both = both_of(store)
        return await both.remote.head(note) is not None or await both.remote.head(note.sealed()) is not None

    async def _encrypt(self, store: EncryptedRecordings, calls: set[str] | None) -> set[str]:
        """Calls record in clear, to be readable after a crash; what is finished does not stay so."""
        local = store.local
        if local is None:
            return set()
        unfinished = set()
        for call_id in await asyncio.to_thread(_in_clear, local, calls):
            try:
                problems = await store.protect(call_id)
            except RecordingUnfinished:
                unfinished.add(call_id)
                continue
            for problem in problems:
                logger.warning("recording encrypted as it is", extra={"call_id": call_id, "problem": problem})
        return unfinished

    async def _bring_away(self, lacking: list[str]) -> int:
        """Enqueue what the bucket lacks."""
        new = 0
        if self.uploads is None or not lacking:
            return new
        folder_id = await asyncio.to_thread(both_of(self.uploads).ledger.folder_id)
        for call_id in lacking:
            # A job's key holds for good: the hour in it lets what failed, or changed since, be brought again
            reason = f"{folder_id}:{int(self.now() // 3600)}"
            new += (await enqueue_upload(self.queue, call_id, reason=reason, folder_id=folder_id)).is_new
        return new

    async def _free(self, wanted: set[str]) -> None:
        """Free what the bucket has and nobody waits for here."""
        if self.uploads is not None:
            both = both_of(self.uploads)
            for call_id in await asyncio.to_thread(both.local.call_ids):
                if call_id not in wanted:
                    await both.free_local(call_id)

    async def glean_for_ever(self) -> None:
        """Go round again and again; whatever is down is tried again."""
        while True:
            began = time.monotonic()
            try:
                new = await self.glean()
                if new:
                    logger.info("recordings taken up", extra={"jobs": new})
            except CentralitaError as error:
                logger.warning("recordings not taken up", extra={"reason": str(error)})
            except Exception as error:  # noqa: BLE001 - a folder in disorder; a round that fails is not the last one
                reason = f"{type(error).__name__}: {error.strerror}" if isinstance(error, OSError) else ""
                logger.warning("recordings not taken up", extra={"reason": reason or type(error).__name__})
            rest = REST * (time.monotonic() - began)
            await asyncio.sleep(min(LONGEST_PAUSE_SECONDS, max(PAUSE_SECONDS, rest)))


def _folder(store: object) -> LocalRecordings | None:
    """Return the folder a store keeps here, if any."""
    match store:
        case LocalRecordings():
            return store
        case EncryptedRecordings() | BothRecordings():
            return store.local
        case _:
            return None


def _in_clear(local: LocalRecordings, calls: set[str] | None) -> list[str]:
    """Return the calls that have a file which is not encrypted. Does file I/O."""
    looked_at = local.call_ids() if calls is None else sorted(calls)
    return [call for call in looked_at if any(not item.is_sealed for item, _ in local.signatures(call))]
