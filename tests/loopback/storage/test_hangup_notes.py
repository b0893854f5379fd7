"""How a call ended, told an hour late: entered once, whatever stands in the way, and never in anybody's way."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ari_app.hangups import leave_note
from offline.batch.results import Results
from offline.gleaning import Gleaner
from storage.catalogue import Catalogue
from storage.database.database import Database
from storage.encryption.key_shelf import FolderShelf, KeyRing
from storage.encryption.master_key import MasterKey, MasterKeys, new_master_key
from storage.hangup_notes import PATIENCE_SECONDS, HangupNotes, enter_hangups
from storage.jobs.open_queue import open_queue
from storage.metadata.files import metadata_of
from storage.metadata.schema import RecordingMetadata
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.local import LocalRecordings
from tests.unit.storage.test_metadata import COMPLETE
from vocabulary.call import Hangup

BEGAN = 1_795_276_800.0
ENDED = Hangup(16, "Normal Clearing", "callee")
AS_KEPT = {"cause": 16, "text": "Normal Clearing", "by": "callee"}
REPO = Path(__file__).resolve().parents[3]


class House:
    def __init__(self, root: Path, database: Database) -> None:
        self.root = root / "recordings"
        self.store = LocalRecordings(self.root)
        self.catalogue = Catalogue(self.store, database, now=lambda: BEGAN)
        self.notes = HangupNotes(self.root)

    async def add(self, call_id: str, catalogue: Catalogue | None = None) -> None:
        head = {"recording_id": f"rec_{call_id}", "conversation_id": call_id, "started_at": BEGAN, "hangup": None}
        await (catalogue or self.catalogue).save(metadata_of(COMPLETE | head))

    async def hangup(self, call_id: str, catalogue: Catalogue | None = None) -> dict[str, Any] | None:
        return (await (catalogue or self.catalogue).read(f"rec_{call_id}")).hangup

    def left(self) -> list[str]:
        return [note.call_id for note in self.notes.all()]


@pytest.fixture
def house(tmp_path: Path, database: Database) -> House:
    return House(tmp_path, database)


async def test_a_late_end_is_entered_and_its_note_goes(house: House) -> None:
    await house.add("1")
    leave_note(house.notes, "1", ENDED)
    told = await enter_hangups(house.catalogue, BEGAN)
    assert (told.entered, told.dropped, told.waiting) == (["1"], [], {})
    assert await house.hangup("1") == AS_KEPT
    assert house.left() == []
    assert (await enter_hangups(house.catalogue, BEGAN)).entered == []


async def test_it_takes_nothing_away_from_who_changes_the_metadata_at_the_same_time(house: House) -> None:
    """The end used to be written without the lock: whoever was faster lost."""
    await house.add("1")

    async def one_more(number: int) -> None:
        def change(one: RecordingMetadata) -> RecordingMetadata:
            assert one.analysis is not None
            topics = (*one.analysis.topics, f"topic-{number}")
            return one.model_copy(update={"analysis": one.analysis.model_copy(update={"topics": topics})})

        await house.catalogue.change("rec_1", change)

    leave_note(house.notes, "1", ENDED)
    changing = [one_more(number) for number in range(6)]
    await asyncio.gather(*changing[:3], enter_hangups(house.catalogue, BEGAN), *changing[3:])
    metadata = await house.catalogue.read("rec_1")
    assert metadata.analysis is not None
    assert {f"topic-{number}" for number in range(6)} <= set(metadata.analysis.topics)
    assert metadata.hangup == AS_KEPT


async def test_the_worker_enters_it_though_the_files_are_encrypted(house: House, database: Database) -> None:
    ring = KeyRing(FolderShelf(house.root.parent / "keys"), MasterKeys(MasterKey.parse(new_master_key())))
    sealed = Results(EncryptedRecordings(house.store, ring), database)
    gleaner = Gleaner(sealed, await open_queue(database), listens=False)
    await house.add("1", sealed)
    assert not (house.root / "metadata" / "rec_1_metadata.json").exists()
    leave_note(house.notes, "1", ENDED)
    await gleaner.glean()
    assert await house.hangup("1", sealed) == AS_KEPT
    assert house.left() == []
    assert not (house.root / "metadata" / "rec_1_metadata.json").exists(), "no copy in clear comes back"


KILLED_BETWEEN = """
import asyncio, os, signal, sys, time
from pathlib import Path
from storage.catalogue import Catalogue
from storage.database.database import Database
from storage.hangup_notes import HangupNotes, enter_hangups
from storage.recording_store.local import LocalRecordings

def die(self, note):
    os.kill(os.getpid(), signal.SIGKILL)

async def main(url, root):
    HangupNotes.remove = die
    async with Database.open(url) as database:
        await enter_hangups(Catalogue(LocalRecordings(Path(root)), database), time.time())

asyncio.run(main(*sys.argv[1:]))
"""


async def test_killed_between_entering_and_removing_it_is_entered_again_to_the_same(
    house: House, database_url: str
) -> None:
    await house.add("1")
    leave_note(house.notes, "1", ENDED)
    command = [sys.executable, "-c", KILLED_BETWEEN, database_url, str(house.root)]
    environment = os.environ | {"PYTHONPATH": str(REPO)}
    died = await asyncio.to_thread(subprocess.run, command, env=environment, cwd=REPO, timeout=60, check=False)
    assert died.returncode == -9
    assert house.left() == ["1"], "the kill came before the removal"
    before = await house.catalogue.read("rec_1")
    assert before.hangup == AS_KEPT, "and behind the entry"
    assert (await enter_hangups(house.catalogue, BEGAN)).entered == ["1"]
    assert await house.catalogue.read("rec_1") == before
    assert house.left() == []


async def test_a_note_waits_for_metadata_that_are_not_there_yet_and_not_for_ever(house: House) -> None:
    leave_note(house.notes, "late", ENDED)
    written = house.notes.all()[0].written_at
    assert list((await enter_hangups(house.catalogue, written + 60)).waiting) == ["late"]
    assert list((await enter_hangups(house.catalogue, written - 9e6)).waiting) == ["late"], "a clock set back"
    await house.add("late")
    assert (await enter_hangups(house.catalogue, written + 120)).entered == ["late"]
    leave_note(house.notes, "deleted", ENDED)
    assert (await enter_hangups(house.catalogue, written + 2 * PATIENCE_SECONDS)).dropped == ["deleted"]
    assert house.left() == []


async def test_metadata_that_are_cut_short_keep_their_note_and_stop_nobody(house: House) -> None:
    for call_id in ("broken", "good"):
        await house.add(call_id)
        leave_note(house.notes, call_id, ENDED)
    path = house.root / "metadata" / "rec_broken_metadata.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:40])
    told = await enter_hangups(house.catalogue, BEGAN)
    assert (told.entered, list(told.waiting)) == (["good"], ["broken"])
    path.write_bytes(whole)
    assert (await enter_hangups(house.catalogue, BEGAN)).entered == ["broken"]


async def test_a_note_that_is_no_note_is_dropped(house: House) -> None:
    await house.add("1")
    leave_note(house.notes, "1", ENDED)
    (house.root / "hangups" / "rec_1_hangup.json").write_text("[1")
    assert (await enter_hangups(house.catalogue, BEGAN)).dropped == ["1"]
    assert await house.hangup("1") is None


async def test_a_disk_that_refuses_the_note_costs_the_note_only(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.root.mkdir(parents=True)
    (house.root / "hangups").write_text("a file where the folder should be")
    leave_note(house.notes, "1", ENDED)
    assert "hang-up not noted" in caplog.text
