"""Fit the second listening's prices on the development part: `python -m bench.correction_set.fit`. Some minutes.

It begins with the defaults of `Weights`, so that it always ends with the same prices. A few prices at a time are moved
a step up or down, and stay where the errors left and the false corrections, which count many times, are fewest. What a
right word pays where its neighbours speak for it stays as it is: the part holds too few such words to say. Nothing but
the development part and right Spanish of no trade (`right.txt`) is looked at.
"""

import math
import random
import sys
from dataclasses import asdict, replace
from typing import Final, Protocol

from bench.correction_set.cases import Case, load_set
from bench.correction_set.scoring import Score
from bench.correction_set.sentences import DOMAINS, HERE
from bench.correction_set.taught import taught_bank
from engines.correction.second import WEIGHTS, Prepared, SecondProofreader, Weights

TRIES: Final = 500
FALSE_COUNTS: Final = 25
"""Errors left that one false correction is worth."""
STEPS: Final[dict[str, tuple[float, ...]]] = {
    "language": (0.1, 0.05),
    "sound": (1.0, 0.5),
    "change_unknown": (1.0, 0.5),
    "change_alike": (1.0, 0.5),
    "change_near": (1.0, 0.5),
    "confidence": (0.3, 0.15),
    "sure": (1.0, 0.5),
    "term": (1.0, 0.5),
    "term_phone": (0.3, 0.1),
    "farthest_term": (0.1, 0.05),
    "uncounted": (1.0, 0.5),
    "uncounted_near": (1.0, 0.5),
    "near_unknown": (1.0, 0.5),
    "relative": (3.0, 1.0),
    "several": (1.0, 0.5),
    "rival": (1.0, 0.5),
    "farthest": (0.1, 0.05),
    "farthest_known": (0.1, 0.05),
}

HIGHEST: Final = {"farthest": 0.34, "farthest_term": 0.4, "farthest_known": 0.2}
"""Whatever the part says, a word is not to become one that sounds quite otherwise."""


def right_sentences() -> list[Case]:
    """Return Spanish of no trade, each line as if one of the companies had heard it."""
    lines = (HERE / "right.txt").read_text("utf-8").splitlines()
    return [
        Case("dev", DOMAINS[place % len(DOMAINS)], "clean", f"right-{place + 1}", line, line)
        for place, line in enumerate(lines)
        if line
    ]


class Judge(Protocol):
    """Says what weights are worth."""

    def loss(self, weights: Weights, bound: float = math.inf) -> float:
        """Return how bad they are; any number above `bound` once that is known."""
        ...


class Trial:
    """The development part and the sentences of `right.txt`, their choices looked up once."""

    def __init__(self) -> None:
        proofreaders = {name: SecondProofreader(taught_bank(name)) for name in DOMAINS}
        self._cases: list[tuple[SecondProofreader, Case, Prepared]] = []
        seen: set[tuple[str, str, str, tuple[float, ...]]] = set()
        for case in (*(case for case in load_set() if case.part == "dev"), *right_sentences()):
            key = case.domain, case.heard, case.meant, case.confidences
            if key not in seen:
                seen.add(key)
                proofreader = proofreaders[case.domain]
                self._cases.append((proofreader, case, proofreader.prepare(case.heard, case.confidences)))

    def score(self, weights: Weights) -> Score:
        """Return what the part comes to under `weights`."""
        score = Score()
        for proofreader, case, prepared in self._cases:
            score.add(case.heard, proofreader.decide(prepared, weights).text, case.meant)
        return score

    def loss(self, weights: Weights, bound: float = math.inf) -> float:
        """Return errors left, false corrections dear; more than `bound` as soon as it is exceeded."""
        score = Score()
        losses: list[float] = []
        total = 0.0
        for proofreader, case, prepared in self._cases:
            score.add(case.heard, proofreader.decide(prepared, weights).text, case.meant)
            losses.append(score.after + FALSE_COUNTS * score.false - total)
            total += losses[-1]
            if total > bound:
                return total
        # what cost most is asked first from now on, so that a bad move is known sooner
        order = sorted(range(len(losses)), key=lambda place: -losses[place])
        self._cases = [self._cases[place] for place in order]
        return total


def fit(trial: Judge, weights: Weights, *, tries: int = TRIES) -> Weights:
    """Return the best weights found by moving one to three of them at a time, seeded."""
    dice = random.Random(1)
    best = trial.loss(weights)
    names = list(STEPS)
    for _ in range(tries):
        moved = {}
        for name in dice.sample(names, dice.choice((1, 1, 2, 2, 3))):
            step = dice.choice(STEPS[name]) * dice.choice((1, -1, 2, -2))
            moved[name] = min(max(0.0, round(getattr(weights, name) + step, 3)), HIGHEST.get(name, math.inf))
        other = replace(weights, **moved)
        loss = trial.loss(other, best)
        if loss <= best:  # a move that costs nothing may open the way to one that gains
            if loss < best:
                print(f"{loss:8.1f}  {moved}", file=sys.stderr, flush=True)
            best, weights = loss, other
    return weights


def main() -> None:
    """Write the weights."""
    trial = Trial()
    weights = fit(trial, Weights())
    WEIGHTS.write_text(weights.as_json(), "utf-8")
    score = trial.score(weights)
    print(asdict(weights))
    print(
        f"development: WER {score.wer_before:.4f} to {score.wer_after:.4f}, {score.false_per_1000:.2f} false per 1,000"
    )


if __name__ == "__main__":
    main()
