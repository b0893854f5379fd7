"""The grid of 20 ms: nothing early, nothing permanently late."""

import pytest

from audio_socket.clock import CATCH_UP_FRAMES, ON_TIME, Due, FrameClock
from vocabulary.audio import FRAME_SECONDS

START = 1000.0


def test_one_frame_every_20_ms() -> None:
    clock = FrameClock(START)
    for number in range(500):
        assert clock.next_deadline == pytest.approx(START + number * FRAME_SECONDS)
        assert clock.due(clock.next_deadline) is ON_TIME


def test_nothing_is_due_before_its_time() -> None:
    clock = FrameClock(START)
    assert clock.due(START - 0.002).frames == 0
    assert clock.due(START) is ON_TIME
    assert clock.due(START + 0.018).frames == 0


def test_a_late_wake_up_makes_nothing_late_for_good() -> None:
    clock = FrameClock(START)
    clock.due(START + 0.009)
    assert clock.next_deadline == pytest.approx(START + 0.020)
    clock.due(START + 0.035)
    assert clock.next_deadline == pytest.approx(START + 0.040)


def test_a_short_stall_is_caught_up() -> None:
    clock = FrameClock(START)
    clock.due(START)
    assert clock.due(START + 0.065) == Due(frames=3, skipped=0)


def test_after_a_long_stall_three_frames_are_sent_and_lateness_is_zero() -> None:
    clock = FrameClock(START)
    clock.due(START)
    stalled = START + 0.300
    due = clock.due(stalled)
    assert due == Due(frames=CATCH_UP_FRAMES, skipped=12)
    # Frame number n is sent at START + n * 20 ms again: the sum of sent and skipped is the wall time.
    assert clock.next_deadline == pytest.approx(START + (1 + due.frames + due.skipped) * FRAME_SECONDS)
    assert clock.next_deadline - stalled <= FRAME_SECONDS + 1e-9


def test_hours_of_a_call_do_not_drift() -> None:
    clock = FrameClock(0.1)
    frames = sum(clock.due(0.1 + number * 0.0201).frames for number in range(500_000))
    assert frames == pytest.approx(500_000 * 0.0201 / FRAME_SECONDS, abs=1)
    assert clock.next_deadline == pytest.approx(0.1 + frames * FRAME_SECONDS)
