"""What a worker does besides recordings: whatever is down keeps nothing else waiting, and is told once."""

from pathlib import Path

import pytest

from centralita.customer_desk import notes_of
from centralita.errands import Errands
from centralita.settings import load_settings
from storage.database import callbacks
from storage.database.database import Database
from storage.notes import CALLBACK
from tests.loopback.storage.conftest import database, database_url, postgres
from tests.postgres import running_postgres

__all__ = ["database", "database_url", "postgres"]


def settings_of(folder: Path) -> Path:
    path = folder / "centralita.toml"
    path.write_text("", "utf-8")
    return path


async def test_customers_that_cannot_be_read_keep_no_note_waiting(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = load_settings(settings_of(tmp_path), {})
    settings.storage.customers.parent.mkdir()
    settings.storage.customers.write_text("[customers", "utf-8")
    await notes_of(settings).keep(CALLBACK, {"phone": "600"})
    errands = Errands(settings, database)
    assert (await errands.run(), await errands.run()) == (1, 0)
    assert [record.message for record in caplog.records] == ["customers of the file not entered"]
    async with database.read() as connection:
        assert len(await callbacks.listed(connection)) == 1


async def test_a_database_that_is_down_is_told_once_for_each_errand(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = load_settings(settings_of(tmp_path), {})
    await notes_of(settings).keep(CALLBACK, {"phone": "600"})
    with running_postgres() as server:
        async with Database.open(server.new_database()) as database:
            errands = Errands(settings, database)
            server.kill()
            assert (await errands.run(), await errands.run()) == (0, 0)
            told = [record.__dict__["errand"] for record in caplog.records if record.message == "errand not done"]
            assert told == ["customers", "notes", "banks"]
            server.start()
            assert await errands.run() == 1
    assert notes_of(settings).waiting() == ([], [])
