"""The queue in SQLite: a table beside the business rows, one writer at a time, workers on one machine.

A claim is one `UPDATE … RETURNING`; SQLite's single writer makes it atomic. It tells nobody of a new row: `Bell` does.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Select, Update, bindparam, delete, exists, insert, inspect, or_, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.database import Database
from storage.jobs.bell import Bell
from storage.jobs.job import Enqueued, Job, JobState, Json, NewJob, seconds_of
from storage.jobs.job_table import JobTable
from storage.jobs.table_queue import T, TableQueue
from storage.jobs.tables import ERROR_TABLES, ERRORS, JOBS, SQLITE_TABLES, WORKERS, Seconds

BELL_SUFFIX: Final = "-bells"
"""Of the folder beside the database's file."""

_TABLE: Final = JobTable(
    table=JOBS,
    id=JOBS.c.id,
    kind=JOBS.c.kind,
    args=JOBS.c.args,
    queue=JOBS.c.queue,
    state=JOBS.c.state,
    priority=JOBS.c.priority,
    attempts=JOBS.c.attempts,
    key=JOBS.c.key,
    lock=JOBS.c.lock,
    run_at=JOBS.c.run_at,
    worker=JOBS.c.worker,
    is_cancel_wanted=JOBS.c.is_cancel_wanted,
    workers=WORKERS,
    worker_id=WORKERS.c.id,
    beat=WORKERS.c.beat,
    states={state.value: state for state in JobState},
    written={state: state.value for state in JobState},
)
_NOW: Final = bindparam("now", type_=Seconds())
_ADD: Final = sqlite_insert(JOBS).on_conflict_do_nothing().returning(JOBS.c.id)


def _now() -> datetime:
    return datetime.now(UTC)


class SqliteQueue(TableQueue):
    """`JobQueue` in a SQLite database."""

    def __init__(self, database: Database, now: Callable[[], datetime] = _now) -> None:
        """`now` gives the wall clock, which only `run_at`, delays and `purge` look at; leases know no clock."""
        super().__init__(database, _TABLE)
        self._now = now
        # Our own writers queue here: at SQLite's door they would sleep, up to 100 ms at a time, and not in order
        self._writing = asyncio.Lock()
        self._is_idle = True
        path = Path(database.url.database or "")
        self._bell = Bell(path.with_name(path.name + BELL_SUFFIX))

    async def prepare(self) -> None:
        async with self._database.read() as connection:
            # The table made last; who only looks does not wait for the writers
            if await connection.run_sync(lambda sync: inspect(sync).has_table(ERRORS.name)):
                return
        async with self._begin() as connection:
            await connection.run_sync(SQLITE_TABLES.create_all)
            await connection.run_sync(ERROR_TABLES.create_all)

    async def register(self) -> int:
        async with self._begin() as connection:
            return int((await connection.execute(insert(WORKERS).returning(WORKERS.c.id))).scalar_one())

    async def purge(self, older_than: float) -> int:
        until = self._now() - timedelta(seconds=seconds_of(older_than))
        ended = JOBS.c.state.in_([JobState.DONE.value, JobState.CANCELLED.value])
        async with self._begin() as connection:
            count = (await connection.execute(delete(JOBS).where(ended, JOBS.c.changed_at <= until))).rowcount
            await connection.execute(delete(ERRORS).where(ERRORS.c.job_id.not_in(select(JOBS.c.id))))
        return count

    @contextlib.asynccontextmanager
    async def listening(self, call: Callable[[], None]) -> AsyncIterator[None]:
        with self._bell.heard_by(call):
            yield

    async def _add(self, connection: AsyncConnection, new: NewJob) -> Enqueued | None:
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
        added = (await connection.execute(_ADD, values)).scalar_one_or_none()
        if added is not None:
            await self._announce(connection)
            return Enqueued(added, is_new=True)
        same = select(JOBS.c.id).where(JOBS.c.key == new.key, JOBS.c.state != JobState.CANCELLED.value)
        return Enqueued((await connection.execute(same)).scalar_one(), is_new=False)

    async def _may_have_jobs(self, queues: Collection[str] | None) -> bool:
        if not self._is_idle:
            return True
        # Who found nothing the last time asks often, and must not stand in the writers' way for it
        first = _DUE if queues is None else _DUE_IN_QUEUES
        asked = {"now": self._now(), "limit": 1, "queues": sorted(queues or ())}
        async with self._database.read() as connection:
            return (await connection.execute(first, asked)).first() is not None

    def _take(self, connection: Connection, worker: int, queues: Collection[str] | None, limit: int) -> Sequence[Job]:
        taking = _TAKE if queues is None else _TAKE_IN_QUEUES
        asked = {"now": self._now(), "limit": limit, "queues": sorted(queues or ()), "taker": worker}
        jobs = [self._job(row) for row in connection.execute(taking, asked)]
        self._is_idle = not jobs
        return sorted(jobs, key=lambda job: (-job.priority, job.id))

    async def _call_off(self, connection: AsyncConnection, job: Job) -> None:
        is_waiting = job.state is JobState.WAITING
        values = self._named(JobState.CANCELLED) if is_waiting else {JOBS.c.is_cancel_wanted.name: True}
        calling_off = update(JOBS).where(JOBS.c.id == job.id).values(values | self._stamped())
        await connection.execute(calling_off, self._stamp())

    async def _announce(self, connection: AsyncConnection) -> None:
        self._database.after_commit(connection, self._bell.ring)

    def _in_seconds(self, seconds: float) -> datetime:
        return self._now() + timedelta(seconds=seconds)

    def _new_beat(self) -> Any:
        return WORKERS.c.beat + 1

    def _stamped(self) -> dict[str, Any]:
        return {JOBS.c.changed_at.name: _NOW}

    def _stamp(self) -> dict[str, Any]:
        return {"now": self._now()}

    async def _run(self, act: Callable[[Connection], T]) -> T:
        async with self._writing:
            return await super()._run(act)

    @contextlib.asynccontextmanager
    async def _begin(self) -> AsyncIterator[AsyncConnection]:
        async with self._writing, self._database.begin() as connection:
            yield connection

    def _args(self, value: Any) -> Mapping[str, Json]:
        args: Mapping[str, Json] = json.loads(value)
        return args


