"""What telephones, queues and calls do, as a real Asterisk's manager interface tells it."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from typer.testing import CliRunner

from ari_app.ami import AmiAddress, AmiForbidden, AmiLimits, AmiWatch, ChangeStream
from ari_app.ami_calls import CallOver
from ari_app.ami_fields import DeviceState
from ari_app.ami_state import Change, DeviceChanged, Lost, QueueChanged, Synced
from centralita.pbx_command import pbx_app
from provisioning.private_pbx import PbxPlan, PhoneAccount, PrivatePbx, choose_ports, new_secret
from softphone import CallFailed, Phone
from tests.asterisk.office import soon

ROOT = Path(__file__).parents[2]
PLAN = PbxPlan(
    ari_password=new_secret(),
    ami_password=new_secret(),
    phones=(PhoneAccount("200", "secret200"), PhoneAccount("201", "secret201")),
    ring_seconds=1,
)
OUR_USER = "watcher"
OUR_PASSWORD = new_secret()
MANAGER = f"""
[{OUR_USER}]
secret = {OUR_PASSWORD}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = system,call,agent
write = system,call
"""
"""As docs/agi-and-ami.md says it: the watch needs no more."""
QUEUES = """
[ventas]
strategy = ringall
timeout = 15
ringinuse = no
member => PJSIP/200,0,Ana
"""
DIALPLAN = """
[centralita-carrier]
exten => 710,1,Answer()
 same => n,Queue(ventas,,,,30)
 same => n,Hangup(16)
