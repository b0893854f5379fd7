"""How the second listening's weights are learned: at each word, the right one of all its choices, keeping among them.

A multinomial logit: the log odds of each choice against keeping are a sum of features times weights, and the weights
are those under which what was meant is likeliest. A word that was right in a sentence that was right counts several
times. Deterministic: no draw, one start, a fixed number of steps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from bench.correction_set.folds import Tried
from engines.correction.features import NAMES, Sparse
from engines.correction.language import EDGE, Language
from engines.correction.lexicon import Lexicon
from engines.correction.proposals import Proposal
from engines.correction.second import Prepared

STEPS: Final = 150
_PACE: Final = 0.05
_STIFFNESS: Final = 3e-5
CLEAN_COUNTS: Final = 3.0
"""How often a word of a sentence that was heard rightly counts."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A sentence's choices against keeping, and which is right at each word."""

    rows: tuple[Sparse, ...]
    """What speaks for each choice, its place in the language among it."""
    groups: tuple[tuple[tuple[int, ...], int], ...]
    """For each word: the rows that take it in, and the right one of them; -1 for keeping."""
    weight: float


def lessons_of(one: Tried) -> Iterator[Lesson]:
    """Yield what a sentence teaches: with its other words as they were heard, and as they were meant."""
    prepared, lexicon = one.prepared, one.proofreader.lexicon
    heard = [word.text for word in prepared.heard]
    meant = one.case.meant.split()
    changes = [
        (choice, features)
        for choice, features in zip(prepared.choices, prepared.features, strict=True)
        if not choice.is_kept
    ]
    errors = Levenshtein.distance(meant, heard)
    gains = [
        errors - Levenshtein.distance(meant, heard[: choice.start] + choice.text.split() + heard[choice.end :])
        for choice, _ in changes
    ]
    elements = _kept_elements(prepared)
    weight = 1.0 if errors else CLEAN_COUNTS
    plain = _neighbours(elements, len(heard))
    yield _lesson(changes, gains, elements, plain, one.language, lexicon, prepared, weight)
    right = _best([choice for choice, _ in changes], gains)
    if right:
        around = _neighbours(_with(elements, right), len(heard), plain)
        yield _lesson(changes, gains, elements, around, one.language, lexicon, prepared, weight)


Element = tuple[int, int, tuple[str, ...]]
Around = tuple[list[str], list[str]]


def _kept_elements(prepared: Prepared) -> list[Element]:
    """Return the sentence as it was heard, a company's term of several words as one."""
    terms = {
        choice.start: choice
        for choice in sorted(prepared.choices, key=lambda choice: choice.end)
        if choice.is_kept and choice.is_term
    }
    found: list[Element] = []
    place = 0
    while place < len(prepared.heard):
        term = terms.get(place)
        found.append(
            (place, term.end, term.tokens) if term else (place, place + 1, (prepared.heard[place].text,))
        )  # fmt: skip
        place = found[-1][1]
    return found


def _neighbours(elements: Sequence[Element], count: int, plain: Around | None = None) -> Around:
    """Return the word before and the word behind each place between words."""
    before, behind = ([*plain[0]], [*plain[1]]) if plain else ([EDGE] * (count + 1), [EDGE] * (count + 1))
    for start, end, tokens in elements:
        before[end], behind[start] = tokens[-1], tokens[0]
    return before, behind


def _best(choices: Sequence[Proposal], gains: Sequence[int]) -> list[Proposal]:
    """Return choices that do not overlap and repair something, the best first."""
    order = sorted(range(len(choices)), key=lambda row: (-gains[row], choices[row].end - choices[row].start))
    found: list[Proposal] = []
    for row in order:
        one = choices[row]
        if gains[row] > 0 and all(one.end <= other.start or other.end <= one.start for other in found):
            found.append(one)
    return found


def _with(elements: Sequence[Element], right: Sequence[Proposal]) -> list[Element]:
    kept = [
        element for element in elements if not any(element[0] < one.end and one.start < element[1] for one in right)
    ]
    return sorted([*kept, *((one.start, one.end, one.tokens) for one in right)])


