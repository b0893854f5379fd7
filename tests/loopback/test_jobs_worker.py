"""One worker and what handlers may do to it; on both databases."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import text

from storage.database.database import Database, DatabaseUnavailable
from storage.jobs.fenced import FORGIVEN
from storage.jobs.handlers import GiveUp, Handlers, JobRun, TryLater
from storage.jobs.job import Job, JobState
from storage.jobs.open_queue import open_queue
from storage.jobs.queue import Exchange, JobQueue, Pulse, Reaped
from storage.jobs.retry_schedule import RetrySchedule
from storage.jobs.silence import SilenceWatch
from storage.jobs.worker import HandlerStuck, JobWorker, Tally, WorkerSettings
from tests.loopback.jobs_conformance import a_moment, database, postgres, queue, url

__all__ = ["database", "postgres", "queue", "url"]

QUICK = WorkerSettings(lease_seconds=1.0, poll_seconds=0.02, grace_seconds=0.2)
AT_ONCE = RetrySchedule((0.0, 0.0), jitter=0.0)
LIMIT_SECONDS = 60.0
"""No test waits for this; it only ends one that would hang."""


def handlers_with(kind: str, handler: Callable[[JobRun], Awaitable[None]], **options: float) -> Handlers:
    handlers = Handlers()
    handlers.add(kind, handler, schedule=AT_ONCE, **options)
    return handlers


async def test_once_does_all_that_is_due_and_ends(queue: JobQueue) -> None:
    seen: list[object] = []

    async def handle(run: JobRun) -> None:
        seen.append(run.args["n"])
        if run.args["n"] == 0:
            await queue.enqueue("count", {"n": 5})  # work begets work

    for number in range(5):
        await queue.enqueue("count", {"n": number}, lock="one by one")

    tally = await JobWorker(queue, handlers_with("count", handle), QUICK).run(once=True)

    assert seen == [0, 5, 1, 2, 3, 4] or sorted(seen, key=str) == [0, 1, 2, 3, 4, 5]
    assert (tally.done, tally.failed) == (6, 0)
    assert (await queue.counts())[JobState.DONE] == 6


async def test_a_handler_that_raises_is_tried_again_and_then_given_up(queue: JobQueue) -> None:
    attempts: list[int] = []

    async def handle(run: JobRun) -> None:
        attempts.append(run.job.attempt)
        raise ValueError("the caller said: mi clave es 1234")

    enqueued = await queue.enqueue("break", {})

    tally = await JobWorker(queue, handlers_with("break", handle), QUICK).run(once=True)

    dead = await queue.get(enqueued.id)
    assert attempts == [1, 2, 3]
    assert (tally.failed, tally.dead) == (3, 1)
    assert dead.state is JobState.DEAD
    assert dead.error is not None
    assert dead.error.startswith("ValueError (test_jobs_worker.py:")
    assert "clave" not in dead.error


async def test_a_handler_may_give_up_or_ask_for_time(queue: JobQueue) -> None:
    async def handle(run: JobRun) -> None:
        if run.args["n"] == 0:
            raise GiveUp("there is no such recording")
        raise TryLater("the store is busy", 3600)

    hopeless = await queue.enqueue("upload", {"n": 0})
    later = await queue.enqueue("upload", {"n": 1})

    await JobWorker(queue, handlers_with("upload", handle), QUICK).run(once=True)

    error = (await queue.get(hopeless.id)).error
    assert error is not None
    assert error.startswith("GiveUp: there is no such recording (test_jobs_worker.py:")
    assert (await queue.get(hopeless.id)).state is JobState.DEAD
    assert (await queue.get(later.id)).state is JobState.WAITING
    assert (await queue.get(later.id)).attempts == 1


async def test_a_handler_that_hangs_is_ended_and_counts_as_failed(queue: JobQueue) -> None:
    async def handle(run: JobRun) -> None:
        if run.job.attempt < 3:
            await asyncio.Event().wait()

    enqueued = await queue.enqueue("hang", {})

    tally = await JobWorker(queue, handlers_with("hang", handle, timeout_seconds=0.05), QUICK).run(once=True)

    assert (tally.failed, tally.done) == (2, 1)
    done = await queue.get(enqueued.id)
    assert done.state is JobState.DONE
    assert done.error == "JobTimedOut: took longer than 0.05 s"


async def test_a_kind_nobody_knows_is_kept_for_a_worker_that_does(queue: JobQueue) -> None:
    enqueued = await queue.enqueue("from.the.future", {})

    await JobWorker(queue, Handlers(), QUICK).run(once=True)

    kept = await queue.get(enqueued.id)
    assert (kept.state, kept.attempts) == (JobState.WAITING, 1)
    assert kept.error is not None
    assert "no handler for from.the.future" in kept.error


async def test_a_job_that_killed_its_workers_often_enough_is_not_run_again(queue: JobQueue) -> None:
    enqueued = await queue.enqueue("poison", {})
    worker = await queue.register()
    for _ in range(AT_ONCE.attempts):
        (job,) = await queue.claim(worker)
        await queue.fail(job, "died", retry_after=0)

    async def handle(run: JobRun) -> None:
        pytest.fail("it was run again")

    tally = await JobWorker(queue, handlers_with("poison", handle), QUICK).run(once=True)

    assert tally.dead == 1
    dead = await queue.get(enqueued.id)
    assert dead.state is JobState.DEAD
    assert dead.error is not None
    assert "its worker died" in dead.error


async def test_stopping_lets_a_job_finish_and_gives_back_one_that_does_not(queue: JobQueue) -> None:
    begun = asyncio.Queue[int]()
    may_end = asyncio.Event()

    async def handle(run: JobRun) -> None:
        begun.put_nowait(run.job.id)
        await (may_end if run.args["ends"] else asyncio.Event()).wait()

    ends = await queue.enqueue("work", {"ends": True})
    stays = await queue.enqueue("work", {"ends": False})
    untouched = await queue.enqueue("work", {"ends": True})
    worker = JobWorker(queue, handlers_with("work", handle), QUICK)

    async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as group:
        working = group.create_task(worker.run())
        for _ in range(2):
            await begun.get()
        worker.stop()
        may_end.set()

    assert (working.result().done, working.result().released) == (1, 1)
    assert (await queue.get(ends.id)).state is JobState.DONE
    for kept in (stays, untouched):
        job = await queue.get(kept.id)
        assert (job.state, job.attempts) == (JobState.WAITING, 0)


async def test_a_person_cancels_a_job_that_runs(queue: JobQueue) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def handle(run: JobRun) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    enqueued = await queue.enqueue("work", {})
    worker = JobWorker(queue, handlers_with("work", handle), QUICK)

    async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(worker.run())
        await begun.wait()
        await queue.cancel(enqueued.id)
        await ended.wait()
        worker.stop()

    assert (await queue.get(enqueued.id)).state is JobState.CANCELLED


async def test_results_written_with_complete_are_there_once(queue: JobQueue, database: Database) -> None:
    async with database.begin() as tx:
        await tx.execute(text("CREATE TABLE results (n INTEGER)"))

    async def handle(run: JobRun) -> None:
        async with database.begin() as tx:
            await tx.execute(text("INSERT INTO results VALUES (:n)"), {"n": run.args["n"]})
            await run.complete(tx)
            if run.job.attempt == 1:
                raise RuntimeError("after the last statement, before the commit")

    for number in range(4):
        await queue.enqueue("analyse", {"n": number})

    tally = await JobWorker(queue, handlers_with("analyse", handle), QUICK).run(once=True)

    assert (tally.failed, tally.done) == (4, 4)
    async with database.read() as connection:
        assert sorted((await connection.execute(text("SELECT n FROM results"))).scalars()) == [0, 1, 2, 3]


async def test_a_handler_that_swallows_the_rollback_still_leaves_a_done_job(
    queue: JobQueue, database: Database
) -> None:
    async def handle(run: JobRun) -> None:
        try:
            async with database.begin() as tx:
                await run.complete(tx)
                raise RuntimeError("rolled back")
        except RuntimeError:
            pass

    enqueued = await queue.enqueue("analyse", {})

    await JobWorker(queue, handlers_with("analyse", handle), QUICK).run(once=True)

    assert (await queue.get(enqueued.id)).state is JobState.DONE


async def test_a_handler_that_does_not_end_ends_its_worker(queue: JobQueue) -> None:
    free = asyncio.Event()

    async def handle(run: JobRun) -> None:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue

    enqueued = await queue.enqueue("stubborn", {})
    worker = JobWorker(queue, handlers_with("stubborn", handle, timeout_seconds=0.05), QUICK)

    with pytest.raises(HandlerStuck, match="the handler of stubborn does not end"):
        await worker.run()

    assert (await queue.get(enqueued.id)).state is JobState.RUNNING, "nobody else may have it while it runs"
    free.set()


class CutOff:
    """A queue whose heartbeats do not get through, as in a network that is parted."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    def __getattr__(self, name: str) -> object:
        return getattr(self._queue, name)

    async def heartbeat(self, worker: int) -> Pulse:
        raise DatabaseUnavailable("the network is parted")


