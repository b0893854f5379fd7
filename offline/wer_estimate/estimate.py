"""How many words of a transcript are probably wrong: a logistic curve over the evidence. Pure once weights are read.

The weights were fitted by `fit` on what the embedded ear made of synthetic voices (`trials.jsonl.gz`), and on the same
with the loops and inventions added that larger ears are known for. Another ear's confidences mean something else: fit
again on its trials where their truth is known.
"""

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from engines.correction.language import Language, spanish
from offline.wer_estimate.evidence import CLUES, HeardSpeech, clues_of, compression, looping_share, plain, silent_share
from vocabulary.errors import ConfigurationError

ESTIMATE_VERSION: Final = "wer-1"
"""Raise it whenever the same transcript might get another estimate; part of a result's key."""
WEIGHTS: Final = Path(__file__).with_name("weights.json")

_LEAST_SPEECH_SECONDS: Final = 0.4
"""Of voice: less is a breath, and not hearing a word in it is right."""
_LOOPS: Final = 0.3
_SILENT: Final = 0.3
_SQUEEZED: Final = 2.4
"""zlib ratio: Whisper's own bound for a text that repeats itself."""
_USUAL_PACE: Final = 2.6
"""Words a second of voice, to guess how many were said where none was heard."""


@dataclass(frozen=True, slots=True)
class WerEstimate:
    """What is probably wrong with a transcript."""

    wer: float
    """0 to 1: words wrong, missing or invented, per word said."""
    words_said: float
    """How many words were probably said: the weight of this side in its call."""
    clues: Mapping[str, float]
    """The evidence, by the names of `evidence.CLUES`; empty when nothing was to be weighed."""
    suspicions: tuple[str, ...] = ()
    """Plain signs of an invented text: "repeats itself", "words in silence", "speech without words"."""
    version: str = ESTIMATE_VERSION


@dataclass(frozen=True, slots=True)
class Weights:
    """The fitted curve."""

    of_clues: tuple[float, ...]

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Self:
        """Read what `fit` wrote.

        Raises: ConfigurationError, naming the file.
        """
        try:
            stored = json.loads(path.read_text("utf-8"))["weights"]
            return cls(tuple(float(stored[clue]) for clue in CLUES))
        except (OSError, KeyError, TypeError, ValueError) as exc:
            raise ConfigurationError(
                f"{path} holds no weights for {', '.join(CLUES)}: write it with `python -m offline.wer_estimate.fit`"
            ) from exc

    def wer(self, clues: Sequence[float]) -> float:
        """Return the estimate, 0 to 1."""
        score = sum(weight * clue for weight, clue in zip(self.of_clues, clues, strict=True))
        return 0.5 * (1 + math.tanh(score / 2))


@functools.cache
def shipped_weights() -> Weights:
    """Return the weights beside this file, read once.

    Raises: ConfigurationError.
    """
    return Weights.load()


def estimate_wer(
    heard: HeardSpeech, *, language: Language | None = None, weights: Weights | None = None
) -> WerEstimate:
    """Return how wrong one side's transcript probably is, by the shipped Spanish and weights unless told otherwise.

    Raises: ConfigurationError when the shipped weights are damaged.
    """
    speech_seconds = heard.speech_seconds
    if not heard.words:
        if speech_seconds < _LEAST_SPEECH_SECONDS:
            return WerEstimate(0.0, 0.0, {})
        return WerEstimate(1.0, speech_seconds * _USUAL_PACE, {}, ("speech without words",))
    clues = clues_of(heard, language or spanish())
    return WerEstimate(
        (weights or shipped_weights()).wer(clues),
        max(len(heard.words), speech_seconds * _USUAL_PACE / 2),
        dict(zip(CLUES, clues, strict=True)),
        tuple(_suspicions(heard)),
    )


def _suspicions(heard: HeardSpeech) -> list[str]:
    texts = [plain(word.text) for word in heard.words]
    found = []
    if looping_share(texts) > _LOOPS or compression(" ".join(texts)) > _SQUEEZED:
        found.append("repeats itself")
    if silent_share(heard) > _SILENT:
        found.append("words in silence")
    return found


def estimate_call(sides: Sequence[WerEstimate]) -> WerEstimate:
    """Return a call's estimate from its sides': each counts by the words said on it."""
    said = sum(side.words_said for side in sides)
    wer = sum(side.wer * side.words_said for side in sides) / said if said else 0.0
    suspicions = dict.fromkeys(suspicion for side in sides for suspicion in side.suspicions)
    return WerEstimate(wer, said, {}, tuple(suspicions))
