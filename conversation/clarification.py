"""Whether to ask again, and how: by how sure the ear is, how costly a mistake is, and how often we have asked.

    explicit     "¿ha dicho que quiere cancelar?": we go on only with the answer
    implicit     "de acuerdo, cancelar": said in passing, the caller may object
    spell_out    "¿me lo deletrea?": names and addresses, which no dictionary holds

Asking costs the caller patience, and the more the oftener; so only critical words are asked for, and at most three
times a call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from conversation.critical_words import CriticalWord, HeardWord, Kind, critical_words
from conversation.expectation import DigitEntry, Expectation, Expected
from vocabulary.speech import Correction, Word

MOST_CLARIFICATIONS: Final = 3
"""A call."""

_COST: Final = {Kind.ACTION: 2.2, Kind.NUMBER: 2.0, Kind.ADDRESS: 2.0, Kind.NAME: 1.9}
"""Of a mistake, in questions: a service cancelled by mistake costs more than two questions too many."""
_PASSING_PRICE: Final = 0.6
"""Of a confirmation in passing, in questions."""
_DEARER_EACH_TIME: Final = 0.15
"""The second question costs so much more than the first."""
_QUOTED_WORDS: Final = 8
"""Longer turns are quoted in part."""
_QUOTED_AROUND: Final = 3
_DICTATED: Final = 3
"""So many number words are dictation, and are asked for digit by digit."""


class Strategy(Enum):
    """How to ask."""

    EXPLICIT = "explicit"
    IMPLICIT = "implicit"
    SPELL_OUT = "spell_out"


@dataclass(frozen=True, slots=True)
class Clarification:
    """One word is to be made sure of."""

    strategy: Strategy
    kind: Kind
    word: str
    """As the ear wrote it."""
    confidence: float
    quote: str
    """The word among its neighbours, to be read back."""
    place: tuple[int, int]
    """Of what is said again with it, a whole number or name: index of the first word, and behind the last."""
    is_dictation: bool = False
    """A number of several words: to be said again, digit by digit."""


def heard_words(words: Sequence[Word], correction: Correction) -> tuple[HeardWord, ...]:
    """Put the ear's confidences to the words after correction; a repair is as sure as what it repairs.

    Empty when the ear gave no words, or others than the proofreader read.
    """
    heard = correction.heard.split()
    if not words or len(heard) != len(words):
        return ()
    corrected: list[HeardWord] = []
    at = 0
    for replacement in sorted(correction.replacements, key=lambda one: one.position):
        if replacement.position < at:
            return ()
        corrected += [HeardWord(word.text, word.confidence) for word in words[at : replacement.position]]
        at = replacement.position + len(replacement.heard.split())
        sure = min((word.confidence for word in words[replacement.position : at]), default=0.0)
        corrected += [HeardWord(word, sure) for word in replacement.meant.split()]
    return (*corrected, *(HeardWord(word.text, word.confidence) for word in words[at:]))


def clarification_for(
    heard: Sequence[HeardWord],
    language: str = "es",
    expected: Expected = Expectation.OPEN,
    *,
    asked: int = 0,
    most: int = MOST_CLARIFICATIONS,
) -> Clarification | None:
    """Return what to make sure of, the costliest doubt first; None to go on. `asked`: how often in this call so far."""
    if asked >= most:
        return None
    found = critical_words(heard, language, expected)
    if not found:
        return None
    worst = max(found, key=_loss)
    price = 1.0 + _DEARER_EACH_TIME * asked
    loss = _loss(worst)
    if loss <= _PASSING_PRICE * price:
        return None
    strategy = _asking(worst.kind) if loss > price else Strategy.IMPLICIT
    numbers = sum(one.kind is Kind.NUMBER for one in found)
    is_number_expected = expected is Expectation.NUMBER or isinstance(expected, DigitEntry)
    return Clarification(
        strategy,
        worst.kind,
        worst.word.text,
        worst.word.confidence,
        _quote(heard, worst.position),
        _stretch(worst, found),
        is_dictation=worst.kind is Kind.NUMBER and (numbers >= _DICTATED or is_number_expected),
    )


def _loss(critical: CriticalWord) -> float:
    return (1.0 - critical.word.confidence) * _COST[critical.kind]


def _asking(kind: Kind) -> Strategy:
    return Strategy.SPELL_OUT if kind in (Kind.NAME, Kind.ADDRESS) else Strategy.EXPLICIT


def _stretch(worst: CriticalWord, found: Sequence[CriticalWord]) -> tuple[int, int]:
    """Return the run of critical words of one kind around the worst; one word of another kind may stand between two."""
    begin = end = worst.position
    alike = [one.position for one in found if one.kind is worst.kind]
    for position in alike:
        if end < position <= end + 2:
            end = position
    for position in reversed(alike):
        if begin - 2 <= position < begin:
            begin = position
    return begin, end + 1


def _quote(heard: Sequence[HeardWord], position: int) -> str:
    words = [word.text for word in heard]
    if len(words) > _QUOTED_WORDS:
        words = words[max(0, position - _QUOTED_AROUND) : position + _QUOTED_AROUND]
    return " ".join(words).strip(" ,.;:¿?¡!")
