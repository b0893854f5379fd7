"""Development in five folds of templates: whatever is measured on a template was learned without it.

A fold's sentences are prepared with pairs counted in the other folds' templates and rules learned from the training
part's.
"""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from bench.correction_set.cases import Case, load_set
from bench.correction_set.count_pairs import Pairs, general_pairs, own, pairs_of
from bench.correction_set.sentences import DOMAINS, HERE
from bench.correction_set.taught import taught_bank
from engines.correction.language import Language
from engines.correction.lexicon import Lexicon
from engines.correction.second import LEVELS, Prepared, SecondProofreader, Weights

FOLDS: Final = 5
DEVELOPMENT: Final = ("dev", "test", "former")
"""Parts that were looked at, or measured too often to be blind: the folds."""


FOLD_WEIGHTS: Final = HERE / "folds.json"
"""The weights that were learned without each fold."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A sentence, as a proofreader sees it that never saw its template."""

    fold: int
    case: Case
    prepared: Prepared
    proofreader: SecondProofreader

    @property
    def language(self) -> Language:
        """The language that its fold is heard with."""
        return self.proofreader.language


def fold_of(template: str) -> int:
    """Return the fold a template belongs to for good."""
    return zlib.crc32(template.encode()) % FOLDS


def right_sentences() -> list[Case]:
    """Return Spanish of no trade, each line as if one of the companies had heard it."""
    lines = (HERE / "right.txt").read_text("utf-8").splitlines()
    return [
        Case("dev", DOMAINS[place % len(DOMAINS)], "clean", f"right-{place + 1}", line, line)
        for place, line in enumerate(lines)
        if line
    ]


def development() -> list[Case]:
    """Return the sentences of all folds, each once."""
    cases = [case for case in load_set() if case.part in DEVELOPMENT] + right_sentences()
    return list({(case.domain, case.heard, case.meant, case.confidences): case for case in cases}.values())


def tried(fold: int) -> Iterator[Tried]:
    """Yield a fold's sentences, prepared."""
    cases = development()
    for domain in DOMAINS:
        proofreader = SecondProofreader(
            taught_bank(domain), language=language_without(fold), lexicon=lexicon_without(fold, domain),
            weights=Weights.of({}),
        )  # fmt: skip
        for case in cases:
            if case.domain == domain and fold_of(case.template) == fold:
                yield Tried(fold, case, proofreader.prepare(case.heard, case.confidences), proofreader)


def proofreader_without(fold: int, domain: str, levels: frozenset[int] = LEVELS) -> SecondProofreader:
    """Return a trade's proofreader that knows nothing of the fold's templates."""
    return SecondProofreader(
        taught_bank(domain), language=language_without(fold), lexicon=lexicon_without(fold, domain),
        weights=_fold_weights()[fold], levels=levels,
    )  # fmt: skip


@cache
def lexicon_without(fold: int, domain: str) -> Lexicon:
    """Return a trade's words with the language of the other folds."""
    return Lexicon(language_without(fold), taught_bank(domain).terms)


@cache
def language_without(fold: int) -> Language:
    """Return the language counted without the fold's templates."""
    pairs = _general() + pairs_of(sentences for _, sentences in own(("train",)))
    pairs += pairs_of(sentences for name, sentences in own(DEVELOPMENT) if fold_of(name) != fold)
    return Language((first, second, count) for (first, second), count in pairs.items())


@cache
def _fold_weights() -> list[Weights]:
    return [Weights.of(named) for named in json.loads(FOLD_WEIGHTS.read_text("utf-8"))]


@cache
def _general() -> Pairs:
    return general_pairs()
