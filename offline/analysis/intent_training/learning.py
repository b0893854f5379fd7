"""A softmax over hashed features, learned by gradient steps with weight decay; its temperature is fitted afterwards."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from offline.analysis.intent_features import BUCKETS, Features, features_of
from offline.analysis.intent_model import IntentModel, softmax
from offline.analysis.intent_training.sentences import SEED, Sentence, digest

_EPOCHS: Final = 12
_FOLDS: Final = 5
_BATCH: Final = 64
_RATE: Final = 0.05
_DECAY: Final = 2e-5
_SMOOTHING: Final = 0.05
"""Of the truth, what is spread over all labels."""
_TEMPERATURES: Final = np.geomspace(0.1, 4.0, 80)


def train(sentences: Sequence[Sentence], *, epochs: int = _EPOCHS, seed: int = SEED) -> IntentModel:
    """Learn the weights; the same sentences and seed give the same model, up to rounding."""
    labels = tuple(sorted({sentence.label for sentence in sentences}))
    truth = np.array([labels.index(sentence.label) for sentence in sentences])
    wanted = np.full((len(sentences), len(labels)), _SMOOTHING / len(labels), np.float32)
    wanted[np.arange(len(sentences)), truth] += 1 - _SMOOTHING
    weights = np.zeros((BUCKETS, len(labels)), np.float32)
    bias = np.zeros(len(labels), np.float32)
    squares = np.full_like(weights, 1e-6)
    bias_squares = np.full_like(bias, 1e-6)
    features = [features_of(sentence.text) for sentence in sentences]
    for batch in _batches(len(sentences), epochs, seed):
        dense = _dense([features[place] for place in batch])
        error = softmax(dense @ weights + bias) - wanted[batch]
        slope = dense.T @ error / len(batch) + _DECAY * weights
        squares += slope**2
        weights -= _RATE * slope / np.sqrt(squares) * 4
        bias_slope = error.mean(axis=0)
        bias_squares += bias_slope**2
        bias -= _RATE * bias_slope / np.sqrt(bias_squares)
    return IntentModel(labels, weights, bias, 1.0, digest(sentences))


def _batches(count: int, epochs: int, seed: int) -> Iterator[npt.NDArray[np.int64]]:
    chance = np.random.default_rng(seed)
    for _ in range(epochs):
        order = chance.permutation(count)
        for at in range(0, count, _BATCH):
            yield order[at : at + _BATCH]


def _dense(features: Sequence[Features]) -> npt.NDArray[np.float32]:
    rows = np.zeros((len(features), BUCKETS), np.float32)
    for row, (places, values) in enumerate(features):
        rows[row, places] = values
    return rows


@dataclass(frozen=True, slots=True)
class Judged:
    """What models said of sentences whose patterns they had never seen."""

    scores: npt.NDArray[np.float32]
    """(sentences, labels)."""
    truth: npt.NDArray[np.int64]
    """(sentences,), places of the right labels."""

    @property
    def accuracy(self) -> float:
        """The share whose highest score is the right one."""
        return float((self.scores.argmax(axis=1) == self.truth).mean())


def judged_unseen(sentences: Sequence[Sentence], *, epochs: int = _EPOCHS, folds: int = _FOLDS) -> Judged:
    """Judge every sentence by a model that learned from other patterns only.

    That is how far the model carries to ways of speaking that nobody wrote down, which a confidence must know about;
    sentences of the same pattern would make it far too sure of itself.
    """
    scores, truth = [], []
    for fold in range(folds):
        model = train([one for one in sentences if one.pattern % folds != fold], epochs=epochs)
        for one in sentences:
            if one.pattern % folds == fold:
                scores.append(model.scores(one.text))
                truth.append(model.labels.index(one.label))
    return Judged(np.stack(scores), np.array(truth))


def fitted_temperature(judged: Judged) -> float:
    """Return the temperature that makes the right labels most likely."""
    rows = np.arange(len(judged.truth))
    losses = [
        -float(np.log(softmax(judged.scores / np.float32(one))[rows, judged.truth] + 1e-9).mean())
        for one in _TEMPERATURES
    ]
    return float(_TEMPERATURES[int(np.argmin(losses))])
