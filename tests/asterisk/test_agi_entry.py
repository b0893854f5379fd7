"""The AGI entry on a real Asterisk, with the very dialplan that docs/agi-and-ami.md tells people to paste."""

import asyncio
import datetime
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import pytest

from ari_app.agi import AgiServer, Script, Session
from ari_app.agi_entry import EntryScreen
from ari_app.agi_protocol import AgiRefused
from ari_app.blocklist_file import WatchedBlockList, change_file
from ari_app.client import AriClient
from ari_app.events import StasisStart
from ari_app.rest import AriAddress
from ari_app.screening import Rule
from provisioning.free_ports import free_tcp_port
from provisioning.private_pbx import PbxPlan, PhoneAccount, PrivatePbx, new_secret
from softphone import CallFailed, Phone
from tests.asterisk.office import soon

DOCUMENT = Path(__file__).parents[2] / "docs" / "agi-and-ami.md"
PLAN = PbxPlan(
    ari_password=new_secret(), ami_password=new_secret(), phones=(PhoneAccount("200", "secret200"),), ring_seconds=10
)
WAYS_IN = """
[centralita-carrier]
exten => _555X.,1,Goto(centralita-screen,${EXTEN},1)
exten => 700,1,Set(FROM_DID=5551002)
 same => n,Goto(centralita-screen,s,1)
exten => 701,1,AGI(agi://127.0.0.1:@PORT@/words,one,two)
 same => n,NoOp(words ${AGISTATUS})
 same => n,Hangup(21)
"""
PEST = "+34600111222"
CUSTOMER = "+34600111333"


@cache
def entry_port() -> int:
    """Where the AGI server will listen; asked for when it is needed, for a port that is free now is not so for ever."""
    return free_tcp_port()


def documented_dialplan(port: int) -> str:
    """The block to paste, with our port in place of the usual one."""
    block = re.search(r"```ini\n(\[centralita-screen\].*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert block is not None
    assert "127.0.0.1:4573" in block[1]
    return block[1].replace("127.0.0.1:4573", f"127.0.0.1:{port}")


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePbx]:
    with PrivatePbx(PLAN, tmp_path_factory.mktemp("pbx")) as running:
        with (running.folder / "etc" / "extensions.conf").open("a", encoding="utf-8") as file:
            file.write(WAYS_IN.replace("@PORT@", str(entry_port())) + documented_dialplan(entry_port()))
        running.cli("dialplan reload")
        yield running


@pytest.fixture
def block_list(tmp_path: Path) -> Path:
    path = tmp_path / "blocklist.toml"
    change_file(path, add=Rule(number=PEST, reason="pest"))
    return path


@asynccontextmanager
async def entry(block_list: Path) -> AsyncIterator[AgiServer]:
    lists = WatchedBlockList(block_list)
    screen = EntryScreen(lists, {"5551002": "clinica"}, "telecom")
    async with AgiServer({"entry": screen.run}, port=entry_port()) as server:
        yield server
    await lists.close()


@asynccontextmanager
async def agents_place(pbx: PrivatePbx) -> AsyncIterator[AriClient]:
    """An application that waits for callers, as `calls` does."""
    address = AriAddress(pbx.ari_url, PLAN.ari_user, PLAN.ari_password, PLAN.app)
    async with AriClient(address) as ari:
        await ari.wait_connected(10)
        yield ari


async def next_caller(ari: AriClient) -> StasisStart:
    async with asyncio.timeout(20):
        async for told in ari.events():
            if isinstance(told, StasisStart):
                return told
    raise AssertionError("no caller came")


async def reaches_the_person(pbx: PrivatePbx, number: str, caller_number: str) -> None:
    """The call goes on to the fallback: telephone 200 rings."""
    async with (
        await Phone.open(pbx.sip_address, "200", "secret200") as person,
        await Phone.open(pbx.sip_address) as caller,
    ):
        await person.register()
        call = await caller.dial(number, caller_number=caller_number)
        async with asyncio.timeout(20):
            ringing = await person.incoming()
        assert ringing.remote_user == caller_number
        await ringing.answer()
        await call.wait_answered()
        await call.hang_up()
        await ringing.wait_ended()


@pytest.mark.parametrize(
    ("dialled", "agent", "did"), [("5551001", "telecom", "5551001"), ("700", "clinica", "5551002")]
)
async def test_a_caller_reaches_the_agent_of_the_number_dialled(
    pbx: PrivatePbx, block_list: Path, dialled: str, agent: str, did: str
) -> None:
    async with entry(block_list), agents_place(pbx) as ari, await Phone.open(pbx.sip_address) as phone:
        call = await phone.dial(dialled, caller_number=CUSTOMER)
        came = await next_caller(ari)
        assert list(came.args) == [agent, did]
        assert call.progress == [100], "nothing was answered or rung while screening"
        await ari.answer(came.channel.id)
        await call.wait_answered()
        await call.hang_up()


async def test_a_blocked_caller_is_refused_unanswered(pbx: PrivatePbx, block_list: Path) -> None:
    async with entry(block_list), agents_place(pbx), await Phone.open(pbx.sip_address) as phone:
        with pytest.raises(CallFailed) as refused:
            await phone.call("5551001", caller_number=PEST)
    assert (refused.value.status, refused.value.cause) == (403, 21)