async def test_a_worker_that_cannot_send_its_beat_stops_working_before_others_take_over(queue: JobQueue) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()
    was_ours_at_the_end: list[JobState] = []

    async def handle(run: JobRun) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            was_ours_at_the_end.append((await queue.get(run.job.id)).state)
            ended.set()

    async def handle_again(run: JobRun) -> None:
        assert ended.is_set(), "two at once"

    await queue.enqueue("work", {})
    parted: JobQueue = CutOff(queue)  # type: ignore[assignment]
    cut_off = JobWorker(parted, handlers_with("work", handle), QUICK)
    other = JobWorker(queue, handlers_with("work", handle_again), QUICK)

    async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(cut_off.run())
        await begun.wait()
        cut_off_claims_no_more = cut_off.stop
        working = group.create_task(other.run(once=True))
        await ended.wait()
        cut_off_claims_no_more()

    assert was_ours_at_the_end == [JobState.RUNNING]
    assert working.result().done == 1


class Stuttering(CutOff):
    """A queue whose heartbeats do not get through now and then; its worker is never taken for dead."""

    is_away = False

    async def heartbeat(self, worker: int) -> Pulse:
        if self.is_away:
            raise DatabaseUnavailable("the network is parted")
        return await self._queue.heartbeat(worker)

    async def reap(self, watch: SilenceWatch, now: float) -> Reaped:
        return Reaped(0, is_unsure=False)


