"""Handing callers to people: by configured id only, and back to the agent when nobody takes the call."""

import asyncio

import numpy as np
import pytest

from ari_app.live_events import CallEnded, CallStarted, TransferCall, TransferChanged, TurnTaken
from softphone import Call
from softphone.codecs import ALAW, ULAW
from tests.asterisk.office import TELECOM, Office, agent, soon, strength

pytestmark = pytest.mark.asyncio(loop_scope="module")

BLIND, WARM = "agente", "tecnico"
"""Targets of agents/telecom.toml: extensions 200 and 201."""


def tone(hertz: float, seconds: float) -> bytes:
    samples = np.sin(2 * np.pi * hertz * np.arange(int(8000 * seconds)) / 8000) * 8000
    return samples.astype("<i2").tobytes()


async def hear_one_another(one: Call, other: Call) -> None:
    """Both speak in tones of their own and must hear the other's."""
    marks = [len(call.media.heard_pcm()) for call in (one, other)]
    await asyncio.gather(one.media.play(tone(700, 1.5)), other.media.play(tone(1900, 1.5)))
    await asyncio.gather(one.media.wait_for_silence(0.4), other.media.wait_for_silence(0.4))
    heard = [call.media.heard_pcm()[mark:] for call, mark in zip((one, other), marks, strict=True)]
    assert strength(heard[0], 8000, 1900) > 0.5
    assert strength(heard[1], 8000, 700) > 0.5


async def transferring(office: Office, caller: Call, target: str) -> str:
    """Let a supervisor send the caller on; return the call's id."""
    started = await office.tell(CallStarted)
    await caller.media.hear_out()
    await office.stage.live().command(TransferCall(started.call_id, target))
    return started.call_id


async def test_a_blind_transfer_leaves_caller_and_person_alone(office: Office) -> None:
    office.forget()
    async with await office.phone("200") as person, await office.phone() as phone:
        caller = await phone.call(TELECOM)
        caller.media.start_sending()
        await transferring(office, caller, BLIND)
        ringing = await person.incoming()
        await ringing.answer()
        ringing.media.start_sending()
        over = await office.tell(CallEnded)
        assert over.ending == "transferred"
        await hear_one_another(caller, ringing)
        await ringing.hang_up()
        await caller.wait_ended()
    await office.asterisk_is_empty()


async def test_a_warm_transfer_tells_the_person_who_calls_and_connects(office: Office) -> None:
    office.forget()
    problem = await office.voice("hola mi internet no funciona")
    tried = await office.voice("ya reinicié el router pero sigue igual")
    async with await office.phone("201") as person, await office.phone() as phone:
        caller = await phone.call(TELECOM, caller_number="600100200")
        caller.media.start_sending()
        await caller.media.hear_out()
        await caller.media.play(problem)
        await office.tell(TurnTaken, agent("router"))
        await caller.media.wait_for_silence()
        await caller.media.play(tried)
        ringing = await person.incoming()
        ringing.ring()
        before = len(caller.media.heard_pcm())
        await caller.media.wait_for_speech()  # ringback: the caller is not left in silence
        assert strength(caller.media.heard_pcm()[before:], 8000, 425) > 0.5
        await ringing.answer()
        ringing.media.start_sending()
        await ringing.media.hear_out()  # the summary, for the person alone
        await office.tell(TransferChanged, lambda event: event.state == "connected")
        await hear_one_another(caller, ringing)
        await ringing.hang_up()
        await caller.wait_ended()
    over = await office.tell(CallEnded)
    assert over.ending == "transferred"
    await office.asterisk_is_empty()


@pytest.mark.parametrize("sequence", [100, 33_000, 65_300], ids=["low", "high", "wrapping"])
async def test_who_is_connected_is_heard_wherever_their_phone_began_to_count(office: Office, sequence: int) -> None:
    """The person's leg transcodes; Asterisk would take the caller's frames after our unnumbered ones for late."""
    office.forget()
    async with await office.phone("201", codecs=[ULAW]) as person, await office.phone(codecs=[ALAW]) as phone:
        caller = await phone.dial(TELECOM)
        caller.media.number_from(sequence)
        await caller.wait_answered()
        await transferring(office, caller, WARM)
        ringing = await person.incoming()
        ringing.media.number_from(sequence)
        await ringing.answer()
        await ringing.media.hear_out()
        await office.tell(TransferChanged, lambda event: event.state == "connected")
        await hear_one_another(caller, ringing)
        await ringing.hang_up()
        await caller.wait_ended()
    await office.tell(CallEnded)
    await office.asterisk_is_empty()


