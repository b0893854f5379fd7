"""`centralita worker` does the jobs; `centralita jobs list | dead | retry | cancel` shows and moves them."""

import asyncio
import contextlib
import importlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, TypeAlias, cast

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from centralita.child import tell_ready
from centralita.command_line import AsJson, DatabaseUrl, SettingsPath, done, print_json, telling
from centralita.logs import set_up_logging
from centralita.second_listening import WorkAfterCalls
from centralita.settings import Settings, load_settings
from centralita.storehouse import database_url
from storage.database.database import Database
from storage.jobs.handlers import Handlers, JobRun
from storage.jobs.job import Job, JobState
from storage.jobs.open_queue import open_queue
from storage.jobs.queue import JobQueue
from storage.jobs.worker import HandlerStuck, JobWorker, Tally, WorkerSettings
from vocabulary.errors import ConfigurationError

AddHandlers: TypeAlias = Callable[[Handlers, Database], None]
"""Enters the handlers of a part of the product; it gets the database they write to."""

PURGE: Final = "jobs.purge"
KEPT_DAYS: Final = 30
"""Jobs that are done or cancelled are forgotten after so long."""
STUCK_EXIT: Final = 70
"""Exit code of a worker that had to end because one of its handlers did not."""

_logger = logging.getLogger(__name__)

jobs_app = typer.Typer(help="The jobs there are: see them, try them again, call them off.", no_args_is_help=True)

Kind = Annotated[str | None, typer.Option("--kind", help="Only jobs of this kind.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest.")]


