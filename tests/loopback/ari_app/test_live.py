"""The live stream and its commands over a real WebSocket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ari_app.live import QUEUE_LIMIT, LiveStream
from ari_app.live_client import LiveAddress, LiveClient, LiveEvents, LiveForbidden, LiveUnreachable
from ari_app.live_events import (
    CallEnded,
    CallSnapshot,
    CallStateChanged,
    CommandRefused,
    HangUpCall,
    Heartbeat,
    LevelMeasured,
    LiveCommand,
    Snapshot,
    TransferCall,
)

TOKEN = "only-for-tests"
CALL = CallSnapshot("c1", "1.7", "telecom", "5551001", "600111222", "listening", 12.5)


@pytest.fixture
async def live() -> AsyncIterator[LiveStream]:
    async with LiveStream(TOKEN) as stream:
        stream.set_snapshot(lambda: (CALL,), lambda: ("1.7", "centralita-media-c1-1"))
        yield stream


def client(live: LiveStream) -> LiveClient:
    return LiveClient(LiveAddress(live.port, TOKEN))


async def until(events: LiveEvents, kind: type) -> Any:
    async with asyncio.timeout(10):
        async for event in events:
            if isinstance(event, kind):
                return event
    raise AssertionError("the stream ended")


async def test_a_watcher_sees_the_calls_there_are_and_then_what_happens(live: LiveStream) -> None:
    async with client(live).events() as events:
        snapshot = await anext(events)
        assert isinstance(snapshot, Snapshot)
        assert snapshot.calls == (CALL,)
        live.publish(CallStateChanged(1.0, "c1", "thinking"))
        assert await until(events, CallStateChanged) == CallStateChanged(1.0, "c1", "thinking")


async def test_the_heart_beats_and_names_whose_hands_the_channels_are_in(live: LiveStream) -> None:
    async with client(live).events(kinds=["heartbeat"]) as events:
        snapshot: Snapshot = await until(events, Snapshot)
        beat: Heartbeat = await until(events, Heartbeat)
        assert beat.owned == ("1.7", "centralita-media-c1-1")
        assert beat.epoch == snapshot.epoch


async def test_who_chose_other_events_hears_only_those(live: LiveStream) -> None:
    async with client(live).events(kinds=["call_ended"]) as events:
        await anext(events)
        assert not live.is_watched("level")
        live.publish(CallStateChanged(1.0, "c1", "thinking"))
        live.publish(CallEnded(2.0, "c1", "abandoned", 1.0))
        assert isinstance(await anext(events), CallEnded)


async def test_levels_are_thinned_out_for_each_call(live: LiveStream) -> None:
    assert not live.is_watched("level")
    async with client(live).events(kinds=["level", "call_ended"]) as events:
        await anext(events)
        assert live.is_watched("level")
        for hundredth in range(100):
            for call_id in ("c1", "c2"):
                live.publish(LevelMeasured(hundredth / 100, call_id, -30, -90))
        live.publish(CallEnded(2.0, "c1", "abandoned", 1.0))
        levels = []
        async for event in events:
            if isinstance(event, CallEnded):
                break
            levels.append(event)
    assert len(levels) == 10


@pytest.mark.parametrize("path", ["/events", "/control", "/other"])
@pytest.mark.parametrize("authorization", ["", "Bearer wrong", f"Basic {TOKEN}", TOKEN])
async def test_nobody_gets_in_without_the_token(live: LiveStream, path: str, authorization: str) -> None:
    url = f"ws://127.0.0.1:{live.port}{path}?token={TOKEN}"
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, additional_headers={"Authorization": authorization}, proxy=None)
    assert refused.value.response.status_code == 401


async def test_the_client_says_why_it_cannot_watch(live: LiveStream) -> None:
    address = LiveAddress(live.port, "wrong")
    with pytest.raises(LiveForbidden):
        async with LiveClient(address).events():
            pass
    with pytest.raises(LiveUnreachable):
        async with LiveClient(replace(address, port=9)).events():
            pass


async def test_without_a_token_it_does_not_start() -> None:
    with pytest.raises(ValueError, match="needs a token"):
        LiveStream("")


async def test_commands_are_done_or_refused_with_a_reason(live: LiveStream) -> None:
    done: list[LiveCommand] = []

    async def obey(command: LiveCommand) -> None:
        if command.call_id != "c1":
            raise CommandRefused("no such call")
        done.append(command)

    with pytest.raises(CommandRefused, match="takes no commands"):
        await client(live).command(HangUpCall("c1"))
    live.set_control(obey)
    await client(live).command(HangUpCall("c1"))
    await client(live).command(TransferCall("c1", "soporte"))
    with pytest.raises(CommandRefused, match="no such call"):
        await client(live).command(HangUpCall("c9"))
    assert done == [HangUpCall("c1"), TransferCall("c1", "soporte")]


async def test_nonsense_on_the_control_door_is_answered_and_the_door_stays_open(live: LiveStream) -> None:
    url = f"ws://127.0.0.1:{live.port}/control"
    async with connect(url, additional_headers={"Authorization": f"Bearer {TOKEN}"}, proxy=None) as socket:
        for text in ("", "{", '{"type": "dance"}'):
            await socket.send(text)
            assert '"ok":false' in str(await socket.recv())


async def test_a_watcher_that_does_not_read_is_let_go_and_disturbs_nobody(live: LiveStream) -> None:
    url = f"ws://127.0.0.1:{live.port}/events"
    async with (
        connect(url, additional_headers={"Authorization": f"Bearer {TOKEN}"}, proxy=None, max_queue=1) as stuck,
        client(live).events(kinds=["call_state"]) as quick,
    ):
        await anext(quick)
        for _ in range(400):
            for number in range(QUEUE_LIMIT // 4):
                live.publish(CallStateChanged(float(number), "c1", "x" * 100))
            for _ in range(QUEUE_LIMIT // 4):
                await anext(quick)
            if not live.is_watched("partial"):  # only the stuck one wanted those
                break
        assert not live.is_watched("partial"), "the stuck watcher is still served"
        with contextlib.suppress(ConnectionClosed):
            async for _ in stuck:
                pass


async def test_watchers_come_and_go_without_a_trace(live: LiveStream) -> None:
    for _ in range(20):
        async with client(live).events() as events:
            await anext(events)
    async with client(live).events(kinds=["heartbeat"]) as events:
        await until(events, Heartbeat)
        assert not live.is_watched("level")


async def test_when_calls_goes_away_the_watcher_is_told() -> None:
    async with LiveStream(TOKEN) as live:
        events = client(live).events()
        stream = await events.__aenter__()
        await anext(stream)
    with pytest.raises(LiveUnreachable):
        await until(stream, CallEnded)
    await events.__aexit__(None, None, None)