exten => 720,1,Goto(centralita-people,200,1)
"""

C = TypeVar("C", bound=Change)


class Told:
    """The changes of a watch, and waiting for the one a test is about."""

    def __init__(self, stream: ChangeStream) -> None:
        self._stream = stream

    async def next(self, kind: type[C], is_it: Callable[[C], bool] = lambda change: True, seconds: float = 20) -> C:
        """Wait for such a change; what comes before it is passed over."""
        async with asyncio.timeout(seconds):
            async for change in self._stream:
                if isinstance(change, kind) and is_it(change):
                    return change
        raise AssertionError("the watch ended")


def furnish(pbx: PrivatePbx) -> None:
    """Give the private PBX a queue, a way into it, and a manager with no more rights than needed."""
    for name, text in (("extensions.conf", DIALPLAN), ("queues.conf", QUEUES), ("manager.conf", MANAGER)):
        with (pbx.folder / "etc" / name).open("a", encoding="utf-8") as file:
            file.write(text)
    for command in ("dialplan reload", "queue reload all", "manager reload"):
        pbx.cli(command)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePbx]:
    with PrivatePbx(PLAN, tmp_path_factory.mktemp("pbx")) as running:
        furnish(running)
        yield running


def address(pbx: PrivatePbx) -> AmiAddress:
    return AmiAddress(OUR_USER, OUR_PASSWORD, port=pbx.ports.ami)


@asynccontextmanager
async def watching(pbx: PrivatePbx) -> AsyncIterator[tuple[AmiWatch, Told]]:
    async with AmiWatch(address(pbx)) as watch:
        await watch.wait_synced(10)
        yield watch, Told(watch.changes())


async def registered(pbx: PrivatePbx, user: str) -> Phone:
    phone = await Phone.open(pbx.sip_address, user, f"secret{user}")
    await phone.register()
    return phone


def turned(device: str, state: DeviceState) -> Callable[[DeviceChanged], bool]:
    return lambda change: change.device == device and change.state is state


def queue_with(*, waiting: int, available: int) -> Callable[[QueueChanged], bool]:
    return lambda change: (len(change.queue.waiting), len(change.queue.available())) == (waiting, available)


async def test_a_telephone_comes_rings_talks_and_goes(pbx: PrivatePbx) -> None:
    async with watching(pbx) as (watch, told):
        assert watch.state.devices["PJSIP/200"] is DeviceState.UNAVAILABLE
        async with await registered(pbx, "200") as ana, await Phone.open(pbx.sip_address) as caller:
            await told.next(DeviceChanged, turned("PJSIP/200", DeviceState.NOT_INUSE))
            call = await caller.dial("720")
            ringing = await ana.incoming()
            ringing.ring()
            await told.next(DeviceChanged, turned("PJSIP/200", DeviceState.RINGING))
            await ringing.answer()
            await told.next(DeviceChanged, turned("PJSIP/200", DeviceState.INUSE))
            await call.wait_answered()
            await call.hang_up()
            await told.next(DeviceChanged, turned("PJSIP/200", DeviceState.NOT_INUSE))
        await told.next(DeviceChanged, turned("PJSIP/200", DeviceState.UNAVAILABLE))
        assert watch.state.devices["PJSIP/200"] is DeviceState.UNAVAILABLE


async def test_a_queue_tells_who_waits_and_who_is_free(pbx: PrivatePbx) -> None:
    async with watching(pbx) as (watch, told):
        assert not watch.can_take_a_call("ventas"), "nobody is there yet"
        async with await registered(pbx, "200") as ana, await Phone.open(pbx.sip_address) as caller:
            free = await told.next(QueueChanged, queue_with(waiting=0, available=1))
            assert [member.name for member in free.queue.available()] == ["Ana"]
            assert watch.can_take_a_call("ventas")
            assert not watch.can_take_a_call("compras"), "there is no such queue"

            first = await caller.call("710", caller_number="+34600111222")
            ringing = await ana.incoming()
            ringing.ring()
            await told.next(QueueChanged, queue_with(waiting=1, available=0))
            assert not watch.can_take_a_call("ventas")
            await ringing.answer()
            await told.next(QueueChanged, queue_with(waiting=0, available=0))

            second = await caller.call("710", caller_number="+34600111333")
            waits = await told.next(QueueChanged, queue_with(waiting=1, available=0))
            assert [(one.number, one.position) for one in waits.queue.waiting] == [("+34600111333", 1)]

            # one who comes now reads the same in the lists
            async with watching(pbx) as (late, _):
                queue = late.state.queues.get("ventas")
                assert queue is not None
                assert [one.number for one in queue.waiting] == ["+34600111333"]
                assert not late.can_take_a_call("ventas")

            await second.hang_up()
            await told.next(QueueChanged, queue_with(waiting=0, available=0))
            await first.hang_up()
            await told.next(QueueChanged, queue_with(waiting=0, available=1))
            assert watch.can_take_a_call("ventas")


async def test_a_paused_member_takes_no_calls(pbx: PrivatePbx) -> None:
    async with watching(pbx) as (watch, told), await registered(pbx, "200"):
        await told.next(QueueChanged, queue_with(waiting=0, available=1))
        await pbx.ask("queue pause member PJSIP/200 queue ventas reason comida")
        paused = await told.next(QueueChanged, queue_with(waiting=0, available=0))
        assert paused.queue.members[0].paused_reason == "comida"
        assert not watch.can_take_a_call("ventas")
        await pbx.ask("queue unpause member PJSIP/200 queue ventas")
        await told.next(QueueChanged, queue_with(waiting=0, available=1))


async def test_busy_no_answer_and_a_normal_end_are_told_apart(pbx: PrivatePbx) -> None:
    async with (
        watching(pbx) as (_, told),
        await registered(pbx, "200") as ana,
        await Phone.open(pbx.sip_address) as caller,
    ):
        ana.refuse_with = 486
        with pytest.raises(CallFailed):
            await caller.call("720", caller_number="+34600111222")
        busy = await told.next(CallOver)
        assert (busy.cause, busy.cause_text, busy.result, busy.ended_by) == (17, "User busy", "BUSY", "callee")
        assert (busy.number, busy.dialled[0].device) == ("+34600111222", "PJSIP/200")

        ana.refuse_with = None
        with pytest.raises(CallFailed):
            await caller.call("720")
        silence = await told.next(CallOver)
        assert (silence.cause, silence.result, silence.ended_by) == (19, "NOANSWER", "pbx")
        await (await ana.incoming()).wait_ended()

        call = await caller.dial("720")
        taken = await ana.incoming()
        await taken.answer()
        await call.wait_answered()
        await taken.hang_up()
        normal = await told.next(CallOver)
        assert (normal.cause, normal.result, normal.ended_by) == (16, "ANSWER", "callee")

        call = await caller.dial("720")
        taken = await ana.incoming()
        await taken.answer()
        await call.wait_answered()
        await call.hang_up()
        assert (await told.next(CallOver)).ended_by == "caller"

        call = await caller.dial("720")
        ringing = await ana.incoming()
        ringing.ring()
        await call.wait_ringing()
        await call.cancel()
        cancelled = await told.next(CallOver)
        assert (cancelled.result, cancelled.ended_by) == ("CANCEL", "caller")

        call = await caller.call("603")
        await pbx.ask("channel request hangup all")
        await call.wait_ended()
        assert (await told.next(CallOver)).ended_by == "pbx"


async def test_the_command_line_shows_the_same(pbx: PrivatePbx, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(OUR_PASSWORD, "utf-8")
    where = ["--port", str(pbx.ports.ami), "--user", OUR_USER, "--password", f"file:{secret}", "--json"]
    async with watching(pbx) as (_, told), await registered(pbx, "200"):
        await told.next(QueueChanged, queue_with(waiting=0, available=1))
        shown = await asyncio.to_thread(CliRunner().invoke, pbx_app, ["devices", *where])
        assert json.loads(shown.output)["devices"]["PJSIP/200"] == "NOT_INUSE"
        shown = await asyncio.to_thread(CliRunner().invoke, pbx_app, ["queues", *where])
        (queue,) = json.loads(shown.output)["queues"]
        assert (queue["queue"], queue["can_take_a_call"], queue["members"][0]["name"]) == ("ventas", True, "Ana")
        for command in ("devices", "queues"):
            table = await asyncio.to_thread(CliRunner().invoke, pbx_app, [command, *where[:-1]])
            assert table.exit_code == 0
            assert "free" in table.output

        program = "from centralita.pbx_command import pbx_app; pbx_app()"
        following = await asyncio.create_subprocess_exec(
            *(sys.executable, "-u", "-c", program, "watch", *where), stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        assert following.stdout is not None
        try:
            async with asyncio.timeout(20):
                while json.loads(await following.stdout.readline())["type"] != "synced":
                    pass
                await pbx.ask("queue pause member PJSIP/200 queue ventas")
                while (change := json.loads(await following.stdout.readline()))["type"] != "queue_changed":
                    pass
            assert change["members"][0]["is_paused"]
        finally:
            following.send_signal(signal.SIGINT)
            await following.communicate()
            await pbx.ask("queue unpause member PJSIP/200 queue ventas")
        assert following.returncode == 0

    secret.write_text("not this one", "utf-8")
    refused = await asyncio.to_thread(CliRunner().invoke, pbx_app, ["devices", *where])
    assert refused.exit_code == 1
    assert "Authentication failed" in json.loads(refused.output)["error"]


async def test_a_restarted_asterisk_is_read_anew(tmp_path: Path) -> None:
    pbx = PrivatePbx(PLAN, tmp_path, ports=choose_ports())
    pbx.launch()
    try:
        furnish(pbx)
        async with watching(pbx) as (watch, told), await registered(pbx, "200"):
            await told.next(DeviceChanged, turned("PJSIP/200", DeviceState.NOT_INUSE))
            async with await Phone.open(pbx.sip_address) as caller:
                await caller.call("603")
                await soon(lambda: len(watch.state.calls) == 1)
                pbx.kill()
                await told.next(Lost)
                assert not watch.is_synced
                assert not watch.can_take_a_call("ventas"), "what is not known is no promise"
                # the configuration it starts with has neither our user nor the queue
                pbx.plan = replace(PLAN, ami_user=OUR_USER, ami_password=OUR_PASSWORD)
                pbx.launch()
                gone = await told.next(CallOver)
                assert gone.ended_by == "unknown"
                await told.next(Synced)
                assert "ventas" not in [queue.name for queue in watch.state.queues]
                furnish_queue(pbx)
                back = await told.next(QueueChanged, lambda change: bool(change.queue.members))
                assert back.queue.name == "ventas"
                for call in tuple(caller.calls.values()):
                    caller.forget(call)
                    call.media.close()
    finally:
        pbx.terminate()


def furnish_queue(pbx: PrivatePbx) -> None:
    with (pbx.folder / "etc" / "queues.conf").open("a", encoding="utf-8") as file:
        file.write(QUEUES)
    pbx.cli("module reload app_queue.so")


async def test_a_wrong_password_is_said_at_once_and_not_tried_again(pbx: PrivatePbx) -> None:
    wrong = AmiAddress(OUR_USER, "wrong", port=pbx.ports.ami)
    before = pbx.log_path.read_text("utf-8").count("failed to authenticate")
    async with AmiWatch(wrong) as watch:
        with pytest.raises(AmiForbidden, match=r"'watcher' .*Authentication failed.*manager\.conf"):
            await watch.wait_synced(10)
        assert "wrong" not in repr(wrong)
        with pytest.raises(AmiForbidden):
            await watch.wait_synced(1)
    assert pbx.log_path.read_text("utf-8").count("failed to authenticate") == before + 1


async def test_an_asterisk_that_comes_later_is_found(tmp_path: Path) -> None:
    pbx = PrivatePbx(PLAN, tmp_path, ports=choose_ports())
    known = AmiAddress(PLAN.ami_user, PLAN.ami_password, port=pbx.ports.ami)
    async with AmiWatch(known, AmiLimits()) as watch:
        stream = Told(watch.changes())
        try:
            pbx.launch()
            await stream.next(Synced)
            assert "PJSIP/200" in watch.state.devices
        finally:
            pbx.terminate()
