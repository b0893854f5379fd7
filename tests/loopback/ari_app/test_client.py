"""The ARI client against a scripted server: late, cut, garbled, away."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ari_app.client import AriClient, EventLimits
from ari_app.errors import BadAnswer, ChannelGone, NotInStasis, ServerFailed, TimedOut, Unreachable
from ari_app.events import (
    ApplicationReplaced,
    ChannelDestroyed,
    ChannelEnteredBridge,
    ChannelVanished,
    Connected,
    Disconnected,
    StasisStart,
)
from ari_app.rest import RestLimits
from ari_app.scripted import ScriptedAri
from ari_app.scripted_wire import ScriptedAnswer, refused
from ari_app.subscriptions import EventStream


@pytest.fixture
async def asterisk() -> AsyncIterator[ScriptedAri]:
    async with ScriptedAri() as server:
        yield server


@pytest.fixture
async def ari(asterisk: ScriptedAri) -> AsyncIterator[AriClient]:
    async with AriClient(asterisk.address) as client:
        await client.wait_connected(5)
        yield client


async def until(stream: EventStream, kind: type) -> Any:
    async with asyncio.timeout(10):
        async for told in stream:
            if isinstance(told, kind):
                return told
    raise AssertionError("the stream ended")


async def test_a_call_from_start_to_end(asterisk: ScriptedAri, ari: AriClient) -> None:
    asterisk.call_in("caller", "telecom", "5551001")
    started: StasisStart = await until(ari.events(), StasisStart)
    assert started.args == ("telecom", "5551001")
    with ari.subscribe("caller", "media", "bridge") as told:
        await ari.answer("caller")
        await ari.create_bridge("bridge")
        await ari.media_in_stasis(channel_id="media", external_host="127.0.0.1:1", format="slin", data="uuid")
        await ari.add_channel("bridge", "caller", "media")
        assert isinstance(await until(told, ChannelEnteredBridge), ChannelEnteredBridge)
        await ari.hang_up("media")
        await ari.hang_up("media")  # twice is as good
        assert (await until(told, ChannelDestroyed)).channel.id == "media"
        await ari.destroy_bridge("bridge")
        await ari.continue_in_dialplan("caller")
    assert asterisk.in_app == set()
    assert asterisk.bridges == {}


async def test_ending_a_bridge_that_is_gone_or_just_going_is_as_good(asterisk: ScriptedAri, ari: AriClient) -> None:
    await ari.create_bridge("bridge")
    asterisk.script("DELETE", "/bridges/bridge", refused(409, "Bridge not in Stasis application"))
    await ari.destroy_bridge("bridge")  # Asterisk answers so while the bridge dissolves
    await ari.destroy_bridge("bridge")
    await ari.destroy_bridge("bridge")
    assert asterisk.bridges == {}


async def test_bridging_before_the_start_is_refused_and_waiting_for_it_is_not(
    asterisk: ScriptedAri, ari: AriClient
) -> None:
    asterisk.enters_stasis_by_itself = False
    await ari.create_bridge("bridge")
    with ari.stasis_waiter("media") as waiter:
        await ari.external_media(channel_id="media", external_host="h:1", format="slin", data="uuid")
        with pytest.raises(NotInStasis):
            await ari.add_channel("bridge", "media")
        asterisk.enter("media")
        await waiter.started(5)
        await ari.add_channel("bridge", "media")


async def test_waiting_for_a_channel_that_never_comes_leaves_nothing_behind(
    asterisk: ScriptedAri, ari: AriClient
) -> None:
    asterisk.enters_stasis_by_itself = False
    with pytest.raises(TimedOut):
        await ari.media_in_stasis(
            channel_id="media", external_host="h:1", format="slin", data="uuid", within_seconds=0.05
        )
    assert "media" not in asterisk.channels


async def test_a_person_who_is_busy_ends_the_wait(asterisk: ScriptedAri, ari: AriClient) -> None:
    asterisk.enters_stasis_by_itself = False
    with ari.stasis_waiter("leg") as waiter:
        await ari.originate(endpoint="PJSIP/200", channel_id="leg")
        asterisk.end("leg", cause=17)
        with pytest.raises(ChannelGone) as gone:
            await waiter.started(5)
    assert gone.value.cause == 17


async def test_a_late_answer_is_a_typed_error(asterisk: ScriptedAri) -> None:
    async with AriClient(asterisk.address, RestLimits(deadline_seconds=0.05)) as ari:
        asterisk.script("POST", "/channels/c/answer", ScriptedAnswer(204, delay_seconds=30))
        with pytest.raises(TimedOut) as late:
            await ari.answer("c")
    assert late.value.retryable
    assert str(late.value) == "POST /channels/c/answer: no answer in time"


async def test_a_cut_line_is_a_typed_error(asterisk: ScriptedAri, ari: AriClient) -> None:
    asterisk.script("POST", "/channels/c/answer", ScriptedAnswer(is_cut=True))
    with pytest.raises(Unreachable):
        await ari.answer("c")


@pytest.mark.parametrize("body", [b"{", b'{"id": 7}', b"[]", b"\xff", b""])
async def test_a_garbled_answer_is_a_typed_error(asterisk: ScriptedAri, ari: AriClient, body: bytes) -> None:
    asterisk.script("GET", "/channels/c", ScriptedAnswer(200, body))
    with pytest.raises(BadAnswer):
        await ari.channel("c")


async def test_an_error_page_is_a_typed_error(asterisk: ScriptedAri, ari: AriClient) -> None:
    asterisk.script("GET", "/channels/c", ScriptedAnswer(503, b"<html>"))
    with pytest.raises(ServerFailed):
        await ari.channel("c")


async def test_garbage_and_novelties_are_counted_and_the_stream_goes_on(asterisk: ScriptedAri, ari: AriClient) -> None:
    for text in ("", "{", "[]", '{"type": "StasisStart"}'):
        asterisk.tell(text)
    asterisk.tell({"type": "SomethingOfTheYear2040"})
    asterisk.call_in("caller")
    await until(ari.events(), StasisStart)
    assert (ari.counts.malformed, ari.counts.unknown, ari.counts.events) == (4, 1, 1)


async def test_the_client_may_be_there_before_asterisk(asterisk: ScriptedAri) -> None:
    await asterisk.go_away()
    async with AriClient(asterisk.address) as ari:
        with pytest.raises(TimedOut):
            await ari.wait_connected(0.05)
        with pytest.raises(Unreachable):
            await ari.ping()
        await asterisk.come_back()
        await ari.wait_connected(5)
        await ari.ping()


async def test_after_a_cut_the_calls_are_told_what_became_of_their_channels(
    asterisk: ScriptedAri, ari: AriClient
) -> None:
    for channel_id in ("stays", "leaves", "unread"):
        asterisk.call_in(channel_id)
    with ari.subscribe("stays") as stays, ari.subscribe("leaves") as leaves:
        await until(stays, StasisStart)
        await asterisk.go_away()
        await until(ari.events(), Disconnected)
        assert not ari.is_connected
        asterisk.end("leaves")
        asterisk.call_in("new")
        await asterisk.come_back()
        again: Connected = await until(ari.events(), Connected)
        assert again == Connected(2, ("new", "stays", "unread"))
        assert await until(leaves, ChannelVanished) == ChannelVanished("leaves")
        asterisk.end("stays")
        await until(stays, ChannelDestroyed)


async def test_no_connection_counts_until_asterisk_has_said_which_channels_are_ours(asterisk: ScriptedAri) -> None:
    path = "/applications/centralita"
    asterisk.script("GET", path, ScriptedAnswer(500), ScriptedAnswer(is_cut=True), ScriptedAnswer(200, b"{"))
    asterisk.in_app.add("old")
    async with AriClient(asterisk.address) as ari:
        assert await until(ari.events(), Connected) == Connected(1, ("old",))
        assert len(asterisk.asked("GET", path)) == 4


async def test_a_rival_under_our_name_is_told(asterisk: ScriptedAri, ari: AriClient) -> None:
    async with AriClient(asterisk.address) as rival:
        await rival.wait_connected(5)
        await until(ari.events(), ApplicationReplaced)


async def test_an_asterisk_that_accepts_and_then_says_nothing_is_not_waited_for(asterisk: ScriptedAri) -> None:
    asterisk.is_deaf_to_events = True
    async with AriClient(asterisk.address, event_limits=EventLimits(connect_seconds=0.05)) as ari:
        with pytest.raises(TimedOut):
            await ari.wait_connected(0.3)
        asterisk.is_deaf_to_events = False
        await ari.wait_connected(5)


async def test_two_hundred_calls_at_once_share_the_connections(asterisk: ScriptedAri, ari: AriClient) -> None:
    async def one(number: int) -> None:
        await ari.create_bridge(f"bridge-{number}")
        await ari.media_in_stasis(channel_id=f"media-{number}", external_host="h:1", format="slin", data="uuid")
        await ari.add_channel(f"bridge-{number}", f"media-{number}")

    await asyncio.gather(*(one(number) for number in range(200)))
    assert all(len(bridge.channels) == 1 for bridge in asterisk.bridges.values())
    assert len(asterisk.bridges) == 200
