"""When a failed job comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.jobs.handlers import GiveUp, TryLater, delay_after_failure
from storage.jobs.retry_schedule import ONCE, RetrySchedule
from vocabulary.errors import ConfigurationError


def test_each_failure_waits_longer_until_the_job_is_given_up() -> None:
    schedule = RetrySchedule((5.0, 30.0), jitter=0.0)

    assert [schedule.delay_after(attempt, 0.5) for attempt in (1, 2, 3)] == [5.0, 30.0, None]
    assert schedule.attempts == 3


def test_delays_double_up_to_the_longest() -> None:
    assert RetrySchedule.doubling(1, attempts=6, longest=5).delays == (1, 2, 4, 5, 5)


def test_jobs_of_one_outage_do_not_come_back_as_one() -> None:
    schedule = RetrySchedule((100.0,), jitter=0.2)

    assert [schedule.delay_after(1, chance) for chance in (0.0, 0.5, 1.0)] == pytest.approx([80.0, 100.0, 120.0])


@given(
    delays=st.lists(st.floats(0, 1e6), max_size=8),
    jitter=st.floats(0, 1),
    attempt=st.integers(1, 20),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_a_delay_is_never_negative_and_attempts_end(
    delays: list[float], jitter: float, attempt: int, chance: float
) -> None:
    schedule = RetrySchedule(tuple(delays), jitter)

    delay = schedule.delay_after(attempt, chance)

    assert (delay is None) == (attempt >= schedule.attempts) == schedule.is_spent(attempt)
    if delay is not None:
        assert 0 <= delay <= 2 * delays[attempt - 1] * (1 + 1e-9)


def test_a_job_that_kills_its_workers_is_spent_after_as_many_runs_as_one_that_fails() -> None:
    schedule = RetrySchedule((1.0, 1.0))

    assert [schedule.is_spent(attempts) for attempts in (0, 1, 2, 3)] == [False, False, False, True]
    assert ONCE.is_spent(1)


def test_a_handler_may_say_that_trying_again_is_useless_or_when_it_is_not() -> None:
    schedule = RetrySchedule((5.0, 30.0), jitter=0.0)

    assert delay_after_failure(RuntimeError(), 1, schedule, 0.5) == 5.0
    assert delay_after_failure(GiveUp("no such recording"), 1, schedule, 0.5) is None
    assert delay_after_failure(TryLater("busy", 77.0), 1, schedule, 0.5) == 77.0
    assert delay_after_failure(TryLater("busy", 77.0), 3, schedule, 0.5) is None, "patience ends all the same"


@pytest.mark.parametrize("wrong", [{"delays": (-1.0,)}, {"delays": (float("inf"),)}, {"jitter": 1.5}])
def test_a_schedule_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="retry schedule"):
        RetrySchedule(**wrong)  # type: ignore[arg-type]
