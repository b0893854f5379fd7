"""Learning a hang-up tone: every known country through noise, and an honest refusal of everything else."""

import struct
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.tones import Recording, melody
from fxo_templates.country_file import country_profile, load_profile, shipped_countries
from fxo_templates.tone_learning import (
    LearnedTone,
    NoRepeatingTone,
    UnreadableRecording,
    as_profile_toml,
    learn_tone,
    nearest_countries,
    read_wav,
)
from vocabulary.errors import ConfigurationError

SPAIN_CONGESTION = ((200, 200), (200, 200), (200, 600))
MEXICO = Recording((425.0,), ((250, 250),))
EVERY_TONE = [(iso, name) for iso, name in product(shipped_countries(), ("busy", "congestion"))]


def learned_from(recording: Recording) -> LearnedTone:
    return learn_tone(recording.samples(), recording.rate)


@pytest.mark.parametrize("snr_db", [10.0, 20.0, 30.0])
@pytest.mark.parametrize(("iso", "name"), EVERY_TONE)
def test_every_countrys_tone_is_learned_through_noise(iso: str, name: str, snr_db: float) -> None:
    profile = country_profile(iso)
    tone = profile.busy if name == "busy" else profile.congestion
    for seed, (level, rate) in enumerate([(0.4, 8000), (0.05, 16000), (0.003, 8000)]):
        recording = Recording(
            tone.frequencies_hz, tone.cadence_ms, rate, 9.0, snr_db, level, 0.4 * seed, 0.13 * seed, 0.05, seed
        )
        learned = learned_from(recording)
        assert learned.frequencies_hz == pytest.approx(sorted(tone.frequencies_hz), abs=0.5)
        assert np.array(learned.cadence_ms) == pytest.approx(np.array(tone.cadence_ms), abs=3)
        assert learned.snr_db > snr_db - 1  # hiss above the telephone's band is not counted
        assert learned.confidence > 0.8
        assert (iso, name) in [(match.iso, match.tone) for match in nearest_countries(learned)]


@settings(max_examples=40)
@given(
    hz=st.floats(300, 900),
    partner=st.none() | st.floats(60, 200),
    cadence=st.lists(st.tuples(st.integers(80, 700), st.integers(80, 700)), min_size=1, max_size=1)
    | st.just([(200, 200), (200, 200), (200, 600)]),
    cut=st.floats(0, 1.5),
    lead=st.floats(0, 1.5),
    snr_db=st.floats(10, 40),
    seed=st.integers(0, 1000),
)
def test_any_tone_within_reach_is_measured(
    hz: float,
    partner: float | None,
    cadence: list[tuple[int, int]],
    cut: float,
    lead: float,
    snr_db: float,
    seed: int,
) -> None:
    frequencies = (hz,) if partner is None or hz + partner > 950 else (hz, hz + partner)
    learned = learned_from(
        Recording(frequencies, tuple(cadence), seconds=10, snr_db=snr_db, lead_seconds=lead, cut_seconds=cut, seed=seed)
    )
    assert learned.frequencies_hz == pytest.approx(frequencies, abs=1.5)
    assert np.array(learned.cadence_ms) == pytest.approx(np.array(cadence), abs=8)


@given(samples=st.lists(st.floats(-1, 1, width=32), min_size=16, max_size=64), repeats=st.integers(1, 2000))
@settings(max_examples=40)
def test_arbitrary_samples_are_learned_or_refused_and_nothing_else(samples: list[float], repeats: int) -> None:
    with suppress(NoRepeatingTone):
        assert learn_tone(np.tile(np.array(samples, np.float32), repeats), 8000).cycles >= 3


def test_integers_and_floats_of_the_same_recording_are_the_same_tone() -> None:
    wave = MEXICO.samples()
    assert learn_tone(np.round(wave * 32768).astype(np.int16), 8000).cadence_ms == learn_tone(wave, 8000).cadence_ms


def test_speech_like_sound_before_and_after_the_tone_does_not_count() -> None:
    tone = Recording((425.0,), SPAIN_CONGESTION, seconds=8).samples()
    talk = syllables(3.0, seed=3)
    learned = learn_tone(np.concatenate([talk, tone, talk]), 8000)
    assert learned.frequencies_hz == pytest.approx((425.0,), abs=0.5)
    assert np.array(learned.cadence_ms) == pytest.approx(np.array(SPAIN_CONGESTION), abs=3)


def test_of_two_channels_the_one_with_the_tone_counts() -> None:
    tone = MEXICO.samples()
    both = np.stack([syllables(tone.size / 8000, seed=5)[: tone.size], tone], axis=1)
    assert learn_tone(both, 8000).frequencies_hz == pytest.approx((425.0,), abs=0.5)


