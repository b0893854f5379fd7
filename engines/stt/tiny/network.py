"""The acoustic network in plain numpy: frames in, how likely each phone is out.

Five dilated convolutions over 30 ms frames, each normalised and added to what came before; trained by
`training/tiny/train.py`, whose jax twin computes the same thing.
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.stt.tiny.features import Frames

WIDTH: Final = 256
DILATIONS: Final = (1, 1, 2, 2, 4)
"""Frames between the three taps of each layer: together the network sees 300 ms to either side."""

LogProbabilities = NDArray[np.float32]
"""(frames, SYMBOLS), natural logarithms"""


class Network:
    """The trained weights; reading only, so one object serves every thread."""

    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None:
        self._layers = [
            tuple(weights[f"{part}{layer}"] for part in ("kernel", "bias", "gain", "shift"))
            for layer in range(len(DILATIONS))
        ]
        self._kernel_out = weights["kernel_out"]
        self._bias_out = weights["bias_out"]

    @classmethod
    def load(cls, path: Path) -> "Network":
        """Read the weights.

        Raises: OSError, KeyError or ValueError when the file is missing or not ours.
        """
        with np.load(path) as stored:
            return cls({name: stored[name].astype(np.float32) for name in stored.files})

    def log_probabilities(self, frames: Frames) -> LogProbabilities:
        """Return the log probability of every symbol in every frame."""
        hidden = frames
        length = len(frames)
        for layer, (dilation, (kernel, bias, gain, shift)) in enumerate(zip(DILATIONS, self._layers, strict=True)):
            wide = np.pad(hidden, ((dilation, dilation), (0, 0)))
            seen = np.concatenate([wide[:length], hidden, wide[2 * dilation : 2 * dilation + length]], axis=1)
            out = np.maximum(seen @ kernel + bias, 0)
            out -= out.mean(axis=1, keepdims=True)
            out /= np.sqrt(np.square(out).mean(axis=1, keepdims=True) + np.float32(1e-5))
            out = out * gain + shift
            hidden = out if layer == 0 else hidden + out
        logits = hidden @ self._kernel_out + self._bias_out
        logits -= logits.max(axis=1, keepdims=True)
        result: LogProbabilities = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return result