def _due() -> Select[tuple[int]]:
    """Select the ids of the jobs that are to run next: of those with the same lock, one at the most."""
    other = JOBS.alias("other")
    is_running = other.c.state == _TABLE.word(JobState.RUNNING)
    is_waiting = other.c.state == _TABLE.word(JobState.WAITING)
    is_before = or_(
        other.c.priority > JOBS.c.priority, (other.c.priority == JOBS.c.priority) & (other.c.id < JOBS.c.id)
    )
    is_free = ~exists().where(other.c.lock == JOBS.c.lock, is_running)
    is_in_turn = ~exists().where(other.c.lock == JOBS.c.lock, is_waiting, is_before)
    return (
        select(JOBS.c.id)
        .where(_TABLE.is_in(JobState.WAITING), or_(JOBS.c.run_at.is_(None), JOBS.c.run_at <= _NOW))
        .where(or_(JOBS.c.lock.is_(None), is_free & is_in_turn))
        .order_by(JOBS.c.priority.desc(), JOBS.c.id)
        .limit(bindparam("limit"))
    )


def _taking(due: Select[tuple[int]]) -> Update:
    return (
        update(JOBS)
        .where(JOBS.c.id.in_(due), exists().where(WORKERS.c.id == bindparam("taker")))
        .values(state=JobState.RUNNING.value, worker=bindparam("taker"), changed_at=_NOW)
        .returning(*JOBS.c)
    )


# Made once: putting a statement together costs more than running it
_DUE: Final = _due()
_DUE_IN_QUEUES: Final = _due().where(JOBS.c.queue.in_(bindparam("queues", expanding=True)))
_TAKE: Final = _taking(_DUE)
_TAKE_IN_QUEUES: Final = _taking(_DUE_IN_QUEUES)
