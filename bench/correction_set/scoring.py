"""How wrong transcripts are, before and after."""

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein


@dataclass(slots=True)
class Score:
    """Errors of words against what was said; accents count, case does not."""

    before: int = 0
    after: int = 0
    words: int = 0
    harmed: int = 0
    """Errors added where the transcript had been right or better."""
    clean_words: int = 0
    false: int = 0
    """Changed words of clean sentences."""

    def add(self, heard: str, corrected: str, meant: str) -> None:
        """Count one sentence; one that was heard rightly counts as clean, too."""
        truth, was, now = meant.lower().split(), heard.lower().split(), corrected.lower().split()
        before, after = Levenshtein.distance(truth, was), Levenshtein.distance(truth, now)
        self.before += before
        self.after += after
        self.words += len(truth)
        self.harmed += max(0, after - before)
        if not before:
            self.clean_words += len(truth)
            self.false += after

    @property
    def wer_before(self) -> float:
        """Errors per word said."""
        return self.before / max(self.words, 1)

    @property
    def wer_after(self) -> float:
        """The same after correction."""
        return self.after / max(self.words, 1)

    @property
    def false_per_1000(self) -> float:
        """Of words that were right."""
        return 1000 * self.false / max(self.clean_words, 1)


def score_of(results: Iterable[tuple[str, str, str]]) -> Score:
    """Score (heard, corrected, meant)."""
    score = Score()
    for heard, corrected, meant in results:
        score.add(heard, corrected, meant)
    return score
