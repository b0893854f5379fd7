"""The line between `calls` and Asterisk's REST interface is cut for five seconds; the callers notice nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio

from ari_app.live_events import CallEnded, CallStarted, TurnTaken
from centralita.demo.stage import Stage, StagePlan
from provisioning.free_ports import free_tcp_port
from tests.asterisk.office import BALANCE_CALLER, TELECOM, Office, agent, brief_agents, caller, soon

pytestmark = pytest.mark.asyncio(loop_scope="module")

CUT_SECONDS = 5.0


class Wire:
    """A TCP relay that can be cut: connections break, and new ones are refused until it is mended."""

    def __init__(self) -> None:
        self.port = free_tcp_port()
        self.far_port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.far_port)
        self._writers |= {writer, far_writer}
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        self._writers -= {writer, far_writer}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire() -> AsyncIterator[Wire]:
    wire = Wire()
    yield wire
    await wire.cut()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory, wire: Wire) -> AsyncIterator[Office]:
    agents = brief_agents(tmp_path_factory.mktemp("house"))
    plan = StagePlan(agents=agents, settings={"asterisk": {"ari_url": f"http://127.0.0.1:{wire.port}"}})
    stage = Stage(tmp_path_factory.mktemp("stage"), plan)
    stage.on_asterisk = lambda pbx: setattr(wire, "far_port", pbx.ports.http)
    await wire.mend()
    async with stage, Office.watching(stage) as office:
        yield office


async def test_a_call_goes_on_while_ari_is_cut_and_new_callers_are_taken_afterwards(office: Office, wire: Wire) -> None:
    office.forget()
    question = await office.voice("necesito revisar el saldo de mi cuenta")
    due = await office.voice("¿y cuándo vence?")
    farewell = await office.voice("no gracias eso es todo")
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=BALANCE_CALLER)
        call.media.start_sending()
        started = await office.tell(CallStarted)
        await call.media.hear_out()
        await wire.cut()
        mended = asyncio.get_running_loop().time() + CUT_SECONDS
        await call.media.play(question)
        await office.tell(TurnTaken, caller("saldo de mi cuenta"))
        await office.tell(TurnTaken, agent("Su saldo"))
        await call.media.wait_for_silence()
        await soon(lambda: asyncio.get_running_loop().time() >= mended)
        await wire.mend()
        await soon(lambda: office.log().count("ari event stream up") >= 2, 20)
        await call.media.play(due)
        await office.tell(TurnTaken, agent("15 de febrero"))
        await call.media.wait_for_silence()
        await call.media.play(farewell)
        await call.wait_ended()
    over = await office.tell(CallEnded)
    assert (over.call_id, over.ending) == (started.call_id, "agent_hung_up")
    await office.asterisk_is_empty()


async def test_a_caller_who_hangs_up_while_ari_is_cut_is_noticed_afterwards(office: Office, wire: Wire) -> None:
    office.forget()
    async with await office.phone() as phone:
        call = await phone.call(TELECOM)
        call.media.start_sending()
        await call.media.wait_for_speech()
        await wire.cut()
        await call.hang_up()
        await wire.mend()
        over = await office.tell(CallEnded)
    assert over.ending == "caller_hung_up"
    await office.asterisk_is_empty()
