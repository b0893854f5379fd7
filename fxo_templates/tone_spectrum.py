"""A recording taken apart: which steady tones are in it, and how loud one of them is at each millisecond.

The measuring half of `tone_learning`; what it means is decided there. Everything is in the telephone's band
(250-3400 Hz), so DC, mains hum and hiss above speech are gone before anything is compared.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from vocabulary.errors import CentralitaError

Number = TypeVar("Number", np.float64, np.complex128)
Real = NDArray[np.float64]
Samples = NDArray[np.float32] | NDArray[np.float64] | NDArray[np.int16]

LOWEST_HZ: Final = 250.0
HIGHEST_HZ: Final = 1000.0
"""Where call-progress tones are looked for; the profiles we ship lie between 350 and 620 Hz."""
BAND_TOP_HZ: Final = 3400.0
SEPARATION_HZ: Final = 35.0
"""Two tones nearer than this are heard as one."""
SMOOTHING_TICKS: Final = 40
"""Length of the window over the envelope, in ticks of one millisecond. An edge crosses half its height where it
really is, however long the window; two tones 50 Hz apart do not disturb one another, 40 Hz hardly."""
SHORTEST_BURST_MS: Final = 50.0
SHORTEST_PAUSE_MS: Final = 50.0
TONAL: Final = 0.2
"""A tick belongs to the tone when it holds this share of the band's power."""
_FLAT: Final = 0.3
"""Deviation of a burst's loudness from its middle, at most: tones are keyed on and off, notes and vowels swell."""
_FRAME_SECONDS: Final = 0.096
_HOP_SECONDS: Final = 0.016
_LOWEST_POWER: Final = 1e-12
"""Below any sound of a telephone; keeps digital silence from being divided by."""
_MOST_BYTES: Final = 128 * 1024 * 1024


class UnreadableRecording(CentralitaError):
    """The file is no WAV that we read; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One frequency's loudness over time."""

    hz: float
    baseband: NDArray[np.complex128]
    """Shifted to zero hertz, smoothed, one value a tick; a sine of amplitude A gives A / 2."""

    @property
    def power(self) -> Real:
        """Mean square of the tone at each tick."""
        found: Real = 2.0 * np.abs(self.baseband) ** 2
        return found


@dataclass(frozen=True, slots=True)
class Burst:
    """One stretch in which the tone sounds, in ticks."""

    begin: float
    end: float
    level: float
    """Amplitude of its middle part."""
    hz: float
    drift_hz: float
    """How far its frequency moves from its first half to its second."""
    is_tone: bool
    """Pure, flat, and as loud as usual."""
    is_whole: bool
    """False where the recording begins or ends in it."""


class Sound:
    """A mono recording in the telephone's band, and what can be measured in it."""

    def __init__(self, samples: Samples, rate: int) -> None:
        """`samples`: one channel, any level; `rate`: hertz, 8000 or more."""
        wave = samples.astype(np.float64)
        if samples.dtype == np.int16:
            wave /= 32768.0
        self.rate = rate
        self.wave = _telephone_band(wave, rate)
        self.block = round(rate / 1000)
        self.tick_seconds = self.block / rate
        self.ticks = wave.size // self.block
        self.power = _smoothed(self._blocks(self.wave**2))
        """Mean square of everything in the band at each tick."""
        self._frames: Real | None = None

    def envelope(self, hz: float) -> Envelope:
        """Return how loud `hz` is at each tick."""
        phase = np.exp(-2j * np.pi * hz / self.rate * np.arange(self.wave.size))
        return Envelope(hz, _smoothed(self._blocks(self.wave * phase)))

    def candidates(self, count: int) -> list[float]:
        """Return the `count` frequencies that are steadiest over the recording, the steadiest first.

        Frames count by how much of their power is in one place, not by loudness: loud speech does not hide a tone.
        """
        return _peaks(np.mean(self._spectra() ** 2, axis=0), self._bin_hz, count)

    def strongest(self, where: NDArray[np.bool_], count: int) -> list[tuple[float, float]]:
        """Return (hertz, share of the strongest one's power) of the strongest tones while `where` (by tick) holds."""
        centres = (np.arange(self._spectra().shape[0]) * _HOP_SECONDS + _FRAME_SECONDS / 2) / self.tick_seconds
        chosen = self._spectra()[where[np.minimum(centres.astype(np.int64), where.size - 1)]]
        if not chosen.size:
            return []
        mean = chosen.mean(axis=0)
        found = _peaks(mean, self._bin_hz, count)
        heights = [mean[round(hz / self._bin_hz)] for hz in found]
        return [(hz, float(height / heights[0])) for hz, height in zip(found, heights, strict=True)]

    @property
    def _bin_hz(self) -> float:
        return self.rate / _transform_length(self.rate)

    def _spectra(self) -> Real:
        """Power spectra of overlapping frames, each divided by the frame's whole power."""
        if self._frames is None:
            length, hop = round(_FRAME_SECONDS * self.rate), round(_HOP_SECONDS * self.rate)
            cut = np.lib.stride_tricks.sliding_window_view(self.wave, length)[::hop]
            window = np.hanning(length)
            transform = _transform_length(self.rate)
            top = int(BAND_TOP_HZ / self._bin_hz) + 1
            rows = []
            for begin in range(0, len(cut), 512):  # a long recording's frames, all at once, are much memory
                spectrum = np.fft.rfft(cut[begin : begin + 512] * window, transform)[:, :top]
                power = np.abs(spectrum) ** 2
                rows.append(power / np.maximum(power.sum(axis=1, keepdims=True), _LOWEST_POWER * length))
            self._frames = np.concatenate(rows)
        return self._frames

    def _blocks(self, values: NDArray[Number]) -> NDArray[Number]:
        found: NDArray[Number] = values[: self.ticks * self.block].reshape(self.ticks, self.block).mean(axis=1)
        return found


