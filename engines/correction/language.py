"""Which words follow which, from our own sentences: counts of pairs, smoothed (Witten and Bell 1991). Pure once read.

`pairs_es.txt.gz` is written by `bench/correction_set/count_pairs.py`. A company's terms are counted by kind: the pair
"doctora <surname>" lets every surname stand behind "doctora". The same pairs say which kinds of words agree: what no
sentence holds may still be Spanish ("los destornilladores") or not ("las destornilladores").
"""

import gzip
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final, Self

from engines.correction.kinds import is_common, kinds_of

PAIRS: Final = Path(__file__).parent / "spanish" / "pairs_es.txt.gz"
EDGE: Final = "<s>"
"""Beginning and end of a sentence."""
ANY_TERM: Final = "<term>"
"""Stands for terms of a kind that was never counted."""
_COMMON: Final = 6e-6
"""A word of every day that was never counted."""
_SPANISH: Final = 1e-6
"""Any other word of the lists."""
_UNKNOWN: Final = 1e-7
"""A word nobody knows."""
_STIFFNESS: Final = 8.0
"""Pairs of kinds that are taken for granted as if they were independent."""
_BOUND: Final = 4.0
_OFTEN: Final = 50
"""A pair counts no more than so many times for its kinds: they are to be those of the language, not of a phrase."""


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
        self._agreed: dict[tuple[str, str], float] = {}
        self._agreement: _Agreement | None = None

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

    def agreement(self, first: str, second: str) -> float:
        """Return how much oftener words of such kinds stand side by side than by chance: nepers, -4 to 4."""
        key = first, second
        found = self._agreed.get(key)
        if found is None:
            if self._agreement is None:
                self._agreement = _Agreement(self._pairs)
            found = self._agreed[key] = self._agreement.of(first, second)
        return found

    def _probability(self, before: str, word: str, is_spanish: bool) -> float:
        count = self._single.get(word, 0)
        uncounted = _UNKNOWN if not is_spanish else _COMMON if is_common(word) else _SPANISH
        alone = count / self._all if count else uncounted
        total = self._totals.get(before, 0)
        if not total:
            return alone
        kept = self._kinds[before]
        return (self._pairs.get((before, word), 0) + kept * alone) / (total + kept)


class _Agreement:
    """Counts of kinds of words side by side; a word of several kinds is each of them in part."""

    def __init__(self, counts: Mapping[tuple[str, str], int]) -> None:
        self._both: dict[tuple[str, str], float] = defaultdict(float)
        self._first: dict[str, float] = defaultdict(float)
        self._second: dict[str, float] = defaultdict(float)
        shares = [(kinds_of(a), kinds_of(b), math.sqrt(min(count, _OFTEN))) for (a, b), count in counts.items()]
        for round_ in range(2):
            both: dict[tuple[str, str], float] = defaultdict(float)
            for firsts, seconds, weight in shares:
                if len(firsts) == len(seconds) == 1:
                    both[firsts[0], seconds[0]] += weight
                    continue
                # what stands side by side in sentences that leave no choice says which reading is meant elsewhere
                options = [(a, b, math.exp(self._single(a, b)) if round_ else 1.0) for a in firsts for b in seconds]
                whole = sum(share for _, _, share in options)
                for a, b, share in options:
                    both[a, b] += weight * share / whole
            self._both = both
            self._first, self._second = defaultdict(float), defaultdict(float)
            for (a, b), weight in both.items():
                self._first[a] += weight
                self._second[b] += weight
            self._all = sum(self._first.values()) or 1.0

    def of(self, first: str, second: str) -> float:
        return max(self._single(a, b) for a in kinds_of(first) for b in kinds_of(second))

    def _single(self, first: str, second: str) -> float:
        total, alone = self._first.get(first, 0.0), self._second.get(second, 0.0) / self._all
        if not total or not alone:
            return 0.0
        found = (self._both.get((first, second), 0.0) + _STIFFNESS * alone) / (total + _STIFFNESS)
        return min(max(math.log(found / alone), -_BOUND), _BOUND)


@cache
def spanish() -> Language:
    """Return the language that ships with us."""
    return Language.load()
