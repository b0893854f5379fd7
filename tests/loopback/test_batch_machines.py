"""Machines with nothing in common but a database and a bucket share a batch; one is killed in the middle of a piece."""

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from centralita.batch_command import batch_app
from offline.batch.equipment import Equipment
from offline.batch.jobs import PROCESS, UPLOAD, add_process_handler, add_upload_handler
from offline.batch.listeners import InThisProcess
from offline.batch.results import Results
from offline.batch.runner import process
from offline.gleaning import Gleaner
from storage.database.database import Database
from storage.jobs.handlers import Handlers
from storage.jobs.job import JobState
from storage.jobs.open_queue import open_queue
from storage.jobs.worker import JobWorker, WorkerSettings
from storage.recording_store.both import BothRecordings
from storage.recording_store.local import LocalRecordings
from storage.recording_store.s3 import S3Recordings
from storage.recording_store.shared import SharedRecordings
from storage.recording_store.uploading import upload_recording
from tests.loopback.batch_calls import BEGUN, Calls
from tests.loopback.batch_machines import KEYS, Machine, Road
from tests.postgres import PrivatePostgres, running_postgres
from tests.s3_servers import BUCKET, MotoServer, S3Server

RECORDINGS = 10
LIMIT_SECONDS = 120
PAUSE_SECONDS = 0.05


