from collections.abc import Iterable

from centralita.liveness import Liveness, LivenessPatience

PATIENCE = LivenessPatience(silence_seconds=5, look_seconds=0.5)


def looks(liveness: Liveness, times: Iterable[float]) -> list[bool]:
    return [liveness.is_hung(now) for now in times]


def every_half_second(first: float, last: float) -> list[float]:
    return [first + step / 2 for step in range(int((last - first) * 2) + 1)]


def test_one_who_has_never_spoken_is_left_alone() -> None:
    assert not any(looks(Liveness(PATIENCE), every_half_second(0, 600)))


def test_one_who_speaks_is_alive() -> None:
    liveness = Liveness(PATIENCE)
    for now in every_half_second(0, 60):
        liveness.beat()
        assert not liveness.is_hung(now)


def test_more_than_five_seconds_of_silence_is_a_death() -> None:
    liveness = Liveness(PATIENCE)
    liveness.beat()
    assert not any(looks(liveness, every_half_second(0, 5)))
    assert liveness.is_hung(5.5)


def test_a_word_in_the_last_moment_begins_anew() -> None:
    liveness = Liveness(PATIENCE)
    liveness.beat()
    looks(liveness, every_half_second(0, 5))
    liveness.beat()
    assert not any(looks(liveness, every_half_second(5.5, 10)))


def test_a_pause_of_our_own_is_no_silence_of_theirs() -> None:
    # The laptop slept an hour, or the machine was so busy that we did not run: nobody else could speak either
    liveness = Liveness(PATIENCE)
    liveness.beat()
    assert not any(looks(liveness, [0, 3600, 7200]))