async def fenced(queue: JobQueue, times: int) -> tuple[list[int], Job, Tally]:
    """Run a job whose worker loses its beat the first `times` times; return its attempts as begun and how it ended."""
    attempts: list[int] = []

    async def handle(run: JobRun) -> None:
        attempts.append(run.job.attempt)
        if len(attempts) <= times:
            stuttering.is_away = True
            try:
                await asyncio.Event().wait()
            finally:
                stuttering.is_away = False

    enqueued = await queue.enqueue("work", {})
    stuttering = Stuttering(queue)
    parted: JobQueue = stuttering  # type: ignore[assignment]
    worker = JobWorker(parted, handlers_with("work", handle), QUICK)
    async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as group:
        working = group.create_task(worker.run())
        while (job := await queue.get(enqueued.id)).state not in (JobState.DONE, JobState.DEAD):
            await a_moment()
        worker.stop()
    return attempts, job, working.result()


@pytest.mark.parametrize("times", [1, FORGIVEN])
async def test_a_job_the_fence_ended_is_run_again_as_if_it_had_not_been_taken(queue: JobQueue, times: int) -> None:
    attempts, job, tally = await fenced(queue, times)

    assert attempts == [1] * (times + 1), "a starved machine is not the job's fault"
    assert job.state is JobState.DONE
    assert (tally.released, tally.done) == (times, 1)


async def test_a_job_that_meets_the_fence_again_and_again_becomes_a_dead_letter(queue: JobQueue) -> None:
    attempts, job, tally = await fenced(queue, times=100)

    assert attempts == [1] * (FORGIVEN + 1) + list(range(2, AT_ONCE.attempts + 1))
    assert job.state is JobState.DEAD
    assert (tally.done, tally.dead) == (0, 1)


async def test_a_worker_taken_for_dead_drops_its_jobs_and_begins_anew(queue: JobQueue) -> None:
    begun = asyncio.Queue[int]()
    may_end = asyncio.Event()

    async def handle(run: JobRun) -> None:
        begun.put_nowait(run.job.attempt)
        await may_end.wait()

    enqueued = await queue.enqueue("work", {})
    worker = JobWorker(queue, handlers_with("work", handle), QUICK)

    async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as group:
        working = group.create_task(worker.run())
        assert await begun.get() == 1
        (running,) = await queue.list(states=[JobState.RUNNING])
        assert running.worker is not None
        await queue.unregister(running.worker)  # as a reaper that found it silent would
        await begun.get()
        may_end.set()
        while (await queue.get(enqueued.id)).state is not JobState.DONE:
            await a_moment()
        worker.stop()

    assert (working.result().released, working.result().done) == (1, 1)


