"""Handlers for workers in processes of their own, and the notes they leave in the database about who ran what.

`runs` gets a row when a run begins and when it ends; `results` has no key at all: only that a job's result and its end
are one transaction keeps it from being there twice.
"""

import asyncio
import os
import signal
import time
from pathlib import Path

from sqlalchemy import text

from storage.database.database import Database
from storage.jobs.handlers import Handlers, JobRun
from storage.jobs.retry_schedule import RetrySchedule

TABLES = (
    "CREATE TABLE runs (n INTEGER, attempt INTEGER, pid INTEGER, what TEXT)",
    "CREATE TABLE results (n INTEGER, pid INTEGER)",
)


async def make_tables(database: Database) -> None:
    async with database.begin() as tx:
        for table in TABLES:
            await tx.execute(text(table))


def wait_for(file: Path) -> None:
    while not file.exists():
        time.sleep(0.02)


def add_handlers(handlers: Handlers, database: Database) -> None:
    async def note(run: JobRun, what: str) -> None:
        told = {"n": run.args["n"], "attempt": run.job.attempt, "pid": os.getpid(), "what": what}
        async with database.begin() as tx:
            await tx.execute(text("INSERT INTO runs VALUES (:n, :attempt, :pid, :what)"), told)

    async def write(run: JobRun) -> None:
        """Write a result into the database, and one by its key into a folder, which knows no transactions."""
        await note(run, "began")
        folder = run.args.get("folder")
        if isinstance(folder, str):
            draft = Path(folder) / f".{run.args['n']}.{os.getpid()}"
            draft.write_text(f"result of {run.args['n']}")
            draft.replace(Path(folder) / f"{run.args['n']}.txt")
        async with database.begin() as tx:
            ended = {"n": run.args["n"], "attempt": run.job.attempt, "pid": os.getpid()}
            await tx.execute(text("INSERT INTO results VALUES (:n, :pid)"), ended)
            await tx.execute(text("INSERT INTO runs VALUES (:n, :attempt, :pid, 'ended')"), ended)
            await run.complete(tx)

    async def hang_first(run: JobRun) -> None:
        """Never end the first run; the second is quick."""
        await note(run, "began")
        if run.job.attempt == 1:
            await asyncio.Event().wait()

    async def hang_until(run: JobRun) -> None:
        """Wait for a file, then write the result: what a paused process does when it goes on."""
        await note(run, "began")
        if run.job.attempt == 1:
            await asyncio.to_thread(wait_for, Path(str(run.args["file"])))
        async with database.begin() as tx:
            told = {"n": run.args["n"], "pid": os.getpid()}
            await tx.execute(text("INSERT INTO results VALUES (:n, :pid)"), told)
            await run.complete(tx)

    async def poison(run: JobRun) -> None:
        """Take the worker along."""
        await note(run, "began")
        os.kill(os.getpid(), signal.SIGKILL)

    async def stubborn(run: JobRun) -> None:
        """Never end, whatever is asked; without a note, which its short time might cut off before it is stubborn."""
        while run.job.attempt == 1:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue

    at_once = RetrySchedule((0.0, 0.0), jitter=0.0)
    for handler in (write, hang_first, hang_until, poison):
        handlers.add(handler.__name__, handler, schedule=at_once)
    handlers.add("stubborn", stubborn, schedule=at_once, timeout_seconds=0.1)
