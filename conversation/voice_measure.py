"""How a turn was said, measured on its sound: loudness, pitch, pace, pauses. Pure numpy, under a millisecond a turn.

Telephone sound lacks the lowest octaves: the pitch is therefore the period after which the sound repeats itself
(autocorrelation), which the higher harmonics show as well as the fundamental. Syllables are counted as peaks of
loudness with dips between them. All of it means little by itself; `voice_baseline` compares it with the caller's usual.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATES: Final = (8000, 16000)
"""Hertz."""
LONGEST_SECONDS: Final = 8.0
"""Of a longer turn the end counts: that is the mood it leaves."""
_RATE: Final = 8000
_HOP: Final = 80
"""10 ms."""
_HOPS_PER_SECOND: Final = _RATE // _HOP
_FULL_SCALE: Final = np.float32(32768)
_QUIETEST_DB: Final = -55.0
"""Of full scale; a voice below is not measured."""
_QUIET_SHARE: Final = 0.04
"""Of the sound is taken for noise alone: even fast speech has so much silence, in its stops."""
_ABOVE_NOISE_DB: Final = 6.0
_BELOW_PEAK_DB: Final = 25.0
_PAUSE_HOPS: Final = 25
"""A quarter of a second of silence parts two stretches of speech; stops and breaths are shorter."""
_PITCH_RATE: Final = 4000
_PITCH_WINDOW: Final = 160
"""40 ms: two periods of the deepest voice."""
_MOST_WINDOWS: Final = 36
_WINDOW_HOPS: Final = 4
_SMOOTH: Final = np.array((0.25, 0.5, 0.25), np.float32)
"""Without the highest harmonics the likeness is round between two samples, and its top can be told."""
_FEWEST_WINDOWS: Final = 3
_LOWEST_HERTZ: Final = 70
_HIGHEST_HERTZ: Final = 400
_PERIODIC: Final = 0.55
"""Normalised autocorrelation of a vowel; noise stays below 0.4 in windows this long."""
_AS_GOOD: Final = 0.88
"""Of several periods nearly as likely as the best the shortest is the true one: twice a period is a period too."""
_ENVELOPE_HOPS: Final = 7
_DIP_DB: Final = 2.0
"""Between the peaks of two syllables."""
_CLIPPED: Final = 32700

Samples = NDArray[np.int16]
_Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VoiceMeasure:
    """One turn's voice; the figures are those of the voiced sound, pauses and noise left out."""

    voiced_seconds: float
    """How much sound of vocal cords there was; the more, the surer is the rest."""
    loudness_db: float
    """Of full scale, noise taken off: what three quarters of the speech stay below, hence that of its vowels."""
    loudness_spread_db: float
    """Between the quietest and the loudest tenth."""
    pitch_semitones: float
    """Over 100 Hz; the median."""
    pitch_spread_semitones: float
    """Between the first and the last quarter."""
    syllables_per_second: float
    """While speaking; pauses do not count."""
    pause_share: float
    """0 to 1, between the first sound and the last."""
    noise_db: float
    """Of full scale."""
    clipped_share: float
    """0 to 1: samples at full scale, where loudness can no longer be told."""


