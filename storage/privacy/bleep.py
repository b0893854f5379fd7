"""A tone over what must not be heard; the rest of the recording stays as it is, to the last bit."""

import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from storage.privacy.word_times import MARGIN_SECONDS, Span

TONE_HZ: Final = 1000.0
_LEVEL: Final = 0.1 * 32767
_BLOCK_FRAMES: Final = 1 << 16


def cover(samples: NDArray[np.int16], rate: int, spans: Sequence[Span], first_frame: int = 0) -> NDArray[np.int16]:
    """Return a copy with a tone over the spans.

    `samples`: frames by channels; `first_frame`: where they begin in the recording. A span of a channel that is not
    there (a mono recording) covers all there are.
    """
    covered = samples.copy()
    frames, channels = samples.shape
    for span in spans:
        start = max(int((span.start_seconds - MARGIN_SECONDS) * rate) - first_frame, 0)
        end = min(int(np.ceil((span.end_seconds + MARGIN_SECONDS) * rate)) - first_frame, frames)
        if start < end:
            time = (first_frame + np.arange(start, end)) / rate
            tone = (_LEVEL * np.sin(2 * np.pi * TONE_HZ * time)).astype(np.int16)
            chosen = slice(span.channel, span.channel + 1) if span.channel < channels else slice(None)
            covered[start:end, chosen] = tone[:, np.newaxis]
    return covered


def bleep_wav(source: Path, target: Path, spans: Sequence[Span]) -> None:
    """Copy a 16 bit WAV with a tone over the spans, in blocks, so that memory stays flat. Does file I/O.

    Raises: OSError, wave.Error and EOFError when the source is no WAV; ValueError when it is not 16 bit.
    """
    with wave.open(str(source), "rb") as given, wave.open(str(target), "wb") as taken:
        if given.getsampwidth() != 2:
            raise ValueError("only 16 bit sound can be covered")
        taken.setparams(given.getparams())
        first = 0
        while block := given.readframes(_BLOCK_FRAMES):
            samples = np.frombuffer(block, dtype="<i2").reshape(-1, given.getnchannels()).astype(np.int16)
            taken.writeframes(cover(samples, given.getframerate(), spans, first).astype("<i2").tobytes())
            first += len(samples)