def test_more_cycles_and_less_noise_give_more_confidence() -> None:
    few, many = learned_from(replace(MEXICO, seconds=2.3)), learned_from(MEXICO)
    noisy = learned_from(replace(MEXICO, snr_db=3.0))
    assert few.cycles < many.cycles
    assert few.confidence < many.confidence
    assert noisy.confidence < many.confidence


def test_a_dial_tone_is_called_continuous() -> None:
    for frequencies in ((425.0,), (350.0, 440.0)):
        for lead in (0.0, 2.0):
            with pytest.raises(NoRepeatingTone, match="is continuous"):
                learned_from(Recording(frequencies, (), lead_seconds=lead))


@pytest.mark.parametrize("seconds", [1.1, 2.0])
def test_two_cycles_are_too_few(seconds: float) -> None:
    with pytest.raises(NoRepeatingTone, match=r"sounds \d time|repeats \d time"):
        learned_from(Recording((425.0,), ((500, 500),), seconds=seconds))


def test_a_tone_hardly_above_the_noise_is_refused() -> None:
    with pytest.raises(NoRepeatingTone):
        learned_from(replace(MEXICO, snr_db=-6.0))


@pytest.mark.parametrize("seed", range(8))
def test_speech_and_music_are_refused(seed: int) -> None:
    for sound in (syllables(10, seed), melody(seed), np.random.default_rng(seed).normal(0, 0.2, 80_000)):
        with pytest.raises(NoRepeatingTone):
            learn_tone(np.asarray(sound, np.float32), 8000)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(80_000, np.float32), "is silent"),
        (np.full(80_000, 0.3, np.float32), "is silent"),
        (np.zeros(100, np.float32), "lasts 0.0 s"),
        (np.zeros(0, np.int16), "lasts 0.0 s"),
        (np.full(80_000, np.nan, np.float32), "no numbers"),
        (np.zeros(8000 * 121, np.int16), "cut out less than"),
    ],
)
def test_what_cannot_be_measured_is_named(samples: np.ndarray, message: str) -> None:
    with pytest.raises(NoRepeatingTone, match=message):
        learn_tone(samples, 8000)


def test_the_learned_tone_becomes_the_hang_up_tone_of_a_profile(tmp_path: Path) -> None:
    learned = learned_from(Recording((427.3,), SPAIN_CONGESTION, cut_seconds=0.5))
    path = tmp_path / "office.toml"
    path.write_text(as_profile_toml(learned, "ES", "Oficina, línea 1"), encoding="utf-8")
    profile = load_profile(path)
    assert profile.name == "Oficina, línea 1"
    assert profile.hang_up is not None
    assert (profile.hang_up.frequencies_hz, profile.hang_up.cadence_ms) == ((427,), SPAIN_CONGESTION)
    assert profile.hang_up.mark == "learned"
    assert profile.tone_is_known
    assert profile.disconnect_tones()[0] == profile.hang_up
    assert profile.busy == country_profile("ES").busy


def test_a_country_without_a_profile_is_known_once_its_tone_is_learned(tmp_path: Path) -> None:
    path = tmp_path / "pe.toml"
    path.write_text(as_profile_toml(learned_from(MEXICO), "PE", "Lima"), encoding="utf-8")
    assert not country_profile("PE").tone_is_known
    assert load_profile(path).tone_is_known


def test_a_ringing_line_is_recognised_and_never_becomes_a_hang_up_tone() -> None:
    ringing = learned_from(Recording((425.0,), ((1500, 3000),), seconds=24))
    nearest = nearest_countries(ringing)[0]
    assert (nearest.iso, nearest.tone) == ("ES", "ringback")
    with pytest.raises(ConfigurationError, match="that is a ringing line"):
        as_profile_toml(ringing, "ES", "x")


def test_two_tones_40_hz_apart_are_told_from_one() -> None:
    learned = learned_from(Recording((440.0, 480.0), ((2000, 4000),), seconds=30))
    assert learned.frequencies_hz == pytest.approx((440.0, 480.0), abs=1.0)
    assert [(match.iso, match.tone) for match in nearest_countries(learned)] == [("US", "ringback")]


def test_a_tone_of_nowhere_has_no_country() -> None:
    assert nearest_countries(learned_from(Recording((700.0,), ((110, 390),)))) == ()


