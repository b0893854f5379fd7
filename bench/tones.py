"""How exactly a line's hang-up tone is learned from a recording, by noise; and what is learned from no tone at all.

Every busy and congestion tone of the countries we ship, recorded as a bad line would: white noise, four levels, DC,
the first burst cut, the exchange's oscillator a little off, silence before it. The noise is given for the whole band
of the recording, as one would measure it.
"""

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from statistics import quantiles
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Group
from rich.table import Table

from engines.base import SpeechRequest
from engines.tts.espeak import EspeakMouth
from fxo_templates.country_file import country_profile, shipped_countries
from fxo_templates.tone_learning import NoRepeatingTone, learn_tone

TITLE: Final = "tones: frequency and cadence learned from a recording"
SNR_DB: Final = (30, 20, 10, 5, 0)
_RATES: Final = (8000, 16000)
_LEVELS: Final = (0.5, 0.1, 0.01, 0.002)
_VOICES: Final = ("es+f2", "es+m3", "es+f4", "es+m5")
_SPOKEN: Final = (
    "Buenos días, quisiera saber el saldo de mi cuenta y cuándo vence la última factura.",
    "No, no, no, no, no. Sí, sí, sí, sí, sí, sí.",
    "Uno, dos, tres, cuatro, cinco, seis, siete, ocho, nueve, diez.",
)

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recording:
    """How a tone is played and recorded."""

    frequencies_hz: tuple[float, ...]
    cadence_ms: tuple[tuple[int, int], ...]
    rate: int = 8000
    seconds: float = 10.0
    snr_db: float = 20.0
    level: float = 0.1
    """Amplitude of each frequency; 1 is full scale."""
    lead_seconds: float = 0.0
    """Silence (and noise) before it."""
    cut_seconds: float = 0.0
    """How much of the first cycle is missing."""
    dc: float = 0.0
    seed: int = 0

    def samples(self) -> Sound:
        """Return what the recorder has written."""
        dice = np.random.default_rng(self.seed)
        seconds = np.arange(round(self.seconds * self.rate)) / self.rate
        edges = np.cumsum([0, *(ms for pair in self.cadence_ms for ms in pair)]) / 1000
        within = (seconds + self.cut_seconds) % edges[-1] if self.cadence_ms else seconds
        is_on = np.searchsorted(edges, within, side="right") % 2 == 1
        wave = sum(
            (np.sin(2 * math.pi * hz * seconds + dice.uniform(0, 2 * math.pi)) for hz in self.frequencies_hz),
            np.zeros(seconds.size),
        )
        wave = np.concatenate([np.zeros(round(self.lead_seconds * self.rate)), self.level * wave * is_on])
        power = len(self.frequencies_hz) * self.level**2 / 2
        noise = dice.normal(0, math.sqrt(power / 10 ** (self.snr_db / 10)), wave.size)
        return (wave + noise + self.dc).astype(np.float32)


def measure(*, quick: bool) -> dict[str, Any]:
    """Return, for each SNR, how many tones were learned and how far off; and how often something else was learned."""
    seeds = range(1 if quick else 4)
    rows = [_errors(snr_db, seeds) for snr_db in SNR_DB]
    others = {name: _learned(sounds) for name, sounds in _no_tones(20 if quick else 100)}
    return {"by_snr": rows, "no_tone": others}


def table(found: Mapping[str, Any]) -> Group:
    """Show what `measure` found."""
    exact = Table(
        "SNR, dB",
        "recordings",
        "learned",
        "wrong pattern",
        "Hz, p95",
        "Hz, worst",
        "ms, p95",
        "ms, worst",
        "confidence",
    )
    for row in found["by_snr"]:
        exact.add_row(
            str(row["snr_db"]),
            str(row["recordings"]),
            f"{row['learned']}",
            f"{row['wrong_pattern']}",
            *(f"{row[name]:.2f}" for name in ("hz_p95", "hz_worst", "ms_p95", "ms_worst", "confidence_mean")),
        )
    others = Table("no tone at all", "recordings", "taken for a tone")
    for name, (recordings, learned) in found["no_tone"].items():
        others.add_row(name, str(recordings), str(learned))
    return Group(exact, others)


