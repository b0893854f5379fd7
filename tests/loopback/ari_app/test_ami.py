"""The AMI watch against peers that no Asterisk would be: silent, endless, gone in mid-word."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from ari_app.ami import AmiAddress, AmiForbidden, AmiLimits, AmiRefused, AmiUnreachable, AmiWatch, ChangeStream
from ari_app.ami_calls import CallOver
from ari_app.ami_fields import DeviceState
from ari_app.ami_state import DeviceChanged, Lost, Missed, Synced
from provisioning.free_ports import free_tcp_port
from vocabulary.errors import ConfigurationError

LISTS = {"DeviceStateList", "QueueStatus", "CoreShowChannels"}


class Peer:
    """Asterisk's side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def action(self) -> dict[str, str]:
        """The next action's headers; nothing when the other end has closed."""
        headers: dict[str, str] = {}
        while (line := (await self.reader.readline()).decode().rstrip("\r\n")) or not headers:
            if not line:
                return {}
            name, _, value = line.partition(": ")
            headers[name] = value
        return headers

    def say(self, *headers: str) -> None:
        self.writer.write(("\r\n".join(headers) + "\r\n\r\n").encode())

    def answer(self, action: dict[str, str], response: str = "Success", *headers: str) -> None:
        self.say(f"Response: {response}", f"ActionID: {action['ActionID']}", *headers)

    async def let_in(self) -> None:
        self.writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        self.answer(await self.action(), "Success", "Message: Authentication accepted")
        self.say("Event: FullyBooted", "Status: Fully Booted")

    async def give_lists(self, *devices: str) -> None:
        for name in ("DeviceStateList", "QueueStatus", "CoreShowChannels"):
            action = await self.action()
            assert action["Action"] == name
            self.answer(action, "Success", "EventList: start", "Message: will follow")
            for device in devices if name == "DeviceStateList" else ():
                self.say(
                    "Event: DeviceStateChange", f"ActionID: {action['ActionID']}", f"Device: {device}", "State: INUSE"
                )
            self.say(f"Event: {name}Complete", f"ActionID: {action['ActionID']}", "EventList: Complete")


@asynccontextmanager
async def peer(talk: Callable[[Peer], Awaitable[None]]) -> AsyncIterator[AmiAddress]:
    """A peer that says this to everybody who connects, then closes."""
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(Peer(reader, writer))
        finally:
            writer.transport.abort()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.create_task(serve(reader, writer)))

    async with await asyncio.start_server(accepted, "127.0.0.1", 0) as server:
        yield AmiAddress("user", "secret", port=server.sockets[0].getsockname()[1])
        for one in talks:
            one.cancel()
        failures = await asyncio.gather(*talks, return_exceptions=True)
    for failure in failures:
        assert failure is None or isinstance(failure, asyncio.CancelledError | ConnectionError), repr(failure)


async def next_of(stream: ChangeStream, kind: type[DeviceChanged | Lost | Synced | Missed]) -> object:
    async with asyncio.timeout(20):
        async for change in stream:
            if isinstance(change, kind):
                return change
    raise AssertionError("the watch ended")


async def test_what_happens_while_the_lists_are_read_comes_after_them() -> None:
    async def talk(pbx: Peer) -> None:
        await pbx.let_in()
        action = await pbx.action()
        # rings again before the list, which still says INUSE, is complete
        pbx.say("Event: DeviceStateChange", "Device: PJSIP/200", "State: RINGING")
        pbx.answer(action, "Success", "EventList: start", "Message: will follow")
        pbx.say("Event: DeviceStateChange", f"ActionID: {action['ActionID']}", "Device: PJSIP/200", "State: INUSE")
        pbx.say("Event: DeviceStateListComplete", f"ActionID: {action['ActionID']}", "EventList: Complete")
        for _ in range(2):
            action = await pbx.action()
            pbx.answer(action, "Success", "EventList: start", "Message: will follow")
            pbx.say(f"Event: {action['Action']}Complete", f"ActionID: {action['ActionID']}")
        await pbx.action()

    async with peer(talk) as address, AmiWatch(address) as watch:
        await watch.wait_synced(10)
        assert watch.state.devices["PJSIP/200"] is DeviceState.RINGING


async def test_a_peer_that_falls_silent_is_left_and_asked_again() -> None:
    async def talk(pbx: Peer) -> None:
        await pbx.let_in()
        await pbx.give_lists("PJSIP/200")
        assert (await pbx.action())["Action"] == "Ping"
        await pbx.action()  # no answer: the watch hangs up

    limits = AmiLimits(ping_seconds=0.05, answer_seconds=0.2)
    async with peer(talk) as address, AmiWatch(address, limits) as watch:
        changes = watch.changes()
        await next_of(changes, Synced)
        assert await next_of(changes, Lost) == Lost("no answer to Ping in time")
        await next_of(changes, Synced)


async def test_an_answered_ping_keeps_the_connection() -> None:
    pings = asyncio.Queue[str]()

    async def talk(pbx: Peer) -> None:
        await pbx.let_in()
        await pbx.give_lists()
        while action := await pbx.action():
            pbx.answer(action, "Success", "Ping: Pong")
            pings.put_nowait(action["Action"])

    async with peer(talk) as address, AmiWatch(address, AmiLimits(ping_seconds=0.02)) as watch:
        assert [await pings.get() for _ in range(3)] == ["Ping"] * 3
        assert watch.is_synced


