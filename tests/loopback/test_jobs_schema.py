"""procrastinate's tables in our database: made once, migrated when older, left alone when they are not ours."""

import asyncio
from importlib import resources

import psycopg
import pytest

from storage.database.database import Database
from storage.jobs.open_queue import open_queue
from storage.jobs.procrastinate_schema import migrations
from tests.loopback.jobs_conformance import postgres
from tests.postgres import PrivatePostgres
from vocabulary.errors import ConfigurationError

__all__ = ["postgres"]


def run(url: str, *scripts: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for script in scripts:
            connection.execute(script.encode())


def migrations_up_to(last: int) -> list[str]:
    folder = resources.files("procrastinate.sql.migrations")
    return [(folder / name).read_text(encoding="utf-8") for name in migrations()[:last]]


async def test_tables_of_an_older_procrastinate_are_migrated_with_their_jobs(postgres: PrivatePostgres) -> None:
    url = postgres.new_database()
    older = -3
    comment = f"COMMENT ON TABLE procrastinate_jobs IS 'centralita: {migrations()[older - 1]}'"
    job = "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', 'upload')"
    run(url, *migrations_up_to(older), comment, job)

    async with Database.open(url) as database:
        queue = await open_queue(database)
        worker = await queue.register()
        (job_kept,) = await queue.claim(worker)

    assert job_kept.kind == "upload"


async def test_a_start_of_many_makes_them_once(postgres: PrivatePostgres) -> None:
    url = postgres.new_database()

    async def start() -> None:
        async with Database.open(url) as database:
            # The pool's connection has looked before; what it remembers must not count after it waited its turn
            await open_queue(database)

    await asyncio.gather(*(start() for _ in range(8)))


async def test_tables_of_another_procrastinate_are_not_touched(postgres: PrivatePostgres) -> None:
    url = postgres.new_database()
    run(url, *migrations_up_to(len(migrations())))

    async with Database.open(url) as database:
        with pytest.raises(ConfigurationError, match="another procrastinate"):
            await open_queue(database)


async def test_tables_of_a_newer_version_are_not_touched(postgres: PrivatePostgres) -> None:
    url = postgres.new_database()
    async with Database.open(url) as database:
        await open_queue(database)
    run(url, "COMMENT ON TABLE procrastinate_jobs IS 'centralita: 99.00.00_01_from_the_future.sql'")

    async with Database.open(url) as database:
        with pytest.raises(ConfigurationError, match="a newer version"):
            await open_queue(database)
