"""The second listening as a job of `centralita worker`; and the uploads that go with it.

`enqueue_after_call` is for the end of a call: in the transaction that writes the call's rows it leaves two jobs behind.
A job does what `runner.process` does, and its end is committed with the result, so that two workers, one of them
killed, leave each result once.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from offline.batch.listeners import Listener, version
from offline.batch.report import Outcome
from offline.batch.results import InTransaction, Results
from offline.batch.runner import process
from storage.jobs.handlers import GiveUp, Handlers, JobRun
from storage.jobs.job import Enqueued, JobError, Json
from storage.jobs.open_queue import open_queue
from storage.jobs.queue import JobQueue
from storage.jobs.retry_schedule import RetrySchedule
from storage.recording_store.both import BothRecordings
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.errors import (
    RecordingErased,
    RecordingMissing,
    StoreRefused,
    UploadConflict,
)
from storage.recording_store.uploading import UploadingStore, both_of, upload_recording

PROCESS: Final = "offline.process"
UPLOAD: Final = "recordings.upload"
PROCESS_PRIORITY: Final = -10
"""Below everything somebody waits for."""
PROCESS_SECONDS: Final = 2 * 3600.0
"""What one recording may take: the longest calls, on a slow machine."""
PROCESSING: Final = RetrySchedule((30.0, 300.0, 1800.0, 7200.0))
UPLOADING: Final = RetrySchedule.doubling(10.0, attempts=30, longest=3600.0)
"""A bucket that is away for a day loses nothing."""


class SecondListeningFailed(JobError):
    """The recording could not be processed now."""

    retryable = True


class FilesElsewhere(JobError):
    """Only the machine on which a call was recorded can bring its files to the bucket; it will take the job in time."""

    retryable = True


async def enqueue_processing(
    queue: JobQueue, call_id: str, *, again: str = "", tx: AsyncConnection | None = None
) -> Enqueued:
    """Leave a call's second listening to the workers; a call that is enqueued already is not enqueued twice.

    `again`, anything that was not said before, makes it be done anew whatever has been done.
    """
    key = f"{PROCESS}:{call_id}" + (f":{again}" if again else "")
    args: dict[str, Json] = {"call_id": call_id, "again": bool(again)}
    return await queue.enqueue(
        PROCESS, args, key=key, lock=f"{PROCESS}:{call_id}", priority=PROCESS_PRIORITY, tx=tx
    )  # fmt: skip


async def enqueue_upload(
    queue: JobQueue, call_id: str, *, reason: str = "", folder_id: str = "", tx: AsyncConnection | None = None
) -> Enqueued:
    """Let a call's files be brought to the bucket; `reason` tells this upload from the call's others.

    `folder_id`, by `UploadLedger.folder_id`: where the files lie, when several machines share the queue.
    """
    key = f"{UPLOAD}:{call_id}" + (f":{reason}" if reason else "")
    args: dict[str, Json] = {"call_id": call_id}
    if folder_id:
        args["folder_id"] = folder_id
    return await queue.enqueue(UPLOAD, args, key=key, lock=f"{UPLOAD}:{call_id}", tx=tx)


async def enqueue_after_call(queue: JobQueue, tx: AsyncConnection, call_id: str, *, with_upload: bool) -> None:
    """Leave behind what is to be done with a call that has just ended, in the transaction `tx`.

    Call it when the call's files are written. `with_upload`: recordings are kept in a bucket too.
    """
    if with_upload:
        await enqueue_upload(queue, call_id, tx=tx)
    await enqueue_processing(queue, call_id, tx=tx)


def add_process_handler(handlers: Handlers, results: Results, listener: Callable[[], Listener]) -> None:
    """Enter the handler of `offline.process`; `listener` is asked when the first job comes, for it loads models."""

    async def handle(run: JobRun) -> None:
        call_id = str(run.args["call_id"])
        ear = listener()
        pipeline_version = await version(ear)
        also: InTransaction = run.complete
        if (store := _uploading(results)) is not None:
            queue, both = await open_queue(results.database), both_of(store)
            folder_id = await asyncio.to_thread(both.ledger.folder_id)

            async def complete_and_upload(tx: AsyncConnection) -> None:
                if await both.has_pending(call_id):  # else the result is in the bucket already, or on no disk of ours
                    reason = f"{pipeline_version}:{run.job.id}"
                    await enqueue_upload(queue, call_id, reason=reason, folder_id=folder_id, tx=tx)
                await run.complete(tx)

            also = complete_and_upload
        again = bool(run.args.get("again", False))
        done = await process(results, ear, f"rec_{call_id}", pipeline_version, again=again, also=also)
        if done.outcome is Outcome.FAILED:
            told = f"{done.recording_id}, {done.stage}: {done.reason}"
            raise SecondListeningFailed(told) if done.is_retryable or done.is_elsewhere else GiveUp(told)

    handlers.add(PROCESS, handle, schedule=PROCESSING, timeout_seconds=PROCESS_SECONDS)


def add_upload_handler(handlers: Handlers, results: Results) -> None:
    """Enter the handler of `recordings.upload`, where there is a bucket to upload to."""
    store = _uploading(results)
    if store is None:
        return

    async def handle(run: JobRun) -> None:
        call_id = str(run.args["call_id"])
        try:
            # Looked up again afterwards: it may be deleted elsewhere while it is on its way
            if not await results.is_erased(f"rec_{call_id}"):
                await upload_recording(store, call_id)
            if await results.is_erased(f"rec_{call_id}"):
                await results.delete_copy(f"rec_{call_id}")
        except RecordingMissing:
            folder_id = run.args.get("folder_id")
            if folder_id and folder_id != await asyncio.to_thread(both_of(store).ledger.folder_id):
                raise FilesElsewhere(f"the files of call {call_id} lie on the machine that recorded it") from None
            return  # deleted since
        except RecordingErased:
            return  # deleted since
        except (StoreRefused, UploadConflict) as exc:
            raise GiveUp(str(exc)) from exc

    handlers.add(UPLOAD, handle, schedule=UPLOADING)


def _uploading(results: Results) -> UploadingStore | None:
    store = results.store
    inner = store.inner if isinstance(store, EncryptedRecordings) else store
    return (
        store if isinstance(store, BothRecordings | EncryptedRecordings) and isinstance(inner, BothRecordings) else None
    )
