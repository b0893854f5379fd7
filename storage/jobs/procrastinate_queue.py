"""The queue in PostgreSQL: procrastinate's tables, fetching and notifications, for workers on many machines.

procrastinate's own worker is not used: it gives no fence; its `finish_job` would accept the word of a worker taken for
dead. The reaper is ours as well, for procrastinate ships none that runs by itself, and compares no clocks (`silence`).
Everything runs on SQLAlchemy's connections, so `tx` is simply one of them.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import timedelta
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, CursorResult, Interval, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, VARCHAR
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.database import Database
from storage.jobs.job import Enqueued, Job, JobState, NewJob, seconds_of
from storage.jobs.job_table import JobTable
from storage.jobs.procrastinate_schema import apply, is_current
from storage.jobs.table_queue import TableQueue
from storage.jobs.tables import PROCRASTINATE_JOBS, PROCRASTINATE_WORKERS

_JOBS: Final = PROCRASTINATE_JOBS.c
_TABLE: Final = JobTable(
    table=PROCRASTINATE_JOBS,
    id=_JOBS.id,
    kind=_JOBS.task_name,
    args=_JOBS.args,
    queue=_JOBS.queue_name,
    state=_JOBS.status,
    priority=_JOBS.priority,
    attempts=_JOBS.attempts,
    key=_JOBS.queueing_lock,
    lock=_JOBS.lock,
    run_at=_JOBS.scheduled_at,
    worker=_JOBS.worker_id,
    is_cancel_wanted=_JOBS.abort_requested,
    workers=PROCRASTINATE_WORKERS,
    worker_id=PROCRASTINATE_WORKERS.c.id,
    beat=PROCRASTINATE_WORKERS.c.last_heartbeat,
    states={
        "todo": JobState.WAITING,
        "doing": JobState.RUNNING,
        "succeeded": JobState.DONE,
        "failed": JobState.DEAD,
        "cancelled": JobState.CANCELLED,
        "aborting": JobState.RUNNING,
        "aborted": JobState.CANCELLED,
    },
    written={
        JobState.WAITING: "todo",
        JobState.RUNNING: "doing",
        JobState.DONE: "succeeded",
        JobState.DEAD: "failed",
        JobState.CANCELLED: "aborted",
    },
)

_DEFER: Final = text(
    "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)"
    " VALUES (:queue, :kind, :priority, :lock, :key, CAST(:args AS jsonb), CAST(:run_at AS timestamptz))"
    " ON CONFLICT DO NOTHING RETURNING id"
)
"""What procrastinate_defer_jobs_v1 does, except that a key that is taken does not break the caller's transaction."""

_FETCH: Final = text(
    # A function that writes sees what its own earlier calls wrote, and a materialized query calls it once a row
    "WITH fetched AS MATERIALIZED (SELECT procrastinate_fetch_job_v2(:queues, :worker) AS job"
    " FROM generate_series(1, :limit)) SELECT (job).* FROM fetched WHERE (job).id IS NOT NULL"
).bindparams(bindparam("queues", type_=ARRAY(VARCHAR())))
_PURGE: Final = text(
    "DELETE FROM procrastinate_jobs AS job WHERE job.status IN ('succeeded', 'cancelled', 'aborted') AND NOT EXISTS"
    " (SELECT 1 FROM procrastinate_events AS event WHERE event.job_id = job.id AND event.type <> 'scheduled'"
    " AND event.at > now() - make_interval(secs => :seconds))"
)
"""The event `scheduled` is dated with the time the job is to run, which may be far ahead."""
_FORGET_ERRORS: Final = text(
    "DELETE FROM job_errors WHERE NOT EXISTS (SELECT 1 FROM procrastinate_jobs AS job WHERE job.id = job_errors.job_id)"
)

CHANNEL: Final = "procrastinate_any_queue_v1"
"""Where procrastinate's trigger tells of a new job."""
_NOTIFY: Final = text(f'SELECT pg_notify(\'{CHANNEL}\', \'{{"type": "job_inserted", "job_id": 0}}\')')
_DEAF_SECONDS: Final = 5.0
"""Between two attempts to listen; jobs are looked for all the same."""
_logger = logging.getLogger(__name__)


