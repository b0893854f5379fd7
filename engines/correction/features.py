"""What is weighed about each choice: numbers by name, each with a price of its own for each way of changing. Pure."""

import math
from collections.abc import Sequence
from functools import cache
from typing import Final

from engines.correction.proposals import WAYS, Heard, Proposal

SUREST: Final = 3.0
"""Log odds beyond which an ear's confidence counts no more."""
_NEPERS: Final = 4.0
"""What a gain is measured in, so that it is as large as other features."""
SHARED: Final = ("language", "agreement", "stay_unknown")
"""Prices of all ways: of the language's log probability, of kinds that agree, of keeping what nobody knows."""
OF_EACH: Final = (
    "change", "told", "doubt", "distance", "share", "letters", "phones", "uncounted", "rare", "apart", "one_side",
    "rival", "words", "worst", "gain", "agrees",
)  # fmt: skip
"""Prices of each way: the change itself; that the ear told its confidence, and how much it doubted; phones that
differ, their share of those heard; letters that differ; phones heard; new words no sentence of ours holds, and those
nobody says every day; no neighbour beside which our sentences hold the new words, or only one; neighbours beside which
they hold the words heard;
words beyond the first; the word doubted most; how much likelier the new words are than those
heard, and how much better their kinds agree, between the neighbours as they were heard."""
NAMES: Final = (*SHARED, *(f"{way}.{name}" for way in WAYS for name in OF_EACH))
"""All of them, in the order of the vectors."""

Sparse = tuple[tuple[int, float], ...]
"""Places in `NAMES`, and what stands there."""


@cache
def _first(way: str) -> int:
    return len(SHARED) + WAYS.index(way) * len(OF_EACH)


def features_of(proposal: Proposal, words: Sequence[Heard]) -> Sparse:
    """Return what speaks about a proposal, without its place in the language."""
    if proposal.is_kept:
        return ((2, float(proposal.unknown)),) if proposal.unknown else ()
    first = _first(proposal.way)
    told = [word.confidence for word in words[proposal.start : proposal.end] if word.confidence is not None]
    odds = [_log_odds(one) / SUREST for one in told]
    phones = max(proposal.phones, 1)
    values = (
        1.0,
        1.0 if odds else 0.0,
        -sum(odds) / len(odds) if odds else 0.0,
        proposal.distance,
        proposal.distance / phones,
        proposal.letters,
        math.log(phones),
        float(proposal.uncounted),
        float(proposal.rare),
        float(proposal.sides == 0),
        float(proposal.sides == 1),
        float(proposal.rival),
        float(proposal.end - proposal.start - 1),
        -min(odds) if odds else 0.0,
        proposal.gain / _NEPERS,
        proposal.agrees,
    )
    return tuple((first + place, value) for place, value in enumerate(values) if value)


def _log_odds(confidence: float) -> float:
    bounded = min(max(confidence, 1e-3), 1 - 1e-3)
    return min(max(math.log(bounded / (1 - bounded)), -SUREST), SUREST)
