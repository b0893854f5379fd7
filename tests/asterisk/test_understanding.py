"""Callers who ask twice, or are upset: the call notices, ends at a human, and its files tell how it went."""

import json
from typing import Any

import pytest

from ari_app.live_events import CallEnded, SentimentAlert, TransferChanged, TurnTaken
from tests.asterisk.office import BALANCE_CALLER, TELECOM, Office, agent, caller

pytestmark = pytest.mark.asyncio(loop_scope="module")


def metadata(office: Office, call_id: str) -> dict[str, Any]:
    path = office.stage.settings.storage.local_path / "metadata" / f"rec_{call_id}_metadata.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def mood_of(turn: TurnTaken) -> str:
    assert turn.sentiment is not None
    return turn.sentiment.sentiment


async def test_who_asks_the_same_twice_is_answered_in_other_words_and_ends_at_a_human(office: Office) -> None:
    office.forget()
    question = await office.voice("cuánto debo de mi factura")
    again = await office.voice("pero cuánto debo de la factura")
    yes = await office.voice("sí por favor")
    async with await office.phone("200") as person, await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=BALANCE_CALLER)
        call.media.start_sending()
        await call.media.hear_out()
        await call.media.play(question)
        await office.tell(TurnTaken, agent("Su saldo actual es 45.50 euros"))
        await call.media.wait_for_silence()
        office.forget()
        await call.media.play(again)
        await office.tell(TurnTaken, agent("tiene que pagar 45.50 euros"))
        await office.tell(TurnTaken, agent("con una persona"))
        await call.media.wait_for_silence()
        repeated = await office.tell(TurnTaken, caller("debo"))
        assert repeated.context is not None
        assert repeated.context.issues == ("repeated_question",)
        assert repeated.context.suggested_action == "transfer_to_agent"
        await call.media.play(yes)
        ringing = await person.incoming()
        await ringing.answer()
        over = await office.tell(CallEnded)
        await ringing.hang_up()
        await call.wait_ended()
    assert over.ending == "transferred"
    figures = metadata(office, over.call_id)["metrics"]
    assert figures["outcome"] == "transferred"
    assert len(figures["sentiment_trend"]) == 3, "one for each turn of the caller's"
    assert figures["sentiment_alerts_count"] == 0
    assert figures["escalation_turns_count"] == 1
    await office.asterisk_is_empty()


async def test_an_upset_caller_raises_an_alert_and_ends_at_the_manager(office: Office) -> None:
    office.forget()
    fault = await office.voice("hola mi internet no funciona")
    upset = await office.voice("esto es una vergüenza estoy harto")
    async with await office.phone("202") as manager, await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=BALANCE_CALLER)
        call.media.start_sending()
        await call.media.hear_out()
        await call.media.play(fault)
        await office.tell(TurnTaken, agent("router"))
        await call.media.wait_for_silence()
        first = await office.tell(TurnTaken, caller("internet"))
        assert mood_of(first) == "frustrated"
        assert not [event for event in office.events if isinstance(event, SentimentAlert)], "a fault alarms nobody"
        await call.media.play(upset)
        alert = await office.tell(SentimentAlert)
        ringing = await manager.incoming()
        await ringing.answer()
        ringing.media.start_sending()
        await office.tell(TransferChanged, lambda event: event.state == "connected")
        await ringing.hang_up()
        await call.wait_ended()
        over = await office.tell(CallEnded)
    assert (alert.sentiment, alert.trend) == ("frustrated", "worsening")
    assert alert.score < -0.5
    assert over.ending == "transferred"
    await office.tell(TurnTaken, agent("Entiendo que es una molestia"))
    found = metadata(office, over.call_id)
    figures = found["metrics"]
    assert figures["sentiment_trend"] == [-0.5, alert.score]
    assert figures["final_sentiment"] == "frustrated"
    assert figures["sentiment_direction"] == "worsening"
    assert figures["sentiment_alerts_count"] == 1
    assert [turn["issues"] for turn in found["turns"] if "issues" in turn] == [[], ["user_frustrated"]]
    await office.asterisk_is_empty()
