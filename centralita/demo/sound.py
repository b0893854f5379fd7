"""What recordings prove: one channel of sound, placed in time, and the few things that are measured on it."""

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

_WINDOW_SECONDS: Final = 0.01
_AUDIBLE: Final = 150.0
"""Root mean square of a window; A-law's own noise stays far below, the quietest vowel of a caller far above."""
_ONSET_WINDOWS: Final = 3
"""A click is shorter than this many windows, a syllable is not."""
_MOST_LAG_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Mono sound that began `starts_at` seconds into the call (negative: before it)."""

    samples: Samples
    rate: int
    starts_at: float = 0.0

    @classmethod
    def of_pcm(cls, pcm: bytes, rate: int, starts_at: float = 0.0) -> Self:
        """From mono 16 bit little endian PCM."""
        return cls(np.frombuffer(pcm, "<i2"), rate, starts_at)

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    @property
    def ends_at(self) -> float:
        return self.starts_at + self.seconds

    def between(self, begin: float, end: float) -> "Track":
        """The part between two moments of the call; shorter where there is no sound of that time."""
        first, last = (max(0, round((at - self.starts_at) * self.rate)) for at in (begin, end))
        return Track(self.samples[first:last], self.rate, self.starts_at + first / self.rate)

    def levels(self) -> npt.NDArray[np.float64]:
        """Root mean square of every 10 ms."""
        window = round(self.rate * _WINDOW_SECONDS)
        whole = len(self.samples) // window * window
        squares = self.samples[:whole].reshape(-1, window).astype(np.float64) ** 2
        return np.asarray(np.sqrt(np.mean(squares, axis=1)))

    def audible_seconds(self) -> float:
        """For how long there was anything to hear."""
        return float(np.count_nonzero(self.levels() > _AUDIBLE)) * _WINDOW_SECONDS

    def onset(self, begin: float, end: float) -> float | None:
        """When sound begins that lasts, between two moments of the call."""
        part = self.between(begin, end)
        runs = 0
        for index, is_loud in enumerate(part.levels() > _AUDIBLE):
            runs = runs + 1 if is_loud else 0
            if runs == _ONSET_WINDOWS:
                return part.starts_at + (index - _ONSET_WINDOWS + 1) * _WINDOW_SECONDS
        return None

    def last_sound(self, begin: float, end: float) -> float | None:
        """When the last sound between two moments of the call is over."""
        part = self.between(begin, end)
        loud = np.flatnonzero(part.levels() > _AUDIBLE)
        return None if not len(loud) else part.starts_at + (int(loud[-1]) + 1) * _WINDOW_SECONDS

    def falls_silent(self, begin: float, *, for_seconds: float) -> float | None:
        """When, after `begin`, sound stops for at least `for_seconds`; None if it never does."""
        part = self.between(begin, self.ends_at)
        last = begin
        for index, is_loud in enumerate(part.levels() > _AUDIBLE):
            at = part.starts_at + index * _WINDOW_SECONDS
            if is_loud:
                last = at + _WINDOW_SECONDS
            elif at + _WINDOW_SECONDS - last >= for_seconds:
                return last
        return last if part.ends_at - last >= for_seconds else None

    def likeness(self, other: "Track", at: float) -> float:
        """How well `other` is found in this track about `at` seconds: 1 is the same sound, below 0.3 is chance.

        Both are compared sample by sample at the lag, of at most a second either way, where they fit best.
        """
        heard = self.between(at - _MOST_LAG_SECONDS, at + other.seconds + _MOST_LAG_SECONDS).samples.astype(np.float64)
        wanted = other.samples.astype(np.float64)
        if len(wanted) == 0 or len(heard) < len(wanted) or not np.any(wanted):
            return 0.0
        size = 1 << (len(heard) + len(wanted)).bit_length()
        spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size))
        lags = len(heard) - len(wanted) + 1
        products = np.fft.irfft(spectrum, size)[:lags]
        energy = np.concatenate(([0.0], np.cumsum(heard**2)))
        energies = energy[len(wanted) :] - energy[:lags]
        norms = np.sqrt(np.maximum(energies, 1.0) * np.sum(wanted**2))
        return float(np.max(products / norms))


@dataclass(frozen=True, slots=True, eq=False)
class StereoRecording:
    """A WAV of the product's: caller left, agent right."""

    caller: Track
    agent: Track
    is_whole: bool
    """Its header tells exactly what is in the file."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file. Raises: OSError, wave.Error, ValueError when it is not 16 bit stereo."""
        with wave.open(str(path), "rb") as file:
            if (file.getnchannels(), file.getsampwidth()) != (2, 2):
                raise ValueError(f"{path.name} is not 16 bit stereo")
            rate, frames = file.getframerate(), file.getnframes()
            samples = np.frombuffer(file.readframes(frames), "<i2").reshape(-1, 2)
        is_whole = len(samples) == frames and path.stat().st_size == 44 + 4 * frames
        return cls(Track(samples[:, 0], rate), Track(samples[:, 1], rate), is_whole)
