"""What the two queues have in common: a table of jobs, one of workers, one of errors, and the same promises about them.

A running job belongs to a worker and a number of attempts. Every later word about it names both, in the statement that
changes it, so that of a worker taken for dead is refused. How a table calls its columns and states is a `JobTable`; how
a job is added, taken and called off is for `SqliteQueue` and `ProcrastinateQueue` to say.
"""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import (
    Connection,
    Row,
    Select,
    Update,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

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
from storage.jobs.job_table import JobTable
from storage.jobs.queue import LOST_WORKER, Exchange, Pulse, Reaped
from storage.jobs.silence import SilenceWatch
from storage.jobs.tables import ERRORS

T = TypeVar("T")
_Values: TypeAlias = dict[str, Any]
"""New values by column name; `Any`, for they may be expressions."""


class TableQueue(ABC):
    """The shared part of a `JobQueue`."""

    def __init__(self, database: Database, jobs: JobTable) -> None:
        self._database = database
        self._jobs: Final = jobs
        self._is_running: Final = jobs.is_in(JobState.RUNNING)
        pairs = tuple_(jobs.id, jobs.worker, jobs.attempts).in_(bindparam("claimed", expanding=True))
        self._finishing: Final = (
            update(jobs.table)
            .where(self._is_running, pairs)
            .values(self._named(JobState.DONE, **self._done_values()))
            .returning(jobs.id)
        )

    # -- what the databases do each in its own way --

    @abstractmethod
    async def prepare(self) -> None:
        """Make the tables that are missing."""

    @abstractmethod
    async def register(self) -> int:
        """Enter a new worker and return its number."""

    @abstractmethod
    def listening(self, call: Callable[[], None]) -> contextlib.AbstractAsyncContextManager[None]:
        """Let `call` be called when there may be a new job."""

    @abstractmethod
    async def _add(self, connection: AsyncConnection, new: NewJob) -> Enqueued | None:
        """Add the job or find the one with its key; None when that one went away between the two."""

    @abstractmethod
    def _take(self, connection: Connection, worker: int, queues: Collection[str] | None, limit: int) -> Sequence[Job]:
        """Take jobs that are due. May raise IntegrityError when another took one that excludes them."""

    @abstractmethod
    async def _call_off(self, connection: AsyncConnection, job: Job) -> None:
        """Cancel a job that waits, or mark one that runs."""

    @abstractmethod
    async def _announce(self, connection: AsyncConnection) -> None:
        """Tell those who listen that a job waits, when the transaction is committed."""

    @abstractmethod
    def _in_seconds(self, seconds: float) -> Any:
        """Return the time in so many seconds, for `run_at`."""

    @abstractmethod
    def _new_beat(self) -> Any:
        """Return a beat other than the last."""

    def _stamped(self) -> _Values:
        """Return what else a changed job is given; a parameter in it is one of `_stamp`."""
        return {}

    def _stamp(self) -> _Values:
        return {}

    def _done_values(self) -> _Values:
        return {}

    async def _may_have_jobs(self, queues: Collection[str] | None) -> bool:
        """Tell whether trying to take one is worth a transaction."""
        return True

    async def _run(self, act: Callable[[Connection], T]) -> T:
        return await self._database.run(act)

    def _begin(self) -> contextlib.AbstractAsyncContextManager[AsyncConnection]:
        return self._database.begin()

    # -- in and out --

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
                enqueued = await self._add(connection, new)
            if enqueued is not None:
                return enqueued

    async def claim(self, worker: int, *, queues: Collection[str] | None = None, limit: int = 1) -> Sequence[Job]:
        return (await self.exchange(worker, (), queues=queues, limit=limit)).jobs

    async def exchange(
        self, worker: int, done: Sequence[Job], *, queues: Collection[str] | None = None, limit: int = 1
    ) -> Exchange:
        if not done and not await self._may_have_jobs(queues):
            return Exchange(())

        def act(connection: Connection) -> Exchange:
            lost = self._finish(connection, done)
            return Exchange(self._take(connection, worker, queues, limit) if limit else (), lost)

        try:
            return await self._run(act)
        except IntegrityError:
            # Either another worker took a job with the same lock this very moment, or we were taken for dead, which
            # the next heartbeat tells. Nothing was written, for the transaction was one.
            return await self.exchange(worker, done, queues=queues, limit=0) if done else Exchange(())

    async def complete(self, job: Job, *, tx: AsyncConnection | None = None) -> None:
        async with self._joined(tx) as connection:
            if await connection.run_sync(self._finish, (job,)):
                raise LeaseLost(job.id)

    async def fail(self, job: Job, error: str, *, retry_after: float | None) -> None:
        values: _Values = {self._jobs.attempts.name: self._jobs.attempts + 1}
        if retry_after is None:
            values |= self._named(JobState.DEAD)
        else:
            values |= self._back() | {self._jobs.run_at.name: self._in_seconds(seconds_of(retry_after))}
        async with self._begin() as connection:
            await self._end(connection, job, values)
            await connection.execute(insert(ERRORS).values(job_id=job.id, error=error))
            await self._announce(connection)

    async def release(self, job: Job) -> None:
        async with self._begin() as connection:
            await self._end(connection, job, self._back())
            await self._announce(connection)

    async def abandon(self, job: Job) -> None:
        async with self._begin() as connection:
            await self._end(connection, job, self._named(JobState.CANCELLED))

    # -- workers --

    async def unregister(self, worker: int) -> None:
        async with self._begin() as connection:
            await connection.execute(self._handing_back(attempts=0).where(self._jobs.worker == worker), self._stamp())
            await connection.execute(delete(self._jobs.workers).where(self._jobs.worker_id == worker))
            await self._announce(connection)

    async def heartbeat(self, worker: int) -> Pulse:
        jobs = self._jobs
        beating = update(jobs.workers).where(jobs.worker_id == worker).values({jobs.beat.name: self._new_beat()})
        wanted = select(jobs.id).where(self._is_running, jobs.worker == worker, jobs.is_cancel_wanted)
        async with self._begin() as connection:
            is_known = (await connection.execute(beating)).rowcount == 1
            cancelled = (await connection.execute(wanted)).scalars().all()
        return Pulse(is_known, frozenset(cancelled))

    async def reap(self, watch: SilenceWatch, now: float) -> Reaped:
        jobs = self._jobs
        async with self._database.read() as connection:
            found = (await connection.execute(select(jobs.worker_id, jobs.beat))).all()
            busy = set((await connection.execute(select(jobs.worker).where(self._is_running))).scalars())
        beats = {row[0]: row[1] for row in found}
        sighting = watch.look(beats, now)
        returned = 0
        if sighting.silent or busy - beats.keys():
            async with self._begin() as connection:
                returned = await self._return_jobs_of(connection, sighting.silent)
        return Reaped(returned, is_unsure=bool(sighting.unsure & busy))

    async def _return_jobs_of(self, connection: AsyncConnection, silent: Mapping[int, object]) -> int:
        """Strike off workers that have not beaten since, and give back every job that has no worker then."""
        jobs = self._jobs
        for worker, beat in silent.items():
            # The verdict and a late beat exclude each other: whoever comes first has the row
            await connection.execute(delete(jobs.workers).where(jobs.worker_id == worker, jobs.beat == beat))
        has_worker = exists().where(jobs.worker_id == jobs.worker)
        orphans = self._handing_back(attempts=1).where(~has_worker).returning(jobs.id)
        ids = (await connection.execute(orphans, self._stamp())).scalars().all()
        if ids:
            await connection.execute(insert(ERRORS), [{"job_id": job_id, "error": LOST_WORKER} for job_id in ids])
            await self._announce(connection)
        return len(ids)

    # -- what a person asks --

    async def cancel(self, job_id: int) -> JobState:
        async with self._begin() as connection:
            job = await self._find(connection, job_id, is_locked=True)
            if job.state in (JobState.DONE, JobState.DEAD):
                raise JobNotMovable(job_id, job.state, "cancelled")
            if job.state is not JobState.CANCELLED:
                await self._call_off(connection, job)
        return JobState.RUNNING if job.state is JobState.RUNNING else JobState.CANCELLED

    async def retry(self, job_id: int) -> None:
        jobs = self._jobs
        try:
            async with self._begin() as connection:
                job = await self._find(connection, job_id, is_locked=True)
                if job.state in (JobState.RUNNING, JobState.DONE):
                    raise JobNotMovable(job_id, job.state, "retried")
                values: _Values = self._stamped() | {jobs.run_at.name: None}
                if job.state.is_final:
                    values |= self._named(JobState.WAITING) | {jobs.attempts.name: 0}
                moving = update(jobs.table).where(jobs.id == job_id).values(values)
                await connection.execute(moving, self._stamp())
                await self._announce(connection)
        except IntegrityError as exc:
            raise JobNotMovable(job_id, JobState.CANCELLED, "retried: another job has its key") from exc

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
        jobs = self._jobs
        asking = self._jobs_with_errors().order_by(jobs.id.desc()).limit(limit)
        if states is not None:
            asking = asking.where(jobs.state.in_([word for word, state in jobs.states.items() if state in states]))
        if kind is not None:
            asking = asking.where(jobs.kind == kind)
        if queue is not None:
            asking = asking.where(jobs.queue == queue)
        async with self._database.read() as connection:
            return [self._job(row) for row in await connection.execute(asking)]

    async def counts(self) -> Mapping[JobState, int]:
        state = self._jobs.state
        found = dict.fromkeys(JobState, 0)
        async with self._database.read() as connection:
            for word, count in await connection.execute(select(state, func.count()).group_by(state)):
                found[self._jobs.states[word]] += count
        return found

    # -- statements --

    def _joined(self, tx: AsyncConnection | None) -> contextlib.AbstractAsyncContextManager[AsyncConnection]:
        return self._begin() if tx is None else contextlib.nullcontext(tx)

    def _finish(self, connection: Connection, done: Sequence[Job]) -> frozenset[int]:
        """Mark jobs done that are still whose they were; return the others."""
        if not done:
            return frozenset()
        claimed = [(job.id, job.worker, job.attempts) for job in done]
        ended = connection.execute(self._finishing, {"claimed": claimed, **self._stamp()})
        return frozenset(job.id for job in done).difference(ended.scalars())

    async def _end(self, connection: AsyncConnection, job: Job, values: _Values) -> None:
        """Change a job that must still be ours. Raises: LeaseLost."""
        jobs = self._jobs
        ending = (
            update(jobs.table)
            .where(jobs.id == job.id, self._is_running)
            .where(jobs.worker == job.worker, jobs.attempts == job.attempts)
            .values(values)
        )
        if (await connection.execute(ending, self._stamp())).rowcount != 1:
            raise LeaseLost(job.id)

    def _handing_back(self, *, attempts: int) -> Update:
        values = self._back() | {self._jobs.attempts.name: self._jobs.attempts + attempts}
        return update(self._jobs.table).where(self._is_running).values(values)

    def _named(self, state: JobState, **more: Any) -> _Values:
        """Return what a job that is nobody's gets."""
        return self._free() | {self._jobs.state.name: self._jobs.written[state], **more}

    def _back(self) -> _Values:
        """Return what a job that is given back gets: a person may have called it off meanwhile."""
        jobs = self._jobs
        words = jobs.written[JobState.CANCELLED], jobs.written[JobState.WAITING]
        state = cast(case((jobs.is_cancel_wanted, words[0]), else_=words[1]), jobs.state.type)
        return self._free() | {jobs.state.name: state}

    def _free(self) -> _Values:
        return {self._jobs.worker.name: None, self._jobs.is_cancel_wanted.name: False, **self._stamped()}

    def _jobs_with_errors(self) -> Select[Any]:
        jobs = self._jobs
        last = select(ERRORS.c.error).where(ERRORS.c.job_id == jobs.id).order_by(ERRORS.c.id.desc()).limit(1)
        return select(*jobs.table.c, last.scalar_subquery().label("error"))

    async def _find(self, connection: AsyncConnection, job_id: int, *, is_locked: bool = False) -> Job:
        asking = self._jobs_with_errors().where(self._jobs.id == job_id)
        row = (await connection.execute(asking.with_for_update() if is_locked else asking)).first()
        if row is None:
            raise UnknownJob(job_id)
        return self._job(row)

    def _args(self, value: Any) -> Mapping[str, Json]:
        return value  # type: ignore[no-any-return]

    def _job(self, row: Row[Any]) -> Job:
        told = row._mapping
        jobs = self._jobs
        return Job(
            id=told[jobs.id.name],
            kind=told[jobs.kind.name],
            args=self._args(told[jobs.args.name]),
            queue=told[jobs.queue.name],
            state=jobs.states[told[jobs.state.name]],
            priority=told[jobs.priority.name],
            attempts=told[jobs.attempts.name],
            key=told[jobs.key.name],
            lock=told[jobs.lock.name],
            run_at=told[jobs.run_at.name],
            worker=told[jobs.worker.name],
            error=told.get("error"),
        )
