"""`centralita worker` and `centralita jobs`, as a person types them."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import typer
from typer.testing import CliRunner

from centralita.worker_command import PURGE, jobs_app, worker
from storage.database.database import Database
from storage.jobs.handlers import Handlers, JobRun
from storage.jobs.job import JobState
from storage.jobs.open_queue import open_queue
from storage.jobs.queue import JobQueue
from storage.jobs.retry_schedule import ONCE

T = TypeVar("T")
worker_app = typer.Typer()
worker_app.command()(worker)


def add_handlers(handlers: Handlers, database: Database) -> None:
    """What the workers of these tests can do: fail until a file tells them not to."""

    async def upload(run: JobRun) -> None:
        if not await asyncio.to_thread(Path(str(run.args["bucket"])).exists):
            raise FileNotFoundError(2, "No such file or directory", "mi secreto")

    handlers.add("upload", upload, schedule=ONCE)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'centralita.db'}"


def on_queue(url: str, act: Callable[[JobQueue], Awaitable[T]]) -> T:
    async def run() -> T:
        async with Database.open(url) as database:
            return await act(await open_queue(database))

    return asyncio.run(run())


def work(url: str, *options: str) -> dict[str, int]:
    told = ["--database", url, "--once", "--lease-seconds", "0.5", "--json", *options]
    result = CliRunner().invoke(worker_app, [*told, "--handlers", f"{__name__}:add_handlers"])
    assert result.exit_code == 0, result.output
    tally: dict[str, int] = json.loads(result.stdout)
    return tally


def jobs(url: str, *words: str, code: int = 0) -> Any:
    result = CliRunner().invoke(jobs_app, [*words, "--database", url, "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Take back the log that `worker` sets up: its standard error is the runner's, which is closed afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_from_failure_by_dead_letter_and_retry_to_done(url: str, tmp_path: Path) -> None:
    bucket = tmp_path / "bucket"
    job_id = on_queue(url, lambda queue: queue.enqueue("upload", {"bucket": str(bucket)}, key="rec_1")).id

    assert work(url)["dead"] == 1
    (dead,) = jobs(url, "dead", code=1)["jobs"]
    assert (dead["id"], dead["key"], dead["attempts"]) == (job_id, "rec_1", 1)
    assert dead["error"].startswith("FileNotFoundError: No such file or directory (test_jobs_command.py:")
    assert "secreto" not in dead["error"]

    bucket.touch()
    assert jobs(url, "retry", "--dead") == {"ok": True, "jobs": [job_id]}
    assert work(url)["done"] == 1
    assert jobs(url, "dead")["jobs"] == []
    assert {job["id"]: job["state"] for job in jobs(url, "list")["jobs"]}[job_id] == "done"


def test_a_cancelled_job_is_not_run(url: str, tmp_path: Path) -> None:
    job_id = on_queue(url, lambda queue: queue.enqueue("upload", {"bucket": str(tmp_path)})).id

    assert jobs(url, "cancel", str(job_id))["jobs"] == [job_id]
    assert work(url)["failed"] == 0

    (job,) = jobs(url, "list", "--state", "cancelled")["jobs"]
    assert job["id"] == job_id


def test_only_the_queues_that_were_named(url: str, tmp_path: Path) -> None:
    for name in ("gpu", "cpu", "other"):
        on_queue(url, lambda queue, name=name: queue.enqueue("upload", {"bucket": str(tmp_path)}, queue=name))  # type: ignore[misc]

    assert work(url, "--queues", "gpu,cpu")["done"] == 2

    (left,) = jobs(url, "list", "--kind", "upload", "--state", "waiting")["jobs"]
    assert left["queue"] == "other"


def test_old_jobs_are_forgotten_once_a_day_whoever_works(url: str) -> None:
    work(url)
    work(url)

    planned = on_queue(url, lambda queue: queue.list(kind=PURGE))
    assert [job.state for job in planned] == [JobState.WAITING, JobState.DONE]
    assert planned[0].run_at is not None


def test_the_list_for_a_terminal_takes_a_key_literally(url: str) -> None:
    on_queue(url, lambda queue: queue.enqueue("upload", {}, key="[red]rec_1"))

    result = CliRunner().invoke(jobs_app, ["list", "--database", url])

    assert "[red]rec_1" in result.output
    assert "1 waiting" in result.output


@pytest.mark.parametrize("wish", ["retry", "cancel"])
def test_what_cannot_be_done_is_said_in_one_line(url: str, wish: str) -> None:
    assert "no job 77" in jobs(url, wish, "77", code=1)["error"]

    result = CliRunner().invoke(jobs_app, [wish, "77", "--database", url])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_retry_wants_to_know_what(url: str) -> None:
    for words in (["retry"], ["retry", "5", "--dead"]):
        assert CliRunner().invoke(jobs_app, [*words, "--database", url]).exit_code == 2


def test_handlers_that_cannot_be_imported_are_named(url: str) -> None:
    result = CliRunner().invoke(worker_app, ["--database", url, "--once", "--handlers", "nowhere.at_all:x"])

    assert "nowhere.at_all:x: cannot be imported" in str(result.exception)
