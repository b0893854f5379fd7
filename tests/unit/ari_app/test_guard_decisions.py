"""Guard's judgement, with a clock that tests set."""

from hypothesis import given
from hypothesis import strategies as st

from ari_app.channel_ids import bridge_id, leg_channel_id, media_channel_id
from ari_app.events import Bridge
from ari_app.guard_decisions import DestroyLeftover, GuardDecisions, GuardOrder, GuardPatience, HangUpLeftover, Rescue

PATIENCE = GuardPatience(silence_seconds=1, grace_seconds=2, stray_seconds=4, retry_seconds=1)
CALLER, MEDIA, LEG = "1700000000.1", media_channel_id("c1", 1), leg_channel_id("c1", 1)
NAMES = {CALLER: "PJSIP/caller-00000001", MEDIA: "AudioSocket/127.0.0.1:9092-1", LEG: "PJSIP/200-00000002"}


def bridge(*channel_ids: str, id: str = bridge_id("c1")) -> Bridge:
    return Bridge(id=id, bridge_type="mixing", name="", channels=channel_ids)


def with_a_call(*owned: str) -> GuardDecisions:
    """Guard at second 10, `calls` alive and answering for these channels."""
    guard = GuardDecisions(PATIENCE)
    guard.calls_seen(10, owned)
    guard.channels_listed(10, owned)
    return guard


def orders_at(
    guard: GuardDecisions, now: float, *channel_ids: str, bridges: tuple[Bridge, ...] = ()
) -> list[GuardOrder]:
    guard.handle_timer(now)
    guard.channels_listed(now, channel_ids)
    return guard.orders(now, {each: NAMES[each] for each in channel_ids}, bridges)


def test_nothing_is_done_while_calls_lives() -> None:
    guard = with_a_call(CALLER, MEDIA)
    for quarter in range(400):
        now = 10 + quarter / 4
        guard.calls_seen(now, (CALLER, MEDIA))
        assert orders_at(guard, now, CALLER, MEDIA) == []


def test_two_seconds_after_a_death_the_caller_goes_to_the_fallback_and_our_media_ends() -> None:
    guard = with_a_call(CALLER, MEDIA)
    guard.calls_lost(11)
    assert orders_at(guard, 12.99, CALLER, MEDIA) == []
    assert guard.next_deadline() == 13
    assert orders_at(guard, 13, CALLER, MEDIA, bridges=(bridge(CALLER, MEDIA),)) == [
        Rescue(CALLER),
        HangUpLeftover(MEDIA),
        DestroyLeftover(bridge_id("c1")),
    ]


def test_a_silence_of_a_second_is_a_death() -> None:
    guard = with_a_call(CALLER)
    guard.handle_timer(10.9)
    assert guard.is_calls_alive
    guard.handle_timer(11)
    assert not guard.is_calls_alive
    assert orders_at(guard, 13, CALLER) == [Rescue(CALLER)]


def test_who_is_adopted_in_time_is_left_alone_and_the_others_are_not() -> None:
    guard = with_a_call(CALLER, MEDIA)
    guard.calls_lost(11)
    guard.calls_seen(12.5, (CALLER,))
    assert orders_at(guard, 13, CALLER, MEDIA) == [HangUpLeftover(MEDIA)]


def test_a_caller_who_has_left_by_himself_is_forgotten() -> None:
    guard = with_a_call(CALLER)
    guard.calls_lost(11)
    guard.channels_listed(12, ())
    assert guard.next_deadline() is None
    assert orders_at(guard, 13) == []


def test_guard_born_after_the_death_rescues_too() -> None:
    guard = GuardDecisions(PATIENCE)
    guard.channels_listed(50, (CALLER,))
    assert orders_at(guard, 51.9, CALLER) == []
    assert orders_at(guard, 52, CALLER) == [Rescue(CALLER)]