async def test_a_peer_that_does_not_let_us_in_in_time_is_unreachable() -> None:
    async def talk(pbx: Peer) -> None:
        await pbx.action()
        await pbx.action()

    async with peer(talk) as address, AmiWatch(address, AmiLimits(connect_seconds=0.05)) as watch:
        with pytest.raises(AmiUnreachable, match="did not answer in time"):
            await watch.wait_synced(0.5)
        assert not watch.can_take_a_call("ventas")


async def test_nobody_there_is_said_with_the_address() -> None:
    port = free_tcp_port()
    async with AmiWatch(AmiAddress("user", "secret", port=port)) as watch:
        with pytest.raises(AmiUnreachable, match=f"no AMI at 127.0.0.1:{port}"):
            await watch.wait_synced(0.2)


async def test_a_peer_without_an_end_to_its_message_is_left() -> None:
    async def talk(pbx: Peer) -> None:
        await pbx.let_in()
        while True:  # until the watch has had enough: ConnectionError
            pbx.writer.write(b"x" * 65_536)
            await pbx.writer.drain()

    async with peer(talk) as address, AmiWatch(address) as watch:
        with pytest.raises(AmiUnreachable, match="connection lost"):
            await watch.wait_synced(2)


async def test_a_right_that_is_missing_is_said() -> None:
    async def talk(pbx: Peer) -> None:
        await pbx.let_in()
        pbx.answer(await pbx.action(), "Error", "Message: Permission denied")
        await pbx.action()

    async with peer(talk) as address, AmiWatch(address) as watch:
        with pytest.raises(AmiRefused, match="DeviceStateList: Permission denied"):
            await watch.wait_synced(10)


async def test_lists_this_asterisk_has_not_are_empty() -> None:
    async def talk(pbx: Peer) -> None:
        await pbx.let_in()
        for _ in range(2):
            pbx.answer(await pbx.action(), "Error", "Message: Invalid/unknown command: QueueStatus.")
        action = await pbx.action()
        pbx.answer(action, "Success", "EventList: start", "Message: will follow")
        pbx.say("Event: CoreShowChannelsComplete", f"ActionID: {action['ActionID']}")
        await pbx.action()

    async with peer(talk) as address, AmiWatch(address) as watch:
        await watch.wait_synced(10)
        assert (len(watch.state.devices), len(watch.state.queues)) == (0, 0)


async def test_a_reader_who_sleeps_misses_changes_but_not_the_state() -> None:
    many = 50

    async def talk(pbx: Peer) -> None:
        await pbx.let_in()
        await pbx.give_lists()
        for i in range(many):
            pbx.say("Event: DeviceStateChange", f"Device: PJSIP/{i}", "State: INUSE")
        pbx.say("Event: Newchannel", "Uniqueid: 1", "Linkedid: 1", "Channel: PJSIP/1-1", "CallerIDNum: Peñón €")
        pbx.say("Event: Hangup", "Uniqueid: 1", "Cause: 16", "Cause-txt: Normal Clearing")
        await pbx.action()

    async with peer(talk) as address, AmiWatch(address, AmiLimits(waiting_changes=10)) as watch:
        asleep, awake = watch.changes(), watch.changes()
        over = None
        async with asyncio.timeout(20):
            async for change in awake:
                if isinstance(change, CallOver):
                    over = change
                    break
        assert over is not None
        assert over.number == "Peñón €"
        assert isinstance(await anext(asleep), Missed)
        assert len(watch.state.devices) == many
        asleep.close()
        assert len([change async for change in asleep]) <= 10, "what waited is still read, then it ends"


async def test_the_changes_end_with_the_watch() -> None:
    async with AmiWatch(AmiAddress("user", "secret", port=free_tcp_port())) as watch:
        changes = watch.changes()
    assert [change async for change in changes] == []
    assert {task.get_name() for task in asyncio.all_tasks()} & {"ami watch"} == set()


async def test_a_wrong_password_is_not_repeated() -> None:
    logins = 0

    async def talk(pbx: Peer) -> None:
        nonlocal logins
        action = await pbx.action()
        logins += 1
        assert action["Secret"] == "secret"
        pbx.answer(action, "Error", "Message: Authentication failed")

    async with peer(talk) as address, AmiWatch(address) as watch:
        with pytest.raises(AmiForbidden, match="Authentication failed") as refused:
            await watch.wait_synced(10)
        assert "secret" not in str(refused.value).replace("its secret", "")
        with pytest.raises(AmiForbidden):
            await watch.wait_synced(0.5)
    assert logins == 1


@pytest.mark.parametrize(("user", "password"), [("user", "a\r\nAction: Command"), ("", "x"), ("user", "")])
def test_a_password_cannot_become_an_action(user: str, password: str) -> None:
    with pytest.raises(ConfigurationError, match="must be printable and not empty") as refused:
        AmiAddress(user, password)
    assert "Command" not in str(refused.value)
