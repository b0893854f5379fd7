"""The same conversation at 16 kHz: a phone that speaks wideband, `slin16` on the media leg, a wideband recording."""

import wave

import numpy as np
import pytest

from ari_app.live_events import CallEnded, TurnTaken
from centralita.demo.stage import StagePlan
from softphone import L16_16K
from tests.asterisk.office import BALANCE_CALLER, TELECOM, Office, agent, caller

pytestmark = pytest.mark.asyncio(loop_scope="module")
STAGE = StagePlan(rate=16000, settings={"turns": {"prompt_seconds": 2.0}})
"""Impatient, so that the silent caller below does not cost half a minute."""


async def test_a_wideband_caller_asks_for_the_balance(office: Office) -> None:
    office.forget()
    question = await office.voice("necesito revisar el saldo de mi cuenta", rate=16000)
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, [L16_16K], caller_number=BALANCE_CALLER)
        call.media.start_sending()
        assert call.media.rate == 16000
        await call.media.hear_out()
        greeting = np.frombuffer(call.media.heard_pcm(), "<i2").astype(float)
        await call.media.play(question)
        await office.tell(TurnTaken, caller("saldo de mi cuenta"))
        await office.tell(TurnTaken, agent("Su saldo"))
        await call.hang_up()

    power = np.abs(np.fft.rfft(greeting)) ** 2
    high = power[np.fft.rfftfreq(len(greeting), 1 / 16000) > 4000].sum()
    assert high / power.sum() > 1e-3, "there is sound above what a telephone line carries"
    over = await office.tell(CallEnded)
    with wave.open(str(office.recording(over.call_id))) as recording:
        assert (recording.getnchannels(), recording.getframerate()) == (2, 16000)
    await office.asterisk_is_empty()


async def test_a_silent_caller_is_asked_twice_and_then_told_goodbye(office: Office) -> None:
    office.forget()
    async with await office.phone() as phone:
        call = await phone.call(TELECOM)
        call.media.start_sending()
        await office.tell(TurnTaken, agent("¿Sigue ahí?"))
        await office.tell(TurnTaken, agent("¿Me oye?"))
        await office.tell(TurnTaken, agent("Hasta luego"))
        ended = await call.wait_ended()
    assert not ended.by_us
    over = await office.tell(CallEnded)
    assert over.ending == "abandoned"
    await office.asterisk_is_empty()