class ProcrastinateQueue(TableQueue):
    """`JobQueue` on procrastinate's tables in a PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, _TABLE)

    async def prepare(self) -> None:
        async with self._database.read() as connection:
            if await is_current(connection):
                return
        async with self._database.begin() as connection:
            await apply(connection)

    async def register(self) -> int:
        async with self._database.begin() as connection:
            registered = await connection.execute(text("SELECT worker_id FROM procrastinate_register_worker_v1()"))
            return int(registered.scalar_one())

    async def purge(self, older_than: float) -> int:
        async with self._database.begin() as connection:
            purged: CursorResult[Any] = await connection.execute(_PURGE, {"seconds": seconds_of(older_than)})
            await connection.execute(_FORGET_ERRORS)
        return purged.rowcount

    @contextlib.asynccontextmanager
    async def listening(self, call: Callable[[], None]) -> AsyncIterator[None]:
        """Listen on a connection of the pool, taken for as long as the block lasts."""
        listening = asyncio.create_task(self._listen(call), name="job notifications")
        try:
            yield
        finally:
            listening.cancel()
            await asyncio.wait([listening])

    async def _listen(self, call: Callable[[], None]) -> None:
        while True:
            try:
                await self._hear(call)
            except (DBAPIError, psycopg.Error, OSError) as error:
                _logger.info("no notifications: looking for jobs now and then", extra={"reason": type(error).__name__})
            await asyncio.sleep(_DEAF_SECONDS)

    async def _hear(self, call: Callable[[], None]) -> None:
        async with self._database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            try:
                await connection.exec_driver_sql(f"LISTEN {CHANNEL}")
                raw: Any = await connection.get_raw_connection()
                driver: psycopg.AsyncConnection[Any] = raw.driver_connection
                call()  # for what came before we listened
                async for _ in driver.notifies():
                    call()
            finally:
                await connection.invalidate()  # it listens, and whoever had it next would too

    async def _add(self, connection: AsyncConnection, new: NewJob) -> Enqueued | None:
        values = {
            "queue": new.queue,
            "kind": new.kind,
            "priority": new.priority,
            "lock": new.lock,
            "key": new.key,
            "args": new.args_json,
            "run_at": new.run_at,
        }
        added = (await connection.execute(_DEFER, values)).scalar_one_or_none()
        if added is not None:
            return Enqueued(added, is_new=True)
        same = select(_JOBS.id).where(_JOBS.queueing_lock == new.key, _JOBS.status.not_in(["cancelled", "aborted"]))
        found = (await connection.execute(same)).scalar_one_or_none()
        return None if found is None else Enqueued(found, is_new=False)

    def _take(self, connection: Connection, worker: int, queues: Collection[str] | None, limit: int) -> Sequence[Job]:
        wanted = {"queues": None if queues is None else sorted(queues), "worker": worker, "limit": limit}
        return [self._job(row) for row in connection.execute(_FETCH, wanted)]

    async def _call_off(self, connection: AsyncConnection, job: Job) -> None:
        await connection.execute(text("SELECT procrastinate_cancel_job_v1(:id, true, false)"), {"id": job.id})
        if job.state is JobState.WAITING:
            # It marks jobs that waited as well, and such a job could never wait again
            unmarking = update(PROCRASTINATE_JOBS).where(_JOBS.id == job.id).values(abort_requested=False)
            await connection.execute(unmarking)

    async def _announce(self, connection: AsyncConnection) -> None:
        await connection.execute(_NOTIFY)

    def _in_seconds(self, seconds: float) -> Any:
        return func.clock_timestamp() + bindparam("delay", timedelta(seconds=seconds), Interval())

    def _new_beat(self) -> Any:
        return func.clock_timestamp()

    def _done_values(self) -> dict[str, Any]:
        return {_JOBS.attempts.name: _JOBS.attempts + 1}
