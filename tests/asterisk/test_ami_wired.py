"""AMI and AGI inside the running product: empty queues, why calls ended, pests at the door, and either of them lost."""

import json
import os
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ari_app.blocklist_file import change_file
from ari_app.live_events import (
    CallEnded,
    CallRefused,
    CallStarted,
    HangUpCall,
    TransferCall,
    TransferChanged,
    TurnTaken,
)
from ari_app.screening import Rule
from centralita.demo.stage import Stage, StagePlan
from centralita.health import health_of
from centralita.storehouse import opened_catalogue
from provisioning.free_ports import free_tcp_port
from provisioning.private_pbx import PrivatePbx
from softphone import Call, CallFailed
from storage.hangup_notes import HangupNotes, enter_hangups
from tests.asterisk.office import TELECOM, Office, agent, brief_agents, soon
from tests.asterisk.test_ari_cut import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOCUMENT = Path(__file__).parents[2] / "docs" / "agi-and-ami.md"
PEST, CUSTOMER = "+34600111222", "+34600111333"
SCREENED_BY_AGI, HIDES_NUMBER, ANAS_OWN = "5559001", "5559002", "5559003"
QUEUES = """
[400]
strategy = ringall
timeout = 15
ringinuse = no
member => PJSIP/200,0,Ana
"""
DIALPLAN = f"""
[ventas]
exten => 400,1,Queue(400,,,,20)
 same => n,Hangup(16)
[centralita-carrier]
exten => {SCREENED_BY_AGI},1,Goto(centralita-screen,{TELECOM},1)
exten => {ANAS_OWN},1,Dial(PJSIP/200,60)
exten => {HIDES_NUMBER},1,Set(CALLERID(num-pres)=prohib_passed_screen)
 same => n,Goto(centralita-did,{TELECOM},1)
"""
TARGETS = """
[targets.ventas]
name = "ventas"
context = "ventas"
extension = "400"
queue = "400"

[targets.cola]
name = "la cola de ventas"
context = "ventas"
extension = "400"
queue = "400"
may_wait = true

[targets.perdida]
name = "una cola que no existe"
context = "ventas"
extension = "400"
queue = "401"
"""


@cache
def agi_port() -> int:
    """Asked for when it is needed: a port that is free while tests are collected is not so minutes later."""
    return free_tcp_port()


def furnish(pbx: PrivatePbx) -> None:
    """Give the private PBX a queue, and the dialplan that docs/agi-and-ami.md tells people to paste."""
    block = re.search(r"```ini\n(\[centralita-screen\].*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert block is not None
    screen = block[1].replace("127.0.0.1:4573", f"127.0.0.1:{agi_port()}")
    for name, text in (("extensions.conf", DIALPLAN + screen), ("queues.conf", QUEUES)):
        with (pbx.folder / "etc" / name).open("a", encoding="utf-8") as file:
            file.write(text)
    for command in ("dialplan reload", "queue reload all"):
        pbx.cli(command)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire() -> AsyncIterator[Wire]:
    """Between `calls` and AMI."""
    wire = Wire()
    yield wire
    await wire.cut()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory, wire: Wire) -> AsyncIterator[Office]:
    agents = brief_agents(tmp_path_factory.mktemp("house"))
    with (agents / "telecom.toml").open("a", encoding="utf-8") as file:
        file.write(TARGETS)
    plan = StagePlan(
        agents=agents,
        settings={
            "ami": {"enabled": True, "port": wire.port},
            "agi": {"enabled": True, "port": agi_port(), "blocklist": "blocklist.toml"},
        },
    )
    stage = Stage(tmp_path_factory.mktemp("stage"), plan)

    def prepare(pbx: PrivatePbx) -> None:
        wire.far_port = pbx.ports.ami
        furnish(pbx)

    stage.on_asterisk = prepare
    await wire.mend()
    async with stage, Office.watching(stage) as office:
        await synced(office)
        yield office


@pytest.fixture
def block_list(office: Office) -> Path:
    path = office.stage.folder / "blocklist.toml"
    rewrite(path, "")
    return path


def rewrite(path: Path, text: str) -> None:
    """Somebody saves the file in an editor."""
    path.write_text(text, "utf-8")