async def test_a_change_of_the_list_counts_from_the_next_call_on(pbx: PrivatePbx, block_list: Path) -> None:
    async with entry(block_list), agents_place(pbx) as ari, await Phone.open(pbx.sip_address) as phone:
        change_file(block_list, remove=PEST)
        call = await phone.dial("5551001", caller_number=PEST)
        came = await next_caller(ari)
        await ari.hang_up(came.channel.id)
        with pytest.raises(CallFailed):
            await call.wait_answered()
        yesterday = datetime.date.today() - datetime.timedelta(days=1)  # noqa: DTZ011 # a local day, as in the list
        change_file(block_list, add=Rule(number=PEST, until=yesterday))
        change_file(block_list, add=Rule(prefix="+3460011"))
        with pytest.raises(CallFailed) as refused:
            await phone.call("5551001", caller_number=PEST)
        assert refused.value.status == 403


async def test_without_the_server_the_call_goes_on(pbx: PrivatePbx) -> None:
    async with agents_place(pbx):
        await reaches_the_person(pbx, "5551001", PEST)


async def test_a_server_killed_in_mid_session_lets_the_call_go_on(pbx: PrivatePbx) -> None:
    """The connection is reset before anything was set; Asterisk may even call that a success."""
    met: asyncio.Queue[bytes] = asyncio.Queue()

    def dies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.put_nowait(b"a call")
        writer.transport.abort()

    server = await asyncio.start_server(dies, "127.0.0.1", entry_port())
    async with server, agents_place(pbx):
        await reaches_the_person(pbx, "5551001", PEST)
    assert met.qsize() == 1


async def test_a_server_that_hangs_lets_the_call_go_on(pbx: PrivatePbx) -> None:
    met: list[asyncio.StreamWriter] = []

    def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(writer)

    server = await asyncio.start_server(hangs, "127.0.0.1", entry_port())
    async with server, agents_place(pbx):
        await reaches_the_person(pbx, "5551001", PEST)
        for writer in met:
            writer.transport.abort()
    assert len(met) == 1


async def test_a_caller_who_gives_up_on_a_server_that_hangs_leaves_nothing_behind(pbx: PrivatePbx) -> None:
    met: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.put_nowait(writer)

    server = await asyncio.start_server(hangs, "127.0.0.1", entry_port())
    async with server, agents_place(pbx), await Phone.open(pbx.sip_address) as caller:
        call = await caller.dial("5551001", caller_number=CUSTOMER)
        writer = await met.get()
        assert pbx.channel_count() == 1
        await call.cancel()
        await soon(lambda: pbx.channel_count() == 0)
        writer.transport.abort()


async def test_our_own_server_out_of_time_lets_the_call_go_on(pbx: PrivatePbx) -> None:
    async def sleeps(session: Session) -> None:
        await asyncio.Event().wait()

    async with AgiServer({"entry": sleeps}, port=entry_port()) as server, agents_place(pbx):
        await reaches_the_person(pbx, "5551001", PEST)
        assert server.counts.failed == 1


async def run_words(pbx: PrivatePbx, script: Script) -> None:
    async with AgiServer({"words": script}, port=entry_port()) as server:
        async with await Phone.open(pbx.sip_address) as phone:
            with pytest.raises(CallFailed):
                await phone.call("701", caller_number=CUSTOMER)
        assert server.counts.failed == 0


async def test_values_come_back_as_they_were_set(pbx: PrivatePbx) -> None:
    values = [
        "",
        " ",
        "a b",
        'say "hi"',
        "back\\slash",
        "(brackets) (open",
        "señor ñandú €",
        "x" * 900,
        "$[1+1] ${EXTEN}",
    ]
    back: list[str | None] = []

    async def script(session: Session) -> None:
        assert session.request.arguments == ("one", "two")
        assert session.request.caller == CUSTOMER
        for value in values:
            await session.set_variable("WORD", value)
            back.append(await session.get_variable("WORD"))
        assert await session.get_variable("NOBODY_SET_THIS") is None
        assert await session.evaluate("${CALLERID(num)}") == CUSTOMER
        assert await session.execute("NoOp", "hello") == 0
        assert await session.execute("Set", "LINES=${SHELL_NONE}a") == 0
        await session.verbose("words were said")

    await run_words(pbx, script)
    assert back[0] in ("", None)
    assert back[1:] == values[1:]
    log = pbx.log_path.read_text("utf-8")
    assert "words were said" in log


async def test_a_command_asterisk_does_not_know_is_an_error_and_the_session_lives(pbx: PrivatePbx) -> None:
    errors: list[AgiRefused] = []

    async def script(session: Session) -> None:
        for words in (("MAKE", "COFFEE"), ("SET", "VARIABLE")):
            try:
                await session.command(*words)
            except AgiRefused as exc:
                errors.append(exc)
        await session.set_variable("WORD", "fine")
        assert await session.get_variable("WORD") == "fine"

    await run_words(pbx, script)
    assert [error.reply.code for error in errors] == [510, 520]
    assert "current channel" in errors[1].reply.text
