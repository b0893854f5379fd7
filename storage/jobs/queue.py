"""`JobQueue`: what every queue of jobs can do. Two keep the promise: `sqlite_queue` and `procrastinate_queue`.

The promises, which `tests/loopback/test_jobs_queue.py` asks of both:

* a job enqueued with `tx` exists exactly when the transaction's other rows do;
* a job is run until it is done, dead or cancelled, whoever dies meanwhile; never by two workers at once, as long as a
  worker that cannot send its beat stops working (`JobWorker` does);
* what a worker says about a job that was taken from it is refused (`LeaseLost`), so `complete(tx=…)` writes a result
  once.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.jobs.job import DEFAULT_QUEUE, Enqueued, Job, JobState, Json
from storage.jobs.silence import SilenceWatch

LOST_WORKER: Final = "the worker died or fell silent"
"""The error of an attempt whose worker cannot tell it any more."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """The answer to a heartbeat."""

    is_known: bool
    """False: this worker was taken for dead, and its jobs were given to others."""
    cancelled: frozenset[int] = frozenset()
    """Jobs this worker runs and a person wants ended."""


@dataclass(frozen=True, slots=True)
class Reaped:
    """What a round of the reaper did."""

    returned: int
    """Jobs of dead workers that wait again (or ended, when a person had cancelled them)."""
    is_unsure: bool
    """A worker holds jobs of which it is not known yet whether it lives: look again."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a worker got for what it has done."""

    jobs: Sequence[Job]
    """Its new ones."""
    lost: frozenset[int] = frozenset()
    """Of the old ones, those that were no longer its: what it did must not count."""


class JobQueue(Protocol):
    """Jobs in a database. Every method raises `DatabaseUnavailable` when the database is away."""

    async def prepare(self) -> None:
        """Make the tables that are missing; may be called by many processes at once, and again."""

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
        """Add a job; with `tx`, a connection from `Database.begin()`, in that transaction.

        `key`: when a job that was not cancelled has it already, in whatever state, that one is returned and nothing is
        added. `lock`: jobs with the same one run one at a time in order of priority and age, and one that waits for
        its time or its next attempt holds up those behind it. `run_at` (aware): not before. Higher `priority` first.

        Raises: BadJob.
        """

    async def register(self) -> int:
        """Enter a new worker and return its number."""

    async def unregister(self, worker: int) -> None:
        """Strike a worker off; what it still runs waits again, its attempt not counted."""

    async def heartbeat(self, worker: int) -> Pulse:
        """Say that the worker lives."""

    async def claim(self, worker: int, *, queues: Collection[str] | None = None, limit: int = 1) -> Sequence[Job]:
        """Take up to `limit` jobs that are due, of these queues (None: of all), first those of the highest priority."""

    async def exchange(
        self, worker: int, done: Sequence[Job], *, queues: Collection[str] | None = None, limit: int = 1
    ) -> Exchange:
        """Mark claimed jobs done and take new ones, in one transaction: one commit for all of it.

        Of a job that is no longer ours nothing is written, and it is named in `lost`; the others are done all the same.
        """

    async def complete(self, job: Job, *, tx: AsyncConnection | None = None) -> None:
        """Mark a claimed job done; with `tx` together with the results written in it.

        Raises: LeaseLost.
        """

    async def fail(self, job: Job, error: str, *, retry_after: float | None) -> None:
        """Note a failed attempt: again after so many seconds by the database's clock, or dead when None.

        Raises: LeaseLost.
        """

    async def release(self, job: Job) -> None:
        """Give a claimed job back as if it had not been taken. Raises: LeaseLost."""

    async def abandon(self, job: Job) -> None:
        """Mark a claimed job cancelled, as a person wished. Raises: LeaseLost."""

    async def reap(self, watch: SilenceWatch, now: float) -> Reaped:
        """Give back the jobs of workers that `watch` finds silent at `now` (monotonic seconds).

        Every worker does this all the time; a lost worker counts as a failed attempt of its jobs.
        """

    async def cancel(self, job_id: int) -> JobState:
        """Call a job off and return its state now: one that runs stays `RUNNING` until its worker heard of it.

        Raises: UnknownJob, JobNotMovable when it is done or dead.
        """

    async def retry(self, job_id: int) -> None:
        """Let a dead or cancelled job run again, now and with all its attempts; or a waiting one at once.

        Raises: UnknownJob, JobNotMovable when it runs, is done, or another job has its key.
        """

    async def get(self, job_id: int) -> Job:
        """Return a job. Raises: UnknownJob."""

    async def list(
        self,
        *,
        states: Collection[JobState] | None = None,
        kind: str | None = None,
        queue: str | None = None,
        limit: int = 100,
    ) -> Sequence[Job]:
        """Return the newest jobs, newest first."""

    async def counts(self) -> Mapping[JobState, int]:
        """Return how many jobs there are in each state."""

    async def purge(self, older_than: float) -> int:
        """Forget the jobs that were done or cancelled `older_than` seconds ago or before, and return how many.

        Their keys are free again. Dead jobs stay until a person decides.
        """

    def listening(self, call: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """Let `call` be called when there may be a new job, for as long as the block lasts.

        It may be called for nothing, and not for every job: whoever waits looks now and then all the same.
        """