def _lesson(
    changes: Sequence[tuple[Proposal, Sparse]], gains: Sequence[int], elements: Sequence[Element], around: Around,
    language: Language, lexicon: Lexicon, prepared: Prepared, weight: float,
) -> Lesson:  # fmt: skip
    words = [word.text for word in prepared.heard]
    of_word = {place: element for element in elements for place in range(element[0], element[1])}
    rows: list[Sparse] = []
    covering: list[list[int]] = [[] for _ in words]
    for row, (choice, features) in enumerate(changes):
        start, end = of_word[choice.start][0], of_word[choice.end - 1][1]
        old = [token for element in elements if start <= element[0] < end for token in element[2]]
        new = [*words[start : choice.start], *choice.tokens, *words[choice.end : end]]
        before, behind = around[0][start], around[1][end]
        was, is_now = (
            _standing(before, old, behind, language, lexicon),
            _standing(before, new, behind, language, lexicon),
        )
        likely = is_now[0] - was[0] - float(np.log(choice.among))
        unknown = -float(choice.unknown)
        rows.append(((0, likely), (1, is_now[1] - was[1]), (2, unknown), *features))
        for place in range(choice.start, choice.end):
            covering[place].append(row)
    groups = []
    for rows_here in covering:
        if rows_here:
            best = max(rows_here, key=lambda row: (gains[row], -len(changes[row][0].text), -row))
            groups.append((tuple(rows_here), best if gains[best] > 0 else -1))
    return Lesson(tuple(rows), tuple(groups), weight)


def _standing(
    before: str, tokens: Sequence[str], behind: str, language: Language, lexicon: Lexicon
) -> tuple[float, float]:
    pairs = list(pairwise((before, *tokens, behind)))
    likely = sum(language.log_probability(a, b, lexicon.is_spanish(b)) for a, b in pairs)
    return likely, sum(language.agreement(a, b) for a, b in pairs)


class Lessons:
    """Many lessons as arrays."""

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        places: list[int] = []
        values: list[float] = []
        starts: list[int] = []
        members: list[int] = []
        group_starts: list[int] = []
        gold: list[int] = []
        weights: list[float] = []
        for lesson in lessons:
            first = len(starts)
            for row in lesson.rows:
                starts.append(len(places))
                places += [place for place, _ in row]
                values += [value for _, value in row]
            for rows, right in lesson.groups:
                group_starts.append(len(members))
                gold.append(len(members) + rows.index(right) if right >= 0 else -1)
                members += [first + row for row in rows]
                weights.append(lesson.weight)
        self._places, self._values = np.array(places, np.int64), np.array(values)
        self._starts, self._members = np.array(starts, np.int64), np.array(members, np.int64)
        self._rows = np.repeat(np.arange(len(starts)), np.diff([*starts, len(places)]))
        self._groups, self._gold = np.array(group_starts, np.int64), np.array(gold, np.int64)
        self._of_member = np.repeat(np.arange(len(group_starts)), np.diff([*group_starts, len(members)]))
        self._weights = np.array(weights)

    def gradient(self, weights: Floats) -> tuple[float, Floats]:
        """Return the mean surprise at what was right, and its slope."""
        scores = np.bincount(self._rows, self._values * weights[self._places], len(self._starts))
        of_member = scores[self._members]
        highest = np.maximum(np.maximum.reduceat(of_member, self._groups), 0)
        odds = np.exp(of_member - highest[self._of_member])
        whole = np.add.reduceat(odds, self._groups) + np.exp(-highest)
        shares = odds / whole[self._of_member]
        changed = self._gold >= 0
        right = np.where(changed, of_member[np.maximum(self._gold, 0)], 0.0)
        total = self._weights.sum()
        loss = float((self._weights * (np.log(whole) + highest - right)).sum() / total)
        slope = shares * self._weights[self._of_member]
        slope[self._gold[changed]] -= self._weights[changed]
        of_row = np.bincount(self._members, slope, len(self._starts))
        return loss, np.bincount(self._places, self._values * of_row[self._rows], len(weights)) / total


def learn(lessons: Lessons, *, steps: int = STEPS, stiffness: float = _STIFFNESS) -> Floats:
    """Return the weights of `NAMES`: Adam over all lessons at once, from nothing but a belief in the language."""
    weights = np.zeros(len(NAMES))
    weights[0] = 0.5
    slow, fast = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, steps + 1):
        _, slope = lessons.gradient(weights)
        slope = slope + stiffness * weights
        slow = 0.9 * slow + 0.1 * slope
        fast = 0.999 * fast + 0.001 * slope**2
        pace = _PACE * min(1.0, 2 * (1 - step / (steps + 1)))
        weights -= pace * (slow / (1 - 0.9**step)) / (np.sqrt(fast / (1 - 0.999**step)) + 1e-9)
    return weights
