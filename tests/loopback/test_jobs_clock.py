"""SQLite's queue on a wall clock that jumps: only what asked for a time notices."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from storage.database.database import Database
from storage.jobs.sqlite_queue import SqliteQueue

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Clock:
    """A wall clock that says what it is told to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


async def test_a_clock_set_back_holds_up_only_jobs_that_wait_for_a_time(tmp_path: Path) -> None:
    clock = Clock()
    async with Database.open(f"sqlite+aiosqlite:///{tmp_path / 'centralita.db'}") as database:
        queue = SqliteQueue(database, clock)
        await queue.prepare()
        worker = await queue.register()
        plain = await queue.enqueue("upload", {})
        timed = await queue.enqueue("ring", {}, run_at=NOON + timedelta(seconds=10))

        clock.now = NOON - timedelta(days=1)
        (job,) = await queue.claim(worker, limit=5)
        await queue.complete(job)
        clock.now = NOON + timedelta(seconds=10)
        (later,) = await queue.claim(worker, limit=5)

    assert (job.id, later.id) == (plain.id, timed.id)


async def test_a_clock_set_forward_takes_no_job_from_a_worker_that_beats(tmp_path: Path) -> None:
    clock = Clock()
    async with Database.open(f"sqlite+aiosqlite:///{tmp_path / 'centralita.db'}") as database:
        queue = SqliteQueue(database, clock)
        await queue.prepare()
        worker = await queue.register()
        await queue.enqueue("upload", {})
        (job,) = await queue.claim(worker)

        clock.now = NOON + timedelta(days=365)
        assert not await queue.claim(await queue.register(), limit=5)
        await queue.complete(job)
