"""`centralita health` beside real databases, real S3 servers and full disks: quick, and in words one can act upon."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from centralita.health_storage import PATIENCE_SECONDS, storage_health
from centralita.settings import Settings, load_settings
from engines.base import EngineHealth
from provisioning.free_ports import free_tcp_port
from storage.database.database import Database
from storage.jobs.backlog import Backlog, backlog_of
from storage.jobs.open_queue import open_queue
from storage.recording_store.both import BothRecordings
from storage.recording_store.local import LocalRecordings
from storage.recording_store.s3 import S3Recordings
from storage.recording_store.uploading import upload_recording
from storage.recording_store.waiting import uploads_waiting
from tests.loopback.batch_calls import Calls
from tests.postgres import PrivatePostgres, running_postgres
from tests.s3_servers import ACCESS_KEY, BUCKET, SECRET_KEY, MotoServer

REPO = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def postgres() -> Iterator[PrivatePostgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'centralita.db'}"
    server: PrivatePostgres = request.getfixturevalue("postgres")
    return server.new_database()


def settings_in(folder: Path, *, worker: bool = False, **storage: str) -> Settings:
    lines = [f'local_path = "{folder / "recordings"}"', *(f'{name} = "{value}"' for name, value in storage.items())]
    path = folder / "centralita.toml"
    path.write_text(
        "[storage]\n" + "\n".join(lines) + f"\n[offline]\nworker = {str(worker).lower()}\n"
        f'[run]\nstate_folder = "{folder / "run"}"\n'
    )
    return load_settings(path, {})


async def parts(settings: Settings) -> dict[str, EngineHealth]:
    return {one.engine: one for one in await storage_health(settings)}


async def test_nothing_is_made_by_asking(tmp_path: Path) -> None:
    told = await parts(settings_in(tmp_path))
    assert {name: one.is_ready for name, one in told.items()} == {"database": True, "disk": True}
    assert "not made yet" in told["database"].detail
    assert os.listdir(tmp_path) == ["centralita.toml"]


async def test_the_queue_tells_what_waits_and_what_was_given_up(tmp_path: Path, url: str) -> None:
    settings = settings_in(tmp_path, database=url)
    async with Database.open(url) as database:
        assert await backlog_of(database, time.time()) == Backlog(), "no tables yet"
        queue = await open_queue(database)
        await queue.enqueue("later", {}, run_at=datetime.now(UTC) + timedelta(days=1))
        assert (await backlog_of(database, time.time())).oldest_due_seconds == 0, "not due is not late"
        await queue.enqueue("late", {}, run_at=datetime.now(UTC) - timedelta(hours=3))
        await queue.enqueue("doomed", {}, priority=9)
        assert (await parts(settings))["jobs"].detail.startswith("the oldest has waited 3.0 hours")
        worker = await queue.register()
        (job,) = await queue.claim(worker)
        await queue.fail(job, "it was not to be", retry_after=None)
        (again,) = await queue.claim(worker)
        assert again.kind == "late"
        backlog = await backlog_of(database, time.time())
        assert (backlog.waiting, backlog.running, backlog.dead) == (1, 1, 1)
    told = await parts(settings)
    assert told["database"].is_ready
    assert not told["jobs"].is_ready
    assert told["jobs"].detail.startswith("1 given up: ")


async def test_a_database_that_is_away_is_told_of_in_time_and_without_its_password(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, database=f"postgresql+psycopg://u:geheim@127.0.0.1:{free_tcp_port()}/x")
    began = time.monotonic()
    told = (await parts(settings))["database"]
    assert time.monotonic() - began < 2 * PATIENCE_SECONDS
    assert not told.is_ready
    assert "calls go on" in told.detail
    assert "geheim" not in told.detail + told.device


async def test_a_database_that_is_no_database_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "centralita.db").write_bytes(b"this is no database" * 100)
    told = (await parts(settings_in(tmp_path)))["database"]
    assert not told.is_ready
    assert "check storage.database" in told.detail


async def test_a_worker_that_should_run_and_does_not(tmp_path: Path) -> None:
    told = (await parts(settings_in(tmp_path, worker=True)))["worker"]
    assert (told.is_ready, told.detail) == (
        False,
        "not running; is `centralita up` running? Recordings wait on the disk",
    )


async def test_the_bucket_and_what_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    calls = Calls(tmp_path)
    for call_id in ("uno", "dos"):
        calls.add(call_id, "hola")
    (tmp_path / "s3").mkdir()
    with MotoServer(tmp_path / "s3") as server:
        settings = settings_in(tmp_path, backend="both", s3_bucket=BUCKET, s3_endpoint=server.url)
        told = await parts(settings)
        assert told["bucket"].is_ready
        assert (told["uploads"].is_ready, told["uploads"].model) == (True, "2 calls wait")
        both = BothRecordings(LocalRecordings(calls.root), S3Recordings(server.place()))
        await upload_recording(both, "uno")
        assert (await parts(settings))["uploads"].model == "1 calls wait"
        server.kill()
        began = time.monotonic()
        told = await parts(settings)
        assert time.monotonic() - began < 2 * PATIENCE_SECONDS
    assert not told["bucket"].is_ready
    assert "uploads wait" in told["bucket"].detail
    long_ago = time.time() - 86400
    os.utime(calls.layout.metadata("dos"), (long_ago, long_ago))
    assert not (await parts(settings))["uploads"].is_ready, "since yesterday"


def test_a_folder_too_large_to_look_through_is_told_as_more_than(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    for call_id in ("uno", "dos"):
        calls.add(call_id, "hola")
    whole = uploads_waiting(calls.root, time.time(), 60)
    assert (whole.calls, whole.is_whole) == (2, True)
    assert not uploads_waiting(calls.root, time.time(), -1).is_whole


def test_the_command_says_it_in_json_and_by_its_exit_code(tmp_path: Path) -> None:
    settings_in(tmp_path, worker=True)
    command = [sys.executable, "-m", "centralita.cli", "health", "--json", "--settings"]
    done = subprocess.run(
        [*command, str(tmp_path / "centralita.toml")], capture_output=True, text=True, cwd=REPO, check=False
    )
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert told["is_ready"] is False
    assert {"database", "worker", "disk"} <= set(told["parts"])
    assert done.stderr == ""
