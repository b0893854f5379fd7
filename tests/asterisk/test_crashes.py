"""Processes are killed in the middle of a call, and the caller is never left alone."""

import json
import os
import signal
import wave
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ari_app.live_events import CallEnded, CallStarted, TurnTaken
from centralita.demo.stage import Stage, StagePlan
from provisioning.pbx_plan import FALLBACK_TONE_HZ
from softphone import Call
from tests.asterisk.office import BALANCE_CALLER, TELECOM, Office, agent, brief_agents, caller, soon, strength

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """A stage whose agents can be taken away, so that a restarted `calls` cannot serve."""
    agents = brief_agents(tmp_path_factory.mktemp("house"))
    async with (
        Stage(tmp_path_factory.mktemp("stage"), StagePlan(agents=agents)) as stage,
        Office.watching(stage) as office,
    ):
        yield office


def kill(office: Office, child: str) -> int:
    """kill -9; return the pid of the dead."""
    pid = office.stage.child(child).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


async def is_served_again(office: Office, child: str, dead: int) -> None:
    """Wait for the child's successor."""

    def is_back() -> bool:
        status = office.stage.child(child)
        return status.is_ready and status.pid not in (None, dead)

    await soon(is_back, 30)


async def hears_tone(call: Call, hertz: float, seconds: float = 15) -> None:
    """Wait until the last second of what was heard is this tone."""

    def is_heard() -> bool:
        return strength(call.media.heard_pcm()[-16000:], 8000, hertz) > 0.8

    await soon(is_heard, seconds)


async def test_calls_is_killed_in_mid_sentence_and_takes_its_caller_back(office: Office) -> None:
    office.forget()
    question = await office.voice("necesito revisar el saldo de mi cuenta")
    due = await office.voice("¿y cuándo vence?")
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=BALANCE_CALLER)
        call.media.start_sending()
        started = await office.tell(CallStarted)
        await call.media.hear_out()
        await call.media.play(question)
        await office.tell(TurnTaken, agent("Su saldo"))
        await call.media.wait_for_silence()
        await call.media.play(due)
        await call.media.wait_for_speech()
        dead = kill(office, "calls")
        office.forget()
        await office.tell(TurnTaken, agent("¿me decía?"), 30)
        # the dialogue goes on where it was: only who knows the account can answer this
        await call.media.wait_for_silence()
        await call.media.play(due)
        answer = await office.tell(TurnTaken, agent("15 de febrero"))
        assert answer.call_id == started.call_id
        await is_served_again(office, "calls", dead)
        await call.hang_up()

    over = await office.tell(CallEnded)
    assert (over.call_id, over.ending) == (started.call_id, "caller_hung_up")
    root = office.stage.settings.storage.local_path
    metrics = json.loads((root / "metadata" / f"rec_{over.call_id}_metadata.json").read_text())["metrics"]
    assert metrics["gap_seconds"] is not None
    print(f"the caller's gap: {metrics['gap_seconds']} s")  # noqa: T201 - a figure for whoever reads the test's output
    with wave.open(str(office.recording(over.call_id))) as recording:
        seconds = recording.getnframes() / recording.getframerate()
    assert seconds == pytest.approx(metrics["duration_seconds"], abs=1.5), "before and after the crash, in one file"
    await office.asterisk_is_empty()


async def test_the_speech_process_is_killed_and_the_conversation_goes_on(office: Office) -> None:
    office.forget()
    question = await office.voice("necesito revisar el saldo de mi cuenta")
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=BALANCE_CALLER)
        call.media.start_sending()
        await call.media.wait_for_speech()
        dead = kill(office, "speech")
        await call.media.hear_out()  # the greeting is sound already: it is heard to its end
        await is_served_again(office, "speech", dead)
        await call.media.play(question)
        await office.tell(TurnTaken, agent("Su saldo"), 30)
        await call.hang_up()
    await office.tell(CallEnded)
    await office.asterisk_is_empty()


async def test_calls_cannot_come_back_and_guard_sends_the_caller_to_the_fallback(office: Office) -> None:
    office.forget()
    agents = office.stage.plan.agents
    async with await office.phone() as phone:
        call = await phone.call(TELECOM)
        call.media.start_sending()
        await office.tell(CallStarted)
        await call.media.wait_for_speech()
        away = agents.rename(agents.with_name("away"))
        dead = kill(office, "calls")
        await hears_tone(call, FALLBACK_TONE_HZ)
        await call.hang_up()
    away.rename(agents)
    await is_served_again(office, "calls", dead)
    await office.asterisk_is_empty()


async def test_a_call_after_all_that_is_like_any_other(office: Office) -> None:
    office.forget()
    hello = await office.voice("hola buenos días")
    async with await office.phone() as phone:
        call = await phone.call(TELECOM)
        call.media.start_sending()
        await call.media.hear_out()
        await call.media.play(hello)
        await office.tell(TurnTaken, caller("hola"))
        await call.media.hear_out()
        await call.hang_up()
    await office.tell(CallEnded)
    await office.asterisk_is_empty()


async def test_no_application_at_entry_is_the_fallback_at_once(office: Office) -> None:
    """The last test of the module: everything of ours is stopped, Asterisk stays."""
    office.stage.supervisor.stop()
    await soon(lambda: all(status.pid is None for status in office.stage.supervisor.statuses()), 20)
    async with await office.phone() as phone:
        call = await phone.call(TELECOM)
        call.media.start_sending()
        await hears_tone(call, FALLBACK_TONE_HZ)
        await call.hang_up()
