"""The second listening and the bucket: results are uploaded too, and a machine without the files fetches them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from offline.batch.equipment import Equipment
from offline.batch.jobs import PROCESS, UPLOAD, add_process_handler, add_upload_handler, enqueue_after_call
from offline.batch.listeners import InThisProcess
from offline.batch.report import Outcome
from offline.batch.results import Results
from offline.batch.runner import Batch
from offline.batch.selection import unprocessed
from storage.database.database import Database
from storage.jobs.handlers import Handlers
from storage.jobs.job import JobState
from storage.jobs.open_queue import open_queue
from storage.jobs.worker import JobWorker, WorkerSettings
from storage.metadata.files import parse_metadata
from storage.recording_store.both import BothRecordings
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings
from storage.recording_store.s3 import S3Recordings
from storage.recording_store.uploading import upload_recording, verify_uploads
from tests.loopback.batch_calls import Calls
from tests.s3_servers import MotoServer, S3Server


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with MotoServer(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture
def calls(tmp_path: Path) -> Calls:
    made = Calls(tmp_path)
    made.add("uno", "I want to cancel my service", language="en")
    return made


@pytest.fixture
async def database(calls: Calls) -> AsyncIterator[Database]:
    async with Database.open(calls.url) as opened:
        yield opened


@pytest.fixture
def listener() -> Iterator[InThisProcess]:
    made = InThisProcess(Equipment())
    yield made
    made.close()


async def test_the_jobs_of_a_call_process_it_and_bring_the_result_to_the_bucket(
    calls: Calls, database: Database, listener: InThisProcess, moto: S3Server
) -> None:
    both = BothRecordings(LocalRecordings(calls.root), S3Recordings(moto.place(prefix=calls.folder.name)))
    results = Results(both, database)
    queue = await open_queue(database)
    handlers = Handlers()
    add_process_handler(handlers, results, lambda: listener)
    add_upload_handler(handlers, results)
    async with database.begin() as tx:
        await enqueue_after_call(queue, tx, "uno", with_upload=True)

    tally = await JobWorker(queue, handlers, WorkerSettings(concurrency=1, lease_seconds=2.0)).run(once=True)

    assert (tally.done, tally.failed) == (3, 0)
    jobs = await queue.list(states=[JobState.DONE])
    assert sorted(job.kind for job in jobs) == [PROCESS, UPLOAD, UPLOAD]
    in_the_bucket = parse_metadata(await both.remote.read(Item("uno", Artefact.METADATA)))
    assert in_the_bucket.processed
    assert in_the_bucket == await results.read("rec_uno")
    assert await verify_uploads(both, "uno") == ()


async def test_a_machine_that_shares_only_database_and_bucket_fetches_what_it_needs(
    calls: Calls, database: Database, listener: InThisProcess, moto: S3Server
) -> None:
    both = BothRecordings(LocalRecordings(calls.root), S3Recordings(moto.place(prefix=calls.folder.name)))
    await upload_recording(both, "uno")
    elsewhere = Results(both.remote, database)
    report = await Batch(elsewhere, listener).run(unprocessed())
    assert (report.count(Outcome.PROCESSED), report.named) == (1, [])
    metadata = await elsewhere.read("rec_uno")
    assert metadata.processed
    assert metadata.analysis is not None
    assert metadata.analysis.talk_ratio == 1.0, "the sound was listened to"
    assert b'"original"' in await both.remote.read(Item("uno", Artefact.TRANSCRIPT))


def test_without_a_bucket_there_is_nothing_to_upload(calls: Calls) -> None:
    handlers = Handlers()
    add_upload_handler(handlers, Results(LocalRecordings(calls.root), None))  # type: ignore[arg-type]
    assert handlers.kinds == ()
