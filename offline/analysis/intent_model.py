"""The intent model: a softmax over hashed words and pieces of words, its temperature fitted on sentences set apart.

The weights beside this file were made by `python -m offline.analysis.fit` from its sentences.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from offline.analysis.features import BUCKETS, features_of

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
        about = {"labels": self.labels, "temperature": self.temperature, "sentences": self.sentences}
        store(path, self.weights, self.bias, about)


def store(
    path: Path, weights: npt.NDArray[np.float32], bias: npt.NDArray[np.float32], about: Mapping[str, object]
) -> None:
    """Write weights (places, labels) a byte each, the bias, and what is told about them. Raises: OSError."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / _STEPS
    np.savez_compressed(
        path,
        weights=np.rint(weights / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        bias=bias,
        about=np.frombuffer(json.dumps(about).encode(), np.uint8),
    )


def softmax(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return probabilities along the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)


def restored(path: Path, places: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], Mapping[str, Any]]:
    """Read weights (places, labels), bias and what is told about them.

    Raises: ValueError that names the file when it is none of ours; OSError.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            weights = file["weights"].astype(np.float32) * file["scale"]
            bias = file["bias"]
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} holds no model of ours: {error}") from error
    if weights.shape != (places, len(about["labels"])):
        raise ValueError(f"{path} was made for other features: train it again (python -m offline.analysis.fit)")
    return weights, bias, about


def load(path: Path) -> IntentModel:
    """Read what `save` wrote.

    Raises: ValueError that names the file when it is none of ours; OSError.
    """
    weights, bias, about = restored(path, BUCKETS)
    labels = tuple(str(label) for label in about["labels"])
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
