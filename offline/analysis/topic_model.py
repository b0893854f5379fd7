"""The topic model: for every topic, how likely it is that an utterance tells it; word lists are features among others.

The weights beside this file were made by `python -m offline.analysis.fit`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from offline.analysis.features import BUCKETS, Features, features_of
from offline.analysis.intent_model import restored, store
from offline.analysis.topic_rules import our_rules, without_everyday
from offline.analysis.topic_words import SPANISH

WEIGHTS: Final = Path(__file__).with_name("topic_model.npz")
TOPICS: Final = tuple(SPANISH)
RULES: Final = len(TOPICS)
"""Places behind the hashed ones: one for each list of words."""
_JOINT: Final = re.compile(r"[,;.]|\b(?:y|e|pero|porque|además|ademas|and|but|because)\b", re.IGNORECASE)
"""Parts clauses: what two of them tell, each tells louder alone."""
_FEWEST_WORDS: Final = 3
"""A clause has at least so many words to be looked at alone."""
_RULE: Final = 0.5
"""What a list that found something weighs, beside features whose squares add up to 1."""


def topic_features(text: str, language: str) -> Features:
    """Return the features of an utterance, and behind them which lists of words found something in it."""
    said = without_everyday(text)
    places, values = features_of(said)
    rules = our_rules(language)
    hit = [BUCKETS + at for at, name in enumerate(TOPICS) if name in rules and rules[name].search(said)]
    return (
        np.concatenate([places, np.array(hit, np.int32)]),
        np.concatenate([values, np.full(len(hit), _RULE, np.float32)]),
    )


def likelihoods(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return how likely each is, whatever the others are."""
    return np.asarray(1 / (1 + np.exp(-np.clip(scores, -30, 30))), np.float32)


@dataclass(frozen=True, slots=True)
class TopicModel:
    """Weights of every topic at every place."""

    labels: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    """(BUCKETS + RULES, labels)."""
    bias: npt.NDArray[np.float32]
    """(labels,)."""
    threshold: float
    """From this likelihood on a topic is told."""
    sentences: str
    """Digest of the sentences it was trained on."""

    def scores(self, text: str, language: str) -> npt.NDArray[np.float32]:
        """Return a score for each topic."""
        places, values = topic_features(text, language)
        return np.asarray(values @ self.weights[places] + self.bias, np.float32)

    def topics(self, text: str, language: str) -> frozenset[str]:
        """Return the topics that an utterance tells; none of one without words."""
        if not without_everyday(text).strip():
            return frozenset()
        parts = {text, *(part for part in _JOINT.split(text) if len(part.split()) >= _FEWEST_WORDS)}
        likely = np.max([likelihoods(self.scores(part, language)) for part in sorted(parts)], axis=0)
        return frozenset(
            label for label, one in zip(self.labels, likely.tolist(), strict=True) if one >= self.threshold
        )

    def save(self, path: Path) -> None:
        """Write the model, a byte a weight. Raises: OSError."""
        about = {"labels": self.labels, "threshold": self.threshold, "sentences": self.sentences}
        store(path, self.weights, self.bias, about)


def load(path: Path) -> TopicModel:
    """Read what `save` wrote.

    Raises: ValueError that names the file when it is none of ours; OSError.
    """
    weights, bias, about = restored(path, BUCKETS + RULES)
    return TopicModel(
        tuple(str(label) for label in about["labels"]),
        weights,
        bias,
        float(about["threshold"]),
        str(about["sentences"]),
    )


@lru_cache(maxsize=1)
def shipped_model() -> TopicModel:
    """Return the model that comes with this package."""
    return load(WEIGHTS)
