"""Guard with a running Asterisk: the process that held the application is killed, and the caller goes on."""

import asyncio
import contextlib
import os
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ari_app.guard import Guard, GuardSettings
from ari_app.live_client import LiveAddress
from ari_app.protocol import Request
from ari_app.rest import AriAddress, AriRest
from provisioning.private_pbx import Did, Fallback, PbxPlan, PrivatePbx, new_secret

ROOT = Path(__file__).parents[2]
TOKEN = "only-for-tests"
PLAN = PbxPlan(
    ari_password=new_secret(), ami_password=new_secret(), dids=(Did("5551001", "telecom", Fallback("tone")),)
)

CALLS = """
import asyncio, sys
from ari_app.client import AriClient, AriAddress
from ari_app.events import StasisStart
from ari_app.live import LiveStream

async def main():
    owned = []
    async with LiveStream(sys.argv[4]) as live, AriClient(AriAddress(*sys.argv[1:4], "centralita")) as ari:
        live.set_snapshot(tuple, lambda: owned)
        await ari.wait_connected(5)
        print(live.port, flush=True)
        async for told in ari.events():
            if isinstance(told, StasisStart):
                owned.append(told.channel.id)
                await ari.answer(told.channel.id)
                await ari.create_bridge("centralita-bridge-c1")
                await ari.add_channel("centralita-bridge-c1", told.channel.id)
                print(told.channel.id, flush=True)

asyncio.run(main())
"""
"""The smallest `calls`: it owns every caller and does nothing for them."""


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePbx]:
    with PrivatePbx(PLAN, tmp_path_factory.mktemp("pbx")) as running:
        yield running


@contextlib.asynccontextmanager
async def small_calls(address: AriAddress) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", textwrap.dedent(CALLS), address.url, address.user, address.password, TOKEN),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def next_line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        return (await process.stdout.readline()).decode().strip()


async def place_of(ari: AriRest, channel_id: str) -> str:
    dialplan = (await ari.channel(channel_id)).dialplan
    return f"{dialplan.context},{dialplan.exten}"


async def test_the_caller_of_a_killed_calls_is_in_the_fallback_two_seconds_later(pbx: PrivatePbx) -> None:
    address = AriAddress(pbx.ari_url, pbx.plan.ari_user, pbx.plan.ari_password, pbx.plan.app)
    async with AriRest(address) as beside, small_calls(address) as calls:
        settings = GuardSettings(address, LiveAddress(int(await next_line(calls)), TOKEN))
        guard = Guard(settings)
        guarding = asyncio.create_task(guard.run())
        await beside.request(
            Request(
                "POST",
                "/channels",
                {
                    "endpoint": "Local/5551001@centralita-did/n",
                    "context": "centralita-phones",
                    "extension": "603",
                    "priority": "1",
                },
            )
        )
        caller = await next_line(calls)
        assert await place_of(beside, caller) == "centralita-did,5551001"
        async with asyncio.timeout(20):
            while not guard.sees_calls:
                await asyncio.sleep(0.05)
            calls.kill()
            while await place_of(beside, caller) != "centralita-fallback,tone":
                await asyncio.sleep(0.05)
            while await beside.list_bridges():  # its next order: the caller was first
                await asyncio.sleep(0.05)
        assert guard.rescued == 1
        assert caller not in await beside.our_channel_ids()
        guarding.cancel()
        await beside.hang_up(caller)
        with contextlib.suppress(asyncio.CancelledError):
            await guarding
