"""Workers as real processes that are killed, paused and told to stop; on both databases."""

import contextlib
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text

from storage.database.database import Database
from storage.jobs.job import JobState
from storage.jobs.open_queue import open_queue
from storage.jobs.queue import JobQueue
from tests.loopback.jobs_conformance import a_moment, database, postgres, queue, url
from tests.loopback.jobs_program import make_tables
from tests.postgres import PrivatePostgres

__all__ = ["database", "postgres", "queue", "url"]

WORKER = "import typer; from centralita.worker_command import worker; typer.run(worker)"
LEASE = 2.0
LIMIT_SECONDS = 90


class Workers:
    """Worker processes on one database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *options: str) -> subprocess.Popen[str]:
        told = ("--database", self.url, "--handlers", "tests.loopback.jobs_program:add_handlers", "--json")
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, *told, "--lease-seconds", str(LEASE), "--grace-seconds", "0.2", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.processes.append(process)
        return process

    def until_idle(self, *options: str) -> dict[str, int]:
        """Run a worker `--once` and return what it did."""
        return self.tally(self.start("--once", *options))

    def tally(self, process: subprocess.Popen[str]) -> dict[str, int]:
        """Wait for its end and return what it did."""
        out, _ = process.communicate(timeout=LIMIT_SECONDS)
        assert process.returncode == 0
        told: dict[str, int] = json.loads(out)
        return told


@pytest.fixture
def workers(url: str) -> Iterator[Workers]:
    started = Workers(url)
    yield started
    for process in started.processes:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest_asyncio.fixture
async def noted(database: Database, queue: JobQueue) -> AsyncIterator[Database]:
    """The database with the tables of `jobs_program`."""
    await make_tables(database)
    yield database


async def rows(database: Database, query: str) -> list[tuple[int, ...]]:
    async with database.read() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def until(database: Database, queue: JobQueue, query: str, count: int) -> list[tuple[int, ...]]:
    """Wait until a query has so many rows."""
    while len(found := await rows(database, query)) < count:
        await a_moment()
    return found


async def pause(database: Database, process: "subprocess.Popen[str]") -> None:
    """Stop a process where it holds nothing in the database: others would have to wait for its pause."""
    while True:
        async with database.begin() as connection:  # while we are SQLite's writer it is not
            process.send_signal(signal.SIGSTOP)
            while not is_stopped(process):
                await a_moment()
            if database.is_sqlite:
                return
            await a_moment()  # what it has just said reaches the server
            others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            if not (await connection.execute(text(f"SELECT 1 {others} AND state <> 'idle'"))).all():
                return
        process.send_signal(signal.SIGCONT)
        await a_moment()


def is_stopped(process: "subprocess.Popen[str]") -> bool:
    """Whether the kernel has stopped it."""
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


async def unfinished(queue: JobQueue, kind: str) -> int:
    left = await queue.list(kind=kind, states=set(JobState) - {JobState.DONE}, limit=5000)
    assert not [job for job in left if job.state in (JobState.DEAD, JobState.CANCELLED)]
    return len(left)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("[0-9]*.txt")}


async def test_the_job_of_a_killed_worker_is_done_by_another(
    noted: Database, queue: JobQueue, workers: Workers
) -> None:
    await queue.enqueue("hang_first", {"n": 1})
    first = workers.start()
    await until(noted, queue, "SELECT pid FROM runs", 1)

    first.kill()
    first.communicate()
    tally = workers.until_idle()

    assert tally["done"] >= 1
    (killed, other) = await rows(noted, "SELECT attempt, pid FROM runs ORDER BY attempt")
    assert (killed[0], other[0]) == (1, 2)
    assert killed[1] == first.pid != other[1]
    (job,) = await queue.list(kind="hang_first")
    assert job.state is JobState.DONE


async def test_two_share_a_batch_one_is_killed_and_every_result_is_there_once(
    noted: Database, queue: JobQueue, workers: Workers, tmp_path: Path
) -> None:
    async def enqueue_batch(first: int) -> int:
        async with noted.begin() as tx:
            for n in range(first, first + 20):
                lock = f"call-{n % 10}" if n % 3 == 0 else None
                await queue.enqueue("write", {"n": n, "folder": str(tmp_path)}, lock=lock, key=f"n{n}", tx=tx)
        return first + 20

    await queue.enqueue("hang_first", {"n": -1}, priority=1)  # the one to be killed is sure to have a job then
    killed = workers.start("--concurrency", "3")
    await until(noted, queue, "SELECT n FROM runs WHERE n = -1", 1)
    staying = workers.start("--concurrency", "3")
    count = 0
    for process in (staying, killed):  # until both have done some of it, however slowly they start
        while len(await rows(noted, f"SELECT n FROM results WHERE pid = {process.pid}")) < 3:
            if (await queue.counts())[JobState.WAITING] < 10:
                count = await enqueue_batch(count)
            await a_moment()
    count = await enqueue_batch(count)

    killed.kill()
    killed.communicate()
    while await unfinished(queue, "write") or await unfinished(queue, "hang_first"):
        await a_moment()
    staying.send_signal(signal.SIGTERM)
    workers.tally(staying)

    results = await rows(noted, "SELECT n FROM results ORDER BY n")
    assert results == [(number,) for number in range(count)], "each once"
    assert names_in(tmp_path) == {f"{number}.txt" for number in range(count)}
    runs = await rows(noted, "SELECT n, attempt, pid FROM runs WHERE what = 'began'")
    again = [n for n, times in Counter(n for n, _, _ in runs).items() if times > 1]
    assert -1 in again
    for n, attempt, pid in runs:
        if n in again:
            assert (attempt, pid) in ((1, killed.pid), (2, staying.pid)), "only what the killed one had was run again"


async def test_a_paused_worker_finds_its_job_taken_and_its_result_refused(
    noted: Database, queue: JobQueue, workers: Workers, tmp_path: Path
) -> None:
    go_on = tmp_path / "go-on"
    await queue.enqueue("hang_until", {"n": 1, "file": str(go_on)})
    paused = workers.start()
    await until(noted, queue, "SELECT pid FROM runs", 1)
    await until(noted, queue, "SELECT 1 FROM milestones", 1)  # no start of its own that the other's would wait for

    await pause(noted, paused)
    other = workers.start("--once")
    workers.tally(other)
    go_on.touch()
    paused.send_signal(signal.SIGCONT)
    # It must notice by itself; then it takes new jobs again, under a new number
    await queue.enqueue("write", {"n": 2})
    await until(noted, queue, "SELECT n FROM results WHERE n = 2", 1)
    paused.send_signal(signal.SIGTERM)
    workers.tally(paused)

    assert await rows(noted, "SELECT n, pid FROM results WHERE n = 1") == [(1, other.pid)]
    assert await rows(noted, "SELECT pid FROM results WHERE n = 2") == [(paused.pid,)]


async def test_a_worker_told_to_stop_gives_its_job_back_at_once(
    noted: Database, queue: JobQueue, workers: Workers
) -> None:
    enqueued = await queue.enqueue("hang_first", {"n": 1})
    stopped = workers.start()
    await until(noted, queue, "SELECT pid FROM runs", 1)

    stopped.send_signal(signal.SIGTERM)
    tally = workers.tally(stopped)

    assert tally["released"] in (1, 2), "ours, and the purge of the day where that had just begun"
    job = await queue.get(enqueued.id)
    assert (job.state, job.attempts) == (JobState.WAITING, 0)


async def test_a_job_that_kills_every_worker_becomes_a_dead_letter_and_the_others_are_done(
    noted: Database, queue: JobQueue, workers: Workers
) -> None:
    poison = await queue.enqueue("poison", {"n": 0}, priority=5)
    await queue.enqueue("write", {"n": 1})
    ends: list[int] = []

    while (await queue.get(poison.id)).state is not JobState.DEAD:
        process = workers.start("--once", "--concurrency", "1")
        process.communicate(timeout=LIMIT_SECONDS)
        ends.append(process.returncode)
        assert len(ends) < 10

    assert ends.count(-signal.SIGKILL) == 3, "as often as its schedule has attempts"
    assert await rows(noted, "SELECT n FROM results") == [(1,)]
    dead = await queue.get(poison.id)
    assert dead.error is not None
    assert "its worker died" in dead.error


async def test_a_handler_that_ignores_its_end_ends_its_worker_and_another_does_the_job(
    noted: Database, queue: JobQueue, workers: Workers
) -> None:
    enqueued = await queue.enqueue("stubborn", {"n": 1})
    first = workers.start()
    first.communicate(timeout=LIMIT_SECONDS)

    workers.until_idle()

    assert first.returncode == 70
    assert (await queue.get(enqueued.id)).state is JobState.DONE


async def test_four_busy_processes_and_one_that_enqueues_lose_nothing(
    noted: Database, queue: JobQueue, workers: Workers
) -> None:
    count = 120
    for _ in range(4):
        workers.start("--concurrency", "2", "--lease-seconds", "60")  # nobody is killed, and nothing may run twice
    for number in range(count):
        await queue.enqueue("write", {"n": number})

    while len(await rows(noted, "SELECT n FROM results")) < count:
        assert (await queue.counts())[JobState.DEAD] == 0
        await a_moment()
    for process in workers.processes:
        process.send_signal(signal.SIGTERM)
    for process in workers.processes:
        assert workers.tally(process)["failed"] == 0

    assert await rows(noted, "SELECT n FROM results ORDER BY n") == [(number,) for number in range(count)]
    assert len(await rows(noted, "SELECT n FROM runs WHERE what = 'began'")) == count, "none was run twice"


async def test_a_database_that_is_killed_costs_time_and_nothing_else(postgres: PrivatePostgres) -> None:
    url = postgres.new_database()
    with contextlib.ExitStack() as ending:
        workers = Workers(url)
        async with Database.open(url) as database:
            await make_tables(database)
        process = workers.start("--concurrency", "2")
        ending.callback(process.communicate)
        ending.callback(process.kill)
        async with Database.open(url) as database:
            queue = await open_queue(database)
            async with database.begin() as tx:
                for number in range(300):
                    await queue.enqueue("write", {"n": number}, tx=tx)
            await until(database, queue, "SELECT n FROM results", 10)

        postgres.kill()
        postgres.start()

        async with Database.open(url) as database:
            queue = await open_queue(database)
            await until(database, queue, "SELECT n FROM results", 300)
            results = await rows(database, "SELECT n FROM results ORDER BY n")
        assert process.poll() is None, "the same worker goes on"
        process.send_signal(signal.SIGTERM)
        process.wait(LIMIT_SECONDS)

    assert process.returncode == 0
    assert results == [(number,) for number in range(300)]
