"""`JobWorker`: takes jobs from a queue and runs their handlers, a few at a time, until it is told to stop.

Three things go on beside the work: the beat that says we live; the reaper that gives back the jobs of workers that do
not; and the fence: a worker that could not send its beat for three quarters of the lease ends its handlers before
another may have the jobs. Whatever a handler does, its job ends in the database or comes back after the lease.
"""

import asyncio
import contextlib
import enum
import logging
import random
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final

from storage.database.database import DatabaseUnavailable
from storage.jobs.failure_text import failure_text
from storage.jobs.fenced import FencedJobs
from storage.jobs.handlers import Duty, Handlers, JobRun, JobTimedOut, NoHandler, delay_after_failure
from storage.jobs.job import Job, JobError, JobState, LeaseLost
from storage.jobs.queue import JobQueue
from storage.jobs.retry_schedule import RetrySchedule
from storage.jobs.silence import LOOKS, SilenceWatch

_BEATS_PER_LEASE: Final = 6
_FENCE: Final = 0.75
"""Share of the lease after which a worker without a beat ends its handlers; the rest is for them to end in."""
_CANCEL: Final = 1 / 8
"""Share of the lease a cancelled handler may take to end."""
_OUTAGE_SECONDS: Final = 0.5
"""Between two attempts to reach a database that is away."""
_POISON: Final = "given up: each time its worker died while it ran"

_logger = logging.getLogger(__name__)


class HandlerStuck(JobError):
    """A handler does not end although it was cancelled. Only the end of this process frees its job."""


