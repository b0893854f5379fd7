"""Two machines, one bucket: what one has written is what the other reads, whatever old copy lies on its disk."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.catalogue import Catalogue
from storage.database.database import Database
from storage.recording_store.errors import StoreUnavailable
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings
from storage.recording_store.s3 import S3Recordings
from storage.recording_store.shared import SharedRecordings
from storage.recording_store.upload_ledger import CallReceipts
from storage.recording_store.uploading import never_uploaded, repair_upload, upload_recording, verify_uploads
from storage.reindex import reindex
from storage.search import SearchQuery, search
from tests.loopback.batch_calls import Calls
from tests.s3_servers import BUCKET, MotoServer, S3Server

NOTE = Item("uno", Artefact.METADATA)
WORDS = Item("uno", Artefact.TRANSCRIPT)
NOON = 1_800_000_000.0


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with MotoServer(tmp_path_factory.mktemp("moto")) as server:
        yield server


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def machine(folder: Path, server: S3Server, prefix: str, clock: Clock | None = None) -> SharedRecordings:
    local, remote = LocalRecordings(folder / "recordings"), S3Recordings(server.place(prefix=prefix))
    return SharedRecordings(local, remote, clock=clock or Clock())


@pytest.fixture
async def a(tmp_path: Path, moto: S3Server) -> SharedRecordings:
    """The machine that recorded a call, brought it to the bucket, and keeps its copy."""
    Calls(tmp_path / "a").add("uno", "hola")
    made = machine(tmp_path / "a", moto, tmp_path.name)
    await upload_recording(made, "uno")
    return made


@pytest.fixture
def b(tmp_path: Path, moto: S3Server) -> SharedRecordings:
    return machine(tmp_path / "b", moto, tmp_path.name)


def copy_of(store: SharedRecordings, item: Item = NOTE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(store.local.path(item).read_bytes())
    return found


async def told(store: SharedRecordings, item: Item = NOTE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await store.read(item))
    return found


async def process(store: SharedRecordings, **more: object) -> bytes:
    """Do what a second listening does to the metadata; return them."""
    data = json.dumps({**(await told(store)), "processed": True, **more}).encode()
    await store.put(NOTE, data)
    return data


async def test_what_another_machine_wrote_is_read_and_the_old_copy_brought_up_to_date(
    a: SharedRecordings, b: SharedRecordings
) -> None:
    written = await process(b)
    assert b.local.call_ids() == [], "the second machine keeps nothing"
    assert "processed" not in copy_of(a)
    assert await a.read(NOTE) == written
    assert copy_of(a)["processed"]
    assert await a.read(NOTE) == written
    assert [piece async for piece in a.stream(NOTE)] == [written]
    head = await a.head(NOTE)
    assert head is not None
    assert head.size == len(written)
    assert await a.read(WORDS) == await b.read(WORDS)


async def test_a_range_and_a_stream_are_of_the_newest_too(a: SharedRecordings, b: SharedRecordings) -> None:
    await b.put(WORDS, b"0123456789")
    assert await a.read(WORDS, 2, 5) == b"234"
    await b.put(WORDS, b"abc")
    assert b"".join([piece async for piece in a.stream(WORDS)]) == b"abc"
    await b.put(WORDS, b"longer than before")
    head = await a.head(WORDS)
    assert head is not None
    assert head.size == 18


async def test_an_old_copy_is_not_sent_by_upload_verify_or_repair(a: SharedRecordings, b: SharedRecordings) -> None:
    written = await process(b)
    assert await never_uploaded(a, NOON) == []
    assert (await upload_recording(a, "uno")).sent == ()
    assert await verify_uploads(a, "uno") == ()
    written = await process(b, again=1)
    assert (await repair_upload(a, "uno")).sent == ()
    assert await b.read(NOTE) == written
    # nor when its time stamp has changed, as a restored backup's does
    written = await process(b, again=2)
    os.utime(a.local.path(NOTE), (NOON, NOON))
    assert await never_uploaded(a, NOON) == ["uno"]
    assert (await upload_recording(a, "uno")).sent == ()
    assert await b.read(NOTE) == written == await a.read(NOTE)


async def test_what_the_one_changes_is_built_on_what_the_other_has_written(
    a: SharedRecordings, b: SharedRecordings, tmp_path: Path
) -> None:
    async with Database.open(f"sqlite+aiosqlite:///{tmp_path / 'common.db'}") as database:
        ours, theirs = Catalogue(a, database), Catalogue(b, database)
        await theirs.change("rec_uno", lambda one: one.model_copy(update={"processed": True}))
        await ours.hold("rec_uno", is_held=True)
        await theirs.delete("rec_uno")
        for catalogue in (ours, theirs):
            found = await catalogue.read("rec_uno")
            assert (found.processed, found.legal_hold, found.deleted_at is not None) == (True, True, True)
    assert copy_of(a)["legal_hold"], "the copy follows"


async def test_an_index_rebuilt_where_an_old_copy_lies_is_of_the_newest_and_keeps_what_only_the_bucket_has(
    a: SharedRecordings, b: SharedRecordings, tmp_path: Path
) -> None:
    async with Database.open(f"sqlite+aiosqlite:///{tmp_path / 'common.db'}") as database:
        theirs = Catalogue(b, database)
        await theirs.change("rec_uno", lambda one: one.model_copy(update={"processed": True}))
        note = await theirs.read("rec_uno")
        await theirs.save(note.model_copy(update={"recording_id": "rec_dos", "conversation_id": "dos"}))
        await Catalogue(a, database).save(
            note.model_copy(update={"recording_id": "rec_tres", "conversation_id": "tres"})
        )
        await a.delete("tres")
        report = await reindex(database, a.local.root, store=a)
        assert (report.indexed, report.removed) == (1, 1)
        async with database.read() as connection:
            found = await search(connection, SearchQuery(processed=True))
        assert sorted(one.recording_id for one in found) == ["rec_dos", "rec_uno"]


async def test_an_old_copy_does_not_stay_where_nothing_is_to_stay(a: SharedRecordings, b: SharedRecordings) -> None:
    written = await process(b)
    assert await a.free_local("uno") == 3
    assert a.local.call_ids() == []
    assert await a.read(NOTE) == written


async def test_a_call_that_never_left_this_machine_stays_here_whether_s3_is_there_or_not(tmp_path: Path) -> None:
    Calls(tmp_path / "a").add("uno", "hola")
    with MotoServer(tmp_path) as server:
        alone = machine(tmp_path / "a", server, "alone")
    written = await process(alone)
    assert alone.local.path(NOTE).read_bytes() == written == await alone.read(NOTE)


async def test_while_the_bucket_is_away_copies_are_read_and_what_lies_in_it_cannot_be_changed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Calls(tmp_path / "a").add("uno", "hola")
    clock = Clock()
    with MotoServer(tmp_path) as server:
        one, other = machine(tmp_path / "a", server, "c", clock), machine(tmp_path / "b", server, "c")
        await upload_recording(one, "uno")
        before = one.local.path(NOTE).read_bytes()
        server.kill()
        assert await one.read(NOTE) == before
        assert "the bucket does not tell" in caplog.text
        with pytest.raises(StoreUnavailable):
            await one.put(NOTE, b"{}")
        assert one.local.path(NOTE).read_bytes() == before
        server.start()
        server.make_bucket()  # moto forgets
        for store in (one, other):
            store.ledger.forget("uno")
        await upload_recording(one, "uno")
        written = await process(other)
        clock.now += 31
        assert await one.read(NOTE) == written


async def test_the_end_of_a_transferred_call_reaches_metadata_that_another_machine_has_processed(
    a: SharedRecordings, b: SharedRecordings
) -> None:
    old = copy_of(a)
    await a.put(NOTE, json.dumps({**old, "hangup": None}).encode())
    await process(b)
    # the caller hangs up: the machine that had the call writes it into its own copy, knowing nothing of the other
    a.local.path(NOTE).write_text(json.dumps({**old, "hangup": {"cause": 16}}))
    for store in (a, b):
        found = await told(store)
        assert (found["processed"], found["hangup"]) == (True, {"cause": 16})
    assert copy_of(a) == await told(b)
    assert (await upload_recording(a, "uno")).sent == ()


class Killed(BaseException):
    """Our process has died here."""


class MortalLedger:
    """Dies at the n-th note, before or after it."""

    def __init__(self, store: SharedRecordings, lives: int) -> None:
        self._save = store.ledger.save
        self.lives = lives

    def save(self, call_id: str, receipts: CallReceipts) -> None:
        self._live()
        self._save(call_id, receipts)
        self._live()

    def _live(self) -> None:
        self.lives -= 1
        if self.lives == 0:
            raise Killed


async def test_killed_in_the_middle_of_a_change_the_newest_in_the_bucket_wins(tmp_path: Path, moto: S3Server) -> None:
    deaths = 0
    for lives in range(1, 20):
        prefix = f"{tmp_path.name}-{lives}"
        Calls(tmp_path / str(lives) / "a").add("uno", "hola")
        one = machine(tmp_path / str(lives) / "a", moto, prefix)
        other = machine(tmp_path / str(lives) / "b", moto, prefix)
        await upload_recording(one, "uno")
        mortal = MortalLedger(one, lives)
        one.ledger.save = mortal.save  # type: ignore[method-assign]
        try:
            await process(one, turn=1)
        except Killed:
            deaths += 1
        mortal.lives = -1
        written = await process(other, turn=2)
        assert await one.read(NOTE) == written, lives
        assert (await upload_recording(one, "uno")).sent == ()
        assert await other.read(NOTE) == written
        if not deaths or deaths < lives:
            break
    assert deaths == 4


async def test_damage_is_not_taken_for_news(a: SharedRecordings, moto: S3Server) -> None:
    client = moto.client()
    client.put_object(Bucket=BUCKET, Key=a.remote.key(NOTE), Body=b"{}")
    client.close()
    before = a.local.path(NOTE).read_bytes()
    assert await a.read(NOTE) == before
    (problem,) = await verify_uploads(a, "uno")
    assert "not what was sent" in problem


async def test_a_folder_has_one_name_of_its_own(a: SharedRecordings, b: SharedRecordings) -> None:
    assert a.ledger.folder_id() == a.ledger.folder_id() != b.ledger.folder_id()
    assert len(a.ledger.folder_id()) == 32
