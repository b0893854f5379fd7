"""Guard between a scripted Asterisk and a real live stream: who dies, who is rescued."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import ServerConnection, serve

from ari_app.channel_ids import bridge_id, leg_channel_id, media_channel_id
from ari_app.guard import Guard, GuardSettings
from ari_app.guard_decisions import GuardPatience
from ari_app.live import LiveStream
from ari_app.live_client import LiveAddress, LiveForbidden
from ari_app.live_events import Snapshot
from ari_app.scripted import ScriptedAri
from ari_app.scripted_wire import ScriptedAnswer

TOKEN = "only-for-tests"
PATIENCE = GuardPatience(silence_seconds=0.6, grace_seconds=0.3, stray_seconds=0.5, retry_seconds=0.1)
MEDIA, LEG = media_channel_id("c1", 1), leg_channel_id("c1", 1)


@pytest.fixture
async def asterisk() -> AsyncIterator[ScriptedAri]:
    async with ScriptedAri() as server:
        yield server


def calls(*owned: str, port: int = 0) -> LiveStream:
    """The part of `calls` that guard sees."""
    stream = LiveStream(TOKEN, port=port)
    stream.set_snapshot(tuple, lambda: owned)
    return stream


@contextlib.asynccontextmanager
async def guarding(asterisk: ScriptedAri, port: int, token: str = TOKEN) -> AsyncIterator[Guard]:
    settings = GuardSettings(
        asterisk.address, LiveAddress(port, token), PATIENCE, look_seconds=0.05, reconnect_seconds=0.02
    )
    guard = Guard(settings)
    task = asyncio.create_task(guard.run())
    try:
        yield guard
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def looks(asterisk: ScriptedAri, times: int) -> None:
    """Wait until guard has looked at our channels so many times more."""
    path = "/applications/centralita"
    already = len(asterisk.asked("GET", path))
    await asterisk.until(lambda ari: len(ari.asked("GET", path)) >= already + times)


async def test_when_calls_dies_callers_go_on_and_what_was_made_for_them_ends(
    asterisk: ScriptedAri, caplog: pytest.LogCaptureFixture
) -> None:
    for channel_id in ("caller", MEDIA):
        asterisk.call_in(channel_id)
    asterisk.bridge(bridge_id("c1"), "caller", MEDIA)
    async with calls("caller", MEDIA) as live, guarding(asterisk, live.port) as guard:
        await looks(asterisk, 10)
        assert asterisk.in_app == {"caller", MEDIA}
        await live.__aexit__(None, None, None)
        await asterisk.until(lambda ari: not ari.in_app and not ari.bridges)
        await looks(asterisk, 1)  # what it was about to do is done
        assert guard.rescued == 1
    assert set(asterisk.channels) == {"caller"}, "the caller is in the dialplan, our media channel is no more"
    assert [each.query for each in asterisk.asked("POST", "/channels/caller/continue")] == [{}]
    assert caplog.messages.count("leftover hung up") == 1


async def test_callers_adopted_by_the_next_calls_are_left_alone(asterisk: ScriptedAri) -> None:
    asterisk.call_in("adopted")
    asterisk.call_in("forgotten")
    async with calls("adopted", "forgotten") as live:
        port = live.port
        async with guarding(asterisk, port):
            await looks(asterisk, 3)
            await live.__aexit__(None, None, None)
            async with calls("adopted", port=port):
                await asterisk.until(lambda ari: "forgotten" not in ari.in_app)
                await looks(asterisk, 10)
                assert asterisk.in_app == {"adopted"}


async def test_a_calls_that_hangs_is_as_dead_as_one_that_is_gone(asterisk: ScriptedAri) -> None:
    asterisk.call_in("caller")

    async def say_one_thing_and_no_more(connection: ServerConnection) -> None:
        await connection.send(Snapshot(0.0, "e", 1, ("caller",), ()).to_json())
        await connection.wait_closed()

    async with (
        serve(say_one_thing_and_no_more, "127.0.0.1", 0) as hung,
        guarding(asterisk, hung.sockets[0].getsockname()[1]),
    ):
        await asterisk.until(lambda ari: not ari.in_app)


async def test_asterisk_away_delays_the_rescue_only(asterisk: ScriptedAri) -> None:
    asterisk.call_in("caller")
    async with calls("caller") as live, guarding(asterisk, live.port):
        await looks(asterisk, 3)
        await asterisk.go_away()
        await live.__aexit__(None, None, None)
        await asyncio.sleep(PATIENCE.grace_seconds + 0.1)
        await asterisk.come_back()
        await asterisk.until(lambda ari: not ari.in_app)


async def test_a_rescue_that_fails_is_tried_again(asterisk: ScriptedAri) -> None:
    asterisk.call_in("caller")
    asterisk.script("POST", "/channels/caller/continue", ScriptedAnswer(500), ScriptedAnswer(is_cut=True))
    async with guarding(asterisk, 9):
        await asterisk.until(lambda ari: not ari.in_app)


async def test_two_people_who_talk_are_left_alone_until_one_hangs_up(asterisk: ScriptedAri) -> None:
    asterisk.call_in("caller")
    asterisk.call_in(LEG)
    asterisk.bridge(bridge_id("c1"), "caller", LEG)
    async with calls("caller", LEG) as live, guarding(asterisk, live.port):
        await looks(asterisk, 3)
        await live.__aexit__(None, None, None)
        await asyncio.sleep(PATIENCE.grace_seconds)
        await looks(asterisk, 5)
        assert asterisk.in_app == {"caller", LEG}
        asterisk.end(LEG)
        await asterisk.until(lambda ari: not ari.in_app)
        assert "caller" in asterisk.channels


async def test_with_the_wrong_token_it_rescues_nobody_and_says_so(asterisk: ScriptedAri) -> None:
    asterisk.call_in("caller")
    async with calls("caller") as live:
        settings = GuardSettings(asterisk.address, LiveAddress(live.port, "wrong"), PATIENCE)
        with pytest.raises(ExceptionGroup) as failure:
            await Guard(settings).run()
        assert failure.group_contains(LiveForbidden)
    assert asterisk.in_app == {"caller"}
