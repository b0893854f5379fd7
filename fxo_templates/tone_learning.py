"""`tone-learn`: the tone a line plays after the other side has hung up, measured in a recording of it.

A recording goes in; frequency and cadence come out, or a clear refusal. Nothing here waits; `read_wav` reads one file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fxo_templates.country import Cadence, Tone
from fxo_templates.country_file import country_profile, profile_text, shipped_countries
from fxo_templates.tone_spectrum import (
    SHORTEST_BURST_MS,
    SMOOTHING_TICKS,
    TONAL,
    Burst,
    Envelope,
    Samples,
    Sound,
    UnreadableRecording,
    bursts_of,
    exact_hz,
    inner_ticks,
    read_wav,
)
from vocabulary.errors import CentralitaError, ConfigurationError

__all__ = [
    "CountryMatch",
    "LearnedTone",
    "NoRepeatingTone",
    "UnreadableRecording",
    "as_profile_toml",
    "learn_tone",
    "nearest_countries",
    "read_wav",
]

SHORTEST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 120.0
FEWEST_CYCLES: Final = 3
MOST_PAIRS: Final = 3
"""A cadence has up to three (sound, silence) pairs: what every gateway family can be told."""
LONGEST_HANG_UP_PAUSE_MS: Final = 1500
"""A longer pause is a ringing line: in every profile we ship, ringback pauses 3 s or more, busy at most 0.6 s."""
LEAST_SNR_DB: Final = 3.0
_PURE: Final = 0.55
"""Share of the band's power that a burst's one or two frequencies must hold: 0.9 at 10 dB, speech seldom 0.4."""
_PARTNER: Final = 0.1
"""A second tone is at most 10 dB below the first."""
_CONTINUOUS_SECONDS: Final = 2.5
_LEVEL_SPREAD: Final = 1.6
"""Loudest through quietest burst of one tone."""
_HZ_SPREAD: Final = 5.0
_DRIFT_HZ: Final = 2.0
"""Movement of the pitch within a burst (the median): bursts of 80 ms at 3 dB measure 0.5, syllables 4 and more."""


class NoRepeatingTone(CentralitaError):
    """The recording holds no tone that can be learned; the message says what was heard and what to record instead."""

    def __init__(self, heard: str) -> None:
        super().__init__(f"no repeating tone found: {heard}")


@dataclass(frozen=True, slots=True)
class LearnedTone:
    """What a line's busy or reorder tone was measured to be."""

    frequencies_hz: tuple[float, ...]
    """One, or two that sound together; ascending."""
    cadence_ms: Cadence
    """(sound, silence) pairs. Where a pattern begins cannot be heard: ours ends with its longest silence."""
    cycles: int
    """How many whole repetitions of the pattern were heard."""
    snr_db: float
    """Tone to noise between 250 and 3400 Hz, at most 60; the noise is what is heard in the pauses."""
    confidence: float
    """0 to 1: grows with cycles and SNR, shrinks with how far the repetitions differ."""


@dataclass(frozen=True, slots=True)
class CountryMatch:
    """A known tone that agrees with the measured one."""

    iso: str
    tone: str
    """"busy", "congestion" or "ringback"."""
    distance: float
    """0: the same; 1: at the limit of our tolerance (10 Hz; 8 % or 20 ms)."""


@dataclass(frozen=True, slots=True)
class _Run:
    """The longest stretch that repeats."""

    first: int
    """Index of its first pair."""
    pairs: int
    period: int
    """Pairs in one cycle."""
    cadence: tuple[tuple[float, float], ...]
    """Milliseconds."""
    jitter: float
    """Standard deviation of repetitions, relative to the tolerance."""

    @property
    def cycles(self) -> int:
        return self.pairs // self.period


