"""The second listening's proofreader: dictionary, then vectors, then sound and context. Not for the loop: milliseconds.

Every stretch of the sentence has its proposals; the best path through them wins. A path is worth the log odds that its
changes are right: how likely its words are one after another, how well their kinds agree, and for each change what
`features` says of it. Staying is worth nothing and costs nothing; a change must gain a margin on top.
"""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Final, Self

from engines.correction.bank import Bank
from engines.correction.dictionary import Proofreader, in_the_case_of
from engines.correction.features import NAMES, Sparse, features_of
from engines.correction.language import EDGE, Language, spanish
from engines.correction.lexicon import Lexicon
from engines.correction.proposals import Heard, Proposal, proposals
from engines.correction.words import words_of
from vocabulary.speech import Correction, Replacement

WEIGHTS: Final = Path(__file__).parent / "spanish" / "weights.json"
_MARGIN: Final = "margin"
_OPENING: Final = frozenset(".!?…¿¡")
"""Behind these a capital letter is no name."""
LEVELS: Final = frozenset({1, 2, 3})


@dataclass(frozen=True, slots=True)
class Weights:
    """What each of `features.NAMES` is worth, in log odds, and what a change must gain besides.

    `weights.json` holds them as `bench/correction_set/fit.py` fitted them.
    """

    values: tuple[float, ...]
    """In the order of `NAMES`."""
    margin: float = 0.0
    told_margin: float = 0.0
    """The same where the ear told its confidence."""

    @classmethod
    def of(cls, named: Mapping[str, float]) -> Self:
        """Return weights by name; what is not named is worth nothing.

        Raises: ValueError naming a name that there is not.
        """
        margins = {name: value for name, value in named.items() if name in (_MARGIN, "told_margin")}
        if unknown := named.keys() - margins.keys() - set(NAMES):
            raise ValueError(f"there is no weight {min(unknown)!r}")
        return cls(tuple(named.get(name, 0.0) for name in NAMES), **margins)

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Self:
        """Read fitted weights.

        Raises: OSError, ValueError.
        """
        return cls.of(json.loads(path.read_text("utf-8")))

    def as_json(self) -> str:
        """Return them as they are kept."""
        named = {"margin": self.margin, "told_margin": self.told_margin} | {
            name: round(value, 3) for name, value in zip(NAMES, self.values, strict=True) if round(value, 3)
        }
        return json.dumps(named, indent=1) + "\n"

    @property
    def language(self) -> float:
        """Of the language's log probability."""
        return self.values[0]

    @property
    def agreement(self) -> float:
        """Of kinds of words that agree."""
        return self.values[1]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A sentence with all its choices."""

    first: Correction
    """What the dictionary made of it."""
    heard: Sequence[Heard] = ()
    choices: Sequence[Proposal] = ()
    features: Sequence[Sparse] = ()
    """What speaks about each choice."""
    origin: Sequence[int] = ()
    """Where each word stood in what was heard."""
    offsets: Sequence[tuple[int, int]] = field(default=())
    """Of each word in the dictionary's text."""


def price(proposal: Proposal, features: Sparse, weights: Weights, *, is_told: bool) -> float:
    """Return what a proposal costs besides its place in the language."""
    cost = weights.language * math.log(proposal.among) - sum(weights.values[place] * value for place, value in features)
    if proposal.is_kept:
        return cost
    return cost + (weights.told_margin if is_told else weights.margin)


def cheapest(prepared: Prepared, weights: Weights, language: Language, lexicon: Lexicon) -> list[Proposal]:
    """Return the proposals of the cheapest way through the sentence, in order."""
    words = prepared.heard
    if not words:
        return []
    is_told = any(word.confidence is not None for word in words)
    starting: dict[int, list[tuple[Proposal, float]]] = defaultdict(list)
    for choice, features in zip(prepared.choices, prepared.features, strict=True):
        starting[choice.start].append((choice, price(choice, features, weights, is_told=is_told)))

    def beside(first: str, second: str) -> float:
        likely = language.log_probability(first, second, lexicon.is_spanish(second))
        return -weights.language * likely - weights.agreement * language.agreement(first, second)

    paths: list[dict[str, tuple[float, Proposal | None, str]]] = [{} for _ in range(len(words) + 1)]
    paths[0][EDGE] = (0.0, None, EDGE)
    for place in range(len(words)):
        for choice, cost in starting[place]:
            tokens = choice.tokens
            for first, second in pairwise(tokens):
                cost += beside(first, second)
            ahead = paths[choice.end]
            best = ahead.get(tokens[-1])
            for before, (total, _, _) in paths[place].items():
                cost_here = total + cost + beside(before, tokens[0])
                if best is None or cost_here < best[0]:
                    best = ahead[tokens[-1]] = (cost_here, choice, before)
    token = min(paths[-1], key=lambda last: paths[-1][last][0] + beside(last, EDGE))
    path: list[Proposal] = []
    place = len(words)
    while place:
        _, chosen, token = paths[place][token]
        assert chosen is not None
        path.append(chosen)
        place = chosen.start
    return path[::-1]


