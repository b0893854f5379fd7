"""A caller talks with the agent: SIP phone, Asterisk, Stasis, AudioSocket, turns, ear, proofreader, mind, mouth."""

import hashlib
import json
import wave

import numpy as np
import pytest

from ari_app.live_events import CallEnded, CallStarted, CallStateChanged, HangUpCall, TurnTaken
from softphone import ALAW, ULAW, Codec
from tests.asterisk.office import BALANCE_CALLER, TELECOM, Office, agent, caller

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("codec", [ALAW, ULAW], ids=["alaw", "ulaw"])
async def test_a_caller_asks_for_the_balance_and_hears_it(office: Office, codec: Codec) -> None:
    office.forget()
    question = await office.voice("necesito revisar el salgo de mi cuesta")
    farewell = await office.voice("no gracias eso es todo")
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, [codec], caller_number=BALANCE_CALLER)
        call.media.start_sending()
        await call.media.hear_out()
        await call.media.play(question)
        await office.tell(TurnTaken, agent("euros"))
        await call.media.wait_for_silence()
        await call.media.play(farewell)
        ended = await call.wait_ended()

    assert not ended.by_us
    asked = await office.tell(TurnTaken, caller("saldo de mi cuenta"))
    assert asked.heard == "necesito revisar el salgo de mi cuesta"
    over = await office.tell(CallEnded)
    assert over.ending == "agent_hung_up"
    await office.asterisk_is_empty()


async def test_the_recording_holds_both_sides_and_the_files_tell_what_was_said(office: Office) -> None:
    office.forget()
    question = await office.voice("hola buenos días")
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=BALANCE_CALLER)
        call.media.start_sending()
        await call.media.hear_out()
        await call.media.play(question)
        await office.tell(TurnTaken, caller("hola"))
        await call.media.hear_out()
        await call.hang_up()

    over = await office.tell(CallEnded)
    assert over.ending == "caller_hung_up"
    with wave.open(str(office.recording(over.call_id))) as recording:
        assert (recording.getnchannels(), recording.getframerate()) == (2, 8000)
        sound = np.frombuffer(recording.readframes(recording.getnframes()), "<i2").reshape(-1, 2)
    assert np.abs(sound[:, 0]).max() > 1000, "the caller is on the left"
    assert np.abs(sound[:, 1]).max() > 1000, "the agent is on the right"
    root = office.stage.settings.storage.local_path
    transcript = json.loads((root / "transcripts" / f"rec_{over.call_id}_transcript.json").read_text())
    assert {turn["speaker"] for turn in transcript["turns"]} == {"agent", "caller"}
    answer = next(turn for turn in transcript["turns"] if "latency" in turn)
    stages = answer["latency"]
    parts = sum(stages[part] for part in ("silence_ms", "stt_ms", "llm_ms", "tts_ms", "own_ms"))
    assert parts == pytest.approx(stages["total_ms"], abs=1.0)
    metadata = json.loads((root / "metadata" / f"rec_{over.call_id}_metadata.json").read_text())
    assert metadata["metrics"]["outcome"] == "caller_hung_up"
    assert metadata["audio"]["seconds_lost"] == 0
    sound = (root / "audio" / metadata["audio"]["file"]).read_bytes()
    assert metadata["audio"]["checksum"] == f"sha256:{hashlib.sha256(sound).hexdigest()}"
    assert (metadata["processed"], metadata["processing_mode"]) == (False, "online")


async def test_keys_are_taken_like_words(office: Office) -> None:
    office.forget()
    question = await office.voice("necesito revisar el saldo de mi cuenta")
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number="699999999")
        call.media.start_sending()
        await call.media.hear_out()
        await call.media.play(question)
        await office.tell(TurnTaken, agent("número de cliente"))
        await call.media.send_digits("10001#")
        await office.tell(TurnTaken, caller("10001"))
        await office.tell(TurnTaken, agent("saldo"))
        await call.hang_up()
    await office.tell(CallEnded)


async def test_a_phone_that_sends_nothing_in_its_pauses_is_answered_too(office: Office) -> None:
    """Silence suppression: no packets after the last word. What does not come counts as silence."""
    office.forget()
    question = await office.voice("necesito revisar el saldo de mi cuenta")
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=BALANCE_CALLER)
        call.media.start_sending()
        await call.media.hear_out()
        await call.media.play(question)
        call.media.stop_sending()
        await office.tell(TurnTaken, agent("Su saldo"))
        await call.hang_up()
    await office.tell(CallEnded)


async def test_the_caller_hangs_up_while_it_still_rings(office: Office) -> None:
    office.forget()
    async with await office.phone() as phone:
        call = await phone.dial(TELECOM)
        await call.cancel()
    await office.asterisk_is_empty()


async def test_the_caller_hangs_up_in_the_middle_of_our_greeting(office: Office) -> None:
    office.forget()
    async with await office.phone() as phone:
        call = await phone.call(TELECOM)
        call.media.start_sending()
        await call.media.wait_for_speech()
        await call.hang_up()
    over = await office.tell(CallEnded)
    assert over.ending == "caller_hung_up"
    await office.asterisk_is_empty()


async def test_the_caller_hangs_up_in_the_middle_of_their_own_sentence(office: Office) -> None:
    office.forget()
    sentence = await office.voice("necesito revisar el saldo de mi cuenta")
    async with await office.phone() as phone:
        call = await phone.call(TELECOM)
        call.media.start_sending()
        await call.media.hear_out()
        await call.media.play(sentence[: len(sentence) // 2])
        await office.tell(CallStateChanged, lambda event: event.state == "listening")
        await call.hang_up()
    over = await office.tell(CallEnded)
    assert over.ending == "caller_hung_up"
    await office.asterisk_is_empty()


async def test_a_supervisor_ends_the_call(office: Office) -> None:
    office.forget()
    async with await office.phone() as phone:
        call = await phone.call(TELECOM)
        call.media.start_sending()
        started = await office.tell(CallStarted)
        await call.media.wait_for_speech()
        await office.stage.live().command(HangUpCall(started.call_id))
        ended = await call.wait_ended()
    assert not ended.by_us
    await office.asterisk_is_empty()


async def test_we_are_never_silent_on_the_wire(office: Office) -> None:
    """An AudioSocket server that sends nothing can freeze the PBX, so idle time must be sent as silence."""
    office.forget()
    async with await office.phone() as phone:
        call = await phone.call(TELECOM)
        call.media.start_sending()
        await call.media.hear_out()
        begin = call.media.packets_heard
        await call.media.wait_for_silence(3.0)
        heard = call.media.packets_heard - begin
        await call.hang_up()
    # 50 a second for the three seconds of silence; Asterisk's own start and the loaded machine cost a few
    assert heard >= 140
    await office.tell(CallEnded)
