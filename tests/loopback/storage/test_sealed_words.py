"""With encryption on, what was said is not in the database either: in no row, no index, no free page."""

import os
import time
from pathlib import Path

import pytest
from sqlalchemy import select, text

from offline.batch.results import Results
from offline.gleaning import Gleaner
from storage.catalogue import Catalogue
from storage.database import analyses, events, recordings
from storage.database.analyses import Analysis
from storage.database.database import Database
from storage.database.events import Event
from storage.database.said import turns_of
from storage.database.sealing import seal_clear_rows
from storage.database.tables import METADATA, RECORDINGS, SEALED_WORDS, SEARCH_TABLE
from storage.encryption.errors import CiphertextDamaged, KeyErased
from storage.encryption.key_shelf import FolderShelf, KeyRing
from storage.encryption.master_key import MasterKey, MasterKeys, new_master_key
from storage.encryption.words import CallSeal, ErasedSeal, Sealing
from storage.jobs.open_queue import open_queue
from storage.metadata.files import metadata_of
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.errors import StoreUnavailable
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings
from storage.reindex import reindex
from storage.retention import DAY, RetentionPolicy, apply_retention
from storage.search import SearchQuery, WordsSealed, search
from tests.loopback.batch_calls import Calls
from tests.unit.storage.test_metadata import COMPLETE

BEGAN = 1_795_276_800.0
CALLER = "5512345678"
SAID = "quiero el zafiro morado"
HEARD = "quiero el cefiro morado"
ENTITY = "berenjena"
SECRETS = ("zafiro", "cefiro", "morado", ENTITY, CALLER)
MASTERS = MasterKeys(MasterKey.parse(new_master_key()))


