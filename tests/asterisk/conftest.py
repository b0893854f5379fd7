"""One stage per test module: a private Asterisk, the whole product beside it, and callers with a SIP phone.

A module that wants another stage than the usual one sets `STAGE = StagePlan(...)`.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from centralita.demo.stage import Stage, StagePlan
from tests.asterisk.office import Office, brief_agents


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    plan: StagePlan = getattr(request.module, "STAGE", StagePlan())
    plan = replace(plan, agents=brief_agents(tmp_path_factory.mktemp("house")))
    async with Stage(tmp_path_factory.mktemp("stage"), plan) as stage, Office.watching(stage) as office:
        yield office