async def synced(office: Office, times: int = 1) -> None:
    await soon(lambda: office.log().count("ami synced") >= times, 30)


@asynccontextmanager
async def caller_with_the_agent(office: Office) -> AsyncIterator[tuple[Call, CallStarted]]:
    office.forget()
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=CUSTOMER)
        call.media.start_sending()
        started = await office.tell(CallStarted)
        await call.media.hear_out()
        yield call, started


async def hand_over(office: Office, started: CallStarted, target: str) -> None:
    await office.stage.live().command(TransferCall(started.call_id, target))


async def stays_with_the_agent(office: Office, call: Call, reason: str) -> CallEnded:
    """The transfer fails with this reason, the caller hears the sentence for it and is still being listened to."""
    failed = await office.tell(TransferChanged, lambda event: event.state == "failed")
    assert failed.reason == reason
    await office.tell(TurnTaken, agent("no pueden atenderle"))
    await call.media.wait_for_silence()
    await call.media.play(await office.voice("necesito revisar el saldo de mi cuenta"))
    await office.tell(TurnTaken, lambda turn: turn.speaker == "caller")
    await call.hang_up()
    over = await office.tell(CallEnded)
    await office.asterisk_is_empty()
    return over


def metadata(office: Office, call_id: str) -> Any:
    root = office.stage.settings.storage.local_path
    return json.loads((root / "metadata" / f"rec_{call_id}_metadata.json").read_text("utf-8"))


async def member_is_seen(office: Office, state: str) -> None:
    """Wait until Asterisk's queue shows its member so; AMI tells it in the same moment."""
    shown = f"({state})"
    await soon(lambda: shown in office.stage.asterisk.cli("queue show 400"))


# ── queues ──


async def test_nobody_is_sent_into_an_empty_queue(office: Office) -> None:
    for target in ("ventas", "cola"):
        async with caller_with_the_agent(office) as (call, started):
            await hand_over(office, started, target)
            over = await stays_with_the_agent(office, call, "nobody there")
        assert over.hangup is not None
        assert (over.hangup.cause, over.hangup.by) == (16, "caller")
        assert metadata(office, over.call_id)["hangup"] == {"cause": 16, "text": "Normal Clearing", "by": "caller"}


async def test_a_free_member_gets_the_caller_and_the_end_is_noted_when_it_comes(office: Office) -> None:
    async with await office.phone("200") as person:
        await member_is_seen(office, "Not in use")
        async with caller_with_the_agent(office) as (call, started):
            await hand_over(office, started, "ventas")
            ringing = await person.incoming()
            await ringing.answer()
            over = await office.tell(CallEnded)
            assert (over.ending, over.hangup) == ("transferred", None)
            assert metadata(office, over.call_id)["hangup"] is None, "it goes on without us"
            await ringing.hang_up()
            await call.wait_ended()
    root = office.stage.settings.storage.local_path
    await soon(lambda: [note.call_id for note in HangupNotes(root).all()] == [over.call_id])
    async with opened_catalogue(office.stage.settings) as catalogue:  # as `worker` does, which this stage has not
        await enter_hangups(catalogue, time.time())
    assert metadata(office, over.call_id)["hangup"]["by"] == "callee"
    assert metadata(office, over.call_id)["metrics"]["outcome"] == "transferred"


async def test_a_paused_member_is_as_good_as_none(office: Office) -> None:
    async with await office.phone("200"):
        await member_is_seen(office, "Not in use")
        await office.stage.asterisk.ask("queue pause member PJSIP/200 queue 400")
        await soon(lambda: "(paused" in office.stage.asterisk.cli("queue show 400"))
        async with caller_with_the_agent(office) as (call, started):
            await hand_over(office, started, "ventas")
            await stays_with_the_agent(office, call, "nobody there")
        await office.stage.asterisk.ask("queue unpause member PJSIP/200 queue 400")