def test_a_profiles_name_is_one_line() -> None:
    with pytest.raises(ConfigurationError, match="one line"):
        as_profile_toml(learned_from(MEXICO), "MX", "a\nb")


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_a_wav_of_16_bits_is_read(tmp_path: Path, rate: int) -> None:
    recording = replace(MEXICO, rate=rate, seconds=5)
    pcm = np.round(recording.samples() * 32767).astype("<i2")
    samples, found = read_wav(written(tmp_path, 1, 1, rate, 16, pcm.tobytes()))
    assert found == rate
    assert samples == pytest.approx(recording.samples(), abs=1e-4)
    assert learn_tone(samples, found).cadence_ms == ((250, 250),)


def test_two_channels_are_two_columns(tmp_path: Path) -> None:
    pcm = np.array([[100, -200], [300, -400]], "<i2")
    samples, _ = read_wav(written(tmp_path, 1, 2, 8000, 16, pcm.tobytes()))
    assert (samples * 32768).tolist() == pcm.tolist()


@pytest.mark.parametrize(
    ("kind", "code", "meaning"),
    # ITU-T G.711, tables 1a and 2a: the largest value, the smallest, silence
    [(7, 0x80, 8031), (7, 0x00, -8031), (7, 0xFF, 0), (6, 0xAA, 4032), (6, 0x2A, -4032), (6, 0xD5, 1)],
)
def test_companded_bytes_mean_what_g711_says(tmp_path: Path, kind: int, code: int, meaning: int) -> None:
    samples, _ = read_wav(written(tmp_path, kind, 1, 8000, 8, bytes([code])))
    full_scale = 8192 if kind == 7 else 4096
    assert samples.tolist() == [meaning / full_scale]


@pytest.mark.parametrize("kind", [6, 7])
def test_a_tone_from_a_companded_recording_is_learned(tmp_path: Path, kind: int) -> None:
    every, _ = read_wav(written(tmp_path, kind, 1, 8000, 8, bytes(range(256))))
    codes = np.abs(every[None, :] - MEXICO.samples()[:, None]).argmin(axis=1).astype(np.uint8)
    samples, rate = read_wav(written(tmp_path, kind, 1, 8000, 8, codes.tobytes()))
    assert learn_tone(samples, rate).cadence_ms == ((250, 250),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a WAV file"),
        (b"ID3\x03 an mp3", "is not a WAV file"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "is not a WAV file"),
        (b"RIFF\x00\x00\x00\x00WAVE" + b"fmt \xff\xff\xff\xff" + b"\x01", "is not a WAV file"),
    ],
)
def test_what_is_no_wav_is_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "tone.wav"
    path.write_bytes(content)
    with pytest.raises(UnreadableRecording, match=message) as refused:
        read_wav(path)
    assert str(path) in str(refused.value)


def test_a_format_we_do_not_read_tells_how_to_convert_it(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecording, match="sox"):
        read_wav(written(tmp_path, 3, 1, 8000, 32, b"\0" * 8))
    with pytest.raises(UnreadableRecording, match="1 or 2 channels"):
        read_wav(written(tmp_path, 1, 6, 8000, 16, b"\0" * 24))
    with pytest.raises(UnreadableRecording, match="cannot be read"):
        read_wav(tmp_path / "missing.wav")


@given(noise=st.binary(max_size=200))
def test_a_damaged_wav_never_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + noise)
    with suppress(UnreadableRecording):
        samples, rate = read_wav(path)
        assert samples.ndim in (1, 2)
        assert 8000 <= rate <= 48000


def written(folder: Path, kind: int, channels: int, rate: int, bits: int, data: bytes) -> Path:
    """Write a WAV whose first chunk is one nobody needs, as recorders do."""
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * frame, frame, bits)
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    chunks += b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    path = folder / f"{kind}.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks)
    return path


def syllables(seconds: float, seed: int) -> np.ndarray:
    """Return what a talker sounds like to a tone detector: gliding pitch, formants, uneven syllables."""
    dice = np.random.default_rng(seed)
    pieces: list[np.ndarray] = []
    while sum(piece.size for piece in pieces) < seconds * 8000:
        length = int(dice.uniform(0.08, 0.3) * 8000)
        begin = dice.uniform(100, 240)
        pitch = np.linspace(begin, begin * dice.uniform(0.75, 1.25), length)
        phase = 2 * np.pi * np.cumsum(pitch) / 8000
        formant = dice.uniform(300, 800)
        voiced = sum(
            (np.exp(-(((part * pitch.mean() - formant) / 150) ** 2)) + 0.05) * np.sin(part * phase)
            for part in range(1, 14)
        )
        pieces += [0.2 * np.hanning(length) * voiced, np.zeros(int(dice.uniform(0.02, 0.25) * 8000))]
    return np.concatenate(pieces).astype(np.float32)
