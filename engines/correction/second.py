"""The second listening's proofreader: dictionary, then vectors, then sound and context. Not for the loop: milliseconds.

Every stretch of the sentence has its proposals; the cheapest path through them wins. A path pays for how unlikely its
words are one after another, for how far they are from what was heard, and a fixed price for every change, which is
higher where the word heard is a right one and lower where the ear itself was in doubt. Staying is free.
"""

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Self

from engines.correction.bank import Bank
from engines.correction.dictionary import Proofreader, in_the_case_of
from engines.correction.language import EDGE, Language, spanish
from engines.correction.lexicon import Lexicon
from engines.correction.proposals import Heard, Proposal, proposals
from engines.correction.words import words_of
from vocabulary.speech import Correction, Replacement

WEIGHTS: Final = Path(__file__).parent / "spanish" / "weights.json"
_OPENING: Final = frozenset(".!?…¿¡")
"""Behind these a capital letter is no name."""
LEVELS: Final = frozenset({1, 2, 3})
_SUREST: Final = 3.0
"""Log odds beyond which an ear's confidence counts no more."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Prices, in units of log probability: here where the fit begins.

    `weights.json` holds them as `bench/correction_set/fit.py` fitted them on the development part.
    """

    language: float = 0.65
    """Of the language's log probability."""
    sound: float = 3.0
    """For each phone that differs."""
    change_unknown: float = 1.0
    """For changing what nobody knows."""
    change_alike: float = 3.0
    """For changing a known word into one that sounds the same."""
    change_near: float = 6.0
    """For changing known words into ones that sound nearly so."""
    confidence: float = 0.5
    """For the log odds of each changed word being right, as the ear says."""
    sure: float = 3.0
    """Log odds at which a word is as sure as one whose confidence nobody told."""
    term: float = 0.0
    """Off the price of a company's own term."""
    term_phone: float = 0.1
    """The same for each phone of it: long terms are not there by chance."""
    term_apart: float = 2.0
    """On top where right words would become a term: for each neighbour beside which no sentence holds its kind."""
    uncounted: float = 1.0
    """On top for Spanish words that no sentence of ours holds."""
    uncounted_near: float = 1.0
    """On top where such a word does not sound just like what was heard."""
    near_unknown: float = 3.0
    """On top for changing what nobody knows into what does not sound just like it: it may be a word we do not know."""
    relative: float = 1.0
    """For the share of the heard phones that differ."""
    word: float = 0.0
    """Off for each word written, or the language would rather have fewer words."""
    stay_unknown: float = 0.0
    """For keeping what nobody knows."""
    one_sided: float = 3.0
    """On top where a right word would be changed into one that our sentences hold beside only one of its neighbours."""
    unsupported: float = 8.0
    """The same where they hold it beside neither."""
    rival: float = 2.0
    """On top for each neighbour beside which they hold the right word that was heard."""
    clear: float = 2.0
    """Off where they hold the new word beside both neighbours, and the one that was heard beside neither."""
    several: float = 0.0
    """On top for each word beyond the first that a change takes in."""
    farthest_term: float = 0.3
    """Phones that may differ where a term is to be written, of those heard."""
    farthest: float = 0.2
    """Phones that may differ, of those heard."""
    farthest_known: float = 0.1
    """The same where every word heard is a known one."""

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Self:
        """Read fitted weights.

        Raises: OSError, ValueError, TypeError.
        """
        return cls(**json.loads(path.read_text("utf-8")))

    def as_json(self) -> str:
        """Return them as they are kept."""
        return json.dumps({name: round(value, 3) for name, value in asdict(self).items()}, indent=1) + "\n"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A sentence with all its choices."""

    first: Correction
    """What the dictionary made of it."""
    heard: Sequence[Heard]
    choices: Sequence[Proposal]
    origin: Sequence[int]
    """Where each word stood in what was heard."""
    offsets: Sequence[tuple[int, int]]
    """Of each word in the dictionary's text."""


