"""The bell of a machine's workers: heard at once by all, also across processes; nobody is needed to hear it."""

import asyncio
import contextlib
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.database.database import Database
from storage.jobs.bell import Bell

LIMIT_SECONDS = 60.0


async def test_all_who_listen_hear_it_and_nobody_else_any_more(tmp_path: Path) -> None:
    folder = tmp_path / "bells"
    first, second = asyncio.Event(), asyncio.Event()
    async with asyncio.timeout(LIMIT_SECONDS):
        with Bell(folder).heard_by(first.set):
            with Bell(folder).heard_by(second.set):
                Bell(folder).ring()
                await first.wait()
                await second.wait()
            first.clear()
            second.clear()
            Bell(folder).ring()
            await first.wait()
    assert not second.is_set()
    assert list(folder.iterdir()) == []


async def test_it_is_heard_from_another_process(tmp_path: Path) -> None:
    heard = asyncio.Event()
    ring = "import sys; from pathlib import Path; from storage.jobs.bell import Bell; Bell(Path(sys.argv[1])).ring()"
    async with asyncio.timeout(LIMIT_SECONDS):
        with Bell(tmp_path / "bells").heard_by(heard.set):
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", ring, str(tmp_path / "bells"))
            await heard.wait()
            assert await process.wait() == 0


async def test_a_listener_that_was_killed_is_taken_away_by_who_rings(tmp_path: Path) -> None:
    folder = tmp_path / "bells"
    listen = (
        "import asyncio, os, signal, sys\n"
        "from pathlib import Path\n"
        "from storage.jobs.bell import Bell\n"
        "async def main():\n"
        "    with Bell(Path(sys.argv[1])).heard_by(lambda: None):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", listen, str(folder))
    await process.wait()
    assert len(list(folder.iterdir())) == 1
    Bell(folder).ring()
    assert list(folder.iterdir()) == []


async def test_rung_more_often_than_heard_it_neither_waits_nor_fails(tmp_path: Path) -> None:
    heard = asyncio.Event()
    bell = Bell(tmp_path / "bells")
    with bell.heard_by(heard.set):
        for _ in range(2000):  # more than a socket holds
            bell.ring()
        async with asyncio.timeout(LIMIT_SECONDS):
            await heard.wait()


async def test_a_path_longer_than_a_socket_address_will_do(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["a-long-name-of-a-folder"] * 8)
    folder.mkdir(parents=True)
    heard = asyncio.Event()
    async with asyncio.timeout(LIMIT_SECONDS):
        with Bell(folder / "bells").heard_by(heard.set):
            Bell(folder / "bells").ring()
            await heard.wait()


async def test_where_there_can_be_no_bell_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    bell = Bell(tmp_path / "file" / "bells")
    with bell.heard_by(pytest.fail):
        bell.ring()


async def test_it_is_rung_after_the_commit_once_and_not_after_a_rollback(tmp_path: Path) -> None:
    rung: list[int] = []
    async with Database.open(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}") as database:

        async def seen() -> int:
            async with database.read() as connection:
                return int((await connection.execute(text("SELECT count(*) FROM t"))).scalar_one())

        def ring() -> None:
            rung.append(1)

        async with database.begin() as connection:
            await connection.execute(text("CREATE TABLE t (n INTEGER)"))
            database.after_commit(connection, ring)
            database.after_commit(connection, ring)
            assert rung == []
        assert rung == [1]
        with contextlib.suppress(ZeroDivisionError):
            async with database.begin() as connection:
                database.after_commit(connection, ring)
                raise ZeroDivisionError
        async with database.read() as connection:
            database.after_commit(connection, ring)
        assert (rung, await seen()) == ([1], 0)