class House:
    """A folder of recordings with its database, encrypted or not."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.database = database
        self.plain = LocalRecordings(folder / "recordings")
        self.ring = KeyRing(FolderShelf(folder / "keys"), MASTERS)
        self.sealed = EncryptedRecordings(self.plain, self.ring)
        self.sealing = self.sealed.sealing

    async def add(self, call_id: str, *, encrypted: bool = True, said: str = SAID) -> Catalogue:
        store = self.sealed if encrypted else self.plain
        catalogue = Catalogue(store, self.database, now=lambda: BEGAN)
        correction = {"heard": "cefiro", "meant": "zafiro", "rule": "telecom: cefiro → zafiro"}
        turns = [{"speaker": "caller", "text": said, "heard": HEARD, "corrections": [correction]}]
        head = {"recording_id": f"rec_{call_id}", "conversation_id": call_id, "started_at": BEGAN, "caller": CALLER}
        analysis = {"intent": "billing_inquiry", "entities": [{"kind": "product", "text": ENTITY}]}
        words = {"text": said, "raw_text": HEARD}
        await store.put(Item(call_id, Artefact.TRANSCRIPT), _json({"turns": turns}))
        await catalogue.save(
            metadata_of(COMPLETE | head | {"analysis": analysis, "transcription": words, "pipeline_version": "3"})
        )
        return catalogue

    async def everything(self) -> str:
        """Every value of every table, the full-text index included, and for SQLite every byte of its files."""
        found = []
        async with self.database.read() as connection:
            for table in METADATA.sorted_tables:
                for row in await connection.execute(select(table)):
                    found.append(repr(tuple(row)))
            for row in await connection.execute(text(f"SELECT * FROM {SEARCH_TABLE}")):
                found.append(repr(tuple(row)))
        if self.database.is_sqlite:
            path = Path(str(self.database.url.database))
            for file in (path, path.with_name(path.name + "-wal")):
                found.append(file.read_bytes().decode("latin-1") if file.exists() else "")
        return "\n".join(found)

    async def found(self, words: str, sealing: Sealing | None = None, **more: object) -> list[str]:
        query = SearchQuery(text=words, **more)  # type: ignore[arg-type]
        async with self.database.read() as connection:
            return [one.recording_id for one in await search(connection, query, sealing or self.sealing)]


def _json(value: object) -> bytes:
    import json

    return json.dumps(value, ensure_ascii=False).encode()


@pytest.fixture
def house(tmp_path: Path, database: Database) -> House:
    return House(tmp_path, database)


def leaks(everything: str) -> list[str]:
    return [secret for secret in SECRETS if secret in everything]


async def test_in_clear_the_test_sees_every_secret(house: House) -> None:
    await house.add("1", encrypted=False)
    assert leaks(await house.everything()) == list(SECRETS), "else the next test proves nothing"


async def test_nothing_of_an_encrypted_call_can_be_read_in_the_database(house: House) -> None:
    catalogue = await house.add("1")
    results = Results(house.sealed, house.database)
    await results.settle(await catalogue.read("rec_1"))
    assert leaks(await house.everything()) == []
    async with house.database.read() as connection:
        (turn,) = await turns_of(connection, "1", house.sealing)
        assert (turn.text, turn.heard) == (SAID, HEARD)
        assert (turn.corrections[0].heard, turn.corrections[0].meant) == ("cefiro", "zafiro")
        (analysis, *_) = await analyses.of_recording(connection, "rec_1", house.sealing)
        assert analysis.result["entities"][0]["text"] == ENTITY
        (event,) = await events.of_conversation(connection, "1", house.sealing)
        assert event.data["recording_id"] == "rec_1"
        (closed,) = await turns_of(connection, "1")
        assert closed.text.startswith("sealed1:1:")


async def test_words_are_found_all_the_same_beside_calls_in_clear(house: House) -> None:
    await house.add("1")
    await house.add("2", encrypted=False)
    await house.add("3", said="hola")
    assert sorted(await house.found("zafiro morado")) == ["rec_1", "rec_2"]
    assert sorted(await house.found("ZAFIR*")) == ["rec_1", "rec_2"]
    assert await house.found("zafi") == []
    assert await house.found("zafiro", intent="complaint") == []
    assert len(await house.found("zafiro", limit=1)) == 1
    assert await house.found("hola") == ["rec_3"]


async def test_pages_of_a_search_miss_and_double_nothing(house: House) -> None:
    for number in range(7):
        await house.add(str(number), encrypted=number % 2 == 0)
    pages: list[str] = []
    before: int | None = None
    while True:
        async with house.database.read() as connection:
            query = SearchQuery(text="morado", limit=2, before=before)
            page = await search(connection, query, house.sealing)
        if not page:
            break
        pages += [one.recording_id for one in page]
        before = page[-1].number
    assert sorted(pages) == [f"rec_{number}" for number in range(7)]


async def test_without_the_key_a_search_says_so_instead_of_finding_nothing(house: House) -> None:
    await house.add("1")
    async with house.database.read() as connection:
        with pytest.raises(WordsSealed, match=r"storage\.master_key"):
            await search(connection, SearchQuery(text="zafiro"))
        assert len(await search(connection, SearchQuery(intent="billing_inquiry"))) == 1, "labels are in clear"


async def test_deleting_the_key_deletes_the_words_wherever_they_were_copied(house: House) -> None:
    await house.add("1")
    async with house.database.read() as connection:
        backup = [dict(row._mapping) for row in await connection.execute(select(SEALED_WORDS.c.words))]
        turns = await turns_of(connection, "1")
    assert backup
    assert house.ring.erase("1")
    assert await house.found("zafiro") == []
    with pytest.raises(KeyErased):
        house.sealing.open_text("turns.text", turns[0].text)
    assert isinstance(house.sealing.for_writing("1"), ErasedSeal)


@pytest.mark.parametrize("crash", ["before the files", "after the files"])
async def test_a_deletion_that_died_behind_the_key_is_finished(
    house: House, crash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = await house.add("1")
    delete = house.plain.delete

    async def dies(call_id: str) -> int:
        if crash == "after the files":
            await delete(call_id)
        raise StoreUnavailable("gone in the middle")

    with monkeypatch.context() as patched:
        patched.setattr(house.plain, "delete", dies)
        with pytest.raises(StoreUnavailable):
            await catalogue.delete_permanently("rec_1")
    report = await apply_retention(catalogue, RetentionPolicy(deleted_days=1), BEGAN + DAY)
    assert (report.failed, len(report.removals)) == ([], 1)
    assert house.plain.call_ids() == []
    async with house.database.read() as connection:
        assert (await connection.execute(select(RECORDINGS))).first() is None
        assert (await connection.execute(select(SEALED_WORDS))).first() is None


async def test_what_was_indexed_in_clear_is_encrypted_when_encryption_comes(house: House) -> None:
    for number in range(3):
        await house.add(str(number), encrypted=False)
    async with house.database.begin() as connection:
        await analyses.keep(connection, Analysis("rec_1", "older", BEGAN, {"entities": [ENTITY]}))
        await events.keep(connection, Event("e", "sentiment_alert", "1", BEGAN, {"message": SAID}))
    assert await seal_clear_rows(house.database, house.sealing) == 3
    everything = await house.everything()
    assert leaks(everything) == []
    assert await seal_clear_rows(house.database, house.sealing) == 0
    assert sorted(await house.found("zafiro morado")) == ["rec_0", "rec_1", "rec_2"]
    async with house.database.read() as connection:
        (turn,) = await turns_of(connection, "1", house.sealing)
        results = await analyses.of_recording(connection, "rec_1", house.sealing)
        (event,) = await events.of_conversation(connection, "1", house.sealing)
    assert turn.text == SAID
    assert {"entities": [ENTITY]} in [one.result for one in results]
    assert event.data == {"message": SAID}


async def test_the_worker_does_it_by_itself_with_files_and_rows(house: House) -> None:
    await house.add("1", encrypted=False)
    gleaner = Gleaner(Results(house.sealed, house.database), await open_queue(house.database), listens=False)
    await gleaner.glean()
    assert leaks(await house.everything()) == []
    assert not any(b"zafiro" in path.read_bytes() for path in house.plain.root.rglob("*") if path.is_file())
    assert await house.found("zafiro") == ["rec_1"]


async def test_a_reindex_writes_no_word_in_clear_and_loses_no_row(house: House) -> None:
    await house.add("1")
    await house.add("2")
    report = await reindex(house.database, house.plain.root, store=house.sealed)
    assert (report.indexed, report.removed, report.reported) == (2, 0, [])
    assert leaks(await house.everything()) == []
    assert sorted(await house.found("zafiro")) == ["rec_1", "rec_2"]
    without_keys = await reindex(house.database, house.plain.root)
    assert (without_keys.reported_count, without_keys.removed) == (2, 0), "what was known stays known"
    assert sorted(await house.found("zafiro")) == ["rec_1", "rec_2"]


@pytest.mark.parametrize("beside", [False, True])
async def test_files_that_are_still_in_clear_are_indexed_sealed_also_when_a_process_without_keys_reads_them(
    house: House, beside: bool
) -> None:
    await house.add("1", encrypted=False)
    await house.add("2", encrypted=False)
    await house.add("3")
    async with house.database.begin() as connection:
        await recordings.forget(connection, ["rec_1", "rec_2", "rec_3"])
        for call in ("rec_1", "rec_2", "rec_3"):
            await analyses.forget(connection, call)
    house.ring.erase("2")
    report = await reindex(house.database, house.plain.root, store=house.sealed, beside=beside)
    assert (report.indexed, report.reported) == (3, [])
    async with house.database.read() as connection:
        assert len((await connection.execute(select(SEALED_WORDS))).all()) == 3
        assert (await connection.execute(text(f"SELECT * FROM {SEARCH_TABLE}"))).all() == []
        (turn,) = await turns_of(connection, "1")
        assert turn.text.startswith("sealed1:1:")
        (turn,) = await turns_of(connection, "1", house.sealing)
        assert (turn.text, turn.heard, turn.corrections[0].meant) == (SAID, HEARD, "zafiro")
        (analysis,) = await analyses.of_recording(connection, "rec_1", house.sealing)
        assert analysis.result["entities"][0]["text"] == ENTITY
        (turn,) = await turns_of(connection, "2")
        assert (turn.text, turn.heard) == ("", ""), "its key was deleted"
        callers = (await connection.execute(select(RECORDINGS.c.caller).order_by(RECORDINGS.c.recording_id))).scalars()
        assert [house.sealing.open_text("recordings.caller", one) for one in callers] == [CALLER, "", CALLER]
    assert sorted(await house.found("zafiro")) == ["rec_1", "rec_3"]


async def test_a_sealed_word_in_another_place_is_refused(house: House) -> None:
    one, other = house.sealing.for_writing("1"), house.sealing.for_writing("2")
    assert isinstance(one, CallSeal)
    assert isinstance(other, CallSeal)
    sealed = one.text("turns.text", SAID)
    assert one.open_text("turns.text", sealed) == SAID
    with pytest.raises(CiphertextDamaged):
        one.open_text("turns.heard", sealed)
    with pytest.raises(CiphertextDamaged):
        other.open_text("turns.text", sealed)
    with pytest.raises(CiphertextDamaged):
        one.open_text("turns.text", sealed[:-8] + "AAAAAAA=")


async def test_sound_whose_call_died_is_taken_in_and_encrypted_too(house: House, tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    calls.add("dead", "zafiro")
    calls.layout.metadata("dead").unlink()
    long_ago = time.time() - 3600
    for path in calls.root.rglob("rec_dead*"):
        os.utime(path, (long_ago, long_ago))
    gleaner = Gleaner(Results(house.sealed, house.database), await open_queue(house.database), listens=False)
    await gleaner.glean()
    assert (await gleaner.here.read("rec_dead")).audio is not None
    assert {path.suffix for path in calls.root.rglob("rec_dead*")} == {".enc"}
    assert await house.found("zafiro") == ["rec_dead"]
