"""The AGI server on real sockets: who gets a session, how long, and what a block list on disk does meanwhile."""

import asyncio
import datetime
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ari_app.agi import AgiLimits, AgiServer, Session
from ari_app.agi_entry import EntryScreen
from ari_app.agi_protocol import AgiRefused, CallerGone
from ari_app.blocklist_file import WatchedBlockList, change_file, read_block_list
from ari_app.screening import Rule, Verdict
from vocabulary.errors import ConfigurationError
from vocabulary.problems import Misconfigured

TODAY = datetime.date(2026, 11, 21)
PEST = "+34600111222"


class Pbx:
    """Asterisk's side of one session, by the letter."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    @asynccontextmanager
    async def calls(cls, port: int, script: str = "entry", caller: str = PEST, *arguments: str) -> AsyncIterator["Pbx"]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        lines = [f"agi_network_script: {script}", f"agi_callerid: {caller}", "agi_callingpres: 0", "agi_dnid: 5551001"]
        lines += [f"agi_arg_{i}: {argument}" for i, argument in enumerate(arguments, 1)]
        writer.write("".join(f"{line}\n" for line in [*lines, ""]).encode())
        try:
            yield cls(reader, writer)
        finally:
            writer.close()

    async def obey(self) -> list[str]:
        """Answer every command with success until the server is done; return the commands."""
        commands = []
        while line := await self.reader.readline():
            commands.append(line.decode().strip())
            self.writer.write(b"200 result=1\n")
        return commands


async def closed(reader: asyncio.StreamReader) -> bool:
    """The other end has closed, politely or not, without a word."""
    try:
        return await reader.read() == b""
    except ConnectionResetError:
        return True


def screen(path: Path) -> tuple[EntryScreen, WatchedBlockList]:
    lists = WatchedBlockList(path)
    return EntryScreen(lists, {"5551001": "clinica", "+34911222333": "ventas"}, "telecom", lambda: TODAY), lists


@asynccontextmanager
async def entry(path: Path) -> AsyncIterator[AgiServer]:
    answering, lists = screen(path)
    async with AgiServer({"entry": answering.run}, port=0) as server:
        yield server
    await lists.close()


@pytest.mark.parametrize(
    ("arguments", "did", "agent"),
    [((), "5551001", "clinica"), (("34911222333",), "34911222333", "ventas"), (("999",), "999", "telecom"),
     (('5551001"]?evil,${SHELL(id)}',), "5551001", "clinica")],
)  # fmt: skip
async def test_the_entry_sets_three_variables_the_verdict_last(
    tmp_path: Path, arguments: tuple[str, ...], did: str, agent: str
) -> None:
    change_file(tmp_path / "list.toml", add=Rule(number=PEST))
    async with (
        entry(tmp_path / "list.toml") as server,
        Pbx.calls(server.port, "entry", PEST, *arguments) as pbx,
    ):
        commands = await pbx.obey()
    assert commands[:3] == [
        f"SET VARIABLE CENTRALITA_DID {did}",
        f"SET VARIABLE CENTRALITA_AGENT {agent}",
        "SET VARIABLE CENTRALITA_SCREENED blocked",
    ]
    assert PEST not in commands[3], "a caller's number is not for the console"


async def test_an_unknown_script_and_no_agi_at_all_are_closed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with entry(tmp_path / "none.toml") as server:
        async with Pbx.calls(server.port, "other") as pbx:
            assert await pbx.obey() == []
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.read() == b""
        writer.close()
        assert server.counts.failed == 2
    assert "no AGI script 'other' here, only: entry" in [getattr(record, "reason", "") for record in caplog.records]


async def test_more_sessions_than_allowed_are_turned_away_and_the_others_go_on() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def waits(session: Session) -> None:
        begun.set()
        await go_on.wait()
        await session.set_variable("DONE", "yes")

    async with AgiServer({"entry": waits}, port=0, limits=AgiLimits(sessions=1)) as server:
        async with Pbx.calls(server.port) as first:
            await begun.wait()
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            assert await closed(reader)
            writer.close()
            go_on.set()
            assert await first.obey() == ["SET VARIABLE DONE yes"]
        assert (server.counts.sessions, server.counts.turned_away) == (1, 1)


async def test_a_stranger_is_turned_away() -> None:
    async with AgiServer({}, port=0, limits=AgiLimits(peers=("192.0.2.1",))) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert await closed(reader)
        writer.close()
        assert server.counts.turned_away == 1


async def test_a_session_out_of_time_is_closed() -> None:
    async def asks(session: Session) -> None:
        await session.get_variable("X")

    async with AgiServer({"entry": asks}, port=0, limits=AgiLimits(session_seconds=0.05)) as server:
        async with Pbx.calls(server.port) as pbx:
            assert await pbx.reader.readline() == b"GET VARIABLE X\n"
            assert await pbx.reader.read() == b""
        assert server.counts.failed == 1


async def test_an_error_of_a_script_ends_only_its_session(caplog: pytest.LogCaptureFixture) -> None:
    async def breaks(session: Session) -> None:
        raise ZeroDivisionError

    async def works(session: Session) -> None:
        await session.verbose("ok")

    with caplog.at_level(logging.CRITICAL, "ari_app.agi"):
        async with AgiServer({"breaks": breaks, "works": works}, port=0) as server:
            async with Pbx.calls(server.port, "breaks") as pbx:
                assert await pbx.obey() == []
            async with Pbx.calls(server.port, "works") as pbx:
                assert await pbx.obey() == ["VERBOSE ok 3"]
            assert server.counts.failed == 1


async def test_a_caller_who_goes_ends_the_session_without_an_error() -> None:
    told: list[Exception] = []

    async def script(session: Session) -> None:
        try:
            await session.set_variable("A", "1")
            await session.set_variable("B", "2")
        except CallerGone as exc:
            told.append(exc)
            raise

    async with AgiServer({"entry": script}, port=0) as server:
        async with Pbx.calls(server.port) as pbx:
            await pbx.reader.readline()
            pbx.writer.write(b"HANGUP\n200 result=1\n")
            assert await pbx.reader.read() == b"", "nothing more is asked"
        async with Pbx.calls(server.port) as pbx:
            await pbx.reader.readline()
            pbx.writer.write(b"511 Command Not Permitted on a dead channel or intercept routine\n")
            assert await pbx.reader.read() == b""
        assert (len(told), server.counts.failed) == (2, 0)


async def test_a_refused_command_carries_asterisk_s_usage() -> None:
    async def script(session: Session) -> None:
        with pytest.raises(AgiRefused, match="Proper usage") as refused:
            await session.command("SET", "VARIABLE")
        assert refused.value.reply.text.endswith("Sets a variable.")

    async with AgiServer({"entry": script}, port=0) as server:
        async with Pbx.calls(server.port) as pbx:
            await pbx.reader.readline()
            pbx.writer.write(b"520-Invalid command syntax.  Proper usage follows:\nSets a variable.\n520 End.\n")
            assert await pbx.reader.read() == b""
        assert server.counts.failed == 0


async def test_a_port_in_use_is_said_clearly() -> None:
    async with AgiServer({}, port=0) as first:
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{first.port}"):
            async with AgiServer({}, port=first.port):
                pass


async def test_stopping_the_server_ends_what_runs() -> None:
    begun = asyncio.Event()

    async def for_ever(session: Session) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with AgiServer({"entry": for_ever}, port=0) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"agi_network_script: entry\n\n")
        await begun.wait()
    assert await reader.read() == b""
    writer.close()


# -- the list on disk -------------------------------------------------------------------------------------------------


async def verdict(lists: WatchedBlockList) -> Verdict:
    return (await lists.current()).screen(PEST, TODAY).verdict


async def test_the_list_in_force_follows_the_file(tmp_path: Path) -> None:
    path = tmp_path / "list.toml"
    lists = WatchedBlockList(path, patience_seconds=30)
    assert await verdict(lists) is Verdict.ALLOWED, "no file yet: nobody is blocked"
    change_file(path, add=Rule(number=PEST))
    assert await verdict(lists) is Verdict.BLOCKED
    change_file(path, remove=PEST)
    assert await verdict(lists) is Verdict.ALLOWED


async def test_a_broken_file_leaves_the_last_good_list_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "list.toml"
    change_file(path, add=Rule(number=PEST))
    lists = WatchedBlockList(path, patience_seconds=30)
    await verdict(lists)
    good = path.read_text("utf-8")
    path.write_text(good + "\n[[block]]\nnumer = 1\n", "utf-8")
    for _ in range(3):
        assert await verdict(lists) is Verdict.BLOCKED
    assert "list.toml:5: block.1.numer: is not known. Did you mean 'number'?" in lists.problem
    assert [record.levelname for record in caplog.records].count("ERROR") == 1
    path.unlink()
    assert await verdict(lists) is Verdict.BLOCKED
    assert "has gone" in lists.problem
    path.write_text("", "utf-8")
    assert await verdict(lists) is Verdict.ALLOWED
    assert lists.problem == ""


async def test_a_disk_that_hangs_does_not_hold_the_callers(tmp_path: Path) -> None:
    """A FIFO without a writer blocks whoever opens it, as a dead network disk does."""
    path = tmp_path / "list.toml"
    os.mkfifo(path)
    lists = WatchedBlockList(path, patience_seconds=0.05)
    assert await verdict(lists) is Verdict.ALLOWED
    assert await verdict(lists) is Verdict.ALLOWED
    # one look waits at the pipe's other end, and goes home when the disk is back
    os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    await lists.close()


def test_a_broken_file_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "list.toml"
    path.write_text("[[block]\n", "utf-8")
    with pytest.raises(Misconfigured, match="is not valid TOML"):
        change_file(path, add=Rule(number=PEST))
    assert path.read_text("utf-8") == "[[block]\n"


def test_changing_keeps_mode_and_link_and_leaves_no_scraps(tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text("# ours\n", "utf-8")
    real.chmod(0o600)
    link = tmp_path / "list.toml"
    link.symlink_to(real)
    change_file(link, add=Rule(number=PEST))
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert real.read_text("utf-8").startswith("# ours")
    assert len(read_block_list(link)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["list.toml", "real.toml"]


def test_a_folder_that_cannot_be_written_is_said_clearly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(ConfigurationError, match="cannot be"):
        change_file(tmp_path / "file" / "list.toml", add=Rule(number=PEST))
