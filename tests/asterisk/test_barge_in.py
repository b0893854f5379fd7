"""The caller speaks while we do: measured in what the phone really sent and heard."""

import json

import numpy as np
import pytest

from ari_app.live_events import CallEnded, TurnTaken
from tests.asterisk.office import BALANCE_CALLER, TELECOM, Office, agent, caller

pytestmark = pytest.mark.asyncio(loop_scope="module")

FRAME = 160
LOUD = 300.0


def loud_frames(pcm: bytes) -> np.ndarray:
    """One truth value for each 20 ms: is there sound?"""
    sound = np.frombuffer(pcm[: len(pcm) // (2 * FRAME) * 2 * FRAME], "<i2").astype(float).reshape(-1, FRAME)
    return np.asarray(np.sqrt((sound**2).mean(axis=1)) > LOUD)


async def test_we_stop_while_the_caller_is_still_speaking_and_only_what_was_heard_counts(office: Office) -> None:
    office.forget()
    cancel = await office.voice("quiero cancelar mi servicio")
    interruption = await office.voice("espere espere quiero hablar con una persona")
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=BALANCE_CALLER)
        call.media.start_sending()
        await call.media.hear_out()
        await call.media.play(cancel)
        await office.tell(TurnTaken, caller("cancelar"))
        await call.media.wait_for_speech(min_ms=800)
        begins = len(call.media.sent_pcm()) // 2
        await call.media.play(interruption)
        ends = len(call.media.sent_pcm()) // 2
        cut = await office.tell(TurnTaken, lambda turn: turn.speaker == "agent" and turn.was_interrupted)
        await office.tell(TurnTaken, caller("persona"))
        sent, heard = call.media.sent_pcm(), call.media.heard_pcm()
        await call.hang_up()

    spoken = loud_frames(sent[2 * begins : 2 * ends])
    onset = begins // FRAME + int(np.argmax(spoken))
    ours = loud_frames(heard)[onset : ends // FRAME]
    stopped_after = int(np.flatnonzero(ours)[-1]) + 1 if ours.any() else 0
    print(f"our sound stopped {stopped_after * 20} ms after the caller's onset")  # noqa: T201 - a figure for the reader
    # Half a second of complete silence of ours, at least, while the caller was still speaking
    assert stopped_after < len(ours) - 25
    whole = "descuento"
    assert whole not in cut.text, "the history keeps what was heard, not what was meant"
    over = await office.tell(CallEnded)
    root = office.stage.settings.storage.local_path
    kept = json.loads((root / "transcripts" / f"rec_{over.call_id}_transcript.json").read_text())
    assert any(turn.get("was_interrupted") for turn in kept["turns"])
    await office.asterisk_is_empty()


async def test_a_backchannel_does_not_end_our_sentence(office: Office) -> None:
    office.forget()
    cancel = await office.voice("quiero cancelar mi servicio")
    listening = await office.voice("ajá")
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=BALANCE_CALLER)
        call.media.start_sending()
        await call.media.hear_out()
        await call.media.play(cancel)
        await office.tell(TurnTaken, caller("cancelar"))
        await call.media.wait_for_speech(min_ms=600)
        await call.media.play(listening)
        # the whole offer is spoken to its end, and nobody answers the "ajá"
        offer = await office.tell(TurnTaken, agent("quedarse"))
        assert not offer.was_interrupted
        await call.hang_up()
    said = [event.text for event in office.events if isinstance(event, TurnTaken) and event.speaker == "caller"]
    assert said == ["quiero cancelar mi servicio"]
    await office.tell(CallEnded)


async def test_keys_interrupt_at_once(office: Office) -> None:
    office.forget()
    async with await office.phone() as phone:
        call = await phone.call(TELECOM)
        call.media.start_sending()
        await call.media.wait_for_speech(min_ms=300)
        await call.media.send_digits("5#")
        cut = await office.tell(TurnTaken, lambda turn: turn.speaker == "agent" and turn.was_interrupted)
        assert cut.text.startswith("Telecom")
        await office.tell(TurnTaken, caller("5"))
        await call.hang_up()
    await office.tell(CallEnded)