async def test_while_everybody_talks_only_a_target_that_may_wait_is_open(office: Office) -> None:
    async with await office.phone("200") as person, await office.phone() as other:
        await member_is_seen(office, "Not in use")
        busy = await other.dial(ANAS_OWN)
        talking = await person.incoming()
        await talking.answer()
        await busy.wait_answered()
        await member_is_seen(office, "In use")
        async with caller_with_the_agent(office) as (call, started):
            await hand_over(office, started, "ventas")
            failed = await office.tell(TransferChanged, lambda event: event.state == "failed")
            assert failed.reason == "everybody busy"
            await office.tell(TurnTaken, agent("no pueden atenderle"))
            await call.media.hear_out()
            await hand_over(office, started, "cola")
            assert (await office.tell(CallEnded)).ending == "transferred"
            await soon(lambda: "1. PJSIP/" in office.stage.asterisk.cli("queue show 400"))  # waits in line
            await call.hang_up()
        await busy.hang_up()
        await talking.wait_ended()
    await office.asterisk_is_empty()


async def test_a_queue_asterisk_does_not_have_is_said_once_and_holds_nobody_back(office: Office) -> None:
    async with caller_with_the_agent(office) as (call, started):
        await hand_over(office, started, "perdida")
        assert (await office.tell(CallEnded)).ending == "transferred"
        await call.hang_up()
    await office.asterisk_is_empty()
    assert 'Asterisk has no such queue; callers are sent there unasked queue="401"' in office.log()


# ── why calls ended ──


async def test_who_hung_up_is_told_of_a_warm_transfer_too(office: Office) -> None:
    async with await office.phone("201") as person, caller_with_the_agent(office) as (call, started):
        await hand_over(office, started, "tecnico")
        ringing = await person.incoming()
        await ringing.answer()
        ringing.media.start_sending()
        await office.tell(TransferChanged, lambda event: event.state == "connected")
        await ringing.hang_up()
        await call.wait_ended()
        over = await office.tell(CallEnded)
    assert over.hangup is not None
    assert (over.ending, over.hangup.cause, over.hangup.by) == ("transferred", 16, "callee")


async def test_when_we_hang_up_it_was_the_pbx(office: Office) -> None:
    async with caller_with_the_agent(office) as (call, started):
        await office.stage.live().command(HangUpCall(started.call_id))
        await call.wait_ended()
        over = await office.tell(CallEnded)
    assert over.hangup is not None
    assert (over.ending, over.hangup.by) == ("agent_hung_up", "pbx")


# ── pests ──


async def test_a_blocked_caller_is_refused_unanswered_until_the_list_changes(office: Office, block_list: Path) -> None:
    change_file(block_list, add=Rule(number=PEST, reason="insulta"))
    office.forget()
    async with await office.phone() as phone:
        with pytest.raises(CallFailed) as refused:
            await phone.call(TELECOM, caller_number=PEST)
        assert (refused.value.status, refused.value.cause) == (403, 21)
        told = await office.tell(CallRefused)
        assert (told.reason, told.detail, told.agent, told.did) == ("blocked", "insulta", "telecom", TELECOM)
        await soon(lambda: kept_outcome(office, told.call_id) == "blocked")
        assert not [event for event in office.events if isinstance(event, CallStarted)]

        change_file(block_list, remove=PEST)
        call = await phone.call(TELECOM, caller_number=PEST)
        assert (await office.tell(CallStarted)).caller == PEST
        await call.hang_up()
    await office.tell(CallEnded)
    await office.asterisk_is_empty()


def kept_outcome(office: Office, call_id: str) -> str:
    try:
        return str(metadata(office, call_id)["metrics"]["outcome"])
    except FileNotFoundError:
        return ""


async def test_a_list_that_is_broken_leaves_the_last_good_one_in_force(office: Office, block_list: Path) -> None:
    change_file(block_list, add=Rule(number=PEST))
    async with await office.phone() as phone:
        with pytest.raises(CallFailed):
            await phone.call(TELECOM, caller_number=PEST)
        rewrite(block_list, "[[block]]\nnumber = 600\n")
        with pytest.raises(CallFailed):
            await phone.call(TELECOM, caller_number=PEST)
        office.forget()
        call = await phone.call(TELECOM, caller_number=CUSTOMER)
        await office.tell(CallStarted)
        await call.hang_up()
    await office.tell(CallEnded)
    assert "block list not read, the last good one stays in force" in office.log()


