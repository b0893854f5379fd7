"""The intent model: a softmax over hashed words and pieces of words, its temperature fitted on sentences set apart.

The weights beside this file were made by `python -m offline.analysis.intent_training` from its `sentences.tsv`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from offline.analysis.intent_features import BUCKETS, features_of

WEIGHTS: Final = Path(__file__).with_name("intent_model.npz")
_STEPS: Final = 127
"""Weights are kept in a byte each: this many steps to either side of zero."""


@dataclass(frozen=True, slots=True)
class IntentModel:
    """Weights of every label at every place of the hash."""

    labels: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    """(BUCKETS, labels)."""
    bias: npt.NDArray[np.float32]
    """(labels,)."""
    temperature: float
    """The scores are divided by it: above 1 it makes the model humbler."""
    sentences: str
    """Digest of the sentences it was trained on."""

    def scores(self, text: str) -> npt.NDArray[np.float32]:
        """Return a score for each label, before the temperature."""
        places, values = features_of(text)
        return np.asarray(values @ self.weights[places] + self.bias, np.float32)

    def probabilities(self, text: str) -> Mapping[str, float]:
        """Return how likely each label is; they add up to 1."""
        return dict(zip(self.labels, softmax(self.scores(text) / self.temperature).tolist(), strict=True))

    def save(self, path: Path) -> None:
        """Write the model, a byte a weight. Raises: OSError."""
        scale = np.maximum(np.abs(self.weights).max(axis=0), 1e-9) / _STEPS
        about = {"labels": self.labels, "temperature": self.temperature, "sentences": self.sentences}
        np.savez_compressed(
            path,
            weights=np.rint(self.weights / scale).astype(np.int8),
            scale=scale.astype(np.float32),
            bias=self.bias,
            about=np.frombuffer(json.dumps(about).encode(), np.uint8),
        )


def softmax(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return probabilities along the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)


def load(path: Path) -> IntentModel:
    """Read what `save` wrote.

    Raises: ValueError that names the file when it is none of ours; OSError.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            weights = file["weights"].astype(np.float32) * file["scale"]
            bias = file["bias"]
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} holds no intent model: {error}") from error
    labels = tuple(str(label) for label in about["labels"])
    if weights.shape != (BUCKETS, len(labels)):
        raise ValueError(
            f"{path} was made for other features: train it again (python -m offline.analysis.intent_training)"
        )
    return IntentModel(labels, weights, bias, float(about["temperature"]), str(about["sentences"]))


@lru_cache(maxsize=1)
def shipped_model() -> IntentModel:
    """Return the model that comes with this package."""
    return load(WEIGHTS)


def calibration_error(confidences: Sequence[float], rights: Sequence[bool], bins: int = 10) -> float:
    """Return the expected calibration error: how far confidence and share of right answers lie apart, on average.

    `bins` equal parts of 0 to 1, each weighed by how many answers fall in it.
    """
    if not confidences:
        return 0.0
    sure, right = np.array(confidences, np.float64), np.array(rights, np.float64)
    part = np.minimum((sure * bins).astype(int), bins - 1)
    apart = [abs(sure[part == one].sum() - right[part == one].sum()) for one in range(bins)]
    return float(sum(apart) / len(sure))