def learn_tone(samples: Samples, rate: int) -> LearnedTone:
    """Measure the repeating tone in `samples`: float in -1..1 or int16, `rate` hertz, one channel or one per column.

    Of two channels the one with the clearer tone counts. Raises: NoRepeatingTone, saying what was heard instead.
    """
    if rate < 8000:
        raise NoRepeatingTone(f"{rate} samples a second are too few; record with 8000 or more")
    channels = [samples] if samples.ndim == 1 else [samples[:, index] for index in range(samples.shape[1])]
    learned: list[LearnedTone] = []
    refusals: list[tuple[int, NoRepeatingTone]] = []
    for channel in channels:
        try:
            learned.append(_learn_channel(channel, rate))
        except _Refusal as refusal:
            refusals.append((refusal.weight, NoRepeatingTone(str(refusal))))
    if learned:
        return max(learned, key=lambda tone: tone.confidence)
    raise max(refusals, key=lambda refusal: refusal[0])[1]


class _Refusal(Exception):
    """Why one reading of the recording fails; the heaviest reason is told."""

    def __init__(self, weight: int, heard: str) -> None:
        super().__init__(heard)
        self.weight = weight


def _learn_channel(samples: Samples, rate: int) -> LearnedTone:
    seconds = samples.size / rate
    if seconds < SHORTEST_SECONDS:
        raise _Refusal(0, f"the recording lasts {seconds:.1f} s; record ten seconds of the tone")
    if seconds > LONGEST_SECONDS:
        raise _Refusal(0, f"the recording lasts {seconds:.0f} s; cut out less than {LONGEST_SECONDS:.0f} s of the tone")
    if not np.isfinite(samples).all():
        raise _Refusal(0, "the samples hold values that are no numbers")
    sound = Sound(samples, rate)
    if float(sound.power.max()) < 1e-9:
        raise _Refusal(0, "the recording is silent")
    refusals = [_Refusal(1, "nothing in it is a steady tone; it sounds like speech, music or noise")]
    for hz in sound.candidates(4):
        try:
            return _learn_at(sound, hz)
        except _Refusal as refusal:
            refusals.append(refusal)
    raise max(refusals, key=lambda refusal: refusal.weight)


def _learn_at(sound: Sound, hz: float) -> LearnedTone:
    """Read the recording as a tone of which `hz` is the strongest part.

    Raises: _Refusal.
    """
    envelopes = [sound.envelope(hz)]
    bursts = bursts_of(sound, envelopes, TONAL)
    sounding = inner_ticks(sound.ticks, [burst for burst in bursts if burst.is_tone])
    partners = [
        other
        for other, share in sound.strongest(sounding, 3)
        if abs(other - hz) > 30 and share >= _PARTNER and _sounds_with(sound.envelope(other), sounding)
    ]
    envelopes += [sound.envelope(other) for other in partners[:1]]
    bursts = bursts_of(sound, envelopes, _PURE)
    heard = [burst for burst in bursts if burst.is_tone]
    if not heard:
        raise _Refusal(1, "nothing in it is a steady tone; it sounds like speech, music or noise")
    names = " + ".join(f"{envelope.hz:.0f}" for envelope in sorted(envelopes, key=lambda one: one.hz))
    run = _longest_run(_pairs(bursts, sound.tick_seconds))
    if run is None or run.cycles < FEWEST_CYCLES:
        raise _why_not(heard, run, names, sound.tick_seconds)
    members = bursts[run.first : run.first + run.pairs]
    levels = [burst.level for burst in members]
    is_steady = float(np.median([burst.drift_hz for burst in members])) <= _DRIFT_HZ
    is_one_pitch = float(np.std([burst.hz for burst in members])) <= _HZ_SPREAD
    if not (is_steady and is_one_pitch and max(levels) <= _LEVEL_SPREAD * min(levels)):
        raise _Refusal(2, f"sounds at {names} Hz come in a rhythm, but loudness or pitch move: speech or music")
    snr_db = _snr_db(sound, bursts, run)
    if snr_db < LEAST_SNR_DB:
        raise _Refusal(4, f"the tone at {names} Hz is only {snr_db:.0f} dB above what is heard in its pauses")
    sounding = inner_ticks(sound.ticks, members)
    frequencies = sorted(exact_hz(envelope, sounding, sound.tick_seconds) for envelope in envelopes)
    return LearnedTone(
        tuple(round(found, 1) for found in frequencies),
        tuple((round(on), round(off)) for on, off in _rotated(run.cadence)),
        run.cycles,
        round(snr_db, 1),
        round(_confidence(run, snr_db), 2),
    )


