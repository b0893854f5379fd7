"""WAV files as the mono PCM that calls are made of."""

import wave
from pathlib import Path

import numpy as np
import soxr


def read_wav(path: Path, rate: int) -> bytes:
    """Return a 16 bit WAV file as mono 16 bit little endian PCM at `rate`; channels are averaged.

    Raises: ValueError for other sample sizes, wave.Error for what is no WAV file, OSError.
    """
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"{path.name}: {8 * file.getsampwidth()} bit samples; 16 bit are needed")
        channels, file_rate = file.getnchannels(), file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    mono = samples.reshape(-1, channels).mean(axis=1).astype("<i2")
    if file_rate != rate:
        mono = np.asarray(soxr.resample(mono, file_rate, rate), "<i2")
    return bytes(mono.data)
