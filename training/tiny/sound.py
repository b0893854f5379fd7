"""What a telephone line and a room do to speech, and the sounds that are no speech at all; everything at 8 kHz."""

import numpy as np
from numpy.random import Generator

from engines.stt.tiny.features import RATE, Samples


def seconds_of(count: float) -> int:
    """Return samples in `count` seconds."""
    return max(1, int(count * RATE))


def coloured_noise(samples: int, rng: Generator, slope: float) -> Samples:
    """Return noise of power 1 whose power falls with frequency to the power of `slope`: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    shape = np.maximum(np.fft.rfftfreq(samples, 1 / RATE), 30.0) ** (-slope / 2)
    noise = np.fft.irfft(spectrum * shape, samples)
    return np.asarray(noise / (noise.std() + 1e-9), np.float32)


def hum(samples: int, rng: Generator) -> Samples:
    """Return mains hum with its harmonics, of power 1."""
    time = np.arange(samples) / RATE
    mains = rng.choice((50.0, 60.0))
    wave = sum(rng.uniform(0.1, 1) / k * np.sin(2 * np.pi * (mains * k * time + rng.random())) for k in range(1, 16))
    return np.asarray(wave / np.std(wave), np.float32)


def with_noise(speech: Samples, noise: Samples, snr_db: float, speech_power: float) -> Samples:
    """Return the sum with `noise` (power 1) set `snr_db` below `speech_power`, the mean power while speaking."""
    return speech + noise * np.float32(np.sqrt(speech_power / 10 ** (snr_db / 10)))


def equalised(samples: Samples, rng: Generator) -> Samples:
    """Return the sound through a random gentle equaliser: another microphone, another room."""
    knots = np.cumsum(rng.normal(0, 2.0, 9))
    return _filtered(samples, np.linspace(0, RATE / 2, 9), knots - knots.mean())


def telephone_band(samples: Samples, low: float = 300.0, high: float = 3400.0) -> Samples:
    """Return the sound between `low` and `high` Hz, with slopes like an old line's."""
    points = np.array([0, low * 0.5, low, high, min(high * 1.08, RATE / 2 - 1), RATE / 2])
    return _filtered(samples, points, np.array([-50.0, -25, 0, 0, -30, -50]))


def _filtered(samples: Samples, frequencies: np.ndarray, gains_db: np.ndarray) -> Samples:
    spectrum = np.fft.rfft(samples)
    grid = np.linspace(0, RATE / 2, len(spectrum))
    gains = 10 ** (np.interp(grid, frequencies, gains_db) / 20)
    return np.asarray(np.fft.irfft(spectrum * gains, len(samples)), np.float32)


def through_mu_law(samples: Samples) -> Samples:
    """Return the sound after G.711 μ-law: companded to 8 bits and back (ITU-T G.711, continuous form)."""
    companded = np.sign(samples) * np.log1p(255 * np.abs(np.clip(samples, -1, 1))) / np.log1p(255)
    coded = np.round(companded * 127) / 127
    return np.asarray(np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(255)) / 255, np.float32)


def through_a_law(samples: Samples) -> Samples:
    """Return the sound after G.711 A-law: companded to 8 bits and back (ITU-T G.711, continuous form)."""
    a, knee = 87.6, 1 + np.log(87.6)
    size = np.abs(np.clip(samples, -1, 1))
    companded = np.where(size < 1 / a, a * size / knee, (1 + np.log(np.maximum(a * size, 1))) / knee)
    coded = np.round(companded * 127) / 127
    size = np.where(coded < 1 / knee, coded * knee / a, np.exp(coded * knee - 1) / a)
    return np.asarray(np.sign(samples) * size, np.float32)


def padded(samples: Samples, before_seconds: float, after_seconds: float) -> Samples:
    """Return the sound with digital silence around it."""
    return np.pad(samples, (seconds_of(before_seconds), seconds_of(after_seconds)))


def as_on_a_line(samples: Samples, rng: Generator) -> Samples:
    """Return the sound as some telephone delivers it: band, level, clipping and codec at random."""
    if rng.random() < 0.7:
        samples = telephone_band(samples, rng.uniform(180, 350), rng.uniform(3100, 3650))
    level = 10 ** rng.uniform(-1.6, 0) / max(float(np.abs(samples).max()), 1e-4)
    if rng.random() < 0.08:
        level *= rng.uniform(1.2, 3)
    samples = np.clip(samples * np.float32(level), -1, 1)
    codec = rng.random()
    if codec < 0.55:
        return through_mu_law(samples)
    return through_a_law(samples) if codec < 0.8 else np.asarray(np.round(samples * 32767) / 32768, np.float32)


# --- sounds that are nobody's words -----------------------------------------------------------------------------------


def silence(samples: int, rng: Generator) -> Samples:
    """Return a quiet line."""
    return coloured_noise(samples, rng, 1.0) * np.float32(10 ** rng.uniform(-6, -3))