@pytest.mark.parametrize("status", [486, 603], ids=["busy", "declined"])
async def test_nobody_takes_the_call_and_the_agent_is_back_with_an_apology(office: Office, status: int) -> None:
    office.forget()
    async with await office.phone("201") as person, await office.phone() as phone:
        person.refuse_with = status
        caller = await phone.call(TELECOM)
        caller.media.start_sending()
        await transferring(office, caller, WARM)
        await office.tell(TransferChanged, lambda event: event.state == "failed")
        await office.tell(TurnTaken, agent("no pueden atenderle"))
        await caller.hang_up()
    await office.tell(CallEnded)
    await office.asterisk_is_empty()


async def test_the_person_hangs_up_during_the_summary(office: Office) -> None:
    office.forget()
    async with await office.phone("201") as person, await office.phone() as phone:
        caller = await phone.call(TELECOM)
        caller.media.start_sending()
        await transferring(office, caller, WARM)
        ringing = await person.incoming()
        await ringing.answer()
        ringing.media.start_sending()
        await ringing.media.wait_for_speech()
        await ringing.hang_up()
        await office.tell(TransferChanged, lambda event: event.state == "failed")
        await office.tell(TurnTaken, agent("no pueden atenderle"))
        await caller.hang_up()
    await office.tell(CallEnded)
    await office.asterisk_is_empty()


async def test_a_person_may_take_their_time_to_answer(office: Office) -> None:
    """Longer than `guard` waits for channels that nobody answers for: the person's are the call's from the start."""
    office.forget()
    leftovers = office.log().count("leftover hung up")
    async with await office.phone("201") as person, await office.phone() as phone:
        caller = await phone.call(TELECOM)
        caller.media.start_sending()
        await transferring(office, caller, WARM)
        ringing = await person.incoming()
        ringing.ring()
        before = len(caller.media.heard_pcm())
        await soon(lambda: len(caller.media.heard_pcm()) - before > 7 * 16_000)  # seven seconds of ringback
        await ringing.answer()
        await ringing.media.hear_out()
        await office.tell(TransferChanged, lambda event: event.state == "connected")
        await hear_one_another(caller, ringing)
        await ringing.hang_up()
        await caller.wait_ended()
    over = await office.tell(CallEnded)
    assert over.ending == "transferred"
    assert office.log().count("leftover hung up") == leftovers
    await office.asterisk_is_empty()


async def test_the_caller_hangs_up_while_the_person_rings(office: Office) -> None:
    office.forget()
    async with await office.phone("201") as person, await office.phone() as phone:
        caller = await phone.call(TELECOM)
        caller.media.start_sending()
        await transferring(office, caller, WARM)
        ringing = await person.incoming()
        ringing.ring()
        await caller.hang_up()
        await ringing.wait_ended()  # CANCEL
    over = await office.tell(CallEnded)
    assert over.ending == "caller_hung_up"
    await office.asterisk_is_empty()


async def test_the_caller_hangs_up_while_the_person_hears_the_summary(office: Office) -> None:
    """The person has answered already; we hang up on them ourselves, and at once."""
    office.forget()
    leftovers = office.log().count("leftover hung up")
    async with await office.phone("201") as person, await office.phone() as phone:
        caller = await phone.call(TELECOM)
        caller.media.start_sending()
        await transferring(office, caller, WARM)
        ringing = await person.incoming()
        await ringing.answer()
        ringing.media.start_sending()
        await ringing.media.wait_for_speech()
        await caller.hang_up()
        await ringing.wait_ended()
    assert office.log().count("leftover hung up") == leftovers, "`guard` had nothing to do with it"
    over = await office.tell(CallEnded)
    assert over.ending == "caller_hung_up"
    await office.asterisk_is_empty()


async def test_only_configured_targets_are_taken(office: Office) -> None:
    office.forget()
    async with await office.phone() as phone:
        caller = await phone.call(TELECOM)
        started = await office.tell(CallStarted)
        with pytest.raises(Exception, match="no target '900123456'"):
            await office.stage.live().command(TransferCall(started.call_id, "900123456"))
        await caller.hang_up()
    await office.tell(CallEnded)
