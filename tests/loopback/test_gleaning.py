"""What lies in the folder is taken up: each call once, whoever looks and however often."""

import asyncio
import json
from pathlib import Path

import pytest

from offline.arrivals import GRANULARITY_NS, Arrivals
from offline.batch.equipment import Equipment
from offline.batch.jobs import PROCESS, add_process_handler, add_upload_handler
from offline.batch.listeners import InThisProcess
from offline.batch.newcomers import index_newcomers
from offline.batch.results import Results
from offline.gleaning import FULL_SECONDS, Gleaner
from storage.database import recordings
from storage.database.database import Database, DatabaseUnavailable
from storage.encryption.master_key import new_master_key
from storage.hangup_notes import HangupNotes
from storage.jobs.handlers import Handlers
from storage.jobs.job import JobState
from storage.jobs.open_queue import open_queue
from storage.jobs.worker import JobWorker, WorkerSettings
from storage.recording_store.both import BothRecordings
from storage.recording_store.errors import RecordingErased
from storage.recording_store.item import Item
from storage.recording_store.local import LocalRecordings
from storage.recording_store.opening import EncryptionSettings, S3Settings, open_recordings
from storage.recording_store.port import Stored
from storage.recording_store.s3 import S3Recordings
from storage.recording_store.shared import SharedRecordings
from storage.recording_store.uploading import upload_recording
from storage.reindex import reindex
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


