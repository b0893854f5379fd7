"""What is measured on recordings, with sound whose answers are known."""

import wave
from pathlib import Path

import numpy as np
import pytest

from centralita.demo.sound import StereoRecording, Track

RATE = 8000


def voice(seconds: float, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 4000, round(seconds * RATE))
    return np.clip(noise, -30000, 30000).astype(np.int16)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.int16)


def track(*parts: np.ndarray, starts_at: float = 0.0) -> Track:
    return Track(np.concatenate(parts), RATE, starts_at)


def test_a_part_keeps_its_place_in_the_call() -> None:
    part = track(silence(1), voice(1), starts_at=0.5).between(1.25, 2.0)
    assert part.starts_at == pytest.approx(1.25)
    assert part.seconds == pytest.approx(0.75)
    assert part.audible_seconds() == pytest.approx(0.5, abs=0.02)


def test_a_part_outside_the_sound_is_empty() -> None:
    assert track(voice(1)).between(5, 6).seconds == 0
    assert track(voice(1)).between(-3, -2).audible_seconds() == 0


def test_speech_begins_where_it_begins_and_a_click_is_none() -> None:
    click = voice(0.01)
    heard = track(silence(0.5), click, silence(0.49), voice(0.5))
    assert heard.onset(0, 2) == pytest.approx(1.0, abs=0.011)
    assert heard.onset(0, 0.9) is None


def test_silence_must_last_to_be_one() -> None:
    between_words = silence(0.1)
    heard = track(voice(0.5), between_words, voice(0.4), silence(1))
    assert heard.falls_silent(0.2, for_seconds=0.3) == pytest.approx(1.0, abs=0.011)
    assert heard.falls_silent(0.2, for_seconds=0.08) == pytest.approx(0.5, abs=0.011)


def test_who_never_falls_silent_has_no_end() -> None:
    assert track(voice(2)).falls_silent(0.5, for_seconds=0.3) is None


def test_the_same_sound_is_found_where_it_is_and_at_another_level() -> None:
    word = voice(0.4, seed=7)
    quieter = (word // 3).astype(np.int16)
    heard = track(silence(0.83), quieter, silence(1), starts_at=2.0)
    assert heard.likeness(Track(word, RATE), at=2.6) > 0.99


def test_another_sound_is_not_like_it() -> None:
    heard = track(silence(0.5), voice(1, seed=2), silence(1))
    assert heard.likeness(Track(voice(0.4, seed=3), RATE), at=0.6) < 0.2


def test_nothing_is_like_silence_nor_like_more_than_was_heard() -> None:
    assert track(silence(3)).likeness(Track(voice(0.5), RATE), at=1) < 0.01
    assert track(voice(1)).likeness(Track(silence(0.2), RATE), at=0.1) == 0
    assert track(voice(0.1)).likeness(Track(voice(2), RATE), at=0) == 0


def test_a_cut_recording_is_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.stack((voice(1), silence(1)), axis=1).tobytes())
    read = StereoRecording.read(path)
    assert read.is_whole
    assert read.caller.audible_seconds() == pytest.approx(1, abs=0.02)
    assert read.agent.audible_seconds() == 0
    path.write_bytes(path.read_bytes()[:-100])
    assert not StereoRecording.read(path).is_whole