FAR = WorkerSettings(lease_seconds=600.0, poll_seconds=3600.0, longest_poll_seconds=3600.0)
"""Who only looks by itself finds nothing before the test is over."""


class Hearing:
    """A queue that tells when its worker has found nothing and will wait."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self.found_nothing = asyncio.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._queue, name)

    async def exchange(
        self, worker: int, done: Sequence[Job], *, queues: Collection[str] | None = None, limit: int = 1
    ) -> Exchange:
        told = await self._queue.exchange(worker, done, queues=queues, limit=limit)
        if limit and not told.jobs:
            self.found_nothing.set()
        return told


async def test_a_worker_that_waits_hears_of_a_job_from_another_object_on_the_same_database(
    queue: JobQueue, url: str
) -> None:
    done = asyncio.Queue[object]()

    async def handle(run: JobRun) -> None:
        done.put_nowait(run.args["n"])

    hearing = Hearing(queue)
    deaf: JobQueue = hearing  # type: ignore[assignment]
    worker = JobWorker(deaf, handlers_with("work", handle), FAR)
    async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as group, Database.open(url) as elsewhere:
        group.create_task(worker.run())
        others = await open_queue(elsewhere)
        for number in range(3):
            await hearing.found_nothing.wait()
            hearing.found_nothing.clear()
            async with elsewhere.begin() as tx:
                await others.enqueue("work", {"n": number}, tx=tx)
            assert await done.get() == number
        worker.stop()


async def test_a_worker_that_waits_hears_of_a_job_a_person_retries(queue: JobQueue) -> None:
    runs = asyncio.Queue[int]()

    async def handle(run: JobRun) -> None:
        runs.put_nowait(run.job.id)
        if runs.qsize() == 1:
            raise GiveUp("not now")

    worker = JobWorker(queue, handlers_with("work", handle), FAR)
    async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(worker.run())
        enqueued = await queue.enqueue("work", {})
        while (await queue.get(enqueued.id)).state is not JobState.DEAD:
            await a_moment()
        await queue.retry(enqueued.id)
        while (await queue.get(enqueued.id)).state is not JobState.DONE:
            await a_moment()
        worker.stop()
    assert runs.qsize() == 2


async def test_many_small_jobs_are_written_down_together(queue: JobQueue) -> None:
    class Counting(Hearing):
        exchanges = 0

        async def exchange(
            self, worker: int, done: Sequence[Job], *, queues: Collection[str] | None = None, limit: int = 1
        ) -> Exchange:
            self.exchanges += 1
            return await super().exchange(worker, done, queues=queues, limit=limit)

    async def handle(_: JobRun) -> None:
        return

    for _ in range(40):
        await queue.enqueue("work", {})
    counting = Counting(queue)
    counted: JobQueue = counting  # type: ignore[assignment]
    tally = await JobWorker(counted, handlers_with("work", handle), replace(QUICK, concurrency=8)).run(once=True)
    assert tally.done == 40
    assert counting.exchanges < 15, "eight at a time: their end and the next eight are one commit"


async def test_what_is_done_while_the_database_is_away_is_written_when_it_is_back(queue: JobQueue) -> None:
    class Away(Hearing):
        refused = 0

        async def exchange(
            self, worker: int, done: Sequence[Job], *, queues: Collection[str] | None = None, limit: int = 1
        ) -> Exchange:
            if done and self.refused < 2:
                self.refused += 1
                raise DatabaseUnavailable("away")
            return await super().exchange(worker, done, queues=queues, limit=limit)

    runs: list[int] = []

    async def handle(run: JobRun) -> None:
        runs.append(run.job.id)

    await queue.enqueue("work", {})
    away = Away(queue)
    seen: JobQueue = away  # type: ignore[assignment]
    tally = await JobWorker(seen, handlers_with("work", handle), replace(QUICK, lease_seconds=60.0)).run(once=True)
    assert (tally.done, len(runs), away.refused) == (1, 1, 2)
    assert (await queue.counts())[JobState.DONE] == 1


async def test_what_is_done_when_told_to_stop_is_still_written(queue: JobQueue) -> None:
    async def handle(run: JobRun) -> None:
        worker.stop()

    await queue.enqueue("work", {})
    worker = JobWorker(queue, handlers_with("work", handle), FAR)
    assert (await worker.run()).done == 1
    assert (await queue.counts())[JobState.DONE] == 1
