"""What every queue promises, asked of both: SQLite, and procrastinate on a real PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from storage.database.database import Database
from storage.jobs.job import BadJob, Job, JobNotMovable, JobState, LeaseLost, UnknownJob
from storage.jobs.open_queue import open_queue
from storage.jobs.queue import LOST_WORKER, JobQueue
from storage.jobs.silence import SilenceWatch
from tests.loopback.jobs_conformance import database, postgres, queue, url

__all__ = ["database", "postgres", "queue", "url"]

NEVER = 0
"""No job has this number."""


class PowerCut(Exception):
    """Something went wrong between two statements of a transaction."""


async def only(queue: JobQueue, worker: int) -> Job:
    (job,) = await queue.claim(worker)
    return job


async def watched_to_death(queue: JobQueue, beating: tuple[int, ...] = ()) -> int:
    """Let a reaper look for longer than its patience, while some workers beat; return how many jobs it gave back."""
    watch = SilenceWatch(30.0)
    returned = 0
    for second in range(0, 80, 5):
        for worker in beating:
            await queue.heartbeat(worker)
        returned += (await queue.reap(watch, float(second))).returned
    return returned


async def test_a_job_is_taken_once_done_once_and_stays_to_be_seen(queue: JobQueue) -> None:
    worker = await queue.register()
    enqueued = await queue.enqueue("upload", {"call": "rec_ñ_1", "deep": [{"x": None}, 1.5, True]})

    job = await only(queue, worker)

    assert enqueued.is_new
    assert (job.id, job.kind, job.attempt, job.state) == (enqueued.id, "upload", 1, JobState.RUNNING)
    assert job.args == {"call": "rec_ñ_1", "deep": [{"x": None}, 1.5, True]}
    assert not await queue.claim(worker)

    await queue.complete(job)

    assert (await queue.get(job.id)).state is JobState.DONE
    assert (await queue.counts())[JobState.DONE] == 1
    assert not await queue.claim(worker)


async def test_a_job_exists_exactly_when_the_business_rows_do(queue: JobQueue, database: Database) -> None:
    async with database.begin() as tx:
        await tx.execute(text("CREATE TABLE calls_seen (name TEXT)"))

    async def see(name: str, *, power_cut: bool) -> None:
        async with database.begin() as tx:
            await tx.execute(text("INSERT INTO calls_seen VALUES (:name)"), {"name": name})
            await queue.enqueue("upload", {"call": name}, tx=tx)
            if power_cut:
                raise PowerCut

    with pytest.raises(PowerCut):
        await see("lost", power_cut=True)
    await see("kept", power_cut=False)

    async with database.read() as connection:
        assert (await connection.execute(text("SELECT name FROM calls_seen"))).scalars().all() == ["kept"]
    assert [job.args for job in await queue.list()] == [{"call": "kept"}]


async def test_a_result_and_the_end_of_its_job_are_written_together_or_not_at_all(
    queue: JobQueue, database: Database
) -> None:
    worker = await queue.register()
    await queue.enqueue("analyse", {})
    job = await only(queue, worker)

    async def end(*, power_cut: bool) -> None:
        async with database.begin() as tx:
            await queue.complete(job, tx=tx)
            if power_cut:
                raise PowerCut

    with pytest.raises(PowerCut):
        await end(power_cut=True)
    assert (await queue.get(job.id)).state is JobState.RUNNING
    await end(power_cut=False)
    assert (await queue.get(job.id)).state is JobState.DONE


async def test_a_key_is_one_job_whatever_became_of_it(queue: JobQueue, database: Database) -> None:
    worker = await queue.register()
    first = await queue.enqueue("upload", {"n": 1}, key="upload:rec_1")

    async def again() -> tuple[int, bool]:
        # In a transaction that has other things to do: a key that is taken must not spoil it
        async with database.begin() as tx:
            same = await queue.enqueue("upload", {"n": 2}, key="upload:rec_1", tx=tx)
            await queue.enqueue("other", {}, queue="others", tx=tx)
        return same.id, same.is_new

    assert await again() == (first.id, False), "while it waits"
    (job,) = await queue.claim(worker, queues=["default"])
    assert await again() == (first.id, False), "while it runs"
    await queue.complete(job)
    assert await again() == (first.id, False), "when it is done"
    assert len(await queue.list(kind="other")) == 3
    assert (await queue.get(first.id)).args == {"n": 1}


async def test_many_at_once_with_one_key_are_one_job(queue: JobQueue) -> None:
    done = await asyncio.gather(*(queue.enqueue("upload", {}, key="same") for _ in range(10)))

    assert len({one.id for one in done}) == 1
    assert sum(one.is_new for one in done) == 1


async def test_a_cancelled_job_frees_its_key(queue: JobQueue) -> None:
    first = await queue.enqueue("upload", {}, key="k")
    await queue.cancel(first.id)

    second = await queue.enqueue("upload", {}, key="k")

    assert second.is_new
    with pytest.raises(JobNotMovable, match="another job has its key"):
        await queue.retry(first.id)


async def test_higher_priority_goes_first_then_age(queue: JobQueue) -> None:
    worker = await queue.register()
    for name, priority in (("a", 0), ("b", 5), ("c", -5), ("d", 5), ("e", 0)):
        await queue.enqueue("say", {"name": name}, priority=priority)

    taken = [job.args["name"] for job in await queue.claim(worker, limit=10)]

    assert taken == ["b", "d", "a", "e", "c"]


async def test_a_job_is_not_run_before_its_time(queue: JobQueue) -> None:
    worker = await queue.register()
    now = datetime.now(UTC)
    later = await queue.enqueue("ring", {"when": "later"}, run_at=now + timedelta(hours=1), priority=100)
    await queue.enqueue("ring", {"when": "past"}, run_at=now - timedelta(hours=1))

    assert (await only(queue, worker)).args == {"when": "past"}
    assert not await queue.claim(worker)
    kept = await queue.get(later.id)
    assert kept.run_at is not None
    assert abs(kept.run_at - now - timedelta(hours=1)) < timedelta(milliseconds=1)

    await queue.retry(later.id)  # a person does not want to wait

    assert (await only(queue, worker)).id == later.id


async def test_of_one_lock_one_job_runs_at_a_time_in_order(queue: JobQueue) -> None:
    worker, other = await queue.register(), await queue.register()
    for number in range(3):
        await queue.enqueue("stage", {"n": number}, lock="call-1")
    await queue.enqueue("stage", {"n": "free"}, lock="call-2")

    first, free = await queue.claim(worker, limit=10)

    assert (first.args["n"], free.args["n"]) == (0, "free")
    assert not await queue.claim(other)
    await queue.fail(first, "again", retry_after=3600)
    assert not await queue.claim(other), "those behind wait for it: the second stage must not overtake the first"
    await queue.retry(first.id)
    await queue.complete(await only(queue, other))
    second = await only(queue, worker)
    assert second.args["n"] == 1
    await queue.fail(second, "hopeless", retry_after=None)
    assert (await only(queue, other)).args["n"] == 2, "a dead one holds up nobody"


async def test_a_worker_takes_only_from_its_queues(queue: JobQueue) -> None:
    worker = await queue.register()
    await queue.enqueue("transcribe", {}, queue="gpu")
    await queue.enqueue("upload", {})

    assert [job.queue for job in await queue.claim(worker, queues=["gpu", "none"], limit=5)] == ["gpu"]
    assert [job.queue for job in await queue.claim(worker, limit=5)] == ["default"]


async def test_no_job_is_taken_twice_by_many_who_ask_at_once(queue: JobQueue) -> None:
    workers = [await queue.register() for _ in range(4)]
    for number in range(30):
        await queue.enqueue("count", {}, lock=f"lock-{number % 7}" if number % 2 else None)

    async def take_all(worker: int) -> list[int]:
        taken: list[int] = []
        while jobs := await queue.claim(worker, limit=2):
            taken += [job.id for job in jobs]
            for job in jobs:
                await queue.complete(job)
        return taken

    async with asyncio.timeout(60):
        taken = [job for jobs in await asyncio.gather(*(take_all(worker) for worker in workers)) for job in jobs]
        # One who finds only held locks leaves; what was behind them is left to be taken
        taken += await take_all(workers[0])

    assert len(taken) == len(set(taken)) == 30


async def test_a_failed_job_waits_its_delay_and_tells_what_was_wrong(queue: JobQueue) -> None:
    worker = await queue.register()
    await queue.enqueue("upload", {})
    job = await only(queue, worker)

    await queue.fail(job, "S3 is away", retry_after=3600)

    assert not await queue.claim(worker)
    waiting = await queue.get(job.id)
    assert (waiting.state, waiting.attempts, waiting.error) == (JobState.WAITING, 1, "S3 is away")
    assert waiting.run_at is not None
    assert timedelta(minutes=59) < waiting.run_at - datetime.now(UTC) < timedelta(minutes=61)

    await queue.retry(job.id)
    again = await only(queue, worker)
    assert again.attempt == 2, "asking for it early does not take back attempts"
    await queue.fail(again, "S3 is still away", retry_after=0)
    assert (await only(queue, worker)).attempt == 3
    assert (await queue.get(job.id)).error == "S3 is still away"


async def test_a_dead_letter_stays_until_a_person_revives_it(queue: JobQueue) -> None:
    worker = await queue.register()
    enqueued = await queue.enqueue("upload", {"call": "rec_1"}, key="k")
    await queue.fail(await only(queue, worker), "no such recording", retry_after=None)

    (dead,) = await queue.list(states=[JobState.DEAD])

    assert (dead.id, dead.error, dead.args) == (enqueued.id, "no such recording", {"call": "rec_1"})
    assert not await queue.claim(worker)
    assert await queue.purge(0) == 0, "nobody has looked at it yet"
    await queue.retry(dead.id)
    assert (await only(queue, worker)).attempt == 1


async def test_an_exchange_ends_what_is_ours_names_what_is_not_and_takes_the_next(queue: JobQueue) -> None:
    dead, alive = await queue.register(), await queue.register()
    for name in ("lost", "kept", "next", "after"):
        await queue.enqueue("count", {"name": name})
    lost = await only(queue, dead)
    kept = await only(queue, alive)
    await watched_to_death(queue, beating=(alive,))

    told = await queue.exchange(alive, (lost, kept), limit=2)

    assert told.lost == {lost.id}
    assert [(job.args["name"], job.attempt) for job in told.jobs] == [("lost", 2), ("next", 1)]
    assert (await queue.get(kept.id)).state is JobState.DONE
    assert (await queue.exchange(alive, (kept,), limit=0)).lost == {kept.id}, "done once"
    assert not (await queue.exchange(dead, (), limit=5)).jobs, "who is not known gets nothing"
    assert not (await queue.exchange(alive, told.jobs, limit=1)).lost
    counts = await queue.counts()
    assert (counts[JobState.DONE], counts[JobState.RUNNING]) == (3, 1)


async def test_of_two_runs_of_a_job_by_one_worker_only_the_last_may_end_it(queue: JobQueue) -> None:
    worker = await queue.register()
    await queue.enqueue("count", {})
    first = await only(queue, worker)
    await queue.fail(first, "again", retry_after=0)
    second = await only(queue, worker)

    assert (await queue.exchange(worker, (first,), limit=0)).lost == {first.id}
    assert not (await queue.exchange(worker, (second,), limit=0)).lost


async def test_the_end_of_a_job_lets_the_next_of_its_lock_be_taken_in_the_same_exchange(queue: JobQueue) -> None:
    worker = await queue.register()
    for number in range(3):
        await queue.enqueue("stage", {"n": number}, lock="call-1")
    done: tuple[Job, ...] = ()
    seen: list[object] = []
    for _ in range(3):
        done = tuple((await queue.exchange(worker, done, limit=5)).jobs)
        seen += [job.args["n"] for job in done]
        assert len(done) == 1
    assert seen == [0, 1, 2]


async def test_a_released_job_is_as_if_it_had_not_been_taken(queue: JobQueue) -> None:
    worker = await queue.register()
    await queue.enqueue("upload", {})
    await queue.release(await only(queue, worker))

    assert (await only(queue, worker)).attempt == 1


async def test_a_worker_that_leaves_gives_back_what_it_has(queue: JobQueue) -> None:
    worker, other = await queue.register(), await queue.register()
    await queue.enqueue("upload", {})
    job = await only(queue, worker)

    await queue.unregister(worker)

    assert (await only(queue, other)).attempt == 1
    with pytest.raises(LeaseLost):
        await queue.complete(job)


async def test_cancelling(queue: JobQueue) -> None:
    worker = await queue.register()
    waiting = await queue.enqueue("upload", {}, queue="later")
    await queue.enqueue("upload", {})
    assert await queue.cancel(waiting.id) is JobState.CANCELLED
    running = await only(queue, worker)

    assert (await queue.get(waiting.id)).state is JobState.CANCELLED
    assert await queue.cancel(waiting.id) is JobState.CANCELLED, "twice is once"
    assert not (await queue.heartbeat(worker)).cancelled
    assert await queue.cancel(running.id) is JobState.RUNNING
    assert (await queue.heartbeat(worker)).cancelled == {running.id}
    await queue.abandon(running)
    assert (await queue.get(running.id)).state is JobState.CANCELLED
    assert not await queue.claim(worker)

    await queue.retry(running.id)

    again = await only(queue, worker)
    assert not (await queue.heartbeat(worker)).cancelled
    await queue.complete(again)
    for wish in (queue.cancel, queue.retry):
        with pytest.raises(JobNotMovable, match="is done"):
            await wish(running.id)


async def test_a_job_cancelled_while_it_failed_or_its_worker_died_does_not_come_back(queue: JobQueue) -> None:
    worker = await queue.register()
    await queue.enqueue("one", {})
    await queue.enqueue("two", {})
    one, two = await queue.claim(worker, limit=2)
    await queue.cancel(one.id)
    await queue.cancel(two.id)

    await queue.fail(one, "cancelled meanwhile", retry_after=0)
    await watched_to_death(queue)

    assert [job.state for job in await queue.list()] == [JobState.CANCELLED] * 2


async def test_the_jobs_of_a_dead_worker_go_to_another_and_its_last_words_are_refused(queue: JobQueue) -> None:
    dead, alive = await queue.register(), await queue.register()
    await queue.enqueue("upload", {})
    await queue.enqueue("upload", {})
    lost = await only(queue, dead)
    kept = await only(queue, alive)

    assert await watched_to_death(queue, beating=(alive,)) == 1

    again = await only(queue, alive)
    assert (again.id, again.attempt) == (lost.id, 2)
    assert (await queue.get(lost.id)).error == LOST_WORKER
    assert not (await queue.heartbeat(dead)).is_known
    assert not await queue.claim(dead), "who is not known gets nothing"
    for last_words in (queue.complete(lost), queue.fail(lost, "x", retry_after=0), queue.release(lost)):
        with pytest.raises(LeaseLost):
            await last_words
    await queue.complete(again)
    await queue.complete(kept)


async def test_a_late_result_is_rolled_back_with_its_job(queue: JobQueue, database: Database) -> None:
    async with database.begin() as tx:
        await tx.execute(text("CREATE TABLE results (call TEXT)"))
    dead, alive = await queue.register(), await queue.register()
    await queue.enqueue("analyse", {})
    lost = await only(queue, dead)
    await watched_to_death(queue, beating=(alive,))
    again = await only(queue, alive)

    for job in (lost, again, again):
        try:
            async with database.begin() as tx:
                await tx.execute(text("INSERT INTO results VALUES ('rec_1')"))
                await queue.complete(job, tx=tx)
        except LeaseLost:
            continue

    async with database.read() as connection:
        assert (await connection.execute(text("SELECT call FROM results"))).scalars().all() == ["rec_1"]


async def test_a_reaper_that_has_just_started_knows_nothing_yet(queue: JobQueue) -> None:
    worker = await queue.register()
    watch = SilenceWatch(30.0)
    assert not (await queue.reap(watch, 0.0)).is_unsure, "nobody has a job"
    await queue.enqueue("upload", {})
    job = await only(queue, worker)

    assert (await queue.reap(watch, 5.0)).is_unsure
    await queue.heartbeat(worker)
    assert not (await queue.reap(watch, 10.0)).is_unsure
    await queue.complete(job)


async def test_clocks_that_jump_neither_kill_the_living_nor_hide_the_dead(queue: JobQueue, database: Database) -> None:
    living, dead = await queue.register(), await queue.register()
    await queue.enqueue("upload", {})
    await queue.enqueue("upload", {})
    kept, lost = await only(queue, living), await only(queue, dead)
    if not database.is_sqlite:
        async with database.begin() as tx:  # as if the server's clock had been ahead, and behind, by a day
            ahead = "UPDATE procrastinate_workers SET last_heartbeat = now() + interval '1 day' WHERE id = :id"
            await tx.execute(text(ahead), {"id": dead})
            behind = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 day' WHERE id = :id"
            await tx.execute(text(behind), {"id": living})

    assert await watched_to_death(queue, beating=(living,)) == 1

    assert (await queue.get(kept.id)).state is JobState.RUNNING
    assert (await queue.get(lost.id)).state is JobState.WAITING


async def test_purging_forgets_what_is_over_and_frees_its_keys(queue: JobQueue) -> None:
    worker = await queue.register()
    done = await queue.enqueue("upload", {}, key="k")
    await queue.complete(await only(queue, worker))
    later = datetime.now(UTC) + timedelta(days=30)
    called_off = await queue.enqueue("ring", {}, run_at=later)
    await queue.cancel(called_off.id)
    waiting = await queue.enqueue("ring", {}, run_at=later)

    assert await queue.purge(3600) == 0
    assert await queue.purge(0) == 2

    assert [job.id for job in await queue.list()] == [waiting.id]
    assert (await queue.enqueue("upload", {}, key="k")).id > done.id


async def test_listing_by_state_kind_and_queue_newest_first(queue: JobQueue) -> None:
    for number in range(3):
        await queue.enqueue("upload", {"n": number})
    await queue.enqueue("ring", {}, queue="phone")

    assert [job.args for job in await queue.list(kind="upload", limit=2)] == [{"n": 2}, {"n": 1}]
    assert [job.kind for job in await queue.list(queue="phone")] == ["ring"]
    assert not await queue.list(states=[JobState.DEAD])
    assert (await queue.counts())[JobState.WAITING] == 4


async def test_what_does_not_exist_cannot_be_moved(queue: JobQueue) -> None:
    for wish in (queue.get, queue.cancel, queue.retry):
        with pytest.raises(UnknownJob, match="no job 0"):
            await wish(NEVER)
    with pytest.raises(BadJob, match="kind"):
        await queue.enqueue("", {})


async def test_many_processes_may_make_the_tables_at_once_and_again(database: Database) -> None:
    queues = await asyncio.gather(*(open_queue(database) for _ in range(4)))

    for one in queues:
        await one.enqueue("upload", {})
    assert len(await queues[0].list()) == 4
