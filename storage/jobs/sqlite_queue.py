"""The queue in SQLite: a table beside the business rows, one writer at a time, workers on one machine.

A claim is one `UPDATE … RETURNING`; SQLite's single writer makes it atomic. A running job belongs to a worker and a
number of attempts: every later word about it names both, so that of a worker taken for dead is refused.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    Row,
    ScalarSelect,
    Select,
    case,
    delete,
    exists,
    func,
    insert,
    inspect,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
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
    UnknownJob,
    checked_job,
    seconds_of,
)
from storage.jobs.queue import LOST_WORKER, Pulse, Reaped
from storage.jobs.silence import SilenceWatch
from storage.jobs.tables import ERROR_TABLES, ERRORS, JOBS, SQLITE_TABLES, WORKERS

# Words of the statement itself, not parameters: SQLite uses a partial index only when it reads its condition there
_IS_WAITING: Final = JOBS.c.state == literal_column(f"'{JobState.WAITING.value}'")
_IS_RUNNING: Final = JOBS.c.state == literal_column(f"'{JobState.RUNNING.value}'")

_ADD: Final = sqlite_insert(JOBS).on_conflict_do_nothing().returning(JOBS.c.id)


def _now() -> datetime:
    return datetime.now(UTC)


class SqliteQueue:
    """`JobQueue` in a SQLite database."""

    def __init__(self, database: Database, now: Callable[[], datetime] = _now) -> None:
        """`now` gives the wall clock, which only `run_at`, delays and `purge` look at; leases know no clock."""
        self._database = database
        self._now = now
        # Our own writers queue here: at SQLite's door they would sleep, up to 100 ms at a time, and not in order
        self._writing = asyncio.Lock()
        self._is_idle = True

    async def prepare(self) -> None:
        async with self._database.read() as connection:
            # The table made last; who only looks does not wait for the writers
            if await connection.run_sync(lambda sync: inspect(sync).has_table(ERRORS.name)):
                return
        async with self._begin() as connection:
            await connection.run_sync(SQLITE_TABLES.create_all)
            await connection.run_sync(ERROR_TABLES.create_all)

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
        values = {
            "queue": new.queue,
            "kind": new.kind,
            "args": new.args_json,
            "state": JobState.WAITING.value,
            "priority": new.priority,
            "key": new.key,
            "lock": new.lock,
            "run_at": new.run_at,
            "changed_at": self._now(),
        }
        async with self._joined(tx) as connection:
            added = (await connection.execute(_ADD, values)).scalar_one_or_none()
            if added is not None:
                return Enqueued(added, is_new=True)
            same = select(JOBS.c.id).where(JOBS.c.key == key, JOBS.c.state != JobState.CANCELLED.value)
            return Enqueued((await connection.execute(same)).scalar_one(), is_new=False)

    async def register(self) -> int:
        async with self._begin() as connection:
            return int((await connection.execute(insert(WORKERS).returning(WORKERS.c.id))).scalar_one())

    async def unregister(self, worker: int) -> None:
        async with self._begin() as connection:
            await connection.execute(self._handing_back(attempts=0).where(JOBS.c.worker == worker))
            await connection.execute(delete(WORKERS).where(WORKERS.c.id == worker))

    async def heartbeat(self, worker: int) -> Pulse:
        beating = update(WORKERS).where(WORKERS.c.id == worker).values(beat=WORKERS.c.beat + 1)
        wanted = select(JOBS.c.id).where(_IS_RUNNING, JOBS.c.worker == worker, JOBS.c.is_cancel_wanted)
        async with self._begin() as connection:
            is_known = (await connection.execute(beating)).rowcount == 1
            cancelled = (await connection.execute(wanted)).scalars().all()
        return Pulse(is_known, frozenset(cancelled))

    async def claim(self, worker: int, *, queues: Collection[str] | None = None, limit: int = 1) -> Sequence[Job]:
        first = self._first_due(queues)
        if self._is_idle:
            # Who found nothing the last time asks often, and must not stand in the writers' way for it
            async with self._database.read() as connection:
                if (await connection.execute(first)).first() is None:
                    return ()
        taking = (
            update(JOBS)
            .where(JOBS.c.id == first.scalar_subquery(), exists().where(WORKERS.c.id == worker))
            .values(state=JobState.RUNNING.value, worker=worker, changed_at=self._now())
            .returning(*JOBS.c)
        )
        jobs: list[Job] = []
        async with self._begin() as connection:
            while len(jobs) < limit and (row := (await connection.execute(taking)).first()) is not None:
                jobs.append(_job(row))
        self._is_idle = not jobs
        return jobs

    async def complete(self, job: Job, *, tx: AsyncConnection | None = None) -> None:
        await self._end(job, tx, state=JobState.DONE.value)

    async def fail(self, job: Job, error: str, *, retry_after: float | None) -> None:
        values: dict[str, object] = {"attempts": JOBS.c.attempts + 1, "state": JobState.DEAD.value}
        if retry_after is not None:
            values |= {
                "state": _waiting_or_cancelled(),
                "run_at": self._now() + timedelta(seconds=seconds_of(retry_after)),
            }
        async with self._begin() as connection:
            await self._end(job, connection, **values)
            await connection.execute(insert(ERRORS).values(job_id=job.id, error=error))

    async def release(self, job: Job) -> None:
        await self._end(job, None, state=_waiting_or_cancelled())

    async def abandon(self, job: Job) -> None:
        await self._end(job, None, state=JobState.CANCELLED.value)

    async def reap(self, watch: SilenceWatch, now: float) -> Reaped:
        async with self._database.read() as connection:
            found = (await connection.execute(select(WORKERS.c.id, WORKERS.c.beat))).all()
            busy = set((await connection.execute(select(JOBS.c.worker).where(_IS_RUNNING))).scalars())
        beats: dict[int, int] = {row.id: row.beat for row in found}
        sighting = watch.look(beats, now)
        returned = 0
        if sighting.silent or busy - beats.keys():
            async with self._begin() as connection:
                for worker, beat in sighting.silent.items():
                    # Only if it has not beaten since: this is what makes the verdict and the beat exclude each other
                    gone = delete(WORKERS).where(WORKERS.c.id == worker, WORKERS.c.beat == beat)
                    await connection.execute(gone)
                is_orphan = _IS_RUNNING & ~exists().where(WORKERS.c.id == JOBS.c.worker)
                orphans = self._handing_back(attempts=1).where(is_orphan).returning(JOBS.c.id)
                ids = (await connection.execute(orphans)).scalars().all()
                if ids:
                    errors = [{"job_id": job_id, "error": LOST_WORKER} for job_id in ids]
                    await connection.execute(insert(ERRORS), errors)
                returned = len(ids)
        return Reaped(returned, is_unsure=bool(sighting.unsure & busy))

    async def cancel(self, job_id: int) -> JobState:
        async with self._begin() as connection:
            job = await self._find(connection, job_id)
            if job.state in (JobState.DONE, JobState.DEAD):
                raise JobNotMovable(job_id, job.state, "cancelled")
            if job.state is JobState.WAITING:
                values: dict[str, object] = {"state": JobState.CANCELLED.value, "changed_at": self._now()}
                job_state = JobState.CANCELLED
            else:
                values, job_state = {"is_cancel_wanted": job.state is JobState.RUNNING}, job.state
            await connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(**values))
        return job_state

    async def retry(self, job_id: int) -> None:
        async with self._begin() as connection:
            job = await self._find(connection, job_id)
            if job.state in (JobState.RUNNING, JobState.DONE):
                raise JobNotMovable(job_id, job.state, "retried")
            values: dict[str, object] = {"run_at": None}
            if job.state.is_final:
                values |= {"state": JobState.WAITING.value, "attempts": 0, "is_cancel_wanted": False}
            try:
                await connection.execute(
                    update(JOBS).where(JOBS.c.id == job_id).values(changed_at=self._now(), **values)
                )
            except IntegrityError as exc:
                raise JobNotMovable(job_id, job.state, "retried: another job has its key") from exc

    async def get(self, job_id: int) -> Job:
        async with self._database.read() as connection:
            return await self._find(connection, job_id)

    async def list(
        self,
        *,
        states: Collection[JobState] | None = None,
        kind: str | None = None,
        queue: str | None = None,
        limit: int = 100,
    ) -> Sequence[Job]:
        asking = _jobs_with_errors().order_by(JOBS.c.id.desc()).limit(limit)
        if states is not None:
            asking = asking.where(JOBS.c.state.in_([state.value for state in states]))
        if kind is not None:
            asking = asking.where(JOBS.c.kind == kind)
        if queue is not None:
            asking = asking.where(JOBS.c.queue == queue)
        async with self._database.read() as connection:
            return [_job(row) for row in await connection.execute(asking)]

    async def counts(self) -> Mapping[JobState, int]:
        asking = select(JOBS.c.state, func.count()).group_by(JOBS.c.state)
        async with self._database.read() as connection:
            found = {JobState(state): count for state, count in await connection.execute(asking)}
        return {state: found.get(state, 0) for state in JobState}

    async def purge(self, older_than: float) -> int:
        until = self._now() - timedelta(seconds=seconds_of(older_than))
        ended = JOBS.c.state.in_([JobState.DONE.value, JobState.CANCELLED.value])
        async with self._begin() as connection:
            count = (await connection.execute(delete(JOBS).where(ended, JOBS.c.changed_at <= until))).rowcount
            await connection.execute(delete(ERRORS).where(ERRORS.c.job_id.not_in(select(JOBS.c.id))))
        return count

    async def wait(self, seconds: float) -> None:
        # SQLite tells nobody of a new row; whoever wants to know asks again
        await asyncio.sleep(seconds)

    @contextlib.asynccontextmanager
    async def _begin(self) -> AsyncIterator[AsyncConnection]:
        async with self._writing, self._database.begin() as connection:
            yield connection

    def _joined(self, tx: AsyncConnection | None) -> contextlib.AbstractAsyncContextManager[AsyncConnection]:
        return self._begin() if tx is None else contextlib.nullcontext(tx)

    def _first_due(self, queues: Collection[str] | None) -> Select[tuple[int]]:
        """Select the id of the job that is to run next."""
        other = JOBS.alias("other")
        is_running = other.c.state == literal_column(f"'{JobState.RUNNING.value}'")
        is_waiting = other.c.state == literal_column(f"'{JobState.WAITING.value}'")
        is_before = or_(
            other.c.priority > JOBS.c.priority, (other.c.priority == JOBS.c.priority) & (other.c.id < JOBS.c.id)
        )
        is_free = ~exists().where(other.c.lock == JOBS.c.lock, is_running)
        is_in_turn = ~exists().where(other.c.lock == JOBS.c.lock, is_waiting, is_before)
        first = (
            select(JOBS.c.id)
            .where(_IS_WAITING, or_(JOBS.c.run_at.is_(None), JOBS.c.run_at <= self._now()))
            .where(or_(JOBS.c.lock.is_(None), is_free & is_in_turn))
            .order_by(JOBS.c.priority.desc(), JOBS.c.id)
            .limit(1)
        )
        return first if queues is None else first.where(JOBS.c.queue.in_(sorted(queues)))

    def _handing_back(self, *, attempts: int) -> Any:
        values = {"state": _waiting_or_cancelled(), "worker": None, "attempts": JOBS.c.attempts + attempts}
        return update(JOBS).where(_IS_RUNNING).values(changed_at=self._now(), is_cancel_wanted=False, **values)

    async def _end(self, job: Job, tx: AsyncConnection | None, **values: object) -> None:
        """Change a job that must still be ours. Raises: LeaseLost."""
        ending = (
            update(JOBS)
            .where(JOBS.c.id == job.id, _IS_RUNNING)
            .where(JOBS.c.worker == job.worker, JOBS.c.attempts == job.attempts)
            .values(worker=None, is_cancel_wanted=False, changed_at=self._now(), **values)
        )
        async with self._joined(tx) as connection:
            if (await connection.execute(ending)).rowcount != 1:
                raise LeaseLost(job.id)

    async def _find(self, connection: AsyncConnection, job_id: int) -> Job:
        row = (await connection.execute(_jobs_with_errors().where(JOBS.c.id == job_id))).first()
        if row is None:
            raise UnknownJob(job_id)
        return _job(row)


def _waiting_or_cancelled() -> ColumnElement[str]:
    """The state of a job that is given back: a person may have called it off meanwhile."""
    return case((JOBS.c.is_cancel_wanted, JobState.CANCELLED.value), else_=JobState.WAITING.value)


def _last_error() -> ScalarSelect[str]:
    last = select(ERRORS.c.error).where(ERRORS.c.job_id == JOBS.c.id).order_by(ERRORS.c.id.desc()).limit(1)
    return last.scalar_subquery()


def _jobs_with_errors() -> Select[Any]:
    return select(*JOBS.c, _last_error().label("error"))


def _job(row: Row[Any]) -> Job:
    told = row._mapping
    return Job(
        id=told["id"],
        kind=told["kind"],
        args=json.loads(told["args"]),
        queue=told["queue"],
        state=JobState(told["state"]),
        priority=told["priority"],
        attempts=told["attempts"],
        key=told["key"],
        lock=told["lock"],
        run_at=told["run_at"],
        worker=told["worker"],
        error=told.get("error"),
    )
