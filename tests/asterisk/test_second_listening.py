"""A real call, and what becomes of it when it is over: `up` runs a worker that takes it up by itself."""

import json
import os
import re
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from ari_app.live_events import CallEnded, TurnTaken
from centralita.demo.stage import Stage, StagePlan
from centralita.storehouse import opened_catalogue
from storage.search import SearchQuery, search
from tests.asterisk.office import BALANCE_CALLER, TELECOM, Office, agent, brief_agents, soon

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    agents = brief_agents(tmp_path_factory.mktemp("house"))
    stage = Stage(
        tmp_path_factory.mktemp("stage"),
        StagePlan(agents=agents, settings={"offline": {"worker": True, "niceness": 0}}),
    )
    async with stage, Office.watching(stage) as office:
        yield office


def metadata(office: Office, call_id: str) -> dict[str, Any]:
    path = office.stage.settings.storage.local_path / "metadata" / f"rec_{call_id}_metadata.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


async def asks_for_the_balance(office: Office) -> CallEnded:
    office.forget()
    async with await office.phone() as phone:
        call = await phone.call(TELECOM, caller_number=BALANCE_CALLER)
        call.media.start_sending()
        await call.media.hear_out()
        await call.media.play(await office.voice("cuánto debo de mi factura"))
        await office.tell(TurnTaken, agent("Su saldo actual es 45.50 euros"))
        await call.hang_up()
        return await office.tell(CallEnded)


async def test_a_call_that_is_over_is_listened_to_again_and_found(office: Office) -> None:
    over = await asks_for_the_balance(office)
    assert metadata(office, over.call_id)["processed"] is False
    await soon(lambda: metadata(office, over.call_id)["processed"], 60)
    found = metadata(office, over.call_id)
    assert found["processing_mode"] == "offline"
    assert found["analysis"]["intent"] == "billing_inquiry"
    assert "factura" in found["transcription"]["text"]
    async with opened_catalogue(office.stage.settings) as catalogue, catalogue.database.read() as connection:
        (row,) = await search(connection, SearchQuery(text="factura", processed=True))
    assert row.recording_id == f"rec_{over.call_id}"
    assert over.call_id in office.log()
    assert not {"factura", BALANCE_CALLER} & set(re.findall(r"[+\w]+", office.log())), "what was said is nobody's log"


async def test_a_worker_that_is_killed_loses_no_call(office: Office) -> None:
    before = office.stage.child("worker").pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    over = await asks_for_the_balance(office)
    await soon(lambda: office.stage.child("worker").pid not in (None, before), 30)
    await soon(lambda: metadata(office, over.call_id)["processed"], 90)
