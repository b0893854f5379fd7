"""Vowels are told from what only sounds loud."""

import numpy as np
import pytest
from numpy.typing import NDArray

from conversation.voicing import loudness, vowel_windows

RNG = np.random.default_rng(5)


def frames(sound: NDArray[np.float64], rate: int) -> list[bytes]:
    pcm = sound.astype(np.int16).tobytes()
    return [pcm[start : start + rate // 25] for start in range(0, len(pcm), rate // 25)]


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("hertz", [80, 140, 250, 380])
def test_a_vowel_repeats_itself_even_in_noise(rate: int, hertz: int) -> None:
    time = np.arange(rate // 5) / rate
    vowel = sum((np.sin(2 * np.pi * hertz * part * time) / part for part in range(1, 8)), np.zeros(time.size))
    noisy = vowel / vowel.std() * 2000 + RNG.normal(0, 900, time.size)
    assert vowel_windows(frames(noisy, rate), rate) >= 7


@pytest.mark.parametrize("fading_samples", [200, 400, 100_000])
def test_coughs_and_line_noise_do_not(fading_samples: int) -> None:
    sound = np.convolve(RNG.normal(0, 5000, 1600), np.ones(3) / 3, "same")
    assert vowel_windows(frames(sound * np.exp(-np.arange(1600) / fading_samples), 8000), 8000) == 0


def test_silence_is_no_vowel_and_too_little_is_nothing() -> None:
    assert vowel_windows([bytes(320)] * 10, 8000) == 0
    assert vowel_windows([bytes(320)], 8000) == 0
    assert vowel_windows([], 8000) == 0


def test_loudness_is_the_root_mean_square() -> None:
    assert loudness([np.array([300, -300], np.int16).tobytes()]) == pytest.approx(300)
    assert loudness([]) == 0
