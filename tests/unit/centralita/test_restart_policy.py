from centralita.restart_policy import RestartPatience, RestartPolicy

PATIENCE = RestartPatience(healthy_seconds=10, first_pause_seconds=0.25, longest_pause_seconds=2)


def test_the_first_death_is_followed_by_a_start_at_once() -> None:
    assert RestartPolicy(PATIENCE).pause_seconds(lived_seconds=1) == 0


def test_early_deaths_in_a_row_make_the_pauses_longer_up_to_a_limit() -> None:
    policy = RestartPolicy(PATIENCE)
    assert [policy.pause_seconds(0.1) for _ in range(7)] == [0, 0.25, 0.5, 1, 2, 2, 2]


def test_a_healthy_life_clears_the_record() -> None:
    policy = RestartPolicy(PATIENCE)
    for _ in range(5):
        policy.pause_seconds(0.1)
    assert policy.pause_seconds(11) == 0
    assert policy.pause_seconds(0.1) == 0
    assert policy.pause_seconds(0.1) == 0.25


def test_a_thousand_deaths_are_counted_without_an_overflow() -> None:
    policy = RestartPolicy(PATIENCE)
    for _ in range(1000):
        pause = policy.pause_seconds(0)
    assert pause == 2
