"""How sure the ear is: two logistic curves fitted on voices that taught the network nothing.

One says of each word how likely it is right, one of the whole utterance whether anybody said anything in Spanish.
`training/tiny/calibrate.py` fits them and writes `confidence.json`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.stt.tiny.alignment import PlacedWord
from engines.stt.tiny.network import LogProbabilities
from engines.stt.tiny.phones import BLANK, GARBAGE

WORD_CLUES = (
    "one", "fit", "worst fit", "lead", "foreign", "phones", "language", "utterance fit", "utterance lead",
    "utterance foreign", "pace",
)  # fmt: skip
UTTERANCE_CLUES = (
    "one", "fit", "worst word", "lead", "foreign", "foreign words", "words", "phones", "language", "unexplained",
    "pace",
)  # fmt: skip


def word_clues(words: Sequence[PlacedWord], heard: LogProbabilities) -> NDArray[np.float64]:
    """Return (words, WORD_CLUES): what speaks for and against each word."""
    fit = float(np.mean([word.phone_fit for word in words]))
    lead = float(np.mean([word.lead for word in words]))
    foreign = float(np.exp(heard[:, GARBAGE]).mean())
    return np.array(
        [
            (
                1.0,
                word.phone_fit,
                word.worst_fit,
                word.lead,
                word.foreignness,
                min(len(word.heard.labels), 8),
                word.heard.language,
                fit,
                lead,
                foreign,
                np.log((word.last_frame - word.first_frame + 1) / len(word.heard.labels)),
            )
            for word in words
        ]
    )


def utterance_clues(placed: Sequence[PlacedWord], heard: LogProbabilities) -> NDArray[np.float64]:
    """Return (UTTERANCE_CLUES,): what speaks for and against Spanish having been spoken at all."""
    words = [word for word in placed if word.heard.text]
    phones = sum(len(word.heard.labels) for word in words)
    frames = sum(word.last_frame - word.first_frame + 1 for word in words)
    spoken = 1 - np.exp(heard[:, BLANK])
    covered = np.zeros(len(heard), bool)
    for word in words:
        covered[max(0, word.first_frame - 1) : word.last_frame + 2] = True
    return np.array(
        (
            1.0,
            np.average([word.phone_fit for word in words], weights=[len(word.heard.labels) for word in words]),
            min(word.phone_fit for word in words),
            np.average([word.lead for word in words], weights=[len(word.heard.labels) for word in words]),
            float(np.exp(heard[:, GARBAGE]).sum() / (spoken.sum() + 1e-3)),
            (len(placed) - len(words)) / len(placed),
            np.log(len(words)),
            np.log(phones),
            np.mean([word.heard.language for word in words]),
            float(spoken[~covered].sum() / (spoken.sum() + 1e-3)),
            np.log(frames / phones),
        )
    )


@dataclass(frozen=True)
class Confidence:
    """The fitted curves."""

    word_weights: NDArray[np.float64]
    utterance_weights: NDArray[np.float64]
    least: float
    """Utterances below this probability of being Spanish are not understood."""

    @classmethod
    def load(cls, path: Path) -> "Confidence":
        """Read the curves.

        Raises: OSError, KeyError or ValueError when the file is missing or not ours.
        """
        stored = json.loads(path.read_text("utf-8"))
        return cls(
            np.array([stored["word"][clue] for clue in WORD_CLUES]),
            np.array([stored["utterance"][clue] for clue in UTTERANCE_CLUES]),
            float(stored["least"]),
        )

    def of_words(self, clues: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how likely each word is right."""
        return logistic(clues @ self.word_weights)

    def of_utterance(self, clues: NDArray[np.float64]) -> float:
        """Return how likely it is that somebody spoke Spanish."""
        return float(logistic(clues @ self.utterance_weights))

    def is_speech(self, clues: NDArray[np.float64]) -> bool:
        """Say whether the utterance is to be understood at all."""
        return self.of_utterance(clues) >= self.least


def logistic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / (1 + exp(-values)), without overflow."""
    result: NDArray[np.float64] = 0.5 * (1 + np.tanh(0.5 * values))
    return result