def room(samples: int, rng: Generator) -> Samples:
    """Return noise alone, coming and going."""
    swell = np.interp(np.arange(samples), np.linspace(0, samples, 6), rng.uniform(0.2, 1, 6))
    return np.asarray(coloured_noise(samples, rng, rng.uniform(0, 2.2)) * swell * 0.2, np.float32)


def mains(samples: int, rng: Generator) -> Samples:
    """Return hum alone, with a little hiss."""
    return hum(samples, rng) * np.float32(0.2) + coloured_noise(samples, rng, 1.0) * np.float32(rng.uniform(0, 0.02))


def tones(samples: int, rng: Generator) -> Samples:
    """Return a network tone (dial, busy, ringback, fax) in some cadence."""
    time = np.arange(samples) / RATE
    pair = rng.choice(((425, 425), (440, 480), (350, 440), (480, 620), (1100, 1100), (2100, 2100), (950, 1400)))
    wave = np.sin(2 * np.pi * pair[0] * time) + np.sin(2 * np.pi * pair[1] * time)
    on, period = rng.choice(((9.0, 9.0), (0.25, 0.5), (0.5, 1.0), (1.0, 4.0), (0.2, 0.4)))
    return np.asarray(0.2 * wave * ((time + rng.random()) % period < on), np.float32)


def keypad(samples: int, rng: Generator) -> Samples:
    """Return DTMF digits (ITU-T Q.23)."""
    wave = np.zeros(samples, np.float32)
    place = seconds_of(rng.uniform(0.05, 0.3))
    while place < samples:
        length = min(seconds_of(rng.uniform(0.06, 0.3)), samples - place)
        time = np.arange(length) / RATE
        low, high = rng.choice((697, 770, 852, 941)), rng.choice((1209, 1336, 1477))
        wave[place : place + length] = 0.25 * (np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time))
        place += length + seconds_of(rng.uniform(0.05, 0.6))
    return wave


def music(samples: int, rng: Generator) -> Samples:
    """Return plucked or bowed notes over chords: music on hold."""
    wave = np.zeros(samples, np.float32)
    tempo = rng.uniform(0.12, 0.6)
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12]) + rng.integers(-12, 12)
    brightness, bowed = rng.uniform(0.8, 2), rng.random() < 0.4
    place = 0
    while place < samples:
        for voice in range(rng.integers(1, 4)):
            length = min(seconds_of(tempo * rng.choice((1, 2, 4))), samples - place)
            time = np.arange(length) / RATE
            pitch = 261.6 * 2 ** ((rng.choice(scale) - 12 * (voice == 2)) / 12)
            phase = 2 * np.pi * pitch * time + rng.uniform(0, 0.2) * np.sin(2 * np.pi * 5.5 * time)
            partials = range(1, max(2, min(12, int(3800 / pitch))))
            note = sum(np.sin(k * phase) / k**brightness for k in partials)
            shape = np.minimum(1, time / 0.05) if bowed else np.exp(-time * rng.uniform(2, 8))
            wave[place : place + length] += (0.15 * note * shape).astype(np.float32)
        place += seconds_of(tempo)
    return wave


def throat(samples: int, rng: Generator) -> Samples:
    """Return coughs, breaths, sniffs and knocks: bursts of noise shaped by a mouth."""
    wave = np.zeros(samples, np.float32)
    place = seconds_of(rng.uniform(0.05, 0.4))
    while place < samples:
        length = min(seconds_of(rng.choice((0.03, 0.15, 0.3, 0.8)) * rng.uniform(0.7, 1.4)), samples - place)
        if length < 40:
            break
        burst = coloured_noise(length, rng, rng.uniform(-0.5, 1.5))
        mouth = np.interp(np.linspace(0, RATE / 2, 30), np.sort(rng.uniform(200, 3800, 5)), rng.uniform(-20, 10, 5))
        burst = _filtered(burst, np.linspace(0, RATE / 2, 30), mouth)
        time = np.linspace(0, 1, length)
        shape = np.exp(-time * rng.uniform(1, 8)) if rng.random() < 0.6 else np.sin(np.pi * time) ** 2
        wave[place : place + length] += (burst / (burst.std() + 1e-6) * shape * rng.uniform(0.05, 0.3)).astype(
            np.float32
        )
        place += length + seconds_of(rng.uniform(0.1, 1.0))
    return wave


NON_SPEECH = (silence, room, mains, tones, keypad, music, throat)
"""Makers of sounds that must never become words."""


def babble(voices: list[Samples], samples: int, rng: Generator) -> Samples:
    """Return the murmur of a room, of power 1: several people at once, none of whom can be followed."""
    murmur = np.zeros(samples, np.float32)
    for _ in range(rng.integers(5, 9)):
        voice = voices[rng.integers(len(voices))]
        murmur += np.resize(np.roll(voice, rng.integers(len(voice))), samples) * np.float32(rng.uniform(0.4, 1))
    return np.asarray(murmur / (murmur.std() + 1e-9), np.float32)
