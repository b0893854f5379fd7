"""Silero's arithmetic: one run of the model for one chunk each of any number of callers.

The model wants 256 new samples at 8 kHz behind the last 32 of the chunk before, a state of shape (2, callers, 128), and
gives one probability a caller. 16 kHz callers are halved first: for telephone voices the narrow band tells as much.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

CHUNK_SAMPLES: Final = 256
"""At 8 kHz: 32 ms."""
_CONTEXT_SAMPLES: Final = 32
_RATE: Final = 8000
_HALF_BAND_TAPS: Final = 31


Floats = NDArray[np.float32]


class Model(Protocol):
    """What we use of `onnxruntime.InferenceSession`."""

    def run(self, output_names: None, input_feed: dict[str, Any]) -> Sequence[Any]: ...


class VoiceMemory:
    """What the model remembers of one caller."""

    __slots__ = ("context", "state", "tail", "times")

    def __init__(self, rate: int) -> None:
        """`rate` is 8000 or 16000 hertz."""
        self.times = rate // _RATE
        self.forget()

    def forget(self) -> None:
        """Begin anew, as if nothing had been heard."""
        self.state: Floats = np.zeros((2, 128), np.float32)
        self.context: Floats = np.zeros(_CONTEXT_SAMPLES, np.float32)
        self.tail: Floats = np.zeros(_HALF_BAND_TAPS - 1, np.float32)

    def narrowed(self, chunk: bytes) -> Floats:
        """Return `chunk` (256 samples at 8 kHz or 512 at 16 kHz) as 256 samples at 8 kHz between -1 and 1."""
        samples = np.frombuffer(chunk, np.int16).astype(np.float32) * np.float32(1 / 32768)
        if self.times == 1:
            return samples
        with_tail: Floats = np.concatenate((self.tail, samples))
        self.tail = with_tail[-(_HALF_BAND_TAPS - 1) :]
        narrow: Floats = np.convolve(with_tail, _HALF_BAND, "valid")[::2].astype(np.float32)
        return narrow


def probabilities(model: Model, chunks: Sequence[tuple[VoiceMemory, bytes]]) -> Floats:
    """Run the model once; `chunks` holds at most one chunk a caller. Returns shape (callers,), 0 to 1."""
    # Hundreds of callers share one processor with the loop: what can be done for all at once is not done for each.
    memories = [memory for memory, _ in chunks]
    callers = len(memories)
    heard = np.empty((callers, _CONTEXT_SAMPLES + CHUNK_SAMPLES), np.float32)
    heard[:, :_CONTEXT_SAMPLES] = np.concatenate([memory.context for memory in memories]).reshape(callers, -1)
    heard[:, _CONTEXT_SAMPLES:] = _narrowed(chunks)
    states = np.concatenate([memory.state for memory in memories]).reshape(callers, 2, -1)
    state = np.ascontiguousarray(states.transpose(1, 0, 2))
    output, next_state = model.run(None, {"input": heard, "state": state, "sr": np.array(_RATE, np.int64)})
    contexts = heard[:, -_CONTEXT_SAMPLES:].copy()
    for memory, context, state in zip(memories, contexts, next_state.transpose(1, 0, 2), strict=True):
        memory.context = context
        memory.state = state
    return np.asarray(output, np.float32).reshape(callers)


def _narrowed(chunks: Sequence[tuple[VoiceMemory, bytes]]) -> Floats:
    """Return every chunk at 8 kHz, shape (callers, 256)."""
    if any(memory.times > 1 for memory, _ in chunks):
        return np.stack([memory.narrowed(chunk) for memory, chunk in chunks])
    samples = np.frombuffer(b"".join([chunk for _, chunk in chunks]), np.int16)
    return samples.astype(np.float32).reshape(len(chunks), -1) * np.float32(1 / 32768)


def load_model(path: Path) -> Model:
    """Load the ONNX file; onnxruntime is imported here, because that alone takes a tenth of a second.

    Raises: whatever onnxruntime raises for a damaged file.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # more threads than one only quarrel over so small a model
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session: Model = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session


def _half_band() -> Floats:
    """Return a windowed-sinc low pass at a quarter of the rate, with a gain of one."""
    offsets = np.arange(_HALF_BAND_TAPS) - _HALF_BAND_TAPS // 2
    taps = np.sinc(offsets / 2) * np.hamming(_HALF_BAND_TAPS)
    return np.asarray(taps / taps.sum(), np.float32)


_HALF_BAND: Final = _half_band()
