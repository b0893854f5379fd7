"""Databases to try a queue on: a SQLite file, and a PostgreSQL of our own; every test gets a fresh one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage.database.database import Database
from storage.jobs.open_queue import open_queue
from storage.jobs.queue import JobQueue
from tests.postgres import PrivatePostgres, running_postgres


@pytest.fixture(scope="module")
def postgres() -> Iterator[PrivatePostgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'centralita.db'}"
    server: PrivatePostgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest_asyncio.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Database.open(url) as opened:
        yield opened


@pytest_asyncio.fixture
async def queue(database: Database) -> JobQueue:
    return await open_queue(database)


async def a_moment() -> None:
    """Let other processes, which tell us nothing, go on before we look again."""
    await asyncio.sleep(0.02)
