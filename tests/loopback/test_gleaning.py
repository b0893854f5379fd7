"""What lies in the folder is taken up: each call once, whoever looks and however often."""

import asyncio
from pathlib import Path

import pytest

from offline.batch.equipment import Equipment
from offline.batch.jobs import PROCESS, add_process_handler, add_upload_handler
from offline.batch.listeners import InThisProcess
from offline.batch.results import Results
from offline.gleaning import Gleaner
from storage.database.database import Database
from storage.encryption.master_key import new_master_key
from storage.jobs.handlers import Handlers
from storage.jobs.open_queue import open_queue
from storage.jobs.worker import JobWorker, WorkerSettings
from storage.recording_store.both import BothRecordings
from storage.recording_store.local import LocalRecordings
from storage.recording_store.opening import EncryptionSettings, S3Settings, open_recordings
from storage.recording_store.s3 import S3Recordings
from tests.loopback.batch_calls import Calls
from tests.s3_servers import MotoServer
from vocabulary.secret import SecretRef


async def gleaner(calls: Calls, database: Database, *, listens: bool = True) -> Gleaner:
    results = Results(LocalRecordings(calls.root), database)
    return Gleaner(results, await open_queue(database), listens)


async def test_each_call_is_enqueued_once(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    calls.add("uno", "hola")
    async with Database.open(calls.url) as database:
        first = await gleaner(calls, database)
        assert (await first.glean(), await first.glean()) == (1, 0)
        calls.add("dos", "hola")
        second = await gleaner(calls, database)  # another worker, or the same after a crash
        assert sum(await asyncio.gather(first.glean(), second.glean())) == 1
        jobs = await first.queue.list(kind=PROCESS)
    assert sorted(str(job.args["call_id"]) for job in jobs) == ["dos", "uno"]


async def test_calls_are_indexed_even_where_nobody_listens_again(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    calls.add("uno", "hola")
    async with Database.open(calls.url) as database:
        only = await gleaner(calls, database, listens=False)
        assert await only.glean() == 0
        assert (await only.here.read("rec_uno")).conversation_id == "uno"
        assert await only.queue.list() == []


async def test_a_file_that_cannot_be_read_is_told_once_and_keeps_nobody_waiting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    calls = Calls(tmp_path)
    calls.add("broken", "hola")
    calls.layout.metadata("broken").write_text('{"call_id": "bro')
    calls.add("uno", "hola")
    async with Database.open(calls.url) as database:
        only = await gleaner(calls, database)
        assert (await only.glean(), await only.glean()) == (1, 0)
    assert [record.message for record in caplog.records].count("recording not indexed") == 1
    assert "hola" not in caplog.text


async def test_with_s3_alone_nothing_stays_here_once_it_is_there_and_listened_to(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    calls.add("uno", "I want to cancel my service", language="en")
    with MotoServer(tmp_path) as server:
        both = BothRecordings(LocalRecordings(calls.root), S3Recordings(server.place(prefix="frees")))
        async with Database.open(calls.url) as database:
            queue = await open_queue(database)
            here = Results(both.local, database)
            cleaner = Gleaner(here, queue, listens=True, uploads=both, frees=True)
            assert await cleaner.glean() == 2, "to be listened to, and to be brought"
            assert calls.layout.audio("uno").exists()

            handlers, listener = Handlers(), InThisProcess(Equipment())
            add_process_handler(handlers, Results(both, database), lambda: listener)
            add_upload_handler(handlers, Results(both, database))
            await JobWorker(queue, handlers, WorkerSettings(concurrency=1)).run(once=True)
            listener.close()

            assert await cleaner.glean() == 0
            assert both.local.call_ids() == []
            found = await Results(both, database).read("rec_uno")
            assert found.processed, "read from the bucket"
            assert await cleaner.glean() == 0, "what is not here any more is not missed"


async def test_with_a_master_key_what_is_finished_is_encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(tmp_path)
    calls.add("uno", "me llamo Ana")
    monkeypatch.setenv("MASTER", new_master_key())
    sealed = EncryptionSettings(SecretRef("env:MASTER"), tmp_path / "keys")
    store = open_recordings("local", calls.root, S3Settings(), sealed)
    async with Database.open(calls.url) as database:
        only = Gleaner(Results(store, database), await open_queue(database), listens=True)
        assert await only.glean() == 1
        assert (await only.here.read("rec_uno")).conversation_id == "uno"
        assert await only.glean() == 0
    kept = [path for path in calls.root.rglob("*") if path.is_file()]
    assert sorted(path.suffix for path in kept) == [".enc", ".enc", ".enc"]
    assert not any(b"Ana" in path.read_bytes() for path in kept)
