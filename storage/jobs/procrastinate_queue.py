"""The queue in PostgreSQL: procrastinate's tables, fetching and notifications, for workers on many machines.

procrastinate's own worker is not used: it gives no fence. Here a running job belongs to a worker and a number of
attempts, and every later word about it names both in one statement, so that of a worker taken for dead is refused;
procrastinate's `finish_job` would accept it. The reaper is ours as well, for procrastinate ships none that runs by
itself, and compares no clocks (`silence`). Everything runs on SQLAlchemy's connections, so `tx` is simply one of them.
"""

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    CursorResult,
    Interval,
    Row,
    Select,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, VARCHAR
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

from storage.database.database import Database
from storage.jobs.job import (
    DEFAULT_QUEUE,
    Enqueued,
    Job,
    JobNotMovable,
    JobState,
    Json,
    LeaseLost,
    NewJob,
    UnknownJob,
    checked_job,
    seconds_of,
)
from storage.jobs.procrastinate_schema import apply, is_current
from storage.jobs.queue import LOST_WORKER, Pulse, Reaped
from storage.jobs.silence import SilenceWatch
from storage.jobs.tables import ERRORS, PROCRASTINATE_JOBS, PROCRASTINATE_STATUS, PROCRASTINATE_WORKERS

_STATES: Final[Mapping[str, JobState]] = {
    "todo": JobState.WAITING,
    "doing": JobState.RUNNING,
    "succeeded": JobState.DONE,
    "failed": JobState.DEAD,
    "cancelled": JobState.CANCELLED,
    "aborting": JobState.RUNNING,
    "aborted": JobState.CANCELLED,
}
"""procrastinate's words, and ours."""

_JOBS: Final = PROCRASTINATE_JOBS.c
_WORKERS: Final = PROCRASTINATE_WORKERS.c

_DEFER: Final = text(
    "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)"
    " VALUES (:queue, :kind, :priority, :lock, :key, CAST(:args AS jsonb), CAST(:run_at AS timestamptz))"
    " ON CONFLICT DO NOTHING RETURNING id"
)
"""What procrastinate_defer_jobs_v1 does, except that a key that is taken does not break the caller's transaction."""

_FETCH: Final = text("SELECT * FROM procrastinate_fetch_job_v2(:queues, :worker)").bindparams(
    bindparam("queues", type_=ARRAY(VARCHAR()))
)
_PURGE: Final = text(
    "DELETE FROM procrastinate_jobs AS job WHERE job.status IN ('succeeded', 'cancelled', 'aborted') AND NOT EXISTS"
    " (SELECT 1 FROM procrastinate_events AS event WHERE event.job_id = job.id AND event.type <> 'scheduled'"
    " AND event.at > now() - make_interval(secs => :seconds))"
)
"""The event `scheduled` is dated with the time the job is to run, which may be far ahead."""
_FORGET_ERRORS: Final = text(
    "DELETE FROM job_errors WHERE NOT EXISTS (SELECT 1 FROM procrastinate_jobs AS job WHERE job.id = job_errors.job_id)"
)