class SecondProofreader:
    """Corrects transcripts by all three levels."""

    def __init__(
        self,
        bank: Bank,
        *,
        language: Language | None = None,
        lexicon: Lexicon | None = None,
        weights: Weights | None = None,
        levels: frozenset[int] = LEVELS,
    ) -> None:
        """Index the bank's terms (a second); whatever is left out is what ships with us."""
        self._first = Proofreader(bank)
        self._language = language or spanish()
        self._lexicon = lexicon or Lexicon(self._language, bank.terms)
        self._weights = weights or (Weights.load() if levels & {2, 3} else None)
        self._levels = levels

    @property
    def language(self) -> Language:
        """What it reads sentences with."""
        return self._language

    @property
    def lexicon(self) -> Lexicon:
        """The words it may write."""
        return self._lexicon

    def correct(self, text: str, confidences: Sequence[float] = ()) -> Correction:
        """Return `text` as heard and as meant. `confidences`: the ear's, one for each word of `text.split()`.

        Replacements name their level: a rule's id, "near" (level 2) or "sound" (level 3), and count words of `text`.
        """
        prepared = self.prepare(text, confidences)
        return self.decide(prepared, self._weights) if self._weights else prepared.first

    def prepare(self, text: str, confidences: Sequence[float] = ()) -> Prepared:
        """Return everything that can be said before any price is known: what `fit` keeps between its trials."""
        first = self._first.correct(text) if 1 in self._levels else Correction(text, text)
        if not self._levels & {2, 3}:
            return Prepared(first)
        heard, origin, breaks, offsets = _heard(first, confidences)
        choices = [
            choice
            for choice in proposals(heard, breaks, self._lexicon)
            if choice.is_kept or choice.level in self._levels
        ]
        return Prepared(first, heard, choices, [features_of(choice, heard) for choice in choices], origin, offsets)

    def decide(self, prepared: Prepared, weights: Weights) -> Correction:
        """Return the cheapest way through what was prepared."""
        path = cheapest(prepared, weights, self._language, self._lexicon)
        return _written(prepared.first, path, prepared.origin, prepared.offsets)


def _heard(
    first: Correction, confidences: Sequence[float]
) -> tuple[list[Heard], list[int], frozenset[int], list[tuple[int, int]]]:
    """Return the words after the dictionary, where each stood in the original, where punctuation parts them, and their
    offsets in the corrected text."""
    words = words_of(first.text)
    origin, locked = _origins(first, len(words))
    has_confidences = len(confidences) == len(first.heard.split())
    heard: list[Heard] = []
    kept_origin: list[int] = []
    offsets: list[tuple[int, int]] = []
    breaks: set[int] = set()
    end = 0
    for place, word in enumerate(words):
        if not word.key:
            continue
        if heard and not first.text[end : word.start].isspace():
            breaks.add(len(heard))
        sure = confidences[origin[place]] if has_confidences and origin[place] < len(confidences) else None
        written = first.text[word.start : word.end]
        opens = not heard or first.text[end : word.start].strip()[-1:] in _OPENING
        is_name = written[0].isupper() and not opens
        heard.append(Heard(written.lower(), sure, place in locked, is_name))
        kept_origin.append(origin[place])
        offsets.append((word.start, word.end))
        end = word.end
    return heard, kept_origin, frozenset(breaks), offsets


def _origins(first: Correction, count: int) -> tuple[list[int], frozenset[int]]:
    """Return for each corrected word its place in the original, and which words the dictionary wrote."""
    origin: list[int] = []
    locked: set[int] = set()
    place = 0
    for replacement in first.replacements:
        origin += range(place, replacement.position)
        written = len(replacement.meant.split())
        locked.update(range(len(origin), len(origin) + written))
        origin += [replacement.position] * written
        place = replacement.position + len(replacement.heard.split())
    origin += range(place, place + count - len(origin))
    return origin, frozenset(locked)


def _written(
    first: Correction, path: Sequence[Proposal], origin: Sequence[int], offsets: Sequence[tuple[int, int]]
) -> Correction:
    pieces: list[str] = []
    replacements = list(first.replacements)
    copied = 0
    for choice in path:
        start, end = (offsets[choice.start][0], offsets[choice.end - 1][1]) if not choice.is_kept else (0, 0)
        if choice.is_kept:
            continue
        heard = first.text[start:end]
        meant = in_the_case_of(heard, choice.text)
        if meant == heard:
            continue
        pieces += (first.text[copied:start], meant)
        copied = end
        replacements.append(Replacement(heard, meant, origin[choice.start], "near" if choice.level == 2 else "sound"))
    pieces.append(first.text[copied:])
    replacements.sort(key=lambda replacement: replacement.position)
    return replace(first, text="".join(pieces), replacements=tuple(replacements))
