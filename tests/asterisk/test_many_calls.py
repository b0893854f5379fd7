"""Many callers at once, callers who hang up whenever they like, and strangers at the sound's door."""

import asyncio
import os
import random
import socket
import struct

import pytest

from ari_app.live_events import CallEnded, CallStarted, TurnTaken
from softphone import Call, CallFailed, CallState, Phone
from tests.asterisk.office import BALANCE_CALLER, TELECOM, Office, agent, caller, soon

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.alone]

AT_ONCE = 50
HASTY = 200


def open_sockets(pid: int) -> int:
    """How many sockets a process has."""
    return sum(1 for fd in _descriptors(pid) if fd.startswith("socket:"))


def _descriptors(pid: int) -> list[str]:
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            continue  # closed while we looked
    return found


async def test_fifty_callers_talk_at_once_and_no_word_crosses_over(office: Office) -> None:
    """Half of them are known and hear their balance, the others are asked who they are."""
    office.forget()
    question = await office.voice("necesito revisar el saldo de mi cuenta")

    async def converse(phone: Phone, is_known: bool) -> Call:
        call = await phone.call(TELECOM, caller_number=BALANCE_CALLER if is_known else "699000000")
        call.media.start_sending()
        await call.media.hear_out(within_seconds=60)
        await call.media.play(question)
        return call

    async with await office.phone() as phone:
        calls = await asyncio.gather(*(converse(phone, number % 2 == 0) for number in range(AT_ONCE)))

        def answers(words: str) -> set[str]:
            return {turn.call_id for turn in office.events if isinstance(turn, TurnTaken) and agent(words)(turn)}

        await soon(lambda: len(answers("Su saldo")) + len(answers("número de cliente")) >= AT_ONCE, 60)
        assert len(answers("Su saldo")) == AT_ONCE // 2
        assert not answers("Su saldo") & answers("número de cliente")
        await asyncio.gather(*(call.hang_up() for call in calls))
    await soon(lambda: sum(isinstance(event, CallEnded) for event in office.events) == AT_ONCE, 30)
    await office.asterisk_is_empty(30)


async def test_two_hundred_hasty_calls_leave_nothing_behind(office: Office) -> None:
    """Both sides hang up at random moments, from ringing to the middle of an answer."""
    office.forget()
    luck = random.Random(7)
    hello = await office.voice("hola buenos días")
    calls_pid = office.stage.child("calls").pid
    assert calls_pid is not None
    sockets_before = open_sockets(calls_pid)

    async def call_once(phone: Phone, patience: float, speaks: bool) -> None:
        call = await phone.dial(TELECOM)
        try:
            async with asyncio.timeout(patience):
                await call.wait_answered()
                call.media.start_sending()
                if speaks:
                    await call.media.play(hello)
                await call.wait_ended()
        except (TimeoutError, CallFailed):
            pass
        await (call.cancel() if call.state is CallState.RINGING else call.hang_up())

    async with await office.phone() as phone:
        for _ in range(HASTY // 20):
            await asyncio.gather(
                *(call_once(phone, luck.choice((0.002, 0.01, 0.05, 0.3, 1.5)), luck.random() < 0.3) for _ in range(20))
            )
    await office.asterisk_is_empty(30)

    def all_over() -> bool:
        started = sum(isinstance(event, CallStarted) for event in office.events)
        return started == sum(isinstance(event, CallEnded) for event in office.events)

    await soon(all_over, 30)
    assert office.stage.child("calls").pid == calls_pid, "nothing died on the way"
    # The HTTP client keeps up to 90 connections for the next rush; 200 calls that leaked one socket each would be more
    await soon(lambda: open_sockets(calls_pid) <= sockets_before + 90, 30)
    assert not list((office.stage.settings.run.state_folder / "calls").glob("*.json"))
    assert "call failed" not in office.log()


async def test_strangers_at_the_sound_door_do_not_disturb_a_call(office: Office) -> None:
    office.forget()
    question = await office.voice("necesito revisar el saldo de mi cuenta")
    calls_pid = office.stage.child("calls").pid
    assert calls_pid is not None
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=BALANCE_CALLER)
        call.media.start_sending()
        await office.tell(CallStarted)
        port = await _sound_port(office)
        strangers = [_stranger(port, kind) for kind in range(40)]
        await call.media.hear_out()
        await call.media.play(question)
        await office.tell(TurnTaken, caller("saldo de mi cuenta"))
        await office.tell(TurnTaken, agent("Su saldo"))
        await call.hang_up()
        for stranger in strangers:
            stranger.close()
    over = await office.tell(CallEnded)
    assert over.ending == "caller_hung_up"
    await office.asterisk_is_empty()


async def _sound_port(office: Office) -> int:
    """Where `calls` awaits Asterisk's sound: the port in the name of the media channel."""
    channels = office.stage.asterisk.cli("core show channels concise")
    name = next(line for line in channels.splitlines() if line.startswith("AudioSocket/"))
    return int(name.split("/")[1].split(":")[1].split("-")[0])


def _stranger(port: int, kind: int) -> socket.socket:
    """Connect and misbehave: garbage, half a header, a wrong name, a huge length, sound without a name, nothing."""
    wrong_name = struct.pack("!BH", 0x01, 16) + os.urandom(16)
    said = (os.urandom(400), b"\x01\x00", wrong_name, b"\x10\xff\xff" + bytes(100), b"\x10\x01\x40" + bytes(320), b"")
    stranger = socket.create_connection(("127.0.0.1", port), timeout=5)
    stranger.sendall(said[kind % len(said)])
    return stranger