class ProcrastinateQueue:
    """`JobQueue` on procrastinate's tables in a PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def prepare(self) -> None:
        async with self._database.read() as connection:
            if await is_current(connection):
                return
        async with self._database.begin() as connection:
            await apply(connection)

    async def enqueue(
        self,
        kind: str,
        args: Mapping[str, Json],
        *,
        key: str | None = None,
        lock: str | None = None,
        run_at: datetime | None = None,
        priority: int = 0,
        queue: str = DEFAULT_QUEUE,
        tx: AsyncConnection | None = None,
    ) -> Enqueued:
        new = checked_job(kind, args, key=key, lock=lock, run_at=run_at, priority=priority, queue=queue)
        while True:
            async with self._joined(tx) as connection:
                enqueued = await _add(connection, new)
            if enqueued is not None:
                return enqueued

    async def register(self) -> int:
        async with self._database.begin() as connection:
            registered = await connection.execute(text("SELECT worker_id FROM procrastinate_register_worker_v1()"))
            return int(registered.scalar_one())

    async def unregister(self, worker: int) -> None:
        async with self._database.begin() as connection:
            await connection.execute(_handing_back(attempts=0).where(_JOBS.worker_id == worker))
            await connection.execute(delete(PROCRASTINATE_WORKERS).where(_WORKERS.id == worker))

    async def heartbeat(self, worker: int) -> Pulse:
        # procrastinate_update_heartbeat_v1 would not tell whether the worker is still known
        beating = (
            update(PROCRASTINATE_WORKERS).where(_WORKERS.id == worker).values(last_heartbeat=func.clock_timestamp())
        )
        wanted = select(_JOBS.id).where(_JOBS.status == "doing", _JOBS.worker_id == worker, _JOBS.abort_requested)
        async with self._database.begin() as connection:
            is_known = (await connection.execute(beating)).rowcount == 1
            cancelled = (await connection.execute(wanted)).scalars().all()
        return Pulse(is_known, frozenset(cancelled))

    async def claim(self, worker: int, *, queues: Collection[str] | None = None, limit: int = 1) -> Sequence[Job]:
        wanted = {"queues": None if queues is None else sorted(queues), "worker": worker}
        jobs: list[Job] = []
        try:
            async with self._database.begin() as connection:
                while len(jobs) < limit:
                    row = (await connection.execute(_FETCH, wanted)).one()
                    if row.id is None:
                        break
                    jobs.append(_job(row))
        except IntegrityError:
            # Either another worker took a job with the same lock this very moment, or we were taken for dead, which
            # the next heartbeat tells. Nothing was taken, for the transaction was one.
            return ()
        return jobs

    async def complete(self, job: Job, *, tx: AsyncConnection | None = None) -> None:
        await self._end(job, tx, status="succeeded", attempts=_JOBS.attempts + 1)

    async def fail(self, job: Job, error: str, *, retry_after: float | None) -> None:
        values: dict[str, object] = {"attempts": _JOBS.attempts + 1, "status": "failed"}
        if retry_after is not None:
            delay = bindparam("delay", timedelta(seconds=seconds_of(retry_after)), Interval())
            values |= {"status": _todo_or_cancelled(), "scheduled_at": func.clock_timestamp() + delay}
        async with self._database.begin() as connection:
            await self._end(job, connection, **values)
            await connection.execute(insert(ERRORS).values(job_id=job.id, error=error))

    async def release(self, job: Job) -> None:
        await self._end(job, None, status=_todo_or_cancelled())

    async def abandon(self, job: Job) -> None:
        await self._end(job, None, status="aborted")

    async def reap(self, watch: SilenceWatch, now: float) -> Reaped:
        async with self._database.read() as connection:
            found = (await connection.execute(select(_WORKERS.id, _WORKERS.last_heartbeat))).all()
            busy = set((await connection.execute(select(_JOBS.worker_id).where(_JOBS.status == "doing"))).scalars())
        beats = {row.id: row.last_heartbeat for row in found}
        sighting = watch.look(beats, now)
        returned = 0
        if sighting.silent or busy - beats.keys():
            async with self._database.begin() as connection:
                returned = await _return_jobs_of(connection, sighting.silent)
        return Reaped(returned, is_unsure=bool(sighting.unsure & busy))

    async def cancel(self, job_id: int) -> JobState:
        async with self._database.begin() as connection:
            job = await _find(connection, job_id, is_locked=True)
            if job.state in (JobState.DONE, JobState.DEAD):
                raise JobNotMovable(job_id, job.state, "cancelled")
            if job.state is not JobState.CANCELLED:
                cancelling = text("SELECT procrastinate_cancel_job_v1(:id, true, false)")
                await connection.execute(cancelling, {"id": job_id})
                if job.state is JobState.WAITING:
                    # It marks jobs that waited as well, and such a job could never wait again
                    unmarking = update(PROCRASTINATE_JOBS).where(_JOBS.id == job_id).values(abort_requested=False)
                    await connection.execute(unmarking)
        return JobState.RUNNING if job.state is JobState.RUNNING else JobState.CANCELLED

    async def retry(self, job_id: int) -> None:
        try:
            async with self._database.begin() as connection:
                job = await _find(connection, job_id, is_locked=True)
                if job.state in (JobState.RUNNING, JobState.DONE):
                    raise JobNotMovable(job_id, job.state, "retried")
                values: dict[str, object] = {"scheduled_at": None}
                if job.state.is_final:
                    values |= {"status": "todo", "attempts": 0, "abort_requested": False, "worker_id": None}
                await connection.execute(update(PROCRASTINATE_JOBS).where(_JOBS.id == job_id).values(**values))
        except IntegrityError as exc:
            raise JobNotMovable(job_id, JobState.CANCELLED, "retried: another job has its key") from exc

    async def get(self, job_id: int) -> Job:
        async with self._database.read() as connection:
            return await _find(connection, job_id)

    async def list(
        self,
        *,
        states: Collection[JobState] | None = None,
        kind: str | None = None,
        queue: str | None = None,
        limit: int = 100,
    ) -> Sequence[Job]:
        asking = _jobs_with_errors().order_by(_JOBS.id.desc()).limit(limit)
        if states is not None:
            asking = asking.where(_JOBS.status.in_([word for word, state in _STATES.items() if state in states]))
        if kind is not None:
            asking = asking.where(_JOBS.task_name == kind)
        if queue is not None:
            asking = asking.where(_JOBS.queue_name == queue)
        async with self._database.read() as connection:
            return [_job(row) for row in await connection.execute(asking)]

    async def counts(self) -> Mapping[JobState, int]:
        found = dict.fromkeys(JobState, 0)
        async with self._database.read() as connection:
            for word, count in await connection.execute(select(_JOBS.status, func.count()).group_by(_JOBS.status)):
                found[_STATES[word]] += count
        return found

    async def purge(self, older_than: float) -> int:
        async with self._database.begin() as connection:
            purged: CursorResult[Any] = await connection.execute(_PURGE, {"seconds": seconds_of(older_than)})
            await connection.execute(_FORGET_ERRORS)
        return purged.rowcount

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def _joined(self, tx: AsyncConnection | None) -> contextlib.AbstractAsyncContextManager[AsyncConnection]:
        return self._database.begin() if tx is None else contextlib.nullcontext(tx)

    async def _end(self, job: Job, tx: AsyncConnection | None, **values: object) -> None:
        """Change a job that must still be ours. Raises: LeaseLost."""
        ending = (
            update(PROCRASTINATE_JOBS)
            .where(_JOBS.id == job.id, _JOBS.status == "doing")
            .where(_JOBS.worker_id == job.worker, _JOBS.attempts == job.attempts)
            .values(worker_id=None, abort_requested=False, **values)
        )
        async with self._joined(tx) as connection:
            if (await connection.execute(ending)).rowcount != 1:
                raise LeaseLost(job.id)


async def _add(connection: AsyncConnection, new: NewJob) -> Enqueued | None:
    """Add the job or find the one with its key; None when that one went away between the two."""
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


async def _return_jobs_of(connection: AsyncConnection, silent: Mapping[int, object]) -> int:
    """Strike off workers that have not beaten since, and give back every job that has no worker then."""
    for worker, beat in silent.items():
        # The verdict and a late beat exclude each other: whoever comes first has the row
        await connection.execute(
            delete(PROCRASTINATE_WORKERS).where(_WORKERS.id == worker, _WORKERS.last_heartbeat == beat)
        )
    # Deleting a worker sets its jobs' worker_id to NULL (ON DELETE SET NULL)
    orphans = _handing_back(attempts=1).where(_JOBS.worker_id.is_(None)).returning(_JOBS.id)
    ids = (await connection.execute(orphans)).scalars().all()
    if ids:
        await connection.execute(insert(ERRORS), [{"job_id": job_id, "error": LOST_WORKER} for job_id in ids])
    return len(ids)


def _handing_back(*, attempts: int) -> Any:
    values = {"status": _todo_or_cancelled(), "attempts": _JOBS.attempts + attempts, "worker_id": None}
    return update(PROCRASTINATE_JOBS).where(_JOBS.status == "doing").values(abort_requested=False, **values)


def _todo_or_cancelled() -> ColumnElement[str]:
    """The status of a job that is given back: a person may have called it off meanwhile."""
    return cast(case((_JOBS.abort_requested, "aborted"), else_="todo"), PROCRASTINATE_STATUS)


def _jobs_with_errors() -> Select[Any]:
    last = select(ERRORS.c.error).where(ERRORS.c.job_id == _JOBS.id).order_by(ERRORS.c.id.desc()).limit(1)
    return select(*_JOBS, last.scalar_subquery().label("error"))


async def _find(connection: AsyncConnection, job_id: int, *, is_locked: bool = False) -> Job:
    asking = _jobs_with_errors().where(_JOBS.id == job_id)
    row = (await connection.execute(asking.with_for_update() if is_locked else asking)).first()
    if row is None:
        raise UnknownJob(job_id)
    return _job(row)


def _job(row: Row[Any]) -> Job:
    told = row._mapping
    return Job(
        id=told["id"],
        kind=told["task_name"],
        args=told["args"],
        queue=told["queue_name"],
        state=_STATES[told["status"]],
        priority=told["priority"],
        attempts=told["attempts"],
        key=told["queueing_lock"],
        lock=told["lock"],
        run_at=told["scheduled_at"],
        worker=told["worker_id"],
        error=told.get("error"),
    )
