"""Is the other end speaking?"""

import pytest

from softphone.listening import Listening


def hear(listening: Listening, levels: list[float], start: float = 0.0) -> float:
    """Feed one level for each 20 ms; return the time after the last."""
    for index, level in enumerate(levels):
        listening.heard(start + 0.02 * index, level, 0.02)
    return start + 0.02 * (len(levels) - 1)


def test_a_click_is_not_speech() -> None:
    listening = Listening()
    now = hear(listening, [0, 0, 9000, 0])
    assert not listening.is_speech(now, 0.1)


def test_speech_is_speech_across_a_breath() -> None:
    listening = Listening()
    now = hear(listening, [900, 900, 900, 0, 0, 0, 900, 900])
    assert listening.is_speech(now, 0.1)


def test_a_pause_begins_the_count_anew() -> None:
    listening = Listening()
    now = hear(listening, [900.0] * 10 + [0.0] * 10 + [900.0] * 2)
    assert not listening.is_speech(now, 0.1)


def test_who_has_stopped_is_not_speaking() -> None:
    listening = Listening()
    now = hear(listening, [900] * 10)
    assert not listening.is_speech(now + 0.5, 0.1)


def test_silence_counts_from_the_last_sound_and_no_packets_are_silence() -> None:
    listening = Listening()
    now = hear(listening, [900] * 5)
    assert listening.silent_seconds(now + 0.7, since=0.0) == pytest.approx(0.7)


def test_silence_does_not_reach_back_before_the_question() -> None:
    assert Listening().silent_seconds(10.0, since=9.5) == 0.5
