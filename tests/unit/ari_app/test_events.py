"""Who is told what: events, their subjects, and the table of subscriptions."""

import asyncio

import pytest

from ari_app.backoff import Backoff
from ari_app.events import (
    Bridge,
    CallerID,
    Channel,
    ChannelDestroyed,
    ChannelEnteredBridge,
    ChannelVanished,
    Connected,
    Dial,
    DialplanCEP,
    Playback,
    PlaybackFinished,
    StasisEnd,
    StasisStart,
)
from ari_app.subscriptions import EventStream, Subscriptions


def channel(id: str) -> Channel:
    nobody = CallerID("", "")
    return Channel(id, f"PJSIP/{id}", "Up", nobody, nobody, DialplanCEP("default", "s", 1))


def bridge(id: str, *channels: str) -> Bridge:
    return Bridge(id, "mixing", "", channels)


def start(id: str) -> StasisStart:
    return StasisStart(args=(), channel=channel(id))


def destroyed(id: str) -> ChannelDestroyed:
    return ChannelDestroyed(channel=channel(id), cause=16, cause_txt="")


def taken(stream: EventStream) -> list[object]:
    events: list[object] = []
    while (event := stream.next_nowait()) is not None:
        events.append(event)
    return events


def test_an_event_is_about_everybody_in_it() -> None:
    assert ChannelEnteredBridge(bridge=bridge("b"), channel=channel("a")).subjects() == ("a", "b")
    assert ChannelEnteredBridge(bridge=bridge("b")).subjects() == ("b",)
    assert Dial(peer=channel("p"), dialstatus="BUSY", caller=channel("c")).subjects() == ("p", "c")
    playback = Playback("p1", "sound:beep", "channel:1700000000.7", "done")
    assert PlaybackFinished(playback=playback).subjects() == ("1700000000.7",)


def test_who_subscribes_hears_the_rest_of_the_call_and_nobody_else_does() -> None:
    table = Subscriptions()
    table.dispatch(start("a"))
    assert taken(table.unclaimed) == [start("a")]
    call = table.subscribe("a")
    table.dispatch(destroyed("a"))
    table.dispatch(destroyed("b"))
    assert taken(call) == [destroyed("a")]
    assert taken(table.unclaimed) == [destroyed("b")]


def test_what_came_before_the_subscription_is_taken_along_in_order() -> None:
    table = Subscriptions()
    for event in (start("a"), start("b"), StasisEnd(channel=channel("a")), destroyed("a")):
        table.dispatch(event)
    assert table.unclaimed.next_nowait() == start("a")
    call = table.subscribe("a")
    assert taken(call) == [StasisEnd(channel=channel("a")), destroyed("a")]
    assert taken(table.unclaimed) == [start("b")]


def test_an_event_about_two_of_my_subjects_comes_once() -> None:
    table = Subscriptions()
    call = table.subscribe("a", "b")
    table.dispatch(ChannelEnteredBridge(bridge=bridge("b", "a"), channel=channel("a")))
    assert len(taken(call)) == 1


def test_an_event_about_two_calls_reaches_both() -> None:
    table = Subscriptions()
    first, second = table.subscribe("p"), table.subscribe("c")
    ringing = Dial(peer=channel("p"), dialstatus="RINGING", caller=channel("c"))
    table.dispatch(ringing)
    assert (taken(first), taken(second)) == ([ringing], [ringing])


def test_a_subject_has_one_subscriber_at_a_time() -> None:
    table = Subscriptions()
    with table.subscribe("a") as call:
        call.also("a")
        with pytest.raises(ValueError, match="has a subscriber"):
            table.subscribe("a")
    table.subscribe("a").close()


def test_a_slow_reader_loses_the_oldest_and_always_gets_the_hang_up() -> None:
    table = Subscriptions(subscription_limit=3)
    call = table.subscribe("a")
    for _ in range(10):
        table.dispatch(start("a"))
    table.dispatch(destroyed("a"))
    assert taken(call) == [start("a"), start("a"), destroyed("a")]
    assert call.lost == 8


async def test_a_reader_waits_gets_the_rest_and_then_the_end() -> None:
    table = Subscriptions()
    call = table.subscribe("a")
    reading = asyncio.create_task(anext(call))
    await asyncio.sleep(0)
    table.dispatch(start("a"))
    table.dispatch(destroyed("a"))
    call.close()
    assert await reading == start("a")
    assert [event async for event in call] == [destroyed("a")]


async def test_a_cancelled_reader_loses_nothing() -> None:
    stream = EventStream(4)
    reading = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    stream.put(start("a"))
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await anext(stream) == start("a")


async def test_a_second_reader_is_a_mistake_that_is_told() -> None:
    stream = EventStream(4)
    reading = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="one reader"):
        await anext(stream)
    stream.put(start("a"))
    await reading


def test_the_table_knows_which_channels_are_ours() -> None:
    table = Subscriptions()
    table.dispatch(Connected(1, ("old",)))
    table.dispatch(start("a"))
    table.dispatch(start("b"))
    table.dispatch(StasisEnd(channel=channel("a")))
    assert table.in_stasis() == {"old", "b"}
    table.dispatch(ChannelVanished("old"))
    table.dispatch(destroyed("b"))
    assert table.in_stasis() == frozenset()


def test_pauses_double_up_to_a_limit_and_never_vanish() -> None:
    backoff = Backoff(first_seconds=0.1, most_seconds=1)
    assert [backoff.delay_seconds(failures, jitter=1.0) for failures in range(1, 7)] == [0.1, 0.2, 0.4, 0.8, 1, 1]
    assert backoff.delay_seconds(1, jitter=0.0) == 0.05
    assert backoff.delay_seconds(10_000, jitter=0.5) == 0.75
