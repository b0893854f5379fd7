"""One misheard word or phrase against everything that may have been meant: six ways to find the nearest.

Each way ranks the words our sentences hold and a company's terms. A threshold, tuned on the development part, says how
near is near enough to change anything. Context is left out: this compares distances, not proofreaders.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from bench.correction_set.cases import Case
from bench.correction_set.sentences import vocabulary
from engines.correction.grams import counts_of, vectors_of
from engines.correction.language import spanish
from engines.correction.nearest import nearest_of
from engines.correction.phonetics import sound_distance, sound_of
from engines.correction.teaching import differences

METHODS: Final = ("L2", "cosine", "L1", "Levenshtein", "phonetic", "hybrid")
FALSE_COUNTS: Final = 8
"""Repairs that one false correction outweighs when a threshold is chosen."""
_RERANKED: Final = 24

Answer = tuple[int, float]
"""Row, and distance: 0 for the same."""
Ask = Callable[[str], Answer]


@dataclass(frozen=True, slots=True)
class MethodScore:
    """How one way did on the test part."""

    method: str
    top1: float
    """Share of the misheard that it finds first, however far."""
    repaired: float
    """Share of the misheard that it repairs, the threshold allowing."""
    wrong: float
    """Share of the misheard that it changes into something else that is wrong."""
    false_per_1000: float
    """Right words changed."""
    micros: float
    """For one word, on average."""


@dataclass(frozen=True, slots=True)
class _Tried:
    meant_found: bool
    distance: float


def compare(domain: str, cases: Sequence[Case]) -> list[MethodScore]:
    """Return the scores of all ways on a trade's test part, thresholds from its development part."""
    texts = sorted({*spanish().words, *(term.lower() for terms in vocabulary(domain).values() for term in terms)})
    asks = _asks(texts)
    known = set(texts)
    of_part = {
        part: [case for case in cases if case.part == part and case.domain == domain] for part in ("dev", "test")
    }
    scores = []
    for method in METHODS:
        ask = asks[method]
        misheard, right, _ = _tried(of_part["dev"], ask, texts, known)
        threshold = _threshold(misheard, right)
        misheard, right, seconds = _tried(of_part["test"], ask, texts, known)
        count = max(len(misheard), 1)
        allowed = [one for one in misheard if one.distance <= threshold]
        scores.append(
            MethodScore(
                method,
                sum(one.meant_found for one in misheard) / count,
                sum(one.meant_found for one in allowed) / count,
                sum(not one.meant_found for one in allowed) / count,
                1000 * sum(0 < distance <= threshold for distance in right) / max(len(right), 1),
                1e6 * seconds / max(count, 1),
            )
        )
    return scores


def _tried(
    cases: Iterable[Case], ask: Ask, texts: Sequence[str], known: set[str]
) -> tuple[list[_Tried], list[float], float]:
    """Return what was asked for the misheard and the right, and the seconds the misheard took."""
    misheard: list[_Tried] = []
    right: list[float] = []
    seconds = 0.0
    for case in cases:
        for one in differences(case.heard, case.meant):
            if one.meant in known and one.heard not in known:
                start = time.perf_counter()
                row, distance = ask(one.heard)
                seconds += time.perf_counter() - start
                misheard.append(_Tried(texts[row] == one.meant, distance))
        if case.kind == "clean":
            right += [0.0 if word in known else ask(word)[1] for word in case.meant.split()]
    return misheard, right, seconds


def _threshold(misheard: Sequence[_Tried], right: Sequence[float]) -> float:
    """Return the distance up to which changing pays best."""

    def gain(limit: float) -> int:
        repaired = sum((1 if one.meant_found else -1) for one in misheard if one.distance <= limit)
        return repaired - FALSE_COUNTS * sum(0 < distance <= limit for distance in right)

    return max(sorted({0.0, *(one.distance for one in misheard)}), key=gain)


def _asks(texts: Sequence[str]) -> dict[str, Ask]:
    sounds = [sound_of(text) for text in texts]
    # plain n-grams of letters for the plain distances, of phones for ours
    letters = [text.replace(" ", "_") for text in texts]
    counts, vectors = counts_of(letters), vectors_of(letters)
    by_sound = nearest_of(vectors_of(sounds))
    squares = np.einsum("rd,rd->r", counts, counts)
    sizes = counts.sum(axis=1)

    def l2(text: str) -> Answer:
        query = counts_of([text.replace(" ", "_")])[0]
        distances = np.sqrt(np.maximum(squares - 2 * (counts @ query) + query @ query, 0)) / max(query.sum(), 1)
        row = int(np.argmin(distances))
        return row, float(distances[row])

    def l1(text: str) -> Answer:
        query = counts_of([text.replace(" ", "_")])[0]
        distances = np.abs(counts - query).sum(axis=1) / (sizes + query.sum())
        row = int(np.argmin(distances))
        return row, float(distances[row])

    def cosine(text: str) -> Answer:
        products = vectors @ vectors_of([text.replace(" ", "_")])[0]
        row = int(np.argmax(products))
        return row, 1 - float(products[row])

    def levenshtein(text: str) -> Answer:
        _, distance, row = process.extract(text, texts, scorer=Levenshtein.normalized_distance, limit=1)[0]
        return row, distance

    def phonetic(text: str) -> Answer:
        _, distance, row = process.extract(sound_of(text), sounds, scorer=Levenshtein.normalized_distance, limit=1)[0]
        return row, distance

    def hybrid(text: str) -> Answer:
        sound = sound_of(text)
        rows, _ = by_sound.search(vectors_of([sound]), _RERANKED)
        length = max(len(sound), 1)

        def distance(row: int) -> float:
            # sound decides; letters part what sounds the same
            return sound_distance(sound, sounds[row]) / length + 0.1 * Levenshtein.normalized_distance(text, texts[row])

        best = min(map(int, rows[0]), key=distance)
        return best, distance(best)

    return {"L2": l2, "cosine": cosine, "L1": l1, "Levenshtein": levenshtein, "phonetic": phonetic, "hybrid": hybrid}
