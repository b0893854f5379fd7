"""An engine is late, dead or mad, and the caller hears a person's words, not silence."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from ari_app.live_events import CallEnded, TurnTaken
from centralita.demo.stage import Stage, StagePlan
from softphone import Call, Phone
from tests.asterisk.office import TELECOM, Office, agent, brief_agents

pytestmark = pytest.mark.asyncio(loop_scope="module")

TROUBLES: dict[str, dict[str, dict[str, Any]]] = {
    "late ear": {"speech": {"ear": "fake:late=30", "transcribe_seconds": 1.0}},
    "crashing ear": {"speech": {"ear": "fake:crash"}},
    "mad ear": {"speech": {"ear": "fake:garbage"}},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(TROUBLES))
async def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    agents = brief_agents(tmp_path_factory.mktemp("house"))
    plan = StagePlan(agents=agents, settings={**TROUBLES[request.param], "voice": {"detector": "webrtc"}})
    async with Stage(tmp_path_factory.mktemp("stage"), plan) as stage, Office.watching(stage) as office:
        yield office


async def speak(office: Office, call: Call) -> None:
    await call.media.wait_for_silence(0.5)
    await call.media.play(await office.voice("hola buenos días"))


async def test_the_caller_is_asked_again_and_then_handed_to_a_person(office: Office) -> None:
    office.forget()
    async with await office.phone("200") as person, await office.phone() as phone:
        call = await phone.call(TELECOM)
        call.media.start_sending()
        await call.media.wait_for_speech()
        await speak(office, call)
        await office.tell(TurnTaken, agent("no le he entendido"), 30)
        await speak(office, call)
        await office.tell(TurnTaken, agent("problema técnico"), 30)
        await take(person)
        over = await office.tell(CallEnded)
        assert over.ending == "transferred"
        await call.hang_up()
    await office.asterisk_is_empty()


async def take(person: Phone) -> None:
    """The person answers."""
    ringing = await person.incoming()
    await ringing.answer()