def _pairs(bursts: Sequence[Burst], tick_seconds: float) -> list[tuple[float, float] | None]:
    """Return (sound, silence) in ms of each burst that the tone follows again; None where that cannot be measured."""
    milliseconds = tick_seconds * 1000
    return [
        ((one.end - one.begin) * milliseconds, (following.begin - one.end) * milliseconds)
        if one.is_tone and one.is_whole and following.is_tone
        else None
        for one, following in pairwise(bursts)
    ]


def _tolerance_ms(one: float, other: float) -> float:
    return max(20.0, 0.06 * max(one, other))


def _longest_run(pairs: Sequence[tuple[float, float] | None]) -> _Run | None:
    """Return the longest stretch that repeats itself after one, two or three pairs; the simplest of equals."""
    runs = [run for period in range(1, MOST_PAIRS + 1) if (run := _run_of(pairs, period))]
    if not runs:
        return None
    longest = max(run.pairs for run in runs)
    return next(run for run in runs if run.pairs >= 0.75 * longest)


def _run_of(pairs: Sequence[tuple[float, float] | None], period: int) -> _Run | None:
    best: tuple[int, int] = (0, 0)
    first = 0
    for index, pair in enumerate(pairs):
        if pair is None:
            first = index + 1
            continue
        earlier = pairs[index - period] if index - period >= first else None
        if earlier is not None and not _is_same(pair, earlier):
            first = index - period + 1
        if index + 1 - first > best[1]:
            best = (first, index + 1 - first)
    begin, length = best
    if length < 2 * period:
        return None
    chosen = [pair for pair in pairs[begin : begin + length] if pair is not None]
    cadence, jitter = [], 0.0
    for place in range(period):
        values = np.array(chosen[place::period])
        middle = np.median(values, axis=0)
        cadence.append((float(middle[0]), float(middle[1])))
        spread = np.std(values, axis=0)
        jitter = max(jitter, *(float(s) / _tolerance_ms(float(m), 0) for s, m in zip(spread, middle, strict=True)))
    if min(min(pair) for pair in cadence) < SHORTEST_BURST_MS:
        return None
    return _Run(begin, length, period, tuple(cadence), jitter)