def bursts_of(sound: Sound, envelopes: Sequence[Envelope], purity: float) -> list[Burst]:
    """Find where the tone sounds: louder than half of its usual amplitude.

    The usual loudness is that of ticks where the tone is `TONAL`, so a talker before it does not count.
    """
    tone: Real = np.sum([envelope.power for envelope in envelopes], axis=0)
    share = tone / np.maximum(sound.power, 1e-12)
    amplitude: Real = np.sqrt(tone)
    audible = amplitude[(share > TONAL) & (sound.power > float(sound.power.max()) * 1e-4)]
    if not audible.size:
        return []
    usual = float(np.median(audible))
    usual = float(np.median(audible[audible > 0.7 * usual]))
    stretches = _stretches(amplitude, usual / 2)
    found = []
    for begin, end in stretches:
        inner = slice(round(begin) + SMOOTHING_TICKS // 2, max(round(end) - SMOOTHING_TICKS // 2, 0))
        if inner.stop - inner.start < 5:  # hardly longer than the window: its middle is all there is
            middle = round((begin + end) / 2)
            inner = slice(max(middle - 2, 0), middle + 3)
        level = float(np.median(amplitude[inner]))
        is_whole = begin > SMOOTHING_TICKS / 2 and end < sound.ticks - SMOOTHING_TICKS / 2
        is_pure = float(np.median(share[inner])) >= purity
        is_flat = float(np.std(amplitude[inner])) <= _FLAT * level
        is_usual = usual / 2 < level < usual * 2
        hz = exact_hz(envelopes[0], inner, sound.tick_seconds)
        middle = (inner.start + inner.stop) // 2
        halves = (slice(inner.start, middle), slice(middle, inner.stop))
        first, second = (exact_hz(envelopes[0], half, sound.tick_seconds) for half in halves)
        found.append(Burst(begin, end, level, hz, abs(first - second), is_pure and is_flat and is_usual, is_whole))
    return found


def _stretches(amplitude: Real, threshold: float) -> list[tuple[float, float]]:
    """Return (begin, end) of what is above `threshold`, between ticks; flickers shorter than an edge are left out."""
    above = np.concatenate(([False], amplitude > threshold, [False]))
    edges = np.flatnonzero(above[1:] != above[:-1])
    placed = [_crossing(amplitude, int(edge), threshold) for edge in edges]
    joined: list[tuple[float, float]] = []
    for begin, end in zip(placed[::2], placed[1::2], strict=True):
        if joined and begin - joined[-1][1] < SHORTEST_PAUSE_MS / 2:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return [(begin, end) for begin, end in joined if end - begin >= SHORTEST_BURST_MS / 2]


def _crossing(amplitude: Real, edge: int, threshold: float) -> float:
    """Return where, before tick `edge`, the amplitude crosses the threshold, in ticks and parts of one."""
    if edge in (0, amplitude.size):
        return float(edge)
    before, after = float(amplitude[edge - 1]), float(amplitude[edge])
    return edge - 1 + (threshold - before) / (after - before)


def inner_ticks(ticks: int, bursts: Sequence[Burst]) -> NDArray[np.bool_]:
    """Mark the ticks that are surely inside a burst."""
    inside = np.zeros(ticks, np.bool_)
    for burst in bursts:
        inside[round(burst.begin) + SMOOTHING_TICKS // 2 : max(round(burst.end) - SMOOTHING_TICKS // 2, 0)] = True
    return inside


def exact_hz(envelope: Envelope, where: slice | NDArray[np.bool_], tick_seconds: float) -> float:
    """Return the frequency from how the tone's phase turns in 8 ticks, while `where` holds."""
    lag = 8
    turned = envelope.baseband[lag:] * np.conj(envelope.baseband[:-lag])
    if isinstance(where, slice):
        chosen = turned[max(where.start - lag // 2, 0) : max(where.stop - lag // 2, 1)]
    else:
        chosen = turned[where[lag:] & where[:-lag]]
    return envelope.hz + float(np.angle(np.sum(chosen))) / (2 * np.pi * lag * tick_seconds)


def read_wav(path: Path) -> tuple[NDArray[np.float32], int]:
    """Return (samples, rate) of a WAV: 16-bit PCM, 8-bit PCM, µ-law or A-law; two channels are two columns.

    Raises: UnreadableRecording, naming the file and what would be right.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UnreadableRecording(f"{path}: is larger than {_MOST_BYTES >> 20} MiB; a minute of the tone is plenty")
        found = path.read_bytes()
    except OSError as exc:
        raise UnreadableRecording(f"{path}: cannot be read: {exc.strerror}") from exc
    chunks = _chunks(found)
    form, data = chunks.get(b"fmt "), chunks.get(b"data")
    if form is None or data is None or len(form) < 16:
        raise UnreadableRecording(f"{path}: is not a WAV file (RIFF with `fmt ` and `data`)")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if kind == 0xFFFE and len(form) >= 26:  # WAVE_FORMAT_EXTENSIBLE: the kind is the head of the sub-format
        kind = struct.unpack_from("<H", form, 24)[0]
    if channels not in (1, 2) or not 8000 <= rate <= 48000:
        raise UnreadableRecording(f"{path}: has {channels} channels at {rate} Hz; use 1 or 2 channels, 8000-48000 Hz")
    codes = np.frombuffer(data, np.uint8)
    match kind, bits:
        case 1, 16:
            wave = np.frombuffer(data[: len(data) & ~1], "<i2").astype(np.float32) / 32768.0
        case 1, 8:
            wave = (codes.astype(np.float32) - 128.0) / 128.0
        case 7, 8:
            wave = _mu_law()[codes]
        case 6, 8:
            wave = _a_law()[codes]
        case _:
            raise UnreadableRecording(
                f"{path}: format {kind} with {bits} bits is not read; convert it: sox {path.name} -b 16 -c 1 tone.wav"
            )
    if channels == 2:
        wave = wave[: wave.size & ~1].reshape(-1, 2)
    return wave, rate


def _chunks(riff: bytes) -> dict[bytes, bytes]:
    """Return the first chunk of each name; a last chunk that is cut short (a recorder was killed) counts as it is."""
    if riff[:4] != b"RIFF" or riff[8:12] != b"WAVE":
        return {}
    chunks: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(riff):
        name, size = struct.unpack_from("<4sI", riff, at)
        chunks.setdefault(name, riff[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return chunks


def _mu_law() -> NDArray[np.float32]:
    """ITU-T G.711 µ-law: what each byte means, -1 to 1."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4) & 7, code & 15
    size = ((mantissa.astype(np.int32) * 2 + 33) << exponent) - 33
    return (np.where(code & 0x80, -size, size) / 8192.0).astype(np.float32)


def _a_law() -> NDArray[np.float32]:
    """ITU-T G.711 A-law: what each byte means, -1 to 1."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, (code & 15).astype(np.int32)
    size = np.where(
        exponent == 0, 2 * mantissa + 1, (2 * mantissa + 33) << np.maximum(exponent.astype(np.int32) - 1, 0)
    )
    return (np.where(code & 0x80, size, -size) / 4096.0).astype(np.float32)


def _telephone_band(wave: Real, rate: int) -> Real:
    """Return `wave` without what is outside 250-3400 Hz; no delay, because a recording may be filtered as a whole."""
    length = 1 << max(wave.size - 1, 1).bit_length()
    spectrum = np.fft.rfft(wave - wave.mean(), length)
    hz = np.fft.rfftfreq(length, 1 / rate)
    spectrum[(hz < LOWEST_HZ) | (hz > BAND_TOP_HZ)] = 0
    filtered: Real = np.fft.irfft(spectrum, length)[: wave.size]
    return filtered


def _transform_length(rate: int) -> int:
    return 1 << (2 * round(_FRAME_SECONDS * rate) - 1).bit_length()


def _smoothed(values: NDArray[Number]) -> NDArray[Number]:
    window = np.hanning(SMOOTHING_TICKS + 2)[1:-1]
    return np.convolve(values, window / window.sum(), "same")


def _peaks(spectrum: Real, bin_hz: float, count: int) -> list[float]:
    """Return up to `count` maxima between LOWEST_HZ and HIGHEST_HZ, the highest first, placed between bins."""
    first, last = int(np.ceil(LOWEST_HZ / bin_hz)), int(HIGHEST_HZ / bin_hz)
    inner = spectrum[first : last + 1]
    tops = first + np.flatnonzero((inner >= spectrum[first - 1 : last]) & (inner > spectrum[first + 1 : last + 2]))
    found: list[float] = []
    for top in sorted(tops.tolist(), key=lambda index: -spectrum[index]):
        left, middle, right = np.log(np.maximum(spectrum[top - 1 : top + 2], _LOWEST_POWER))
        bend = left - 2 * middle + right
        hz = float((top + (0.5 * (left - right) / bend if bend else 0.0)) * bin_hz)
        if all(abs(hz - other) >= SEPARATION_HZ for other in found):
            found.append(hz)
        if len(found) == count:
            break
    return found