async def test_hidden_numbers_are_refused_where_the_list_says_so(office: Office, block_list: Path) -> None:
    """The number is there, and the network says that it is not to be shown."""
    office.forget()
    async with await office.phone() as phone:
        call = await phone.call(HIDES_NUMBER, caller_number=CUSTOMER)
        await office.tell(CallStarted)
        await call.hang_up()
        await office.tell(CallEnded)
        rewrite(block_list, 'anonymous = "block"\n')
        with pytest.raises(CallFailed) as refused:
            await phone.call(HIDES_NUMBER, caller_number=CUSTOMER)
        assert refused.value.status == 403
        call = await phone.call(TELECOM, caller_number=CUSTOMER)
        await call.hang_up()
    await office.asterisk_is_empty()


async def test_agi_screens_before_us_and_is_started_again_when_it_dies_or_hangs(
    office: Office, block_list: Path
) -> None:
    change_file(block_list, add=Rule(number=PEST))
    for end in (signal.SIGKILL, signal.SIGSTOP):
        before = office.stage.child("agi").pid
        assert before is not None
        office.forget()
        async with await office.phone() as phone:
            with pytest.raises(CallFailed) as refused:
                await phone.call(SCREENED_BY_AGI, caller_number=PEST)
            assert refused.value.status == 403
            call = await phone.call(SCREENED_BY_AGI, caller_number=CUSTOMER)
            assert (await office.tell(CallStarted)).did == TELECOM
            await call.hang_up()
            await office.tell(CallEnded)
        assert not [event for event in office.events if isinstance(event, CallRefused)], "it never came to our door"
        os.kill(before, end)
        await soon(partial(another_agi, office, before), 40)
    parts = {part.engine: part for part in await health_of(office.stage.settings)}
    assert {"agi", "ami", "block list"} <= {name for name, part in parts.items() if part.is_ready}
    assert parts["agi"].device == f"pid {office.stage.child('agi').pid}"


def another_agi(office: Office, before: int) -> bool:
    agi = office.stage.child("agi")
    return agi.is_ready and agi.pid not in (None, before)


# ── AMI lost ──


async def test_with_ami_lost_everything_goes_on_and_is_known_again_when_it_is_back(office: Office, wire: Wire) -> None:
    times = office.log().count("ami synced")
    await wire.cut()
    await soon(lambda: "ami lost" in office.log())
    async with caller_with_the_agent(office) as (call, started):
        await hand_over(office, started, "ventas")
        assert (await office.tell(CallEnded)).ending == "transferred", "as without AMI: the queue has its own time-out"
        await call.hang_up()
    async with caller_with_the_agent(office) as (call, _):
        await call.hang_up()
        over = await office.tell(CallEnded)
    assert (over.ending, over.hangup) == ("caller_hung_up", None)
    assert metadata(office, over.call_id)["hangup"] is None
    await wire.mend()
    await synced(office, times + 1)
    async with caller_with_the_agent(office) as (call, started):
        await hand_over(office, started, "ventas")
        await stays_with_the_agent(office, call, "nobody there")


async def test_with_a_password_that_is_wrong_by_now_calls_go_on(office: Office, wire: Wire) -> None:
    """Last, because the watch leaves an Asterisk that refuses it alone for a minute."""
    pbx = office.stage.asterisk
    manager = pbx.folder / "etc" / "manager.conf"
    manager.write_text(manager.read_text("utf-8").replace(pbx.plan.ami_password, "another-secret"), "utf-8")
    await pbx.ask("manager reload")
    await wire.cut()
    await wire.mend()
    await soon(lambda: "Authentication failed" in office.log(), 30)
    assert pbx.plan.ami_password not in office.log()
    async with caller_with_the_agent(office) as (call, started):
        await hand_over(office, started, "ventas")
        over = await office.tell(CallEnded)
        await call.hang_up()
    assert (over.ending, over.hangup) == ("transferred", None)
    parts = {part.engine: part for part in await health_of(office.stage.settings)}
    assert not parts["ami"].is_ready
    assert "Authentication failed" in parts["ami"].detail