class _Fate(enum.Enum):
    """Why a handler is ended before it returns."""

    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"
    STOPPING = "stopping"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How a worker works."""

    concurrency: int = 2
    """Jobs at a time."""
    queues: Collection[str] | None = None
    """Only jobs of these; None: of all."""
    lease_seconds: float = 30.0
    """A worker that is silent for so long is dead to the others. The same for all workers of a database."""
    poll_seconds: float = 0.5
    """So long after it found none a worker looks again although nothing was heard; each time twice as long, …"""
    longest_poll_seconds: float = 2.0
    """… up to this: a job whose time comes, or whose announcement was lost, waits no longer."""
    grace_seconds: float = 25.0
    """What running handlers get to finish after `stop`; then their jobs go back."""


@dataclass(slots=True)
class Tally:
    """What a worker did."""

    done: int = 0
    failed: int = 0
    """Attempts, those after which the job was given up among them."""
    dead: int = 0
    released: int = 0
    """Given back unfinished, cancelled or lost."""


@dataclass(slots=True, eq=False)
class _Running:
    run: JobRun
    began: float
    """Monotonic seconds."""
    fate: asyncio.Future[_Fate]
    is_lost: bool = False
    """Nothing may be written about it any more."""

    def end(self, fate: _Fate) -> None:
        self.is_lost |= fate is _Fate.LOST
        if not self.fate.done():
            self.fate.set_result(fate)


class JobWorker:
    """One worker; `run` it once."""

    def __init__(
        self,
        queue: JobQueue,
        handlers: Handlers,
        settings: WorkerSettings | None = None,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`chance` gives the random numbers in [0, 1) that spread retries."""
        self._queue = queue
        self._handlers = handlers
        self._settings = settings or WorkerSettings()
        self._chance = chance
        self._is_stopping = False
        self._running: dict[_Running, asyncio.Task[None]] = {}
        self._ended: list[_Running] = []
        """Done, and not written down yet: that is for the next exchange."""
        self._fenced = FencedJobs(queue)
        self._news = asyncio.Event()
        """There may be something to do for `_work`."""
        self._watch = SilenceWatch(self._settings.lease_seconds)
        self._is_unsure = True
        self._worker = 0
        self._beaten_at = 0.0
        self._tally = Tally()

    def stop(self) -> None:
        """Take no more jobs; `run` returns when those that run have finished or were given back."""
        self._is_stopping = True
        self._news.set()

    async def run(self, *, once: bool = False) -> Tally:
        """Work until `stop`; with `once`, until no job is due and none is left with a worker that may be dead.

        Raises: DatabaseUnavailable when the database is away at the start, HandlerStuck.
        """
        await self._register()
        try:
            async with self._queue.listening(self._news.set), asyncio.TaskGroup() as group:
                loops = [
                    group.create_task(self._beat(), name="job beat"),
                    group.create_task(self._reap(), name="job reaper"),
                    group.create_task(self._fence(), name="job fence"),
                ]
                await self._work(group, once=once)
                await self._finish()
                for loop in loops:
                    loop.cancel()
        except* HandlerStuck as group_error:
            # The row of this worker stays: its jobs come back when the lease is over, and not before
            raise HandlerStuck(str(group_error.exceptions[0])) from group_error
        with contextlib.suppress(DatabaseUnavailable):  # then the lease will tell the others
            await self._queue.unregister(self._worker)
        return self._tally

    async def _work(self, group: asyncio.TaskGroup, *, once: bool) -> None:
        pause = self._settings.poll_seconds
        while not self._is_stopping:
            self._news.clear()
            # Asked before the claim: what a handler or the reaper gave back before it is then in it
            may_be_the_end = not (self._running or self._ended or self._fenced or self._is_unsure)
            free = self._settings.concurrency - len(self._running)
            jobs = await self._exchange(free)
            for job in jobs or ():
                fate = asyncio.get_running_loop().create_future()
                running = _Running(JobRun(job, self._queue), time.monotonic(), fate)
                self._running[running] = group.create_task(self._do(running), name=f"job {job.id}")
            if once and may_be_the_end and jobs is not None and not jobs:
                return
            if jobs:
                pause = self._settings.poll_seconds
            if not jobs or len(self._running) == self._settings.concurrency:
                await self._rest(pause)
                pause = min(2 * pause, max(pause, self._settings.longest_poll_seconds))

    async def _exchange(self, free: int) -> Collection[Job] | None:
        """Write down what is done and take up to `free` jobs, in one task only; None: ask again later.

        Then the database or our beat is away, and what is done is kept for the next time.
        """
        for running in self._ended:
            if running.is_lost:
                self._give_up(running)
        done = [running for running in self._ended if not running.is_lost]
        self._ended.clear()
        try:
            if self._fence_in() > 0:
                await self._fenced.give_back()
            elif not done:
                return None
            else:
                free = 0  # who cannot tell that it lives takes nothing
            if not done and not free:
                return ()
            told = await self._queue.exchange(
                self._worker, [running.run.job for running in done], queues=self._settings.queues, limit=free
            )
        except DatabaseUnavailable as error:
            self._ended += done
            _logger.warning("no jobs: the database is away", extra={"error": str(error)})
            return None
        for running in done:
            if running.run.job.id in told.lost:
                self._tell_lost(running)
            else:
                self._tell_done(running)
        return told.jobs

    async def _rest(self, seconds: float) -> None:
        """Wait for a job to end, for `stop`, or for a new job."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    async def _finish(self) -> None:
        ends_at = time.monotonic() + self._settings.grace_seconds
        is_told = False
        while self._running or self._ended:
            self._news.clear()
            if self._ended and await self._exchange(0) is not None:
                continue
            left = ends_at - time.monotonic()
            if left <= 0 and not is_told:
                is_told = True
                for running in self._running:
                    running.end(_Fate.STOPPING)
            await self._rest(_OUTAGE_SECONDS if is_told or self._ended else left)

    async def _do(self, running: _Running) -> None:
        """Run one job to its end. Raises: HandlerStuck."""
        try:
            await self._run_one(running)
        finally:
            del self._running[running]
            self._news.set()

    async def _run_one(self, running: _Running) -> None:
        job = running.run.job
        try:
            duty = self._handlers.of(job.kind)
        except NoHandler as missing:
            await self._fail(job, running, missing, RetrySchedule())
            return
        if duty.schedule.is_spent(job.attempts):
            # It never came to `_fail`: each time its worker died with it
            await self._record(running, lambda: self._queue.fail(job, _POISON, retry_after=None))
            self._tally.dead += 1
            _logger.error("job given up: its workers died", extra={"job_id": job.id, "kind": job.kind})
            return
        error, fate = await self._handle(running, duty)
        if running.is_lost:
            self._give_up(running)
        elif error is None:
            await self._is_written(running)
        elif fate in (_Fate.STOPPING, _Fate.CANCELLED):
            ending = self._queue.release if fate is _Fate.STOPPING else self._queue.abandon
            await self._record(running, lambda: ending(job))
            self._tally.released += 1
            _logger.info("job given back" if fate is _Fate.STOPPING else "job cancelled", extra=_told(running))
        else:
            await self._fail(job, running, error, duty.schedule)

    async def _is_written(self, running: _Running) -> None:
        """See to it that a job is marked done, unless its handler did; its transaction may have been rolled back."""
        if running.run.is_completed:
            found: list[Job] = []

            async def look() -> None:
                found.append(await self._queue.get(running.run.job.id))

            await self._record(running, look)
            if not found:
                return  # lost meanwhile
            if found[0].state is not JobState.RUNNING:
                self._tell_done(running)
                return
        self._ended.append(running)

    def _tell_done(self, running: _Running) -> None:
        self._tally.done += 1
        _logger.info("job done", extra=_told(running))

    def _give_up(self, running: _Running) -> None:
        self._fenced.add(running.run.job)
        self._tell_lost(running)

    def _tell_lost(self, running: _Running) -> None:
        self._tally.released += 1
        _logger.warning("job lost: another worker may have it", extra=_told(running))

    async def _handle(self, running: _Running, duty: Duty) -> tuple[BaseException | None, _Fate | None]:
        """Call the handler, and end it when it must end; return how it failed, and why we ended it.

        Raises: HandlerStuck.
        """
        job = running.run.job
        handler = asyncio.ensure_future(duty.handler(running.run))
        either: list[asyncio.Future[None] | asyncio.Future[_Fate]] = [handler, running.fate]
        try:
            await asyncio.wait(either, timeout=duty.timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
            fate = None
            if not handler.done():
                fate = running.fate.result() if running.fate.done() else _Fate.TIMED_OUT
                handler.cancel()
                await asyncio.wait([handler], timeout=self._settings.lease_seconds * _CANCEL)
        finally:
            handler.cancel()
        if not handler.done():
            raise HandlerStuck(f"the handler of {job.kind} does not end (job {job.id}); this worker must")
        if not handler.cancelled():
            return handler.exception(), fate
        if fate is _Fate.TIMED_OUT:
            return JobTimedOut(f"took longer than {duty.timeout_seconds:g} s"), fate
        return asyncio.CancelledError(), fate

    async def _fail(self, job: Job, running: _Running, error: BaseException, schedule: RetrySchedule) -> None:
        delay = delay_after_failure(error, job.attempt, schedule, self._chance())
        said = failure_text(error)
        await self._record(running, lambda: self._queue.fail(job, said, retry_after=delay))
        self._tally.failed += 1
        told = {"job_id": job.id, "kind": job.kind, "attempt": job.attempt, "error": said, "retry_seconds": delay}
        if delay is None:
            self._tally.dead += 1
            _logger.error("job given up", extra=told)
        else:
            _logger.warning("job failed, to be tried again", extra=told)

    async def _record(self, running: _Running, saying: Callable[[], Awaitable[None]]) -> None:
        """Write down how a job ended, for as long as it is ours."""
        while not running.is_lost:
            try:
                return await saying()
            except LeaseLost as lost:
                _logger.warning("what a job came to is not written: it was lost", extra={"job_id": lost.job_id})
                return
            except DatabaseUnavailable:
                await asyncio.sleep(_OUTAGE_SECONDS)
        self._fenced.add(running.run.job)

    async def _register(self) -> None:
        began = time.monotonic()
        self._worker = await self._queue.register()
        self._beaten_at = began

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease_seconds / _BEATS_PER_LEASE)
            began = time.monotonic()
            try:
                pulse = await self._queue.heartbeat(self._worker)
                if not pulse.is_known:
                    _logger.warning("taken for dead: beginning anew")
                    self._lose_all()
                    self._fenced.drop()
                    await self._register()
                    continue
                self._beaten_at = began
                if self._fenced:
                    self._news.set()
            except DatabaseUnavailable as error:
                _logger.warning("no beat: the database is away", extra={"error": str(error)})
                continue
            for running in self._running:
                if running.run.job.id in pulse.cancelled:
                    running.end(_Fate.CANCELLED)

    def _fence_in(self) -> float:
        """Return in how many seconds handlers must be ended, unless a beat gets through."""
        return self._beaten_at + self._settings.lease_seconds * _FENCE - time.monotonic()

    async def _fence(self) -> None:
        while True:
            left = self._fence_in()
            if left <= 0:
                self._lose_all()
                left = self._settings.lease_seconds / _BEATS_PER_LEASE
            await asyncio.sleep(left)

    def _lose_all(self) -> None:
        for running in (*self._running, *self._ended):
            running.end(_Fate.LOST)

    async def _reap(self) -> None:
        while True:
            try:
                reaped = await self._queue.reap(self._watch, time.monotonic())
            except DatabaseUnavailable as error:
                _logger.warning("no reaping: the database is away", extra={"error": str(error)})
            else:
                self._is_unsure = reaped.is_unsure
                self._news.set()
                if reaped.returned:
                    _logger.warning("jobs of dead workers given back", extra={"jobs": reaped.returned})
            await asyncio.sleep(self._settings.lease_seconds / LOOKS)


def _told(running: _Running) -> dict[str, object]:
    """Return what is logged about the end of a run."""
    job, seconds = running.run.job, time.monotonic() - running.began
    return {"job_id": job.id, "kind": job.kind, "attempt": job.attempt, "seconds": seconds}
