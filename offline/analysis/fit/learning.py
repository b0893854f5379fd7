"""Linear models over hashed features, learned by gradient steps with weight decay; calibrated on what was left out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from offline.analysis.features import BUCKETS, Features, features_of
from offline.analysis.fit.sentences import SEED, Sentence, digest
from offline.analysis.intent_model import IntentModel, softmax
from offline.analysis.topic_model import RULES, TopicModel, likelihoods, topic_features

_EPOCHS: Final = 14
FOLDS: Final = 5
_BATCH: Final = 64
_RATE: Final = 0.3
_BIAS_RATE: Final = 0.03
_DECAY: Final = 3e-4
_SMOOTHING: Final = 0.05
"""Of the truth, what is spread over all labels."""
_DROPPED: Final = 0.2
"""Of an utterance's features, what each step leaves out: no single word may carry a judgement."""
_TEMPERATURES: Final = np.geomspace(0.1, 4.0, 80)
_THRESHOLDS: Final = np.linspace(0.1, 0.9, 81)

Floats = npt.NDArray[np.float32]


def train(sentences: Sequence[Sentence], *, epochs: int = _EPOCHS, seed: int = SEED) -> IntentModel:
    """Learn the intents; the same sentences and seed give the same model, up to rounding."""
    labels = tuple(sorted({sentence.label for sentence in sentences}))
    wanted = np.full((len(sentences), len(labels)), _SMOOTHING / len(labels), np.float32)
    wanted[np.arange(len(sentences)), [labels.index(one.label) for one in sentences]] += 1 - _SMOOTHING
    features = [features_of(sentence.text) for sentence in sentences]
    weights, bias = _learned(features, wanted, BUCKETS, epochs, seed, exclusive=True)
    return IntentModel(labels, weights, bias, 1.0, digest(sentences))


def train_topics(sentences: Sequence[Sentence], *, epochs: int = _EPOCHS, seed: int = SEED) -> TopicModel:
    """Learn the topics of the sentences whose topics are told; each topic is there or not, whatever the others."""
    told = [one for one in sentences if one.topics is not None]
    labels = tuple(sorted({topic for one in told for topic in one.topics or ()}))
    wanted = np.array([[float(label in (one.topics or ())) for label in labels] for one in told], np.float32)
    features = [topic_features(one.text, one.language) for one in told]
    weights, bias = _learned(features, wanted, BUCKETS + RULES, epochs, seed, exclusive=False)
    return TopicModel(labels, weights, bias, 0.5, digest(told))


def _learned(
    features: Sequence[Features], wanted: Floats, places: int, epochs: int, seed: int, *, exclusive: bool
) -> tuple[Floats, Floats]:
    """Return weights (places, labels) and bias (labels,); `exclusive` labels add up to 1."""
    chance = np.random.default_rng(seed)
    weights = np.zeros((places, wanted.shape[1]), np.float32)
    squares = np.full_like(weights, 1e-8)
    bias = np.zeros(wanted.shape[1], np.float32)
    bias_squares = np.full_like(bias, 1e-8)
    for batch in _batches(len(features), epochs, chance):
        columns, dense = _dense([features[at] for at in batch], chance)
        scores = dense @ weights[columns] + bias
        error = ((softmax(scores) if exclusive else likelihoods(scores)) - wanted[batch]) / np.float32(len(batch))
        slope = dense.T @ error + np.float32(_DECAY) * weights[columns]
        squares[columns] += slope**2
        weights[columns] -= np.float32(_RATE) * slope / np.sqrt(squares[columns])
        bias_slope = error.sum(axis=0)
        bias_squares += bias_slope**2
        bias -= np.float32(_BIAS_RATE) * bias_slope / np.sqrt(bias_squares)
    return weights, bias


def _batches(count: int, epochs: int, chance: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    for _ in range(epochs):
        order = chance.permutation(count)
        for at in range(0, count, _BATCH):
            yield order[at : at + _BATCH]


def _dense(features: Sequence[Features], chance: np.random.Generator) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return the places that occur, and a row over them for each utterance, with some features left out."""
    places = np.concatenate([one[0] for one in features])
    values = np.concatenate([one[1] for one in features])
    kept = chance.random(len(values)) >= _DROPPED
    rows = np.repeat(np.arange(len(features)), [len(one[0]) for one in features])
    columns, at = np.unique(places, return_inverse=True)
    dense = np.zeros((len(features), len(columns)), np.float32)
    dense[rows, at] = values * kept / np.float32(1 - _DROPPED)
    return columns, dense


@dataclass(frozen=True, slots=True)
class Judged:
    """What models said of wordings like none that they had learned from."""

    scores: Floats
    """(sentences, labels)."""
    truth: npt.NDArray[np.int64]
    """(sentences,), places of the right labels; for topics (sentences, labels), 1 where one is told."""

    @property
    def accuracy(self) -> float:
        """The share whose highest score is the right one."""
        return float((self.scores.argmax(axis=1) == self.truth).mean())


def judged_unseen(sentences: Sequence[Sentence], *, epochs: int = _EPOCHS, folds: int = FOLDS) -> Judged:
    """Judge every sentence as it was written down by a model that learned from other groups of sentences only.

    That is how far the model carries to ways of speaking that nobody wrote down, which a confidence must know about;
    sentences of the same group would make it far too sure of itself. Spelled-out and dressed sentences, of which there
    may be any number, are learned from but not judged where others are there.
    """
    judged = [one for one in sentences if one.is_wording] or sentences
    scores, truth = [], []
    for fold in range(folds):
        model = train([one for one in sentences if one.group % folds != fold], epochs=epochs)
        for one in judged:
            if one.group % folds == fold:
                scores.append(model.scores(one.text))
                truth.append(model.labels.index(one.label))
    return Judged(np.stack(scores), np.array(truth))


def judged_topics(sentences: Sequence[Sentence], *, epochs: int = _EPOCHS, folds: int = FOLDS) -> Judged:
    """Judge the topics of every wording by a model that learned from other groups only."""
    told = [one for one in sentences if one.topics is not None]
    labels = tuple(sorted({topic for one in told for topic in one.topics or ()}))
    scores, truth = [], []
    for fold in range(folds):
        model = train_topics([one for one in told if one.group % folds != fold], epochs=epochs)
        for one in told:
            if one.is_wording and one.group % folds == fold:
                known = dict(zip(model.labels, model.scores(one.text, one.language).tolist(), strict=True))
                scores.append(np.array([known.get(label, -9.0) for label in labels], np.float32))
                truth.append([int(label in (one.topics or ())) for label in labels])
    return Judged(np.stack(scores), np.array(truth))


def fitted_temperature(judged: Judged) -> float:
    """Return the temperature that makes the right labels most likely."""
    rows = np.arange(len(judged.truth))
    losses = [
        -float(np.log(softmax(judged.scores / np.float32(one))[rows, judged.truth] + 1e-9).mean())
        for one in _TEMPERATURES
    ]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def fitted_threshold(judged: Judged) -> tuple[float, float]:
    """Return how likely a topic must be to be told, for the best F1 over all topics together, and that F1."""
    likely, there = likelihoods(judged.scores), judged.truth == 1
    scored = []
    for one in _THRESHOLDS:
        told = likely >= one
        right = int((told & there).sum())
        scored.append(2 * right / max(1, int(told.sum() + there.sum())))
    best = int(np.argmax(scored))
    return float(_THRESHOLDS[best]), float(scored[best])