def worker(
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    once: Annotated[bool, typer.Option("--once", help="Do all that is due, then end: for cron.")] = False,
    queues: Annotated[
        list[str] | None, typer.Option("--queues", help="Only jobs of this queue; may be given again. Default: all.")
    ] = None,
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, help="Jobs at a time.")] = 2,
    lease_seconds: Annotated[
        float, typer.Option("--lease-seconds", min=0.5, help="A worker silent for so long is dead to the others.")
    ] = 30.0,
    grace_seconds: Annotated[
        float, typer.Option("--grace-seconds", min=0, help="What running jobs get to finish when we are told to stop.")
    ] = 25.0,
    handlers: Annotated[
        list[str] | None, typer.Option("--handlers", help="More handlers: MODULE:FUNCTION; may be given again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Do the jobs until SIGTERM or Ctrl-C, which let running jobs finish; many may run, also on many machines."""
    loaded = load_settings(settings)
    set_up_logging(loaded.run.log_level, hides_people=True)
    chosen = [name for given in queues or [] for name in given.split(",") if name]
    working = WorkerSettings(concurrency, chosen or None, lease_seconds, grace_seconds=grace_seconds)
    tally = asyncio.run(_work(loaded, database_url(loaded, database), handlers or [], working, once=once))
    if as_json:
        told = {"done": tally.done, "failed": tally.failed, "dead": tally.dead, "released": tally.released}
        print_json(told)


async def _work(loaded: Settings, url: str, sources: Sequence[str], settings: WorkerSettings, *, once: bool) -> Tally:
    # calls go first, always; the processes that listen inherit it
    os.nice(max(0, loaded.offline.niceness - os.nice(0)))
    async with Database.open(url) as database:
        queue = await open_queue(database)
        known = Handlers()
        add_housekeeping(known, queue)
        after_calls = WorkAfterCalls(loaded, database, queue)
        after_calls.add_to(known)
        for source in sources:
            _loaded(source)(known, database)
        await _enqueue_purge(queue, datetime.now(UTC))
        working = JobWorker(queue, known, settings)
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, working.stop)
        _logger.info(
            "worker at work", extra={"kinds": ",".join(known.kinds), "database": database.url.render_as_string()}
        )
        if once:
            await after_calls.look_round()
        looking = None if once else asyncio.create_task(after_calls.look_round_for_ever(), name="after calls")
        tell_ready()
        try:
            return await working.run(once=once)
        except HandlerStuck as stuck:
            # Its code still runs in this process, and nothing but the end of the process ends it
            _logger.critical("worker ends", extra={"reason": str(stuck)})
            logging.shutdown()
            os._exit(STUCK_EXIT)
        finally:
            if looking is not None:
                looking.cancel()
                await asyncio.wait([looking])
            await asyncio.to_thread(after_calls.close)


def add_housekeeping(handlers: Handlers, queue: JobQueue) -> None:
    """Enter the handler that forgets old jobs once a day, whichever worker happens to have it."""

    async def purge(_: JobRun) -> None:
        await queue.purge(KEPT_DAYS * 86400.0)
        await _enqueue_purge(queue, datetime.now(UTC) + timedelta(days=1))

    handlers.add(PURGE, purge)


async def _enqueue_purge(queue: JobQueue, day: datetime) -> None:
    is_today = day.date() <= datetime.now(UTC).date()
    at = None if is_today else day.replace(hour=3, minute=0, second=0, microsecond=0)
    await queue.enqueue(PURGE, {}, key=f"{PURGE}:{day.date().isoformat()}", run_at=at, priority=-100)


def _loaded(source: str) -> AddHandlers:
    """Import MODULE:FUNCTION. Raises: ConfigurationError."""
    module, _, name = source.partition(":")
    try:
        function: Any = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as exc:
        raise ConfigurationError(f"--handlers {source}: cannot be imported; write MODULE:FUNCTION") from exc
    return cast(AddHandlers, function)


@jobs_app.command("list")
def list_jobs(
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    state: Annotated[
        list[JobState] | None, typer.Option("--state", help="Only jobs that stand so; may be given again.")
    ] = None,
    kind: Kind = None,
    queue: Annotated[str | None, typer.Option("--queue", help="Only jobs of this queue.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show jobs, the newest first, and how many there are in each state."""
    _show(database_url(load_settings(settings), database), state, kind, queue, limit, as_json)


@jobs_app.command()
def dead(
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    kind: Kind = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show the jobs that were given up, with what was wrong; exit code 1 when there are any."""
    if _show(database_url(load_settings(settings), database), [JobState.DEAD], kind, None, limit, as_json):
        raise typer.Exit(1)


@jobs_app.command()
def retry(
    job_ids: Annotated[list[int] | None, typer.Argument(help="As `centralita jobs list` shows them.")] = None,
    all_dead: Annotated[bool, typer.Option("--dead", help="All that were given up.")] = False,
    kind: Kind = None,
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Let dead or cancelled jobs run again with all their attempts, or waiting ones at once."""
    if bool(job_ids) == all_dead:
        raise typer.BadParameter("name jobs, or say --dead")

    async def move(queue: JobQueue) -> list[int]:
        moved = list(job_ids or ())
        if all_dead:
            moved = [job.id for job in await queue.list(states=[JobState.DEAD], kind=kind, limit=1_000_000)]
        for job_id in moved:
            await queue.retry(job_id)
        return moved

    _move(database_url(load_settings(settings), database), move, as_json, "to be run again")


@jobs_app.command()
def cancel(
    job_ids: Annotated[list[int], typer.Argument(help="As `centralita jobs list` shows them.")],
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Call jobs off; one that runs is ended by its worker at its next heartbeat."""

    async def move(queue: JobQueue) -> list[int]:
        for job_id in job_ids:
            await queue.cancel(job_id)
        return job_ids

    _move(database_url(load_settings(settings), database), move, as_json, "cancelled")


def _move(url: str, moving: Callable[[JobQueue], Any], as_json: bool, what: str) -> None:
    async def move() -> list[int]:
        async with _queue(url) as queue:
            moved: list[int] = await moving(queue)
            return moved

    with telling(as_json):
        moved = asyncio.run(move())
        done(as_json, {"jobs": moved}, f"{len(moved)} jobs {what}")


def _show(
    url: str, states: Collection[JobState] | None, kind: str | None, queue: str | None, limit: int, as_json: bool
) -> int:
    async def ask() -> tuple[Sequence[Job], dict[str, int]]:
        async with _queue(url) as asked:
            jobs = await asked.list(states=states, kind=kind, queue=queue, limit=limit)
            return jobs, {state.value: count for state, count in (await asked.counts()).items()}

    with telling(as_json):
        jobs, counts = asyncio.run(ask())
    if as_json:
        print_json({"counts": counts, "jobs": [_as_json(job) for job in jobs]})
    else:
        Console().print(_table(jobs) if jobs else "no jobs")
        Console().print(", ".join(f"{count} {state}" for state, count in counts.items()), style="dim")
    return len(jobs)


def _as_json(job: Job) -> dict[str, object]:
    return {
        "id": job.id,
        "kind": job.kind,
        "queue": job.queue,
        "state": job.state.value,
        "priority": job.priority,
        "attempts": job.attempts,
        "key": job.key,
        "lock": job.lock,
        "run_at": job.run_at.isoformat() if job.run_at else None,
        "error": job.error,
        "args": dict(job.args),
    }


def _table(jobs: Sequence[Job]) -> Table:
    """The jobs for a terminal; the id, which is to be typed, is never cut."""
    table = Table(box=None, pad_edge=False)
    table.add_column("job", no_wrap=True, min_width=max(len(str(job.id)) for job in jobs))
    for column in ("kind", "state", "tries", "not before", "key"):
        table.add_column(column, no_wrap=True)
    table.add_column("last error", overflow="fold")
    for job in jobs:
        at = job.run_at.astimezone().strftime("%m-%d %H:%M:%S") if job.run_at else ""
        told = (str(job.id), job.kind, job.state.value, str(job.attempts), at, job.key or "", job.error or "")
        # Text, never markup: a key may contain brackets
        table.add_row(*(Text(one) for one in told))
    return table


@contextlib.asynccontextmanager
async def _queue(url: str) -> AsyncIterator[JobQueue]:
    async with Database.open(url) as database:
        yield await open_queue(database)