async def test_a_folder_in_disorder_is_looked_at_again_until_it_is_in_order(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("offline.gleaning.PAUSE_SECONDS", 0.02)
    monkeypatch.setenv("MASTER", new_master_key())
    sealed = EncryptionSettings(SecretRef("env:MASTER"), tmp_path / "keys")
    calls = Calls(tmp_path)
    calls.add("uno", "hola")
    transcripts = calls.layout.transcript("uno").parent
    away = transcripts.rename(tmp_path / "away")
    transcripts.write_text("no folder")
    async with Database.open(calls.url) as database:
        store = open_recordings("local", calls.root, S3Settings(), sealed)
        only = Gleaner(Results(store, database), await open_queue(database), listens=True)
        looking = asyncio.create_task(only.glean_for_ever())
        async with asyncio.timeout(60):
            while "recordings not taken up" not in caplog.text:  # noqa: ASYNC110 - it tells by a line in the log
                await asyncio.sleep(0.02)
            transcripts.unlink()
            away.rename(transcripts)
            while not await only.queue.list(kind=PROCESS):  # noqa: ASYNC110 - it tells by a row
                await asyncio.sleep(0.02)
        looking.cancel()
        await asyncio.wait([looking])
    assert "hola" not in caplog.text


class Clock:
    """Seconds, told by the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_between_two_full_rounds_only_what_arrived_is_looked_at(tmp_path: Path) -> None:
    calls, clock = Calls(tmp_path), Clock()
    calls.add("uno", "hola")
    async with Database.open(calls.url) as database:
        only = await gleaner(calls, database)
        only.clock = clock
        assert (await only.glean(), only.full_rounds) == (1, 1)
        calls.add("dos", "hola")
        assert (await only.glean(), only.full_rounds) == (1, 1), "found by its new name"
        async with database.begin() as connection:
            await recordings.forget(connection, ["rec_uno", "rec_dos"])
        assert (await only.glean(), only.full_rounds) == (0, 1)
        assert await indexed(database) == [], "nobody looked at files that had not changed"
        clock.now += FULL_SECONDS
        assert (await only.glean(), only.full_rounds) == (0, 2), "enqueued already"
        assert await indexed(database) == ["rec_dos", "rec_uno"]


async def indexed(database: Database) -> list[str]:
    async with database.read() as connection:
        return sorted(one.recording_id for one in await recordings.page(connection, -1, 100))


async def test_a_round_that_breaks_off_forgets_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(tmp_path)
    calls.add("uno", "hola")
    async with Database.open(calls.url) as database:
        only = await gleaner(calls, database)
        await only.glean()
        calls.add("dos", "hola")

        async def is_away(*_: object, **__: object) -> None:
            raise DatabaseUnavailable("away")

        with monkeypatch.context() as patched:
            patched.setattr(only.queue, "enqueue", is_away)
            with pytest.raises(DatabaseUnavailable):
                await only.glean()
        assert (await only.glean(), only.full_rounds) == (1, 1)


async def test_how_a_call_ended_is_entered_also_when_nothing_has_arrived(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    calls.add("uno", "hola")
    async with Database.open(calls.url) as database:
        only = await gleaner(calls, database)
        await only.glean()
        await only.glean()
        HangupNotes(calls.root).leave("uno", {"by": "caller"})
        assert (await only.glean(), only.full_rounds) == (0, 1)
        assert (await only.here.read("rec_uno")).hangup == {"by": "caller"}


async def test_a_call_other_machines_cannot_get_at_yet_is_looked_at_until_it_is_in_the_bucket(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    with MotoServer(tmp_path) as server:
        shared = SharedRecordings(LocalRecordings(calls.root), S3Recordings(server.place(prefix="waits")))
        async with Database.open(calls.url) as database:
            only = Gleaner(Results(shared.local, database), await open_queue(database), listens=True, uploads=shared)
            assert (await only.glean(), only.full_rounds) == (0, 1)
            calls.add("uno", "hola")
            assert await only.glean() == 1, "to be brought there"
            assert await only.queue.list(kind=PROCESS) == []
            assert await only.glean() == 0
            await upload_recording(shared, "uno")
            assert (await only.glean(), only.full_rounds) == (1, 1)
            assert len(await only.queue.list(kind=PROCESS)) == 1


async def test_a_result_written_anew_is_looked_at_and_not_listened_to_again(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    calls.add("uno", "hola")
    async with Database.open(calls.url) as database:
        only = await gleaner(calls, database)
        await only.glean()
        await only.here.change("rec_uno", lambda one: one.model_copy(update={"processed": True}))
        look = Arrivals(calls.root)
        assert (look.look(), look.look()) == ({"uno"}, set())
        await only.here.change("rec_uno", lambda one: one.model_copy(update={"agent": "otra"}))
        assert look.look() == {"uno"}
        assert (await only.glean(), only.full_rounds) == (0, 1)


def test_a_folder_nobody_writes_to_is_not_listed_again(tmp_path: Path) -> None:
    folder = tmp_path / "metadata"
    folder.mkdir()
    (folder / "rec_uno_metadata.json").touch()
    now = [folder.stat().st_mtime_ns + GRANULARITY_NS + 1]
    look = Arrivals(tmp_path, now_ns=lambda: now[0])
    assert [look.look() for _ in range(3)] == [{"uno"}, set(), set()]
    assert look.listings == 1
    (folder / "rec_dos_metadata.json").touch()
    now[0] = folder.stat().st_mtime_ns  # within the tick: there may be another that looks the same
    assert [look.look() for _ in range(3)] == [{"dos"}, set(), set()]
    assert look.listings == 4
    (folder / ".rec_tres_metadata.json.1.1.part").touch()
    (folder / "notes.txt").touch()
    assert look.look() == set()
    assert Arrivals(tmp_path / "nowhere").look() == set()


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
    assert not any(b"me llamo" in path.read_bytes() for path in kept)  # longer than what comes out by chance


async def test_what_was_deleted_for_good_elsewhere_goes_from_here_too_unless_it_is_held(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = Calls(tmp_path / "here"), Calls(tmp_path / "there")
    for name in ("uno", "dos", "tres"):
        here.add(name, "hola")
    async with Database.open(f"sqlite+aiosqlite:///{tmp_path}/common.db") as database:
        only = await gleaner(here, database, listens=False)
        await only.glean()
        elsewhere = Results(LocalRecordings(there.root), database)
        await elsewhere.delete_permanently("rec_uno")
        await elsewhere.delete_permanently("rec_dos")
        note = here.layout.metadata("dos")
        note.write_text(json.dumps({**json.loads(note.read_text()), "legal_hold": True}))
        with pytest.raises(RecordingErased):
            await only.here.index("rec_uno")
        assert [one async for one in index_newcomers(only.here, 0.0)] == []
        assert (await reindex(database, here.root)).indexed == 1

        for _ in range(2):  # whoever wakes up later finds the same
            await (await gleaner(here, database, listens=False)).glean()

        async with database.read() as connection:
            assert await recordings.find(connection, "rec_uno") is None
            assert await recordings.find(connection, "rec_dos") is None
            assert await recordings.find(connection, "rec_tres") is not None
        assert only.here.store.call_ids() == ["dos", "tres"]  # type: ignore[attr-defined]
        assert "recording deleted elsewhere is held here" in caplog.messages

        assert (await only.here.readmit("rec_uno"), await only.here.readmit("rec_uno")) == (True, False)
        here.add("uno", "hola")  # from a backup, say
        await (await gleaner(here, database, listens=False)).glean()
        assert (await only.here.read("rec_uno")).conversation_id == "uno"


async def test_what_is_deleted_for_good_while_it_is_uploaded_does_not_stay_in_the_bucket(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    calls.add("uno", "hola")
    calls.add("dos", "hola")
    with MotoServer(tmp_path) as server:
        both = BothRecordings(LocalRecordings(calls.root), S3Recordings(server.place(prefix="meanwhile")))
        async with Database.open(calls.url) as database:
            queue = await open_queue(database)
            results = Results(both, database)
            await Gleaner(Results(both.local, database), queue, listens=False, uploads=both).glean()
            elsewhere = Results(LocalRecordings(tmp_path / "other"), database)
            await elsewhere.delete_permanently("rec_dos")
            head = both.remote.head

            async def deleted_meanwhile(item: Item) -> Stored | None:
                async with database.read() as connection:
                    if await recordings.find(connection, "rec_uno") is not None:
                        await elsewhere.delete_permanently("rec_uno")
                return await head(item)

            both.remote.head = deleted_meanwhile  # type: ignore[method-assign]
            handlers = Handlers()
            add_upload_handler(handlers, results)
            await JobWorker(queue, handlers, WorkerSettings(concurrency=1)).run(once=True)

            assert [one async for one in both.remote.calls()] == []
            assert both.local.call_ids() == []
            assert await queue.list(states=[JobState.DEAD]) == []
