"""Notes become callbacks exactly once, though whoever takes them up is killed at the worst moment."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from offline.note_taking import NoteTaker
from storage.customers import Customer
from storage.database import callbacks, customers
from storage.database.database import Database, DatabaseUnavailable
from storage.notes import CALLBACK, CONTACT, Notes
from tests.loopback.storage.conftest import database, database_url, postgres
from tests.postgres import running_postgres

__all__ = ["database", "database_url", "postgres"]

KILLED = """
import asyncio, sys
from pathlib import Path
from offline.note_taking import NoteTaker
from storage.database import customers
from storage.database.database import Database
from storage.notes import Notes

def stand_still(*_):
    print("there", flush=True)
    sys.stdin.read()

async def stand_still_soon(*_):
    stand_still()

async def main():
    notes = Notes(Path(sys.argv[2]))
    if sys.argv[3] == "before the commit":
        customers.put = stand_still_soon
    else:
        notes.drop = stand_still
    async with Database.open(sys.argv[1]) as database:
        await NoteTaker(notes, database).take_up()

asyncio.run(main())
"""


def killed_at(moment: str, url: str, folder: Path) -> None:
    """A process takes the notes up, gets so far, and is killed."""
    words = [sys.executable, "-c", KILLED, url, str(folder), moment]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "there\n"
        killed.kill()


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
async def test_a_worker_that_is_killed_loses_and_doubles_nothing(
    database: Database, database_url: str, tmp_path: Path, moment: str
) -> None:
    async with database.begin() as connection:
        await customers.put(connection, Customer("1", "Ana", ("600",)))
    notes = Notes(tmp_path / "notes")
    note = await notes.keep(CONTACT, {"customer_id": "1", "phone": "699"})
    await asyncio.to_thread(killed_at, moment, database_url, notes.folder)
    assert [one.note_id for one in notes.waiting()[0]] == [note.note_id]

    async with database.begin() as connection:
        committed = await callbacks.listed(connection)
        if committed:  # a person changes the customer meanwhile: the note must not be carried out a second time
            await customers.put(connection, Customer("1", "Ana", ("611",)))
    assert bool(committed) is (moment == "after the commit")
    assert await NoteTaker(notes, database).take_up() == (0 if committed else 1)
    assert notes.waiting() == ([], [])
    async with database.read() as connection:
        (one,) = await callbacks.listed(connection)
        ana = await customers.find(connection, "1")
    assert one.callback_id == note.note_id
    assert ana is not None
    assert ana.phones == (("611",) if committed else ("699",))


async def test_while_the_database_is_down_notes_wait(tmp_path: Path) -> None:
    notes = Notes(tmp_path)
    with running_postgres() as server:
        async with Database.open(server.new_database()) as database:
            taker = NoteTaker(notes, database)
            server.kill()
            kept = [await notes.keep(CALLBACK, {"phone": str(number)}) for number in range(3)]
            with pytest.raises(DatabaseUnavailable):
                await taker.take_up()
            assert notes.waiting()[0] == kept
            server.start()
            assert (await taker.take_up(), await taker.take_up()) == (3, 0)
            async with database.read() as connection:
                assert [one.callback_id for one in await callbacks.listed(connection)] == [one.note_id for one in kept]


async def test_a_file_that_is_no_note_is_told_once(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notes = Notes(tmp_path)
    await notes.keep(CALLBACK, {"phone": "1"})
    (tmp_path / "callback-x.json").write_text('{"reason": "asunto', "utf-8")
    taker = NoteTaker(notes, database)
    assert (await taker.take_up(), await taker.take_up()) == (1, 0)
    assert [record.message for record in caplog.records] == ["note not taken up"]
    assert "asunto" not in caplog.text
    assert (tmp_path / "callback-x.json").exists()