def price(proposal: Proposal, words: Sequence[Heard], weights: Weights) -> float | None:
    """Return what a proposal costs besides its place in the language; None when it is out of the question."""
    among = weights.language * math.log(proposal.among) - weights.word * (proposal.text.count(" ") + 1)
    if proposal.is_kept:
        return among + weights.stay_unknown * proposal.unknown
    known = proposal.unknown == 0
    farthest = weights.farthest_term if proposal.is_term else weights.farthest_known if known else weights.farthest
    if proposal.distance > farthest * proposal.phones:
        return None
    cost = among + weights.sound * proposal.distance + weights.relative * proposal.distance / max(proposal.phones, 1)
    cost += weights.several * (proposal.end - proposal.start - 1)
    if not known:
        cost += weights.change_unknown + (weights.near_unknown if proposal.distance and not proposal.is_term else 0)
    else:
        cost += weights.change_alike if proposal.distance == 0 else weights.change_near
        if proposal.is_term:
            cost += weights.term_apart * (2 - proposal.sides)
        else:
            cost += (weights.unsupported, weights.one_sided, 0.0)[proposal.sides] + weights.rival * proposal.rival
        if proposal.sides == 2 and not proposal.rival and not proposal.is_term:
            cost -= weights.clear
    if proposal.is_term:
        cost -= weights.term + weights.term_phone * proposal.phones
    if not proposal.is_counted:
        cost += weights.uncounted + (weights.uncounted_near if proposal.distance else 0)
    sure = [word.confidence for word in words[proposal.start : proposal.end] if word.confidence is not None]
    if sure:
        # the mean, or a stretch of many words would count its doubts many times
        cost += weights.confidence * (sum(_log_odds(one) for one in sure) / len(sure) - weights.sure)
    return cost


def _log_odds(confidence: float) -> float:
    bounded = min(max(confidence, 1e-3), 1 - 1e-3)
    return min(max(math.log(bounded / (1 - bounded)), -_SUREST), _SUREST)


def cheapest(
    words: Sequence[Heard], choices: Sequence[Proposal], weights: Weights, language: Language, lexicon: Lexicon
) -> list[Proposal]:
    """Return the proposals of the cheapest way through the sentence, in order."""
    starting: dict[int, list[tuple[Proposal, float]]] = defaultdict(list)
    for choice in choices:
        cost = price(choice, words, weights)
        if cost is not None:
            starting[choice.start].append((choice, cost))
    paths: list[dict[str, tuple[float, Proposal | None, str]]] = [{} for _ in range(len(words) + 1)]
    paths[0][EDGE] = (0.0, None, EDGE)
    for place in range(len(words)):
        for choice, cost in starting[place]:
            tokens = choice.tokens
            known = [lexicon.is_spanish(token) for token in tokens]
            for first, second, is_known in zip(tokens, tokens[1:], known[1:], strict=False):
                cost -= weights.language * language.log_probability(first, second, is_known)
            ahead = paths[choice.end]
            best = ahead.get(tokens[-1])
            for before, (total, _, _) in paths[place].items():
                cost_here = total + cost - weights.language * language.log_probability(before, tokens[0], known[0])
                if best is None or cost_here < best[0]:
                    best = ahead[tokens[-1]] = (cost_here, choice, before)
    if not words:
        return []
    token = min(
        paths[-1], key=lambda last: paths[-1][last][0] - weights.language * language.log_probability(last, EDGE)
    )
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
        self._weights = weights or (Weights.load() if WEIGHTS.exists() else Weights())
        self._levels = levels

    def correct(self, text: str, confidences: Sequence[float] = ()) -> Correction:
        """Return `text` as heard and as meant. `confidences`: the ear's, one for each word of `text.split()`.

        Replacements name their level: a rule's id, "near" (level 2) or "sound" (level 3), and count words of `text`.
        """
        return self.decide(self.prepare(text, confidences), self._weights)

    def prepare(self, text: str, confidences: Sequence[float] = ()) -> Prepared:
        """Return everything that can be said before any price is known: what `fit` keeps between its trials."""
        first = self._first.correct(text) if 1 in self._levels else Correction(text, text)
        if not self._levels & {2, 3}:
            return Prepared(first, (), (), (), ())
        heard, origin, breaks, offsets = _heard(first, confidences)
        choices = [
            choice
            for choice in proposals(heard, breaks, self._lexicon)
            if choice.is_kept or choice.level in self._levels
        ]
        return Prepared(first, heard, choices, origin, offsets)

    def decide(self, prepared: Prepared, weights: Weights) -> Correction:
        """Return the cheapest way through what was prepared."""
        path = cheapest(prepared.heard, prepared.choices, weights, self._language, self._lexicon)
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