def test_a_caller_a_living_calls_has_forgotten_is_rescued_later() -> None:
    guard = with_a_call()
    for tenth in range(40):
        guard.calls_seen(10 + tenth / 10, ())
        assert orders_at(guard, 10 + tenth / 10, CALLER) == []
    guard.calls_seen(14, ())
    assert orders_at(guard, 14, CALLER) == [Rescue(CALLER)]


def test_an_order_that_changed_nothing_is_given_again() -> None:
    guard = with_a_call(CALLER)
    guard.calls_lost(11)
    assert orders_at(guard, 13, CALLER) == [Rescue(CALLER)]
    assert orders_at(guard, 13.5, CALLER) == []
    assert orders_at(guard, 14, CALLER) == [Rescue(CALLER)]


def test_a_bridge_does_not_stay_because_a_dying_media_channel_was_still_in_it() -> None:
    guard = with_a_call(CALLER)
    guard.calls_lost(11)
    assert orders_at(guard, 13, CALLER, bridges=(bridge(CALLER, MEDIA),)) == [
        Rescue(CALLER),
        DestroyLeftover(bridge_id("c1")),
    ]


def test_asterisk_away_at_the_time_only_delays_the_rescue() -> None:
    guard = with_a_call(CALLER)
    guard.calls_lost(11)
    guard.handle_timer(13)  # no listing comes
    assert orders_at(guard, 60, CALLER) == [Rescue(CALLER)]


def test_two_people_who_talk_are_not_disturbed_until_one_is_alone() -> None:
    guard = with_a_call(CALLER, LEG)
    guard.calls_lost(11)
    assert orders_at(guard, 13, CALLER, LEG, bridges=(bridge(CALLER, LEG),)) == []
    assert orders_at(guard, 60, CALLER, bridges=(bridge(CALLER),)) == [
        Rescue(CALLER),
        DestroyLeftover(bridge_id("c1")),
    ]


def test_the_person_called_for_a_lost_caller_is_hung_up() -> None:
    guard = with_a_call(CALLER, MEDIA, LEG)
    guard.calls_lost(11)
    assert orders_at(guard, 13, CALLER, MEDIA, LEG, bridges=(bridge(MEDIA, LEG),)) == [
        Rescue(CALLER),
        HangUpLeftover(LEG),
        HangUpLeftover(MEDIA),
        DestroyLeftover(bridge_id("c1")),
    ]


def test_the_bridge_of_somebody_else_stays() -> None:
    guard = with_a_call(CALLER)
    guard.calls_lost(11)
    assert orders_at(guard, 13, CALLER, bridges=(bridge(CALLER, id="holding-1"),)) == [Rescue(CALLER)]


CHANNELS = st.sampled_from([CALLER, MEDIA, LEG])
STEPS = st.one_of(
    st.tuples(st.just("seen"), st.frozensets(CHANNELS)),
    st.tuples(st.just("lost"), st.just(frozenset[str]())),
    st.tuples(st.just("look"), st.frozensets(CHANNELS)),
)


@given(st.lists(st.tuples(st.floats(0, 3), STEPS), max_size=40))
def test_whatever_happens_an_owned_channel_is_never_touched_and_an_orphan_never_waits_for_ever(
    history: list[tuple[float, tuple[str, frozenset[str]]]],
) -> None:
    guard, now = GuardDecisions(PATIENCE), 0.0
    owned: frozenset[str] = frozenset()
    for passed, (what, channel_ids) in history:
        now += passed
        guard.handle_timer(now)
        match what:
            case "seen":
                guard.calls_seen(now, channel_ids)
                owned = channel_ids
            case "lost":
                guard.calls_lost(now)
            case _:
                guard.channels_listed(now, channel_ids)
                touched = {getattr(order, "channel_id", "") for order in guard.orders(now, NAMES, ())}
                assert not (guard.is_calls_alive and touched & owned)
    guard.calls_lost(now)
    guard.channels_listed(now, (CALLER,))
    assert guard.next_deadline() is not None
    guard.channels_listed(now + 4, (CALLER,))
    assert Rescue(CALLER) in guard.orders(now + 4, NAMES, ())
