"""A database asked from a thread: it may be slow, dead or not there yet, and whoever asks goes on."""

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from centralita.customer_desk import CustomerDesk
from storage.customers import StoreUnavailable, read_seed
from storage.database import customers
from storage.database.beside import DatabaseBeside
from storage.database.customers import DatabaseCustomers
from storage.database.database import Database
from storage.notes import Notes
from tests.postgres import PrivatePostgres, running_postgres

SEED = Path(__file__).resolve().parents[3] / "examples" / "customers.toml"


async def begin(database: Database) -> int:
    return await customers.begin(database, SEED, Path("none"), now=0.0)


@asynccontextmanager
async def counted() -> AsyncIterator["itertools.count[int]"]:
    """How often the loop went round while the block waited."""
    rounds = itertools.count()

    async def go_round() -> None:
        while True:
            next(rounds)
            await asyncio.sleep(0)

    going = asyncio.create_task(go_round())
    yield rounds
    going.cancel()


def frozen(server: PrivatePostgres, sign: signal.Signals) -> None:
    """Stop or let go the server and everything it started."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    for pid in (server.pid, *map(int, children)):
        os.kill(pid, sign)


async def test_a_database_that_stands_still_costs_the_deadline_and_not_the_loop(tmp_path: Path) -> None:
    with running_postgres() as server:
        async with DatabaseBeside(server.new_database(), prepare=begin) as beside:
            desk = CustomerDesk(beside, Notes(tmp_path), seconds=60)
            assert await desk.by_id("10001") == read_seed(SEED)["10001"]
            hurried = CustomerDesk(beside, Notes(tmp_path), seconds=0.3)
            frozen(server, signal.SIGSTOP)
            try:
                async with counted() as rounds:
                    with pytest.raises(StoreUnavailable, match="has not answered within"):
                        await hurried.by_id("10001")
                    assert next(rounds) > 100, "the loop that asks goes on meanwhile"
            finally:
                frozen(server, signal.SIGCONT)
            assert await desk.by_id("10001") == read_seed(SEED)["10001"], "and it is asked again"


async def test_a_database_that_was_killed_answers_again_once_it_is_back(tmp_path: Path) -> None:
    with running_postgres() as server:
        async with DatabaseBeside(server.new_database(), prepare=begin, again_seconds=0.05) as beside:
            desk = CustomerDesk(beside, Notes(tmp_path), seconds=60)
            assert await desk.by_phone("600100200") is not None
            server.kill()
            with pytest.raises(StoreUnavailable):
                await desk.by_phone("600100200")
            server.start()
            assert await desk.by_phone("600100200") is not None


async def test_a_database_that_is_not_there_yet_is_told_at_once_and_used_when_it_is(tmp_path: Path) -> None:
    with running_postgres() as server:
        url = server.new_database()
        server.stop()
        async with DatabaseBeside(url, prepare=begin, again_seconds=0.05) as beside:
            desk = CustomerDesk(beside, Notes(tmp_path), seconds=60)
            with pytest.raises(StoreUnavailable, match="could not be opened"):
                await desk.by_id("10001")
            server.start()
            async with asyncio.timeout(60):
                while True:
                    try:
                        assert await desk.by_id("10001") is not None
                        break
                    except StoreUnavailable:
                        await asyncio.sleep(0.02)


async def test_a_writer_that_holds_sqlite_keeps_no_caller_waiting(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'centralita.db'}"
    async with DatabaseBeside(url, prepare=begin) as beside:
        desk = CustomerDesk(beside, Notes(tmp_path / "notes"), seconds=60)
        assert await desk.by_id("10001") is not None
        async with Database.open(url) as other, other.begin() as connection:
            await connection.execute(text("DELETE FROM customers WHERE customer_id = '10001'"))
            assert await desk.by_id("10001") is not None, "not committed"
            changed = await desk.change_contact("10001", phone="699")
            assert (changed.phones[0], (await desk.by_phone("699")) is not None) == ("699", True)


async def test_who_stops_asking_is_not_told_that_the_database_is_down(tmp_path: Path) -> None:
    asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()

    async def question(database: Database) -> None:
        loop.call_soon_threadsafe(asked.set_result, None)
        await asyncio.Event().wait()

    async with DatabaseBeside(f"sqlite+aiosqlite:///{tmp_path / 'c.db'}") as beside:
        asking = asyncio.create_task(beside.ask(question, 60))
        await asked
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await beside.ask(lambda one: DatabaseCustomers(one).by_id("1"), 60) is None
    with pytest.raises(StoreUnavailable):
        await beside.ask(lambda one: DatabaseCustomers(one).by_id("1"), 60)
