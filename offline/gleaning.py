"""What calls left behind and nobody has taken up: indexed, encrypted, enqueued for the second listening and the bucket.

`calls` writes files and knows neither database nor queue, so nothing of these can hold up a call, and a call that ended
while they were down is not lost: whoever gleans next finds its files. Gleaning twice, or by two at once, does no harm.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from offline.batch.jobs import enqueue_processing, enqueue_upload
from offline.batch.newcomers import index_newcomers
from offline.batch.results import Results
from offline.batch.selection import chosen, unprocessed
from storage.jobs.queue import JobQueue
from storage.recording_store.both import BothRecordings
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.errors import RecordingUnfinished
from storage.recording_store.local import LocalRecordings
from storage.recording_store.uploading import UploadingStore, never_uploaded
from vocabulary.errors import CentralitaError

logger = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 10.0
REST: Final = 20.0
"""The pause is at least so many times what the last round took: a large folder is not walked all day long."""


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
    now: Callable[[], float] = time.time
    """Unix time."""
    _taken: set[str] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)

    async def glean(self) -> int:
        """Go round once; return how many jobs are new. Raises: DatabaseUnavailable, StoreUnavailable."""
        async for bad in index_newcomers(self.here, self.now()):
            if bad.recording_id not in self._told:  # once: it is a file to mend, not an event
                self._told.add(bad.recording_id)
                logger.warning("recording not indexed", extra={"recording_id": bad.recording_id, "reason": bad.reason})
        if isinstance(self.here.store, EncryptedRecordings):
            await self._encrypt(self.here.store)
        new = 0
        waiting: set[str] = set()
        if self.listens:
            async for recording_id in chosen(self.here, unprocessed()):
                call_id = recording_id.removeprefix("rec_")
                waiting.add(call_id)
                if call_id not in self._taken:
                    self._taken.add(call_id)
                    new += (await enqueue_processing(self.queue, call_id)).is_new
        if self.uploads is not None:
            new += await self._bring_away(self.uploads, waiting)
        return new

    async def _encrypt(self, store: EncryptedRecordings) -> None:
        """Calls record in clear, to be readable after a crash; what is finished does not stay so."""
        local = store.local
        if local is None:
            return
        for call_id in await asyncio.to_thread(_in_clear, local):
            try:
                problems = await store.protect(call_id)
            except RecordingUnfinished:
                continue
            for problem in problems:
                logger.warning("recording encrypted as it is", extra={"call_id": call_id, "problem": problem})

    async def _bring_away(self, store: UploadingStore, waiting: set[str]) -> int:
        """Enqueue what the bucket lacks; free what it has and is not `waiting` to be listened to."""
        new = 0
        lacking = await never_uploaded(store, self.now())
        for call_id in lacking:
            # A job's key holds for good: the hour in it lets what failed, or changed since, be brought again
            hour = str(int(self.now() // 3600))
            new += (await enqueue_upload(self.queue, call_id, reason=hour)).is_new
        if self.frees:
            both = store.inner if isinstance(store, EncryptedRecordings) else store
            assert isinstance(both, BothRecordings)
            for call_id in await asyncio.to_thread(both.local.call_ids):
                if call_id not in waiting and call_id not in lacking:
                    await both.free_local(call_id)
        return new

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
            await asyncio.sleep(max(PAUSE_SECONDS, REST * (time.monotonic() - began)))


def _in_clear(local: LocalRecordings) -> list[str]:
    """Return the calls that have a file which is not encrypted. Does file I/O."""
    return [call for call in local.call_ids() if any(not item.is_sealed for item, _ in local.signatures(call))]
