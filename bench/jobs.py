"""Jobs a second: how fast a queue takes them and a worker does them, beside a plain table with nothing promised.

The jobs do nothing, so that only the queue is measured. The floor is what one writes in ten minutes: a table, a loop
that takes the oldest row and marks it done in one transaction; no lease, no heartbeat, no locks, no keys, no retries,
and a killed worker's job is run again by whoever comes next, or twice at once. It uses the database's own driver.

Done a second is told for a worker with 4 handlers at a time and one with 16: what they finish together is one commit.
And how long a job waits for a worker that has nothing to do, from the call of `enqueue` to its handler's first line.

    python -m bench.jobs [--quick] [--postgres postgresql+psycopg://…] [--json]
    python -m tests.postgres python -m bench.jobs --postgres URL
"""

import argparse
import asyncio
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import psycopg
from rich.console import Console
from rich.table import Table

from storage.database.database import Database
from storage.jobs.handlers import Handlers, JobRun
from storage.jobs.open_queue import open_queue
from storage.jobs.queue import JobQueue
from storage.jobs.worker import JobWorker, WorkerSettings

TITLE: Final = "jobs: enqueued and done a second, beside a plain table without promises"
JOBS: Final = 3_000
QUICK_JOBS: Final = 300
CONCURRENCY: Final = 4
MANY: Final = 16
WAKES: Final = 50
PAUSE_SECONDS: Final = 0.1
_KIND: Final = "bench.nothing"
_TABLE: Final = "CREATE TABLE bench_floor (id {key}, args TEXT NOT NULL, done BOOLEAN NOT NULL DEFAULT FALSE)"
_INDEX: Final = "CREATE INDEX bench_floor_waiting ON bench_floor (id) WHERE NOT done"


def measure(*, quick: bool) -> dict[str, Any]:
    """Return the figures for SQLite in a temporary folder, jobs a second."""
    return run(QUICK_JOBS if quick else JOBS)


def run(jobs: int, postgres: str = "") -> dict[str, Any]:
    """Measure SQLite, and the empty PostgreSQL database at `postgres` if given."""
    with tempfile.TemporaryDirectory(prefix="bench-jobs-") as name:
        path = Path(name) / "jobs.db"
        found = {"sqlite": asyncio.run(_queue_rates(f"sqlite+aiosqlite:///{path}", jobs)) | _sqlite_floor(path, jobs)}
    if postgres:
        found["postgresql"] = asyncio.run(_queue_rates(postgres, jobs)) | _postgres_floor(postgres, jobs)
    for rates in found.values():
        rates["ratio_to_floor"] = rates["done_per_second"] / rates["floor_done_per_second"]
        rates["ratio_to_floor_16"] = rates["done_per_second_16"] / rates["floor_done_per_second"]
    return {"jobs": jobs, "concurrency": CONCURRENCY, **found}


def table(found: Mapping[str, Any]) -> Table:
    """Show what `measure` found."""
    shown = Table(
        "database",
        "",
        "enqueued/s, one each",
        "enqueued/s, one transaction",
        f"done/s, {CONCURRENCY} at a time",
        f"done/s, {MANY} at a time",
        "of the floor",
        "wake, median ms",
        "wake, worst ms",
    )
    for name in ("sqlite", "postgresql"):
        if name not in found:
            continue
        rates = found[name]
        keys = ("enqueued_per_second", "enqueued_together_per_second", "done_per_second", "done_per_second_16")
        ratios = f"{rates['ratio_to_floor']:.0%}, {rates['ratio_to_floor_16']:.0%}"
        wakes = (f"{rates[key]:.1f}" for key in ("wake_median_ms", "wake_worst_ms"))
        shown.add_row(name, "queue", *(f"{rates[key]:.0f}" for key in keys), ratios, *wakes)
        floor, floor_done = rates["floor_enqueued_per_second"], rates["floor_done_per_second"]
        shown.add_row("", "floor", f"{floor:.0f}", "", f"{floor_done:.0f}", "", "", "", "")
    return shown


