"""Keeping results, on both databases and encrypted: once, whole, and not of what was deleted meanwhile."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from offline.batch.equipment import Equipment
from offline.batch.listeners import InThisProcess, version
from offline.batch.material import SecondListening
from offline.batch.report import Done, Outcome
from offline.batch.results import Kept, Results
from offline.batch.runner import Batch, News, process
from offline.batch.selection import one, unprocessed
from storage.database import analyses, events
from storage.database.database import Database
from storage.encryption.key_shelf import FolderShelf, KeyRing
from storage.encryption.master_key import MasterKey, MasterKeys
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.errors import StoreUnavailable
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings
from storage.recording_store.port import Content, Stored
from tests.loopback.batch_calls import BEGUN, Calls
from tests.postgres import PrivatePostgres, running_postgres

NOW = BEGUN + 1000


@pytest.fixture(scope="module")
def postgres() -> Iterator[PrivatePostgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, calls: Calls) -> str:
    if request.param == "sqlite":
        return calls.url
    server: PrivatePostgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def calls(tmp_path: Path) -> Calls:
    made = Calls(tmp_path)
    made.add("uno", "I want to cancel my service", language="en")
    return made


@pytest.fixture
async def results(calls: Calls, url: str) -> AsyncIterator[Results]:
    async with Database.open(url) as database:
        yield Results(LocalRecordings(calls.root), database)


@pytest.fixture
def listener() -> Iterator[InThisProcess]:
    made = InThisProcess(Equipment())
    yield made
    made.close()


async def found_in(results: Results, listener: InThisProcess, recording_id: str = "rec_uno") -> SecondListening:
    async with results.material(await results.checked(recording_id)) as material:
        heard = await listener.listen(material)
    assert isinstance(heard, SecondListening), heard
    return heard


async def counts(results: Results) -> tuple[int, int]:
    """Return how many results and events there are."""
    async with results.database.read() as connection:
        found = [
            (await connection.execute(text(f"SELECT count(*) FROM {name}"))).scalar_one()
            for name in ("analyses", "events")
        ]
    return found[0], found[1]


async def test_a_result_its_row_and_its_event_are_there_together(results: Results, listener: InThisProcess) -> None:
    found = await found_in(results, listener)
    assert await results.keep(found, NOW) is Kept.WRITTEN
    assert await results.keep(found, NOW + 1) is Kept.ALREADY
    assert await results.keep(found, NOW + 2, again=True) is Kept.WRITTEN
    assert await counts(results) == (1, 1)
    async with results.database.read() as connection:
        row = await analyses.find(connection, "rec_uno", found.pipeline_version)
        (event,) = await events.of_conversation(connection, "uno")
    assert row is not None
    assert row.finished_at == NOW + 2
    assert row.result["intent"] == "cancellation"
    assert event.kind == "recording_processed"
    assert event.data["intent"] == "cancellation"
    other = replace(found, pipeline_version="offline-9")
    assert await results.keep(other, NOW) is Kept.WRITTEN
    assert await counts(results) == (2, 2)


async def test_nothing_is_written_of_what_was_deleted_while_we_listened(
    results: Results, listener: InThisProcess, calls: Calls
) -> None:
    found = await found_in(results, listener)
    await results.delete("rec_uno")
    before = calls.transcript("uno")
    assert await results.keep(found, NOW) is Kept.GONE
    assert calls.transcript("uno") == before
    assert await counts(results) == (0, 0)


async def test_what_happened_to_the_metadata_meanwhile_is_kept(results: Results, listener: InThisProcess) -> None:
    found = await found_in(results, listener)
    await results.hold("rec_uno", is_held=True)
    await results.keep(found, NOW)
    metadata = await results.read("rec_uno")
    assert metadata.legal_hold
    assert metadata.processed


async def test_rows_that_lag_behind_their_files_are_brought_up(
    results: Results, listener: InThisProcess, calls: Calls
) -> None:
    await results.keep(await found_in(results, listener), NOW)
    async with results.database.begin() as connection:
        await connection.execute(text("DELETE FROM analyses"))
        await connection.execute(text("DELETE FROM events"))
        await connection.execute(text("UPDATE recordings SET processed = false"))
    before = calls.layout.metadata("uno").read_bytes()
    done = await process(results, listener, "rec_uno", await version(listener))
    assert done.outcome is Outcome.ALREADY
    assert await counts(results) == (1, 1)
    assert calls.layout.metadata("uno").read_bytes() == before
    report = await Batch(results, listener).run(unprocessed())
    assert report.total == 0


async def test_a_batch_reads_and_writes_encrypted_recordings(
    results: Results, listener: InThisProcess, calls: Calls, tmp_path: Path
) -> None:
    local = LocalRecordings(calls.root)
    ring = KeyRing(FolderShelf(tmp_path / "keys"), MasterKeys(MasterKey(bytes(32))))
    sealed = EncryptedRecordings(local, ring)
    await sealed.protect("uno")
    assert not calls.layout.audio("uno").exists()
    secret = Results(sealed, results.database)
    report = await Batch(secret, listener).run(one("uno"))
    assert (report.count(Outcome.PROCESSED), report.named) == (1, [])
    assert not calls.layout.transcript("uno").exists()
    assert not calls.layout.metadata("uno").exists()
    assert (await secret.read("rec_uno")).processed
    assert b"cancel" in await sealed.read(Item("uno", Artefact.TRANSCRIPT))


async def test_a_database_that_is_killed_in_the_middle_costs_nothing(calls: Calls, listener: InThisProcess) -> None:
    for number in range(7):
        calls.add(f"more-{number}", "hello", at=BEGUN + number, language="en")
    with running_postgres(private=True) as server:
        async with Database.open(server.new_database()) as database:
            results = Results(LocalRecordings(calls.root), database)

            def tell(news: News) -> None:
                if isinstance(news, Done) and news.recording_id == "rec_more-4":
                    server.kill()

            report = await Batch(results, listener, tell=tell).run(unprocessed())
            assert (report.count(Outcome.PROCESSED), report.count(Outcome.FAILED)) == (3, 3)
            assert "the database postgresql" in report.stopped
            server.start()
            report = await Batch(results, listener).run(unprocessed())
            assert (report.count(Outcome.FAILED), report.exit_code) == (0, 0)
            assert await counts(results) == (8, 8)
            assert (await Batch(results, listener).run(unprocessed())).total == 0


class Away(LocalRecordings):
    """A place that takes nothing."""

    async def put(self, item: Item, content: Content) -> Stored:
        raise StoreUnavailable("the bucket does not answer")


async def test_a_batch_gives_up_when_the_place_takes_nothing(
    results: Results, listener: InThisProcess, calls: Calls
) -> None:
    for number in range(8):
        calls.add(f"more-{number}", "hello", at=BEGUN + number, language="en")
    await Batch(results, listener, dry_run=True).run(unprocessed())
    report = await Batch(Results(Away(calls.root), results.database), listener).run(unprocessed())
    assert report.count(Outcome.FAILED) == 3
    assert "does not answer" in report.stopped
    assert report.exit_code == 1
    assert (await Batch(results, listener).run(unprocessed())).count(Outcome.PROCESSED) == 9
