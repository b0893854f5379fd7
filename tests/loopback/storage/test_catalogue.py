"""Files and index together: changing, deleting, holding, keeping for so long; on both databases and a real folder."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.catalogue import Catalogue, RecordingUnknown, UnderLegalHold
from storage.database import analyses, events
from storage.database.analyses import Analysis
from storage.database.database import Database
from storage.database.events import Event
from storage.database.tables import CONVERSATIONS, RECORDINGS
from storage.metadata.files import MetadataError, metadata_of
from storage.metadata.schema import RecordingMetadata
from storage.recording_store.errors import StoreUnavailable
from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import LocalRecordings
from storage.reindex import reindex
from storage.retention import DAY, Kind, RetentionPolicy, apply_retention
from storage.search import SearchQuery, search
from storage.stats import processing_stats, storage_stats
from tests.unit.storage.test_metadata import COMPLETE, OF_THE_FIRST_CALLS

BEGAN = 1_795_276_800.0


class Clock:
    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> float:
        return self.now


class Shelf:
    """A catalogue on a folder, and a clock to turn."""

    def __init__(self, root: Path, database: Database) -> None:
        self.root = root
        self.clock = Clock()
        self.database = database
        self.store = LocalRecordings(root)
        self.catalogue = Catalogue(self.store, database, now=self.clock)

    async def add(self, call_id: str, started_at: float = BEGAN, **more: object) -> RecordingMetadata:
        identity = {"recording_id": f"rec_{call_id}", "conversation_id": call_id, "started_at": started_at}
        turns = [{"speaker": "caller", "text": "mi número secreto"}]
        await self.store.put(Item(call_id, Artefact.AUDIO), b"RIFF" + bytes(96))
        await self.store.put(Item(call_id, Artefact.TRANSCRIPT), json.dumps({"turns": turns}).encode())
        return await self.catalogue.save(metadata_of(COMPLETE | identity | more))

    async def found(self, query: SearchQuery = SearchQuery()) -> list[str]:  # noqa: B008 (frozen)
        async with self.database.read() as connection:
            return [one.recording_id for one in await search(connection, query)]

    def files(self) -> set[str]:
        return {path.name for path in self.root.rglob("rec_*") if path.is_file()}

    def raw(self, call_id: str) -> str:
        return (self.root / "metadata" / f"rec_{call_id}_metadata.json").read_text()


@pytest.fixture
def shelf(database: Database, tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "recordings", database)


async def test_what_is_saved_is_found_at_once(shelf: Shelf) -> None:
    await shelf.add("1")
    assert await shelf.found(SearchQuery(text="secreto", intent="billing_inquiry", processed=True)) == ["rec_1"]
    assert '"processed": true' in shelf.raw("1")


async def test_changes_of_one_file_at_once_are_all_kept(shelf: Shelf) -> None:
    await shelf.add("1")

    async def one_more(number: int) -> None:
        def change(one: RecordingMetadata) -> RecordingMetadata:
            assert one.analysis is not None
            topics = (*one.analysis.topics, f"topic-{number}")
            return one.model_copy(update={"analysis": one.analysis.model_copy(update={"topics": topics})})

        await shelf.catalogue.change("rec_1", change)

    await asyncio.gather(*(one_more(number) for number in range(8)))
    metadata = await shelf.catalogue.read("rec_1")
    assert metadata.analysis is not None
    assert {f"topic-{number}" for number in range(8)} <= set(metadata.analysis.topics)


async def test_a_deleted_recording_can_be_restored_also_from_the_files_alone(shelf: Shelf) -> None:
    await shelf.add("1")
    await shelf.catalogue.delete("rec_1")
    assert await shelf.found() == []
    assert await shelf.found(SearchQuery(deleted=True)) == ["rec_1"]
    await reindex(shelf.database, shelf.root)
    assert await shelf.found() == [], "the file knows that it is deleted"
    await shelf.catalogue.restore("rec_1")
    assert await shelf.found() == ["rec_1"]


async def test_a_permanent_deletion_leaves_no_trace(shelf: Shelf) -> None:
    await shelf.add("1")
    await shelf.add("2")
    async with shelf.database.begin() as connection:
        await analyses.keep(connection, Analysis("rec_1", "9", BEGAN, {"entities": ["secreto"]}))
        await events.keep(connection, Event("e", "sentiment_alert", "1", BEGAN, {"message": "secreto"}))
    await shelf.catalogue.delete_permanently("rec_1")
    assert not any("rec_1" in name for name in shelf.files())
    async with shelf.database.read() as connection:
        assert await analyses.of_recording(connection, "rec_1") == []
        assert await events.of_conversation(connection, "1") == []
        assert (await connection.execute(select(CONVERSATIONS.c.conversation_id))).scalars().all() == ["2"]
    assert await shelf.found(SearchQuery(text="secreto")) == ["rec_2"]
    with pytest.raises(RecordingUnknown):
        await shelf.catalogue.delete_permanently("rec_1")


@pytest.mark.parametrize("crash_at", [0, 1, 2])
async def test_a_permanent_deletion_that_was_interrupted_is_finished(
    shelf: Shelf, crash_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shelf.add("1")
    calls = 0
    remove, delete = shelf.store.remove, shelf.store.delete

    async def failing_remove(item: Item) -> bool:
        nonlocal calls
        calls += 1
        if calls == crash_at + 1:
            raise StoreUnavailable("gone in the middle")
        return await remove(item)

    async def failing_delete(call_id: str) -> int:
        if crash_at == 2:
            raise StoreUnavailable("gone in the middle")
        return await delete(call_id)

    with monkeypatch.context() as broken:
        broken.setattr(shelf.store, "remove", failing_remove)
        broken.setattr(shelf.store, "delete", failing_delete)
        with pytest.raises(StoreUnavailable):
            await shelf.catalogue.delete_permanently("rec_1")
    assert await shelf.found() == [], "what is half deleted is shown to nobody"
    with pytest.raises(RecordingUnknown, match="for good"):
        await shelf.catalogue.restore("rec_1")
    await reindex(shelf.database, shelf.root)
    report = await apply_retention(shelf.catalogue, RetentionPolicy(), BEGAN)
    assert [one.recording_id for one in report.removals] == ["rec_1"]
    assert shelf.files() == set()


async def test_a_legal_hold_keeps_everything_even_when_the_file_broke(shelf: Shelf) -> None:
    await shelf.add("1")
    await shelf.catalogue.hold("rec_1", is_held=True)
    for forbidden in (shelf.catalogue.delete_permanently, shelf.catalogue.remove_audio, shelf.catalogue.remove_words):
        with pytest.raises(UnderLegalHold):
            await forbidden("rec_1")
    (shelf.root / "metadata" / "rec_1_metadata.json").write_text("{")
    with pytest.raises(UnderLegalHold):
        await shelf.catalogue.delete_permanently("rec_1")
    assert len(shelf.files()) == 3


async def test_a_file_that_cannot_be_read_can_still_be_deleted(shelf: Shelf) -> None:
    await shelf.add("1")
    (shelf.root / "metadata" / "rec_1_metadata.json").write_text("{")
    with pytest.raises(MetadataError):
        await shelf.catalogue.read("rec_1")
    await shelf.catalogue.delete_permanently("rec_1")
    assert shelf.files() == set()


@pytest.mark.parametrize("identity", ["rec_../1", "rec_nobody", "", "rec_"])
async def test_an_unknown_recording_is_told(shelf: Shelf, identity: str) -> None:
    with pytest.raises(RecordingUnknown):
        await shelf.catalogue.delete_permanently(identity)


POLICY = RetentionPolicy(audio_days=30, transcript_days=90, metadata_days=365)


async def test_sound_goes_first_then_words_then_everything(shelf: Shelf) -> None:
    await shelf.add("1")
    for days, files in (
        (29, {"rec_1.wav", "rec_1_transcript.json", "rec_1_metadata.json"}),
        (30, {"rec_1_transcript.json", "rec_1_metadata.json"}),
        (90, {"rec_1_metadata.json"}),
        (365, set()),
    ):
        shelf.clock.now = BEGAN + days * DAY
        await apply_retention(shelf.catalogue, POLICY, shelf.clock.now)
        assert shelf.files() == files, f"after {days} days"
        if days == 90:
            assert "secreto" not in shelf.raw("1")
            assert "saldo" not in shelf.raw("1")
            assert "612" not in shelf.raw("1")
            assert await shelf.found(SearchQuery(text="secreto")) == []
            assert await shelf.found(SearchQuery(intent="billing_inquiry")) == ["rec_1"], "labels stay"


async def test_a_dry_run_tells_the_same_and_changes_nothing(shelf: Shelf) -> None:
    await shelf.add("1")
    await shelf.add("2")
    await shelf.catalogue.hold("rec_2", is_held=True)
    before = shelf.files(), shelf.raw("1"), await shelf.found()
    now = BEGAN + 100 * DAY
    dry = await apply_retention(shelf.catalogue, POLICY, now, dry_run=True)
    assert (shelf.files(), shelf.raw("1"), await shelf.found()) == before
    wet = await apply_retention(shelf.catalogue, POLICY, now)
    assert [(one.recording_id, one.kind) for one in wet.removals] == [("rec_1", Kind.AUDIO), ("rec_1", Kind.TRANSCRIPT)]
    assert dry == wet
    assert wet.held == ["rec_2"]
    again = await apply_retention(shelf.catalogue, POLICY, now)
    assert again.removals == []


async def test_a_hold_that_only_the_file_knows_of_is_respected(shelf: Shelf) -> None:
    await shelf.add("1")
    path = shelf.root / "metadata" / "rec_1_metadata.json"
    path.write_text(path.read_text().replace('"legal_hold": false', '"legal_hold": true'))
    report = await apply_retention(shelf.catalogue, POLICY, BEGAN + 1000 * DAY)
    assert report.held == ["rec_1"]
    assert len(shelf.files()) == 3


async def test_a_clock_that_goes_back_deletes_nothing_early(shelf: Shelf) -> None:
    await shelf.add("1")
    shelf.clock.now = 86_400.0  # the battery is empty: it is 1970
    late = await shelf.add("2", started_at=shelf.clock.now)
    assert late.kept_since == BEGAN, "kept since the latest moment anybody has seen"
    report = await apply_retention(shelf.catalogue, POLICY, shelf.clock.now)
    assert (report.removals, report.from_the_future) == ([], 2)
    shelf.clock.now = BEGAN + 29 * DAY  # right again
    assert (await apply_retention(shelf.catalogue, POLICY, shelf.clock.now)).removals == []
    await reindex(shelf.database, shelf.root)
    assert (await apply_retention(shelf.catalogue, POLICY, shelf.clock.now)).removals == [], "the file knows it too"


async def test_one_that_cannot_be_removed_stops_nothing(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.add("1")
    await shelf.add("2", started_at=BEGAN + 1)
    remove = shelf.store.remove

    async def failing(item: Item) -> bool:
        if item.call_id == "1":
            raise StoreUnavailable("the bucket does not answer")
        return await remove(item)

    monkeypatch.setattr(shelf.store, "remove", failing)
    report = await apply_retention(shelf.catalogue, RetentionPolicy(audio_days=1), BEGAN + 2 * DAY)
    assert report.failed == [("rec_1", "the bucket does not answer")]
    assert [one.recording_id for one in report.removals] == ["rec_2"]


async def test_the_figures_have_the_documented_shape(shelf: Shelf) -> None:
    await shelf.add("1", audio=COMPLETE["audio"] | {"size_bytes": 3 * 1024 * 1024})
    await shelf.add("2", processed=False, processing_mode="online")
    await shelf.add("3")
    await shelf.catalogue.delete("rec_3")
    async with shelf.database.read() as connection:
        assert await processing_stats(connection) == {
            "storage": {"local": {"total_recordings": 2, "total_size_mb": 3.0}},
            "processing_queue": {"total_recordings": 2, "processed": 1, "pending": 1, "processing_rate": 0.5},
        }
        kept = await storage_stats(connection, "both")
    assert set(kept["storage"]) == {"local", "s3"}
    assert (kept["deleted"], kept["with_audio"], kept["oldest"], kept["unreadable_files"]) == (1, 2, BEGAN, 0)


async def test_figures_of_nothing_are_zeros(shelf: Shelf) -> None:
    async with shelf.database.read() as connection:
        assert (await processing_stats(connection))["processing_queue"]["processing_rate"] == 0.0
        assert (await storage_stats(connection))["oldest"] is None


async def test_files_of_the_first_calls_are_taken_in_with_the_size_of_their_sound(shelf: Shelf) -> None:
    call_id = OF_THE_FIRST_CALLS["call_id"]
    await shelf.store.put(Item(call_id, Artefact.METADATA), json.dumps(OF_THE_FIRST_CALLS).encode())
    await shelf.store.put(Item(call_id, Artefact.AUDIO), bytes(1000))
    await shelf.catalogue.index(f"rec_{call_id}")
    async with shelf.database.read() as connection:
        by_index = (await connection.execute(select(RECORDINGS.c.size_bytes))).scalar_one()
    await reindex(shelf.database, shelf.root)
    async with shelf.database.read() as connection:
        by_reindex = (await connection.execute(select(RECORDINGS.c.size_bytes))).scalar_one()
    assert (by_index, by_reindex) == (1000, 1000)