@pytest.fixture(scope="module")
def postgres() -> Iterator[PrivatePostgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with MotoServer(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture
def url(postgres: PrivatePostgres) -> str:
    return postgres.new_database()


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """Ask the database as somebody who knows nothing of our code."""
    told = make_url(url)
    with psycopg.connect(
        f"host={told.query['host']} user={told.username} dbname={told.database}", autocommit=True
    ) as one:
        return one.execute(query.encode()).fetchall()


def objects(server: S3Server, prefix: str) -> dict[str, bytes]:
    """Return what an independent client finds in the bucket."""
    client = server.client()
    try:
        found = client.list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/").get("Contents", [])
        return {
            one["Key"].removeprefix(f"{prefix}/"): client.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()
            for one in found
        }
    finally:
        client.close()


async def calls_in_the_bucket(folder: Path, server: S3Server, prefix: str) -> Calls:
    """Leave calls in the bucket, as a machine that is gone by now has brought them there."""
    calls = Calls(folder)
    gone = BothRecordings(LocalRecordings(calls.root), S3Recordings(server.place(prefix=prefix)))
    for number in range(RECORDINGS):
        calls.add(f"call-{number}", "I want to cancel my service", at=BEGUN + number, language="en")
        await upload_recording(gone, f"call-{number}")
    return calls


@pytest.mark.parametrize("moment", ["before the metadata arrive", "after they have, before the rows are committed"])
def test_one_of_two_machines_is_killed_in_the_middle_of_a_piece_and_everything_is_done_once(
    moment: str, tmp_path: Path, url: str, moto: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = tmp_path.name
    calls = asyncio.run(calls_in_the_bucket(tmp_path / "origin", moto, prefix))
    before = objects(moto, prefix)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:
        road = stack.enter_context(Road(moto.port, hold_at=2, is_held_before=moment.startswith("before")))
        other_road = stack.enter_context(Road(moto.port))
        first = Machine(tmp_path / "first", url, road.url, prefix)
        second = Machine(tmp_path / "second", url, other_road.url, prefix)
        stack.callback(first.turn_off)
        stack.callback(second.turn_off)
        queued = CliRunner().invoke(batch_app, ["unprocessed", "--queue", "--settings", str(second.settings), "--json"])
        assert json.loads(queued.stdout)["queued"] == RECORDINGS, queued.output

        victim = first.start_worker()
        assert road.has_arrived.wait(LIMIT_SECONDS), "the first machine does a piece"
        survivor = second.start_worker()
        assert other_road.has_arrived.wait(LIMIT_SECONDS), "so does the second"
        assert road.is_holding.wait(LIMIT_SECONDS), "the first is in the middle of another"
        victim.kill()
        victim.communicate()
        while len(rows(url, "SELECT 1 FROM analyses")) < RECORDINGS or rows(
            url, f"SELECT 1 FROM procrastinate_jobs WHERE task_name = '{PROCESS}' AND status <> 'succeeded'"
        ):
            assert survivor.poll() is None, (second.folder / "worker.log").read_text()
            time.sleep(PAUSE_SECONDS)
        survivor.send_signal(signal.SIGTERM)
        told = json.loads(survivor.communicate(timeout=LIMIT_SECONDS)[0])
        assert (told["dead"], told["failed"]) == (0, 0)
        arrived = road.arrived + other_road.arrived

    ids = [f"rec_call-{number}" for number in range(RECORDINGS)]
    assert sorted(rows(url, "SELECT recording_id FROM analyses")) == [(one,) for one in ids]
    assert sorted(rows(url, "SELECT recording_id FROM recordings WHERE processed")) == [(one,) for one in ids]
    (version,) = {one for (one,) in rows(url, "SELECT pipeline_version FROM analyses")}
    assert sorted(rows(url, "SELECT event_id FROM events")) == [
        (f"recording_processed:{one}:{version}",) for one in ids
    ]
    assert arrived == Counter(f"{one}_metadata.json" for one in ids), "no result was written twice"

    after = objects(moto, prefix)
    assert after.keys() == before.keys()
    for one in ids:
        assert after[f"audio/{one}.wav"] == before[f"audio/{one}.wav"]
        metadata = json.loads(after[f"metadata/{one}_metadata.json"])
        assert (metadata["processed"], metadata["processing_mode"]) == (True, "offline")
        assert metadata["pipeline_version"] == version
        assert metadata["analysis"]["intent"] == "cancellation"
        assert metadata["hangup"]["text"] == "Normal Clearing"
        transcript = json.loads(after[f"transcripts/{one}_transcript.json"])
        assert transcript["original"] == calls.transcript(one.removeprefix("rec_"))
        assert transcript["history"] == []
        assert transcript["pipeline"]["version"] == version
    for machine in (first, second):
        assert LocalRecordings(machine.recordings).call_ids() == [], "nothing stays on a machine that is gone tomorrow"


class Office:
    """A machine in this process: its store, its gleaner, and what its worker can do."""

    def __init__(self, folder: Path, database: Database, server: S3Server, prefix: str) -> None:
        self.calls = Calls(folder)
        self.store = SharedRecordings(LocalRecordings(self.calls.root), S3Recordings(server.place(prefix=prefix)))
        self.results = Results(self.store, database)
        self.listener = InThisProcess(Equipment())

    async def gleaner(self) -> Gleaner:
        here = Results(self.store.local, self.results.database)
        queue = await open_queue(self.results.database)
        return Gleaner(here, queue, listens=True, uploads=self.store, frees=True)

    async def work(self) -> tuple[int, int]:
        """Do the jobs that are due; return how many were done and how many failed."""
        handlers = Handlers()
        add_process_handler(handlers, self.results, lambda: self.listener)
        add_upload_handler(handlers, self.results)
        queue = await open_queue(self.results.database)
        tally = await JobWorker(queue, handlers, WorkerSettings(concurrency=1, lease_seconds=2.0)).run(once=True)
        return tally.done, tally.failed


async def test_a_call_recorded_on_one_machine_is_brought_by_it_and_listened_to_by_the_other(
    tmp_path: Path, url: str, moto: S3Server
) -> None:
    async with Database.open(url) as database:
        queue = await open_queue(database)
        here = Office(tmp_path / "here", database, moto, tmp_path.name)
        there = Office(tmp_path / "there", database, moto, tmp_path.name)
        here.calls.add("uno", "I want to cancel my service", language="en")
        taking_up, other = await here.gleaner(), await there.gleaner()

        assert await taking_up.glean() == 1, "it is brought away before anybody is asked to listen"
        assert await other.glean() == 0, "the other knows of it by the index, and that it cannot get at it"
        assert await there.work() == (0, 1), "who has not got the files cannot bring them"
        (upload,) = await queue.list(kind=UPLOAD)
        assert "the machine that recorded it" in (upload.error or "")
        await queue.retry(upload.id)
        assert await here.work() == (1, 0)

        assert await other.glean() == 1, "now it may be listened to, by whoever comes first"
        assert await taking_up.glean() == 0
        assert here.store.local.call_ids() == ["uno"], "it waits to be listened to"
        assert await there.work() == (1, 0)
        assert (await here.results.read("rec_uno")).processed
        assert await taking_up.glean() == 0
        assert (here.store.local.call_ids(), there.store.local.call_ids()) == ([], [])
        assert {job.state for job in await queue.list()} == {JobState.DONE}
        for office in (here, there):
            office.listener.close()
    assert json.loads(objects(moto, tmp_path.name)["metadata/rec_uno_metadata.json"])["processed"]


async def test_a_recording_on_another_machines_disk_is_not_given_up(tmp_path: Path, url: str, moto: S3Server) -> None:
    async with Database.open(url) as database:
        here = Office(tmp_path / "here", database, moto, tmp_path.name)
        there = Office(tmp_path / "there", database, moto, tmp_path.name)
        here.calls.add("uno", "I want to cancel my service", language="en")
        await here.results.index("rec_uno")
        done = await process(there.results, there.listener, "rec_uno", "1")
        assert done.is_elsewhere
        assert "on the machine that recorded it" in done.reason
        nobody = await process(there.results, there.listener, "rec_nobody", "1")
        assert not nobody.is_elsewhere
        for office in (here, there):
            office.listener.close()