async def _queue_rates(url: str, jobs: int) -> dict[str, float]:
    async with Database.open(url) as database:
        queue = await open_queue(database)
        began = time.perf_counter()
        for number in range(jobs):
            await queue.enqueue(_KIND, {"n": number})
        singly = jobs / (time.perf_counter() - began)
        done = await _drain(queue, jobs, CONCURRENCY)
        began = time.perf_counter()
        async with database.begin() as tx:
            for number in range(jobs):
                await queue.enqueue(_KIND, {"n": number}, tx=tx)
        together = jobs / (time.perf_counter() - began)
        many = await _drain(queue, jobs, MANY)
        waits = await _waits(queue)
    return {
        "enqueued_per_second": singly,
        "enqueued_together_per_second": together,
        "done_per_second": done,
        "done_per_second_16": many,
        "wake_median_ms": statistics.median(waits) * 1000,
        "wake_worst_ms": max(waits) * 1000,
    }


async def _waits(queue: JobQueue) -> list[float]:
    """Return how many seconds each of some jobs waited for an idle worker."""
    ended: asyncio.Queue[float] = asyncio.Queue()

    async def note(_: JobRun) -> None:
        ended.put_nowait(time.perf_counter())

    handlers = Handlers()
    handlers.add(_KIND, note)
    worker = JobWorker(queue, handlers, WorkerSettings(CONCURRENCY))
    waits = []
    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run())
        for number in range(WAKES):
            await asyncio.sleep(PAUSE_SECONDS)  # until it has nothing to do
            began = time.perf_counter()
            await queue.enqueue(_KIND, {"n": number})
            waits.append(await ended.get() - began)
        worker.stop()
    return waits


async def _drain(queue: JobQueue, jobs: int, concurrency: int) -> float:
    async def nothing(_: JobRun) -> None:
        return

    handlers = Handlers()
    handlers.add(_KIND, nothing)
    began = time.perf_counter()
    tally = await JobWorker(queue, handlers, WorkerSettings(concurrency)).run(once=True)
    passed = time.perf_counter() - began
    if tally.done != jobs:
        raise RuntimeError(f"{tally.done} of {jobs} jobs were done")
    return jobs / passed


def _sqlite_floor(path: Path, jobs: int) -> dict[str, float]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        # The durability of the queue beside it
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(_TABLE.format(key="INTEGER PRIMARY KEY"))
        connection.execute(_INDEX)
        began = time.perf_counter()
        for number in range(jobs):
            connection.execute("INSERT INTO bench_floor (args) VALUES (?)", (json.dumps({"n": number}),))
        enqueued = jobs / (time.perf_counter() - began)
        began = time.perf_counter()
        for _ in range(jobs):
            connection.execute("BEGIN IMMEDIATE")
            (row,) = connection.execute("SELECT id FROM bench_floor WHERE NOT done ORDER BY id LIMIT 1").fetchone()
            connection.execute("UPDATE bench_floor SET done = TRUE WHERE id = ?", (row,))
            connection.execute("COMMIT")
        done = jobs / (time.perf_counter() - began)
    finally:
        connection.close()
    return {"floor_enqueued_per_second": enqueued, "floor_done_per_second": done}


def _postgres_floor(url: str, jobs: int) -> dict[str, float]:
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(_TABLE.format(key="BIGSERIAL PRIMARY KEY").encode())
        connection.execute(_INDEX)
        began = time.perf_counter()
        for number in range(jobs):
            connection.execute("INSERT INTO bench_floor (args) VALUES (%s)", (json.dumps({"n": number}),))
        enqueued = jobs / (time.perf_counter() - began)
        began = time.perf_counter()
        taking = "SELECT id FROM bench_floor WHERE NOT done ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
        for _ in range(jobs):
            with connection.transaction():
                row = connection.execute(taking).fetchone()
                if row is None:
                    raise RuntimeError("the floor lost a job")
                connection.execute("UPDATE bench_floor SET done = TRUE WHERE id = %s", row)
        done = jobs / (time.perf_counter() - began)
        connection.execute("DROP TABLE bench_floor")
    return {"floor_enqueued_per_second": enqueued, "floor_done_per_second": done}


def main() -> None:
    """Run it with more choices than `centralita bench` has."""
    parser = argparse.ArgumentParser(description=TITLE)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_JOBS} jobs instead of {JOBS}")
    parser.add_argument("--postgres", default="", help="URL of an empty PostgreSQL database")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    told = parser.parse_args()
    found = run(QUICK_JOBS if told.quick else JOBS, told.postgres)
    Console(stderr=told.json).print(table(found))
    if told.json:
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
