"""Which of the scenario's intents a sentence means: by shared words, each weighed by how telling it is.

Ears mishear, so words are compared letter by letter; callers ramble, so a sentence may hold far more words than the
example, or far fewer. What both have in common counts: the share of the example that was said, and the share of what
was said that the example explains.
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from engines.llm.scenario import Scenario
from engines.llm.sounds import sounded

_KEYWORD_SCORE = 82.0
"""What a keyword alone is worth: above any sensible threshold, below a good match of a whole sentence."""
_LEADING_SHARE = 0.8
"""Weight of the better one of the two shares."""
_TELLING_WEIGHT = 0.25
"""Common words that together weigh less than this prove little."""
_SOLID_WEIGHT = 1.2
"""An example lighter than this must explain most of what was said."""


@dataclass(frozen=True, slots=True)
class Match:
    """An intent and how well it fits, 0 to 100."""

    intent: str
    score: float


class IntentIndex:
    """The examples of one scenario, made ready for matching; built once, shared by all calls."""

    def __init__(self, scenario: Scenario, language: str = "es") -> None:
        self._language = language
        self._threshold = scenario.threshold
        self._margin = scenario.margin
        self._intents = scenario.intents
        self._examples = [
            (name, frozenset(sounds))
            for name, intent in scenario.intents.items()
            for example in intent.examples
            if (sounds := sounded(example, language))
        ]
        self._weights = self._weigh()
        self._vocabulary = tuple(self._weights)
        self._unknown_weight = max(self._weights.values(), default=1.0) * 0.6

    def _weigh(self) -> dict[str, float]:
        """Weigh words from 0 to 1: those that many intents share ("quiero", "mi") tell little."""
        used_by: dict[str, set[str]] = {}
        for name, example in self._examples:
            for word in example:
                used_by.setdefault(word, set()).add(name)
        intents = max(1, len({name for name, _ in self._examples}))
        return {
            word: (0.15 if len(word) <= 2 and word not in _SHORT_BUT_TELLING else 1.0)
            * (math.log1p(intents / len(names)) / math.log1p(intents))
            for word, names in used_by.items()
        }

    def ranked(self, text: str, contexts: Collection[str] = ()) -> list[Match]:
        """Return the intents that may be meant, best first; follow-ups only of `contexts`."""
        sounds = sounded(text, self._language)
        said = self._read(sounds)
        best: dict[str, float] = {}
        for name, example in self._examples:
            if self._is_open(name, contexts):
                best[name] = max(best.get(name, 0.0), self._score(said, example))
        for name, intent in self._intents.items():
            if not self._is_open(name, contexts):
                continue
            if any(_has_keyword(sounds, sounded(keyword, self._language)) for keyword in intent.keywords):
                best[name] = max(best.get(name, 0.0) * 0.5 + 50, _KEYWORD_SCORE)
            if any(_has_phrase(sounds, sounded(phrase, self._language)) for phrase in intent.unless):
                best.pop(name, None)
        return sorted((Match(name, score) for name, score in best.items()), key=lambda match: -match.score)

    def best(self, text: str, contexts: Collection[str] = (), among: Collection[str] | None = None) -> Match | None:
        """Return the intent meant, or None when nothing is clear enough.

        A follow-up wins a tie against an intent that is always open: it was said in its own place.
        """
        ranked = [
            match
            for match in self.ranked(text, contexts)
            if match.score >= self._threshold and (among is None or match.intent in among)
        ]
        ranked = [match for match in ranked if not self._intents[match.intent].is_small_talk] or ranked
        if not ranked:
            return None
        close = [match for match in ranked if match.score > ranked[0].score - self._margin]
        follow_ups = [match for match in close if self._intents[match.intent].within]
        if follow_ups:
            return follow_ups[0]
        return ranked[0] if len(close) == 1 else None

    def _is_open(self, name: str, contexts: Collection[str]) -> bool:
        within = self._intents[name].within
        return not within or any(context in within for context in contexts)

    def _read(self, said: Iterable[str]) -> dict[str, tuple[str | None, float]]:
        """Map every word said to the known word it most likely was, and how likely."""
        read: dict[str, tuple[str | None, float]] = {}
        for word in said:
            if word in self._weights:
                read[word] = (word, 1.0)
                continue
            # Short words are told apart by one letter, so only longer ones may be misheard.
            near = (
                process.extractOne(word, self._vocabulary, scorer=fuzz.ratio, score_cutoff=75)
                if len(word) >= 4
                else None
            )
            read[word] = (near[0], near[1] / 100) if near else (None, 0.0)
        return read

    def _score(self, said: dict[str, tuple[str | None, float]], example: frozenset[str]) -> float:
        shared: dict[str, float] = {}
        said_weight = 0.0
        for word, (known, likeness) in said.items():
            weight = self._weights[known] if known else self._unknown_weight * (0.2 if len(word) <= 3 else 1.0)
            said_weight += weight
            if known in example and known is not None:
                shared[known] = max(shared.get(known, 0.0), likeness * weight)
        common = sum(shared.values())
        if not common:
            return 0.0
        example_weight = sum(self._weights[word] for word in example)
        recall = common / example_weight
        precision = common / said_weight
        # Two words as short as "de la" explain each other perfectly and mean nothing.
        certainty = min(1.0, common / _TELLING_WEIGHT)
        # "no" stands in many a sentence that does not mean what a bare "no" means.
        solidity = min(1.0, example_weight / _SOLID_WEIGHT)
        return 100 * certainty * max(_led(recall, precision) * solidity, _led(precision, recall))


def _led(lead: float, follow: float) -> float:
    return _LEADING_SHARE * lead + (1 - _LEADING_SHARE) * follow


_SHORT_BUT_TELLING = frozenset({"no", "si", "ok", "hi"})


def _has_keyword(said: tuple[str, ...], keyword: tuple[str, ...]) -> bool:
    if len(keyword) != 1 or len(keyword[0]) < 5:
        return _has_phrase(said, keyword)
    return any(fuzz.ratio(word, keyword[0]) >= 86 for word in said)


def _has_phrase(said: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    return bool(phrase) and f" {' '.join(phrase)} " in f" {' '.join(said)} "
