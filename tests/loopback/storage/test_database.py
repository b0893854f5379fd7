"""Opening a database, its transactions and its tables; on SQLite and on a real PostgreSQL."""

import asyncio
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from storage.database import events
from storage.database.database import Database, DatabaseTooNew, DatabaseUnavailable
from storage.database.events import Event
from storage.database.migrating import head_of, newest
from storage.database.tables import CORRECTIONS, EVENTS, METADATA, SEARCH_TABLE
from tests.postgres import running_postgres
from vocabulary.errors import ConfigurationError


def an_event(number: int) -> Event:
    return Event(f"event-{number}", "call_ended", "call-1", float(number), {"outcome": "transferred"})


async def kept(database: Database) -> int:
    async with database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(EVENTS))).scalar_one()


async def test_the_migrations_make_the_tables_the_program_uses(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: kind != "table" or not str(name).startswith(SEARCH_TABLE),
            },
        )
        return list(compare_metadata(context, METADATA))

    async with database.begin() as connection:
        assert await connection.run_sync(head_of) == newest()
        assert await connection.run_sync(differences) == []


async def test_processes_that_start_together_make_the_tables_once(database_url: str) -> None:
    async def start(number: int) -> None:
        async with Database.open(database_url) as database, database.begin() as connection:
            await events.keep(connection, an_event(number))

    await asyncio.gather(*(start(number) for number in range(4)))
    async with Database.open(database_url) as database:
        assert await kept(database) == 4