def measure_voice(sound: bytes | Samples, rate: int) -> VoiceMeasure | None:
    """Measure a turn: 16 bit mono PCM, at 8 or 16 kHz. None when there is no voice in it to be measured.

    Raises: ValueError for another rate.
    """
    if rate not in RATES:
        raise ValueError(f"a voice is measured at 8000 or 16000 Hz, not at {rate}")
    samples = np.frombuffer(sound[: len(sound) // 2 * 2], "<i2") if isinstance(sound, bytes) else sound
    samples = samples[-round(LONGEST_SECONDS * rate) :]
    clipped_share = float(np.count_nonzero((samples >= _CLIPPED) | (samples <= -_CLIPPED))) / max(1, samples.size)
    wave = _halved(samples.astype(np.float32)) if rate > _RATE else samples.astype(np.float32)
    hops = wave.size // _HOP
    if hops < _ENVELOPE_HOPS:
        return None
    wave = wave[: hops * _HOP] / _FULL_SCALE
    wave -= wave.mean()
    powers = np.square(wave).reshape(hops, _HOP).mean(axis=1) + np.float32(1e-10)
    levels = 10 * np.log10(powers)
    noise_db, peak_db = _ranked(levels, _QUIET_SHARE, 0.95)
    threshold = max(peak_db - _BELOW_PEAK_DB, min(noise_db + _ABOVE_NOISE_DB, peak_db - _ABOVE_NOISE_DB))
    is_speech = levels > threshold
    if peak_db < _QUIETEST_DB:
        return None
    pitches, share = _voiced(wave, is_speech)
    if pitches.size < _FEWEST_WINDOWS:
        return None
    noise = 10 ** (noise_db / 10) if noise_db < peak_db - 2 * _ABOVE_NOISE_DB else 0.0
    spoken = powers[is_speech]
    low, loudness, high = _ranked(10 * np.log10(np.maximum(spoken - noise, spoken * 0.1)), 0.1, 0.75, 0.9)
    first, pitch, last = _ranked(pitches, 0.25, 0.5, 0.75)
    speaking, pausing = _speaking(is_speech)
    return VoiceMeasure(
        voiced_seconds=float(np.count_nonzero(is_speech)) * share / _HOPS_PER_SECOND,
        loudness_db=loudness,
        loudness_spread_db=high - low,
        pitch_semitones=pitch,
        pitch_spread_semitones=last - first,
        syllables_per_second=_syllables(powers, threshold) / (speaking / _HOPS_PER_SECOND),
        pause_share=pausing / (speaking + pausing),
        noise_db=noise_db,
        clipped_share=clipped_share,
    )


def _ranked(values: _Floats, *shares: float) -> tuple[float, ...]:
    """Return the values below which such shares of all lie; numpy's own percentiles take ten times as long."""
    ordered = np.sort(values)
    places = [share * (ordered.size - 1) for share in shares]
    between = ((int(place), place % 1) for place in places)
    return tuple(float((1 - part) * ordered[at] + part * ordered[at + (part > 0)]) for at, part in between)


def _halved(wave: _Floats) -> _Floats:
    """Return half as many samples; what lies above the new band is damped enough for loudness and pitch."""
    pairs: _Floats = wave[: wave.size // 2 * 2].reshape(-1, 2).mean(axis=1)
    return pairs


def _voiced(wave: _Floats, is_speech: NDArray[np.bool_]) -> tuple[_Floats, float]:
    """Return the pitch (semitones over 100 Hz) of windows of vocal cords, and their share of all windows."""
    hops = np.flatnonzero(is_speech[: is_speech.size - _WINDOW_HOPS + 1])
    if not hops.size:
        return np.zeros(0, np.float32), 0.0
    if hops.size > _MOST_WINDOWS:
        hops = hops[np.linspace(0, hops.size - 1, _MOST_WINDOWS).astype(int)]
    low = np.convolve(_halved(wave), _SMOOTH, "same")
    windows = low[hops[:, None] * (_HOP // 2) + np.arange(_PITCH_WINDOW)]
    windows = windows - windows.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(windows, 2 * _PITCH_WINDOW)
    likeness = np.fft.irfft(np.square(np.abs(spectrum)), 2 * _PITCH_WINDOW)
    whole = np.maximum(likeness[:, :1], 1e-9)
    # One lag more on either side, for the neighbours of a peak; a shifted window overlaps itself less.
    lags = np.arange(_PITCH_RATE // _HIGHEST_HERTZ - 1, _PITCH_RATE // _LOWEST_HERTZ + 2)
    likeness = likeness[:, lags] / whole * (_PITCH_WINDOW / (_PITCH_WINDOW - lags)).astype(np.float32)
    before, at, after = likeness[:, :-2], likeness[:, 1:-1], likeness[:, 2:]
    # The top of the parabola through three neighbours: the period of a high voice lies between two samples.
    shift = 0.5 * (before - after) / np.minimum(before - 2 * at + after, np.float32(-1e-6))
    heights = np.where((at >= before) & (at > after), at - 0.25 * (before - after) * shift, 0)
    best = heights.max(axis=1)
    voiced = np.flatnonzero(best > _PERIODIC)
    chosen = np.argmax(heights[voiced] >= _AS_GOOD * best[voiced, None], axis=1)
    periods = lags[1 + chosen] + shift[voiced, chosen]
    pitches = (12 * np.log2(_PITCH_RATE / periods / 100)).astype(np.float32)
    return pitches, voiced.size / hops.size


def _speaking(is_speech: NDArray[np.bool_]) -> tuple[int, int]:
    """Return how many hops were spoken and how many were pauses between; gaps too short for a pause are speech."""
    spoken = np.flatnonzero(is_speech)
    gaps = np.diff(spoken) - 1
    pausing = int(gaps[gaps >= _PAUSE_HOPS].sum())
    return max(1, int(spoken[-1] - spoken[0] + 1) - pausing), pausing


def _syllables(powers: _Floats, threshold_db: float) -> int:
    """Count the peaks of loudness that dips part."""
    window = np.hanning(_ENVELOPE_HOPS + 2)[1:-1]
    envelope = 10 * np.log10(np.convolve(powers, window / window.sum(), "same"))
    inner = envelope[1:-1]
    turning = np.flatnonzero((inner >= envelope[:-2]) & (inner > envelope[2:])) + 1
    count, top, dip = 0, -np.inf, np.inf
    before = 0
    for place in turning:
        if envelope[place] < threshold_db:
            continue
        dip = float(envelope[before : place + 1].min()) if count else -np.inf
        if not count or (min(top, envelope[place]) - dip >= _DIP_DB):
            count, top, before = count + 1, float(envelope[place]), int(place)
        elif envelope[place] > top:
            top, before = float(envelope[place]), int(place)
    return count
