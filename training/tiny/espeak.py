"""espeak-ng in this process, for training only: one voice at a time, one thread, at 8 kHz.

The library keeps its state in the process and is not thread-safe, so parallel synthesis means parallel processes.
"""

import ctypes
import functools
from dataclasses import dataclass

import espeakng_loader
import numpy as np
import soxr

from engines.stt.tiny.features import RATE, Samples

_SYNCHRONOUS = 2
_RATE_PARAMETER, _PITCH_PARAMETER, _RANGE_PARAMETER = 1, 3, 4
_UTF8, _PHONEMES_ALLOWED = 1, 0x100
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@dataclass(frozen=True, slots=True)
class Voice:
    """One way of speaking."""

    name: str
    """espeak's own, like `es-419+f2`."""
    words_a_minute: int = 160
    pitch: int = 50
    """0 to 99."""
    intonation: int = 50
    """0 to 99: how lively."""
    tract: float = 1.0
    """Length of the vocal tract: above 1 everything sounds lower and slower."""


class _Library:
    """The loaded library, and the buffer its callback fills."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self.rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
        if self.rate <= 0:
            raise OSError("espeak-ng found no data")
        self._pieces: list[bytes] = []
        self._callback = _Callback(self._keep)  # held, or ctypes would free it under the library
        self._library.espeak_SetSynthCallback(self._callback)

    def _keep(self, wave: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int | None) -> int:
        if count > 0:
            self._pieces.append(ctypes.string_at(wave, count * 2))
        return 0

    def speak(self, text: str, voice: Voice) -> Samples:
        if self._library.espeak_SetVoiceByName(voice.name.encode()):
            raise LookupError(f"espeak-ng has no voice {voice.name}")
        self._library.espeak_SetParameter(_RATE_PARAMETER, voice.words_a_minute, 0)
        self._library.espeak_SetParameter(_PITCH_PARAMETER, voice.pitch, 0)
        self._library.espeak_SetParameter(_RANGE_PARAMETER, voice.intonation, 0)
        self._pieces.clear()
        data = text.encode() + b"\0"
        self._library.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, 0, 0, _UTF8 | _PHONEMES_ALLOWED, None, None)
        return np.frombuffer(b"".join(self._pieces), np.int16).astype(np.float32) / np.float32(32768)


@functools.cache
def _library() -> _Library:
    return _Library()


def speak(text: str, voice: Voice) -> Samples:
    """Return `text` as spoken by `voice`, without the silence espeak puts around it.

    Raises: LookupError for a voice espeak does not have.
    """
    library = _library()
    spoken = library.speak(text, voice)
    narrow = soxr.resample(spoken, library.rate / voice.tract, RATE) if len(spoken) else spoken
    heard = np.flatnonzero(np.abs(narrow) > 0.02 * np.abs(narrow).max(initial=1e-3))
    return narrow[heard[0] : heard[-1] + 1].astype(np.float32) if len(heard) else np.zeros(0, np.float32)
