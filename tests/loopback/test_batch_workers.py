"""The second listening in several processes: workers that share a batch, listeners and parents that die."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from centralita.batch_command import batch_app
from offline.batch.equipment import Equipment
from offline.batch.jobs import PROCESS, enqueue_after_call
from offline.batch.listeners import InProcesses, InThisProcess
from offline.batch.material import Material, SecondListening, StageFailed
from storage.database.database import Database
from storage.jobs.job import JobState
from storage.jobs.open_queue import open_queue
from storage.metadata.files import parse_metadata
from tests.loopback.batch_calls import BEGUN, Calls

WORKER = "import typer; from centralita.worker_command import worker; typer.run(worker)"
RECORDINGS = 16
LIMIT_SECONDS = 90
PAUSE_SECONDS = 0.02
"""Between two looks at what other processes do: they need the processor more than we."""
UNHURRIED = ("--lease-seconds", "60")
"""For a worker that nobody kills: it keeps its job on a machine however busy."""


class Workers:
    """Worker processes over one folder of calls."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *options: str) -> subprocess.Popen[str]:
        words = [sys.executable, "-c", WORKER, "--settings", str(self.calls.settings), "--database", self.calls.url]
        process = subprocess.Popen(
            [*words, "--json", "--lease-seconds", "3", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.processes.append(process)
        return process


@pytest.fixture
def calls(tmp_path: Path) -> Calls:
    return Calls(tmp_path)


@pytest.fixture
def workers(calls: Calls) -> Iterator[Workers]:
    started = Workers(calls)
    yield started
    for process in started.processes:
        if process.poll() is None:
            process.kill()
            process.communicate()


def rows(calls: Calls, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(calls.folder / "centralita.db", timeout=30)) as database:
        return database.execute(query).fetchall()


def children_of(pid: int) -> list[int]:
    """Return the living children of a process."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            told = (folder / "stat").read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        if folder.name.isdigit() and told[1] == str(pid) and told[0] != "Z":
            found.append(int(folder.name))
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_two_workers_share_a_batch_one_is_killed_and_every_result_is_there_once(calls: Calls, workers: Workers) -> None:
    for number in range(RECORDINGS):
        calls.add(f"call-{number}", "I want to cancel my service", at=BEGUN + number, language="en")
    queued = CliRunner().invoke(batch_app, ["unprocessed", "--queue", "--settings", str(calls.settings), "--json"])
    assert json.loads(queued.stdout)["queued"] == RECORDINGS
    first, second = workers.start(), workers.start()
    while len(rows(calls, "SELECT * FROM analyses")) < 3:
        assert first.poll() is None
        assert second.poll() is None
        time.sleep(PAUSE_SECONDS)
    listeners = children_of(first.pid)
    first.kill()
    first.communicate()
    assert len(rows(calls, "SELECT * FROM analyses")) < RECORDINGS, "it was killed too late"
    while len(rows(calls, "SELECT * FROM analyses")) < RECORDINGS:
        assert second.poll() is None
        time.sleep(PAUSE_SECONDS)
    second.send_signal(signal.SIGTERM)
    out, _ = second.communicate(timeout=LIMIT_SECONDS)
    assert json.loads(out)["dead"] == 0
    assert workers.start("--once").communicate(timeout=LIMIT_SECONDS)[0]

    assert len(rows(calls, "SELECT DISTINCT recording_id FROM analyses")) == RECORDINGS
    assert len(rows(calls, "SELECT recording_id FROM analyses")) == RECORDINGS
    assert len(rows(calls, "SELECT event_id FROM events")) == RECORDINGS
    assert rows(calls, "SELECT count(*) FROM recordings WHERE processed") == [(RECORDINGS,)]
    for number in range(RECORDINGS):
        transcript = calls.transcript(f"call-{number}")
        assert transcript["history"] == []
        assert [turn["text"] for turn in transcript["turns"]] == [
            turn["text"] for turn in transcript["original"]["turns"]
        ]
    assert listeners
    while any(map(is_alive, listeners)):
        time.sleep(PAUSE_SECONDS)  # they end with the worker that started them; the test's own time limit says when not


async def test_the_jobs_of_a_call_are_there_when_its_rows_are(calls: Calls) -> None:
    async with Database.open(calls.url) as database:
        queue = await open_queue(database)

        async def end_a_call(call_id: str, *, fails: bool = False) -> None:
            async with database.begin() as tx:
                await enqueue_after_call(queue, tx, call_id, with_upload=True)
                if fails:
                    raise RuntimeError

        await end_a_call("uno")
        await end_a_call("uno")
        with pytest.raises(RuntimeError):
            await end_a_call("dos", fails=True)
        jobs = await queue.list()
    assert sorted((job.kind, job.args["call_id"]) for job in jobs) == [
        ("offline.process", "uno"),
        ("recordings.upload", "uno"),
    ]


async def test_a_recording_that_can_never_be_processed_is_given_up_at_once(calls: Calls, workers: Workers) -> None:
    calls.add("broken", "hello", language="en")
    calls.layout.transcript("broken").write_text('{"turns": [')
    async with Database.open(calls.url) as database:
        queue = await open_queue(database)
        async with database.begin() as tx:
            await enqueue_after_call(queue, tx, "broken", with_upload=False)
        worker = workers.start("--once", *UNHURRIED)
        out, _ = await asyncio.to_thread(worker.communicate, timeout=LIMIT_SECONDS)
        assert json.loads(out)["dead"] == 1
        (job,) = await queue.list(kind=PROCESS)
    assert job.state is JobState.DEAD
    assert "cut short or no JSON" in (job.error or "")


async def test_a_listener_that_dies_takes_one_attempt_with_it_and_nobody_else(calls: Calls) -> None:
    calls.add("uno", "I want to know my balance", language="en")
    metadata = parse_metadata(calls.layout.metadata("uno").read_bytes())
    material = Material(metadata, calls.transcript("uno"), calls.layout.audio("uno"))
    listener = InProcesses(Equipment(), 1)
    try:
        await listener.stages()
        (victim,) = [pid for pid in children_of(os.getpid()) if "spawn_main" in command_of(pid)]
        os.kill(victim, signal.SIGKILL)
        heard = await listener.listen(material)
    finally:
        await asyncio.to_thread(listener.close)
    assert isinstance(heard, SecondListening)
    assert heard.turns[1].text == "I want to know my balance"
    here = InThisProcess(Equipment())
    assert await here.listen(material) == heard
    here.close()


class Deadly:
    """Ends the process that unpacks it, as a broken model would."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (1,)


async def test_what_kills_every_listener_fails_alone(calls: Calls) -> None:
    calls.add("uno", "I want to know my balance", language="en")
    metadata = parse_metadata(calls.layout.metadata("uno").read_bytes())
    good = Material(metadata, calls.transcript("uno"), calls.layout.audio("uno"))
    listener = InProcesses(Equipment(), 2)
    try:
        deadly, *rest = await asyncio.gather(
            listener.listen(Material(metadata, {"turns": [Deadly()]}, None)), *(listener.listen(good) for _ in range(3))
        )
    finally:
        await asyncio.to_thread(listener.close)
    assert isinstance(deadly, StageFailed)
    assert "died 2 times" in deadly.reason
    assert deadly.is_retryable
    assert all(isinstance(one, SecondListening) for one in rest)


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def test_listeners_end_with_a_batch_that_is_killed(calls: Calls) -> None:
    for number in range(40):
        calls.add(f"call-{number}", "hello", at=BEGUN + number, language="en")
    words = [sys.executable, "-m", "offline", "unprocessed", "--concurrent", "2", "--settings", str(calls.settings)]
    batch = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not any('"processed": true' in path.read_text() for path in (calls.root / "metadata").glob("rec_*.json")):
        assert batch.poll() is None
        time.sleep(PAUSE_SECONDS)
    listeners = [pid for pid in children_of(batch.pid) if "spawn_main" in command_of(pid)]
    batch.kill()
    batch.wait()
    assert len(listeners) == 2
    while any(map(is_alive, listeners)):
        time.sleep(PAUSE_SECONDS)

    done = subprocess.run([*words, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert rows(calls, "SELECT count(*), count(DISTINCT recording_id) FROM analyses") == [(40, 40)]
    assert rows(calls, "SELECT count(*) FROM events") == [(40,)]