def _errors(snr_db: int, seeds: Sequence[int]) -> dict[str, float]:
    hertz, milliseconds, confidences = [], [], []
    recordings = wrong = 0
    for iso, name, seed, rate in product(shipped_countries(), ("busy", "congestion"), seeds, _RATES):
        profile = country_profile(iso)
        tone = profile.busy if name == "busy" else profile.congestion
        off_by = (seed - 1.5) * 0.004  # the exchange's oscillator
        played = tuple(hz * (1 + off_by) for hz in tone.frequencies_hz)
        recording = Recording(
            played, tone.cadence_ms, rate, 12.0, snr_db, _LEVELS[seed % 4], 0.7 * seed, 0.11 * seed, 0.05, seed
        )
        recordings += 1
        try:
            learned = learn_tone(recording.samples(), rate)
        except NoRepeatingTone:
            continue
        if len(learned.cadence_ms) != len(tone.cadence_ms) or len(learned.frequencies_hz) != len(played):
            wrong += 1
            continue
        hertz.append(max(abs(a - b) for a, b in zip(learned.frequencies_hz, sorted(played), strict=True)))
        milliseconds.append(_cadence_error(learned.cadence_ms, tone.cadence_ms))
        confidences.append(learned.confidence)
    return {
        "snr_db": snr_db,
        "recordings": recordings,
        "learned": len(hertz),
        "wrong_pattern": wrong,
        "hz_p95": _p95(hertz),
        "hz_worst": max(hertz, default=math.nan),
        "ms_p95": _p95(milliseconds),
        "ms_worst": max(milliseconds, default=math.nan),
        "confidence_mean": sum(confidences) / len(confidences) if confidences else math.nan,
    }


def _cadence_error(learned: Sequence[tuple[int, int]], played: Sequence[tuple[int, int]]) -> float:
    """Return the largest difference in ms; where the pattern begins does not count."""
    turns = [[*played[index:], *played[:index]] for index in range(len(played))]
    return min(
        max(abs(a - b) for one, other in zip(learned, turn, strict=True) for a, b in zip(one, other, strict=True))
        for turn in turns
    )


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[18] if len(values) > 1 else math.nan


def _learned(sounds: Iterator[Sound]) -> tuple[int, int]:
    recordings = learned = 0
    for sound in sounds:
        recordings += 1
        try:
            learn_tone(sound, 8000)
        except NoRepeatingTone:
            continue
        learned += 1
    return recordings, learned


def _no_tones(count: int) -> Iterator[tuple[str, Iterator[Sound]]]:
    yield "synthetic Spanish speech, 10 s", asyncio.run(_speech(count))
    yield "melodies in rhythm, 10 s", (melody(seed) for seed in range(count))
    yield (
        "white noise, 10 s",
        ((np.random.default_rng(seed).normal(0, 0.1, 80_000).astype(np.float32)) for seed in range(count)),
    )
    yield (
        "dial tone, 10 s",
        (Recording((425.0,), (), snr_db=10.0 + seed % 20, seed=seed).samples() for seed in range(count)),
    )


def melody(seed: int, rate: int = 8000, seconds: float = 10.0) -> Sound:
    """Return a random tune of two voices in a strict rhythm: plucked, with overtones."""
    dice = np.random.default_rng(seed)
    wave = np.zeros(round(seconds * rate))
    for beat in (0.25, 0.5):
        length = round(beat * rate)
        time = np.arange(length) / rate
        for begin in range(0, wave.size - length + 1, length):
            hz = 220 * 2 ** (dice.integers(0, 24) / 12)
            note = sum((np.sin(2 * math.pi * hz * part * time) / part for part in (1, 2, 3)), np.zeros(length))
            wave[begin : begin + length] += 0.1 * note * np.exp(-3 * time)
    return (wave + dice.normal(0, 0.001, wave.size)).astype(np.float32)


async def _speech(count: int) -> Iterator[Sound]:
    """Return pieces of ten seconds, in four voices."""
    voices = []
    with closing(EspeakMouth()) as mouth:
        for voice, sentence in product(_VOICES, _SPOKEN):
            request = SpeechRequest(sentence, 8000, voice=voice)
            voices.append(np.concatenate([np.frombuffer(piece.pcm, np.int16) async for piece in mouth.speak(request)]))
    spoken = (np.concatenate(voices) / 32768).astype(np.float32)
    step = max((spoken.size - 80_000) // count, 1)
    return (spoken[begin : begin + 80_000] for begin in range(0, step * count, step))