def _is_same(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(abs(a - b) <= _tolerance_ms(a, b) for a, b in zip(one, other, strict=True))


def _rotated(cadence: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return the cadence so that its longest silence is last; among (nearly) equals, the shortest sound is first."""
    turns = [tuple(cadence[index:]) + tuple(cadence[:index]) for index in range(len(cadence))]
    longest = max(off for _, off in cadence)
    ending = [turn for turn in turns if longest - turn[-1][1] <= _tolerance_ms(longest, longest)]
    return min(ending, key=lambda turn: turn[0][0])


def _why_not(heard: Sequence[Burst], run: _Run | None, names: str, tick_seconds: float) -> _Refusal:
    longest = max(burst.end - burst.begin for burst in heard) * tick_seconds
    if longest >= _CONTINUOUS_SECONDS:
        return _Refusal(
            5,
            f"the tone at {names} Hz is continuous ({longest:.1f} s without a pause), like a dial tone; "
            "record what the line plays after the other side has hung up",
        )
    if run is not None:
        return _Refusal(
            4,
            f"a tone at {names} Hz repeats {run.cycles} time(s); {FEWEST_CYCLES} are needed: record ten seconds of it",
        )
    if len(heard) <= MOST_PAIRS:
        return _Refusal(3, f"a tone at {names} Hz sounds {len(heard)} time(s); record ten seconds of it")
    return _Refusal(2, f"sounds at {names} Hz come and go without a rhythm; it sounds like speech or music")


def _sounds_with(other: Envelope, sounding: NDArray[np.bool_]) -> bool:
    """True when `other` is heard while the tone sounds, and not in its pauses."""
    if not sounding.any():
        return False
    if float(np.mean(sounding)) > 0.9:  # a continuous tone has no pauses to compare with
        return True
    return float(np.median(other.power[~sounding])) < 0.5 * float(np.median(other.power[sounding]))


def _snr_db(sound: Sound, bursts: Sequence[Burst], run: _Run) -> float:
    """Compare the band's power inside the run's bursts and inside its pauses."""
    margin = SMOOTHING_TICKS // 2
    loud, quiet = [], []
    for one, following in zip(bursts[run.first :], bursts[run.first + 1 : run.first + run.pairs + 1], strict=False):
        middle = round((one.begin + one.end) / 2)
        loud.append(sound.power[min(round(one.begin) + margin, middle) : max(round(one.end) - margin, middle + 1)])
        middle = round((one.end + following.begin) / 2)
        quiet.append(
            sound.power[min(round(one.end) + margin, middle) : max(round(following.begin) - margin, middle + 1)]
        )
    noise = float(np.mean(np.concatenate(quiet)))
    tone = float(np.mean(np.concatenate(loud))) - noise
    return float(np.clip(10 * np.log10(max(tone, 1e-12) / max(noise, 1e-12)), -60.0, 60.0))


def _confidence(run: _Run, snr_db: float) -> float:
    """Three cycles in silence: 0.75; six: 0.97. Less below 10 dB, and when the repetitions differ."""
    known: float = 1 - 0.5 ** (run.cycles - 1)
    return known * min(1.0, 0.4 + 0.06 * snr_db) * (1 - 0.5 * min(run.jitter, 1.0))


def nearest_countries(learned: LearnedTone) -> tuple[CountryMatch, ...]:
    """Return the tones of shipped profiles that agree with the measured one, the nearest first.

    A match with "ringback" says that a ringing line was recorded.
    """
    matches = []
    for iso in shipped_countries():
        profile = country_profile(iso)
        for name, tone in (
            ("busy", profile.busy),
            ("congestion", profile.congestion),
            ("ringback", profile.ringback),
        ):
            distance = _distance(learned, tone)
            if distance <= 1.0:
                matches.append(CountryMatch(iso, name, round(distance, 3)))
    return tuple(sorted(matches, key=lambda match: (match.distance, match.iso, match.tone)))


def _distance(learned: LearnedTone, tone: Tone) -> float:
    """Return the largest difference relative to its tolerance; patterns may begin anywhere."""
    heard, known = learned.cadence_ms, tone.cadence_ms
    if len(learned.frequencies_hz) != len(tone.frequencies_hz) or len(heard) != len(known):
        return float("inf")
    hertz = max(abs(a - b) / 10.0 for a, b in zip(learned.frequencies_hz, sorted(tone.frequencies_hz), strict=True))
    turns = [known[index:] + known[:index] for index in range(len(known))]
    return max(hertz, min(_cadence_distance(heard, turn) for turn in turns))


def _cadence_distance(heard: Cadence, known: Cadence) -> float:
    pairs = zip(sum(heard, ()), sum(known, ()), strict=True)
    return max(abs(measured - nominal) / max(20.0, 0.08 * nominal) for measured, nominal in pairs)


def as_profile_toml(learned: LearnedTone, country: str, name: str) -> str:
    """Return the country's profile as TOML with this tone as its hang-up tone; `load_profile` reads it.

    `country`: ISO code of the profile it is based on; `name`: how this line is called ("Spain, office line 1").
    Cadences are rounded to 10 ms, the finest step that every gateway knows.
    Raises: ConfigurationError when the tone is a ringing line's: hanging up on it would end calls that still ring.
    """
    longest = max(off for _, off in learned.cadence_ms)
    if longest > LONGEST_HANG_UP_PAUSE_MS:
        raise ConfigurationError(
            f"the tone pauses for {longest} ms: that is a ringing line, not a hung-up one; "
            "record what the line plays after the other side has hung up"
        )
    if not name or any(ord(letter) < 32 for letter in name):
        raise ConfigurationError("name: must be a text of one line")
    heard = (
        f"learned from a recording: {learned.cycles} cycles, {learned.snr_db:.0f} dB above noise, "
        f"confidence {learned.confidence:.2f}"
    )
    tone = Tone(
        tuple(round(hertz) for hertz in learned.frequencies_hz),
        tuple((_tens(on), _tens(off)) for on, off in learned.cadence_ms),
        heard,
        "learned",
    )
    return profile_text(replace(country_profile(country), name=name, name_es=name, hang_up=tone))


def _tens(milliseconds: int) -> int:
    return round(milliseconds / 10) * 10
