"""A voice that we made ourselves has a pitch, a loudness and a pace that we know: they must be measured."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from conversation.voice_measure import measure_voice

Samples = NDArray[np.int16]


def voice(
    *, pitch: float = 150.0, level: float = 3000.0, syllables: float = 4.0, seconds: float = 3.0, rate: int = 8000
) -> Samples:
    """Return a buzz of 18 harmonics in syllables, with the lowest 300 Hz missing, as telephones leave them out."""
    time = np.arange(round(seconds * rate)) / rate
    harmonics = [number for number in range(1, 19) if 300 <= number * pitch <= 3400]
    buzz = sum((np.sin(2 * np.pi * pitch * number * time) / number for number in harmonics), np.zeros(time.size))
    shape = np.clip(0.5 - 0.6 * np.cos(2 * np.pi * syllables * time), 0.01, None)
    sound = buzz / np.abs(buzz).max() * shape * level
    clipped: Samples = np.clip(sound, -32768, 32767).astype(np.int16)
    return clipped


def noisy(samples: Samples, level: float, seed: int = 1) -> Samples:
    """Return the samples with noise of so much root mean square."""
    noise = np.random.default_rng(seed).normal(0, level, samples.size)
    return np.clip(samples + noise, -32768, 32767).astype(np.int16)


def semitones(hertz: float) -> float:
    return 12 * float(np.log2(hertz / 100))


@pytest.mark.parametrize("pitch", [85.0, 110.0, 150.0, 210.0, 260.0, 330.0])
@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("noise", [0.0, 150.0])
def test_pitch_is_found_without_its_fundamental(pitch: float, rate: int, noise: float) -> None:
    found = measure_voice(noisy(voice(pitch=pitch, rate=rate), noise), rate)
    assert found is not None
    assert found.pitch_semitones == pytest.approx(semitones(pitch), abs=0.5)
    assert found.pitch_spread_semitones < 0.7


def test_a_voice_that_moves_has_a_wider_spread() -> None:
    parts = [voice(pitch=pitch, seconds=0.75) for pitch in (120.0, 150.0, 190.0, 160.0)]
    found = measure_voice(np.concatenate(parts), 8000)
    assert found is not None
    assert found.pitch_spread_semitones == pytest.approx(12 * np.log2(167.5 / 142.5), abs=2.5)


@pytest.mark.parametrize("louder_db", [-12.0, -6.0, 6.0, 12.0])
@pytest.mark.parametrize("noise", [5.0, 60.0])
def test_loudness_follows_the_speaker_and_not_the_noise(louder_db: float, noise: float) -> None:
    usual = measure_voice(noisy(voice(level=4000), noise), 8000)
    louder = measure_voice(noisy(voice(level=4000 * 10 ** (louder_db / 20)), noise), 8000)
    assert usual is not None
    assert louder is not None
    assert louder.loudness_db - usual.loudness_db == pytest.approx(louder_db, abs=1.5)


def test_clicks_on_the_line_are_not_loudness() -> None:
    clean = voice()
    clicking = clean.copy()
    clicking[400::4000] = 32000
    one, other = measure_voice(clean, 8000), measure_voice(clicking, 8000)
    assert one is not None
    assert other is not None
    assert other.loudness_db == pytest.approx(one.loudness_db, abs=1.5)
    assert other.pitch_semitones == pytest.approx(one.pitch_semitones, abs=0.3)


@pytest.mark.parametrize("syllables", [2.5, 4.0, 5.5, 7.0])
@pytest.mark.parametrize("noise", [0.0, 60.0])
def test_syllables_are_counted(syllables: float, noise: float) -> None:
    found = measure_voice(noisy(voice(syllables=syllables), noise), 8000)
    assert found is not None
    assert found.syllables_per_second == pytest.approx(syllables, rel=0.15)


def test_pauses_do_not_slow_the_pace() -> None:
    silence = np.zeros(8000, np.int16)
    found = measure_voice(np.concatenate([voice(seconds=2), silence, voice(seconds=2)]), 8000)
    assert found is not None
    assert found.pause_share == pytest.approx(0.2, abs=0.05)
    assert found.syllables_per_second == pytest.approx(4.0, rel=0.2)


def test_clipping_is_told() -> None:
    found = measure_voice(voice(level=200_000), 8000)
    assert found is not None
    assert found.clipped_share > 0.2
    assert found.pitch_semitones == pytest.approx(semitones(150), abs=0.5)


@pytest.mark.parametrize(
    "sound",
    [
        b"",
        b"\0",
        b"\0" * 32000,
        b"\xff\x7f" * 8000,
        np.random.default_rng(3).normal(0, 2000, 16000).astype("<i2").tobytes(),
        np.where(np.arange(16000) % 3000 == 0, 30000, 0).astype("<i2").tobytes(),
        voice(level=8).tobytes(),
    ],
    ids=["nothing", "half a sample", "silence", "stuck at full scale", "noise", "clicks", "too faint"],
)
def test_where_there_is_no_voice_nothing_is_measured(sound: bytes) -> None:
    assert measure_voice(sound, 8000) is None


def test_of_a_long_turn_the_end_counts() -> None:
    found = measure_voice(np.concatenate([voice(pitch=100, seconds=30), voice(pitch=200, seconds=12)]), 8000)
    assert found is not None
    assert found.pitch_semitones == pytest.approx(12, abs=0.5)


def test_only_the_rates_of_telephones() -> None:
    with pytest.raises(ValueError, match="44100"):
        measure_voice(b"", 44100)


@given(sound=st.binary(max_size=6000), times=st.integers(1, 5), rate=st.sampled_from([8000, 16000]))
def test_any_sound_is_survived(sound: bytes, times: int, rate: int) -> None:
    found = measure_voice(sound * times, rate)
    if found is not None:
        assert all(np.isfinite(getattr(found, name)) for name in type(found).__slots__)
        assert 0 <= found.pause_share <= 1
        assert found.voiced_seconds > 0
