"""Fit the second listening's weights: `python -m bench.correction_set.fit`. Some minutes on one core; no draw in it.

For each fold of templates, weights are learned from the other folds and tried on it. What a change must gain (the
margin; one for transcripts whose ear told its confidence, one for others) is the least that leaves at most
`FALSE_ALLOWED` false corrections per 1,000 right words in sentences whose templates nothing was learned from. The
weights that ship are then learned from all folds. `folds.json` keeps the folds' own, so that `bench correction` can
measure development honestly.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from bench.correction_set.folds import FOLD_WEIGHTS, FOLDS, Tried, tried
from bench.correction_set.learning import Floats, Lesson, Lessons, learn, lessons_of
from bench.correction_set.scoring import Score
from engines.correction.second import WEIGHTS, Weights

FALSE_ALLOWED: Final = 0.75
MARGINS: Final = (0.0, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a margin came to."""

    margin: float
    left: int
    """Errors."""
    false: int
    right_words: int


def chosen(told: Sequence[Outcome], untold: Sequence[Outcome], allowed: float = FALSE_ALLOWED) -> tuple[float, float]:
    """Return the margins (untold, told) that leave the fewest errors with at most `allowed` false ones per 1,000.

    Where none does, those that do the least harm.
    """
    both = [
        (
            (1000 * (one.false + other.false) / max(one.right_words + other.right_words, 1)),
            one.left + other.left,
            (other.margin, one.margin),
        )
        for one, other in product(told, untold)
    ]
    harmless = [(left, harm, margins) for harm, left, margins in both if harm <= allowed]
    return min(harmless)[2] if harmless else min(both)[2]


def tried_by_margin(sentences: Sequence[Tried], weights: Sequence[Weights]) -> list[Outcome]:
    """Return what each of `MARGINS` comes to, each sentence under the weights of its fold."""
    return [
        Outcome(margin, score.after, score.false, score.clean_words)
        for margin in MARGINS
        for score in [_score(sentences, [replace(one, margin=margin, told_margin=margin) for one in weights])]
    ]


def _score(sentences: Sequence[Tried], weights: Sequence[Weights]) -> Score:
    score = Score()
    for one in sentences:
        corrected = one.proofreader.decide(one.prepared, weights[one.fold]).text
        score.add(one.case.heard, corrected, one.case.meant)
    return score


def _weights(values: Floats) -> Weights:
    return Weights(tuple(round(float(value), 3) for value in values))


def _lessons(sentences: Sequence[Tried]) -> Iterator[tuple[int, Lesson]]:
    for one in sentences:
        for lesson in lessons_of(one):
            yield one.fold, lesson


def main() -> None:
    """Write the weights, and say what they came to where nothing was learned."""
    sentences = [one for fold in range(FOLDS) for one in tried(fold)]
    lessons = list(_lessons(sentences))
    print(f"{len(sentences)} sentences, {len(lessons)} lessons", file=sys.stderr, flush=True)
    of_folds = []
    for fold in range(FOLDS):
        of_folds.append(_weights(learn(Lessons([lesson for other, lesson in lessons if other != fold]))))
        print(f"learned without fold {fold}", file=sys.stderr, flush=True)
    told = tried_by_margin([one for one in sentences if one.case.confidences], of_folds)
    untold = tried_by_margin([one for one in sentences if not one.case.confidences], of_folds)
    for name, outcomes in (("told", told), ("untold", untold)):
        for one in outcomes:
            print(f"{name:>6}  {one.margin:4.2f}  {one.left:5} left  {one.false:3} false of {one.right_words}")
    margin, told_margin = chosen(told, untold)
    of_folds = [replace(one, margin=margin, told_margin=told_margin) for one in of_folds]
    FOLD_WEIGHTS.write_text(json.dumps([json.loads(one.as_json()) for one in of_folds], indent=0) + "\n", "utf-8")
    shipped = replace(
        _weights(learn(Lessons([lesson for _, lesson in lessons]))), margin=margin, told_margin=told_margin
    )
    WEIGHTS.write_text(shipped.as_json(), "utf-8")
    held_out = _score([one for one in sentences if one.case.kind != "clean"], of_folds)
    clean = _score(sentences, of_folds)
    print(
        f"margin {margin}, told {told_margin}; on templates nothing was learned from: WER "
        f"{100 * held_out.wer_before:.2f} to {100 * held_out.wer_after:.2f} %, "
        f"{100 * (1 - held_out.after / held_out.before):.1f} % down, "
        f"{clean.false} false of {clean.clean_words} ({clean.false_per_1000:.2f} per 1,000)"
    )


if __name__ == "__main__":
    main()
