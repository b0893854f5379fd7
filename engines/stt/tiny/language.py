"""Which words there are, and which tend to follow which: a bigram open to new words.

The counts come from the training grammar (`training/tiny/language.py`). A word nobody counted, given by its spelling
alone, may stand anywhere, about as likely as an ordinary rare word.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

_NEW_PAIR: Final = 0.2
"""Share of probability kept for pairs never counted."""
_EVEN: Final = 0.35
"""Share of the single words' probability dealt out evenly: callers use rare words more than our grammar does."""


@dataclass(frozen=True)
class Language:
    """Log probabilities of word pairs. In both tables the last index is the sentence's edge."""

    words: tuple[str, ...]
    single: NDArray[np.float32]
    """(words + 1,): how often each word, and an end, was counted."""
    pairs: NDArray[np.float32]
    """(words + 1, words + 1): how often the column's word followed the row's."""

    @classmethod
    def load(cls, path: Path) -> "Language":
        """Read the counts.

        Raises: OSError, KeyError or ValueError when the file is missing or not ours.
        """
        with np.load(path) as stored:
            words = tuple(str(stored["words"]).split())
            pairs = np.zeros((len(words) + 1, len(words) + 1), np.float32)
            pairs[stored["first"], stored["second"]] = stored["counts"]
        return cls(words, pairs.sum(axis=0), pairs)

    def with_words(self, new: Iterable[str]) -> "Language":
        """Return this language with more words; those it has already stay as they are."""
        known = set(self.words)
        added = tuple(dict.fromkeys(word for word in new if word not in known))
        if not added:
            return self
        size = len(self.words) + len(added) + 1
        place = np.r_[0 : len(self.words), size - 1]
        pairs = np.zeros((size, size), np.float32)
        pairs[np.ix_(place, place)] = self.pairs
        single = np.full(size, np.median(self.single), np.float32)
        single[place] = self.single
        return Language(self.words + added, single, pairs)

    @cached_property
    def log_probabilities(self) -> NDArray[np.float32]:
        """(words + 1, words + 1): of the column's word after the row's; the last column is the end, as the last row is
        the beginning."""
        single = (1 - _EVEN) * self.single / self.single.sum() + _EVEN / len(self.single)
        totals = self.pairs.sum(axis=1, keepdims=True)
        seen = np.divide(self.pairs, totals, out=np.zeros_like(self.pairs), where=totals > 0)
        kept = np.where(totals > 0, _NEW_PAIR, 1.0)
        return np.asarray(np.log((1 - kept) * seen + kept * single), np.float32)
