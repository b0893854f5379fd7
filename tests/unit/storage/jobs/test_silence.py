"""Who is taken for dead, whatever any clock says."""

from hypothesis import given
from hypothesis import strategies as st

from storage.jobs.silence import SilenceWatch


def test_a_worker_that_beats_is_alive() -> None:
    watch = SilenceWatch(4.0)

    for second in range(100):
        sighting = watch.look({7: second}, float(second))

        assert not sighting.silent
    assert not sighting.unsure


def test_a_worker_whose_beat_stands_still_is_silent_after_our_patience() -> None:
    watch = SilenceWatch(4.0)

    looks = [watch.look({7: "same"}, float(second)) for second in range(6)]

    assert [bool(look.silent) for look in looks] == [False, False, False, False, True, True]
    assert looks[-1].silent == {7: "same"}
    assert looks[0].unsure == looks[3].unsure == {7}, "it is not known to live either"
    assert not looks[-1].unsure


def test_only_being_equal_counts_so_a_beat_that_goes_back_is_a_beat() -> None:
    watch = SilenceWatch(4.0)

    looks = [watch.look({7: beat}, float(second)) for second, beat in enumerate([100, 3, 2, 1, 100, 3, 2, 1])]

    assert not any(look.silent for look in looks)


def test_a_watcher_that_was_paused_blames_nobody() -> None:
    watch = SilenceWatch(4.0)
    watch.look({7: "same"}, 0.0)

    # The whole machine slept for an hour: the others had no chance to beat either
    assert not watch.look({7: "same"}, 3600.0).silent


def test_a_worker_that_went_and_came_is_watched_anew() -> None:
    watch = SilenceWatch(4.0)
    for second in range(4):
        watch.look({7: "same"}, float(second))
    watch.look({}, 4.0)

    assert not watch.look({7: "same"}, 5.0).silent


@given(
    steps=st.lists(st.tuples(st.floats(-10, 10_000), st.booleans()), max_size=60),
    patience=st.floats(0.1, 100),
)
def test_nobody_who_beat_within_our_patience_is_ever_silent(steps: list[tuple[float, bool]], patience: float) -> None:
    watch, now, beat, beaten_at = SilenceWatch(patience), 0.0, 0, 0.0
    watch.look({1: beat}, now)

    for step, beats in steps:
        now += step
        if beats:
            beat += 1
            beaten_at = now
        sighting = watch.look({1: beat}, now)

        assert not (beats and sighting.silent)
        if sighting.silent:
            # All that was counted has passed; where the watcher's clock went back, nothing was counted
            assert now - beaten_at >= patience * 0.999 or any(step < 0 for step, _ in steps)
