"""Where in a recording somebody speaks: our own voice detection, run over the whole sound at once.

WebRTC's detector is the gate; where Silero's file is, the model has the last word. It hears the whole sound, not only
what the gate lets pass, because nobody waits for it here: 2 ms a second of sound.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from engines.vad.silero_batch import CHUNK_SAMPLES, Model, VoiceMemory, load_model, probabilities
from engines.vad.webrtc import WebrtcDetector
from offline.retranscribe.port import EarUnavailable, Samples
from offline.retranscribe.spans import Span, spans_of
from vocabulary.audio import FRAME_SECONDS, AudioFormat

_MODEL_RATE: Final = 8000
_BLOCK_SECONDS: Final = 30
"""Read at a time: what bounds the memory."""


class VoiceFinder:
    """Finds the stretches of voice in mono sound."""

    def __init__(
        self,
        model: Path | None = None,
        *,
        gate_mode: int = 2,
        threshold: float = 0.35,
        release_threshold: float = 0.2,
        quietest_peak: int = 60,
    ) -> None:
        """Load Silero from `model` if given; without it webrtcvad (mode `gate_mode`, 0 to 3) judges alone.

        `threshold` and `release_threshold` are Silero's probabilities from which on a voice begins and below which it
        ends. Frames in which no sample reaches `quietest_peak` (of 32767) hold no voice, whoever says so.

        Raises: EarUnavailable when `model` is given and cannot be loaded.
        """
        self._gate = WebrtcDetector(gate_mode)
        self._threshold = threshold
        self._release = release_threshold
        self._quietest = quietest_peak
        self._model: Model | None = None
        if model is not None:
            try:
                self._model = load_model(model)
            except Exception as exc:  # onnxruntime has no error class of its own for a damaged file
                raise EarUnavailable(f"the voice detector {model} cannot be loaded: {exc}") from exc
        self.version = f"silero-{threshold}-{release_threshold}" if self._model else f"webrtc-{gate_mode}"

    def spans(self, samples: Samples, rate: int) -> tuple[Span, ...]:
        """Return the stretches of voice; sound shorter than a frame has none. `rate` is 8000 or 16000 hertz."""
        if self._model is None:
            return spans_of(self._by_gate(samples, rate))
        return spans_of(self._by_model(self._model, samples, rate), CHUNK_SAMPLES / _MODEL_RATE)

    def _by_gate(self, samples: Samples, rate: int) -> Iterator[bool]:
        track = self._gate.open(rate)
        for frame in _pieces(samples, AudioFormat(rate).samples(FRAME_SECONDS), rate):
            yield self._is_loud(frame) and track.is_voice(frame.tobytes())
        track.close()

    def _by_model(self, model: Model, samples: Samples, rate: int) -> Iterator[bool]:
        memory = VoiceMemory(rate)
        is_voice = False
        for chunk in _pieces(samples, CHUNK_SAMPLES * (rate // _MODEL_RATE), rate):
            sure = float(probabilities(model, [(memory, chunk.tobytes())])[0])
            is_voice = sure >= (self._release if is_voice else self._threshold)
            yield is_voice and self._is_loud(chunk)

    def _is_loud(self, frame: Samples) -> bool:
        return int(frame.max()) >= self._quietest or int(frame.min()) <= -self._quietest


def _pieces(samples: Samples, size: int, rate: int) -> Iterator[Samples]:
    """Yield whole pieces of `size` samples, read from the file (if it is one) in blocks."""
    block = max(size, _BLOCK_SECONDS * rate // size * size)
    for start in range(0, len(samples), block):
        read = np.ascontiguousarray(samples[start : start + block])
        for first in range(0, len(read) - size + 1, size):
            yield read[first : first + size]