async def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    async def fail_after_writing() -> None:
        async with database.begin() as connection:
            await events.keep(connection, an_event(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_writing()
    assert await kept(database) == 0
    async with database.begin() as connection:
        await events.keep(connection, an_event(1))
    assert await kept(database) == 1


async def test_writers_wait_for_one_another(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.begin() as connection:
            found = await connection.execute(select(func.count()).select_from(EVENTS))
            found.scalar_one()
            await events.keep(connection, an_event(number))

    await asyncio.gather(*(write(number) for number in range(20)))
    assert await kept(database) == 20


async def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    async with database.begin() as connection:
        await events.keep(connection, an_event(1))
        async with asyncio.timeout(5):
            assert await kept(database) == 0
    assert await kept(database) == 1


async def test_what_is_written_in_a_reading_connection_is_not_kept(database: Database) -> None:
    async with database.read() as connection:
        await connection.execute(
            insert(EVENTS), [{"event_id": "1", "kind": "", "conversation_id": "", "at": 1, "data": {}}]
        )
    assert await kept(database) == 0


async def test_rows_of_nobody_are_refused(database: Database) -> None:
    orphan = {"conversation_id": "none", "turn": 0, "position": 0, "heard": "secreto", "meant": "", "rule": ""}
    with pytest.raises(IntegrityError) as caught:
        async with database.begin() as connection:
            await connection.execute(insert(CORRECTIONS), [orphan])
    assert "[SQL parameters hidden" in str(caught.value)


async def test_a_database_of_a_newer_program_is_left_alone(database_url: str) -> None:
    async with Database.open(database_url) as database, database.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew, match="9999"):
        async with Database.open(database_url):
            pass


async def test_sqlite_survives_power_cuts_and_has_one_writer(tmp_path: Path) -> None:
    async with (
        Database.open(f"sqlite+aiosqlite:///{tmp_path / 'new' / 'x.db'}") as database,
        database.read() as connection,
    ):
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        assert (await connection.execute(text("PRAGMA synchronous"))).scalar() == 2, "FULL"
        assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar() == 1


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite+aiosqlite://", "nonsense", "sqlite:///:memory:"])
async def test_other_databases_are_refused_by_name(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"storage\.database"):
        async with Database.open(url):
            pass


async def test_an_unreachable_server_is_told_without_its_password() -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        async with Database.open("postgresql+psycopg://someone:hunter2@/db?host=/nonexistent"):
            pass
    assert "hunter2" not in str(caught.value)
    assert caught.value.retryable


async def test_a_killed_server_loses_nothing_it_committed() -> None:
    with running_postgres() as server:
        async with Database.open(server.new_database()) as database:
            async with database.begin() as connection:
                await events.keep(connection, an_event(1))
            server.kill()
            with pytest.raises(DatabaseUnavailable):
                await kept(database)
            server.start()
            assert await kept(database) == 1, "the same object goes on, nobody has to open it again"


async def test_a_full_disk_is_told_and_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    async with Database.open(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}") as database:
        async with database.begin() as connection:
            await events.keep(connection, an_event(1))

        async def fill() -> None:
            async with database.begin() as connection:
                pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
                await connection.execute(text(f"PRAGMA max_page_count = {pages + 3}"))
                big = Event("big", "x", "call", 0.0, {"text": "x" * 100_000})
                await events.keep(connection, big)

        with pytest.raises(DatabaseUnavailable, match="full"):
            await fill()
        assert await kept(database) == 1


async def test_a_wrong_statement_is_not_blamed_on_the_database(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.begin() as connection:
            await connection.execute(text("SELECT 1 FROM no_such_table"))


WRITER = """
import asyncio, sys
from storage.database import events
from storage.database.database import Database
from storage.database.events import Event

async def main():
    async with Database.open(sys.argv[1]) as database:
        for number in range(100_000):
            async with database.begin() as connection:
                await events.keep(connection, Event(f"a-{number}", "x", "call", 0.0))
                await events.keep(connection, Event(f"b-{number}", "x", "call", 0.0))
            print(number, flush=True)

asyncio.run(main())
"""


async def test_kill_9_of_a_writer_keeps_what_it_committed_in_pairs(database_url: str) -> None:
    async with Database.open(database_url) as database:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, database_url, stdout=pipe)
        assert process.stdout is not None
        told = [int(await process.stdout.readline()) for _ in range(30)]
        process.kill()
        await process.communicate()
        async with database.read() as connection:
            names = set((await connection.execute(select(EVENTS.c.event_id))).scalars())
    assert {f"{letter}-{number}" for letter in "ab" for number in told} <= names
    assert {name[2:] for name in names if name[0] == "a"} == {name[2:] for name in names if name[0] == "b"}


async def test_what_runs_in_one_go_is_committed_whole_or_not_at_all(database: Database) -> None:
    def count(connection: Connection) -> int:
        return int(connection.execute(text("SELECT count(*) FROM reported_files")).scalar_one())

    def add(connection: Connection) -> int:
        connection.execute(text("INSERT INTO reported_files (path, reason, at) VALUES ('a', 'why', 1.0)"))
        return count(connection)

    def add_and_break(connection: Connection) -> None:
        connection.execute(text("INSERT INTO reported_files (path, reason, at) VALUES ('b', 'why', 1.0)"))
        raise ZeroDivisionError

    assert await database.run(add) == 1
    with pytest.raises(ZeroDivisionError):
        await database.run(add_and_break)
    assert await database.run(count) == 1
    async with database.read() as connection:
        assert await connection.run_sync(count) == 1, "both ways see the same database"


async def test_what_runs_in_one_go_waits_for_another_writer(tmp_path: Path) -> None:
    async with Database.open(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}") as database:
        async with database.begin() as connection:
            await connection.execute(text("INSERT INTO reported_files (path, reason, at) VALUES ('a', 'why', 1.0)"))
            waiting = asyncio.create_task(
                database.run(lambda sync: sync.execute(text("SELECT path FROM reported_files")).scalars().all())
            )
            assert not (await asyncio.wait([waiting], timeout=0.05))[0], "there is one writer"
        assert await waiting == ["a"]


async def test_a_program_that_falls_asleep_in_a_transaction_does_not_hold_up_the_others_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("storage.database.database.IDLE_SECONDS", 2.0)
    with running_postgres() as server:
        async with Database.open(server.new_database()) as database:
            lock = text("SELECT pg_advisory_xact_lock(7)")

            async def fall_asleep() -> None:
                async with database.begin() as sleeper:
                    await sleeper.execute(lock)
                    await events.keep(sleeper, an_event(1))
                    async with database.begin() as other:
                        await other.execute(lock)  # waits until the server has lost its patience with the first
                        await events.keep(other, an_event(2))
                    await events.keep(sleeper, an_event(3))

            with pytest.raises(DatabaseUnavailable):
                await fall_asleep()
            assert await kept(database) == 1
