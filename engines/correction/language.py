"""Which words follow which, from our own sentences: counts of pairs, smoothed (Witten and Bell 1991). Pure once read.

`pairs_es.txt.gz` is written by `bench/correction_set/count_pairs.py`. A company's terms are counted by kind: the pair
"doctora <surname>" lets every surname stand behind "doctora".
"""

import gzip
import math
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final, Self

PAIRS: Final = Path(__file__).parent / "spanish" / "pairs_es.txt.gz"
EDGE: Final = "<s>"
"""Beginning and end of a sentence."""
ANY_TERM: Final = "<term>"
"""Stands for terms of a kind that was never counted."""
_SPANISH: Final = 2e-6
"""A word that is Spanish, but was never counted."""
_UNKNOWN: Final = 1e-7
"""A word nobody knows."""


class Language:
    """Probabilities of words after words."""

    def __init__(self, pairs: Iterable[tuple[str, str, int]]) -> None:
        """Take (first, second, how often)."""
        self._pairs: dict[tuple[str, str], int] = defaultdict(int)
        for first, second, count in pairs:
            self._pairs[first, second] += count
            if second.startswith("<") and second != EDGE:
                self._pairs[first, ANY_TERM] += count
            if first.startswith("<") and first != EDGE:
                self._pairs[ANY_TERM, second] += count
        self._totals: dict[str, int] = defaultdict(int)
        self._kinds: dict[str, int] = defaultdict(int)
        self._single: dict[str, int] = defaultdict(int)
        for (first, second), count in self._pairs.items():
            self._totals[first] += count
            self._kinds[first] += 1
            self._single[second] += count
        self._all = sum(self._single.values()) or 1
        self._known: dict[tuple[str, str, bool], float] = {}

    @classmethod
    def load(cls, path: Path = PAIRS) -> Self:
        """Read counted pairs.

        Raises: OSError, ValueError.
        """
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = (line.split() for line in file)
            return cls((first, second, int(count)) for first, second, count in rows)

    @property
    def words(self) -> frozenset[str]:
        """Every counted word; kinds of terms are not among them."""
        return frozenset(word for word in self._single if not word.startswith("<"))

    def kind(self, kind: str) -> str:
        """Return the token that terms of this kind are counted as."""
        token = f"<{kind}>"
        return token if token in self._single else ANY_TERM

    def has_pair(self, first: str, second: str) -> bool:
        """Does a sentence of ours hold these words one after the other?"""
        return (first, second) in self._pairs

    def log_probability(self, before: str, word: str, is_spanish: bool = True) -> float:
        """Return the logarithm of how likely `word` stands after `before`; `is_spanish` matters if it is uncounted."""
        key = before, word, is_spanish
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = math.log(self._probability(before, word, is_spanish))
        return found

    def _probability(self, before: str, word: str, is_spanish: bool) -> float:
        count = self._single.get(word, 0)
        alone = count / self._all if count else _SPANISH if is_spanish else _UNKNOWN
        total = self._totals.get(before, 0)
        if not total:
            return alone
        kept = self._kinds[before]
        return (self._pairs.get((before, word), 0) + kept * alone) / (total + kept)


@cache
def spanish() -> Language:
    """Return the language that ships with us."""
    return Language.load()
