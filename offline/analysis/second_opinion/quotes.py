"""Is what a model quotes really in the transcript? Compared word by word, without capitals, accents and punctuation."""

import re
from dataclasses import dataclass
from typing import Final

from offline.analysis.call import CallToAnalyse
from offline.analysis.entities.entity import Kind
from offline.analysis.entities.find import analyse as entities_of
from offline.analysis.tokens import spoken

HIDDEN: Final = frozenset({Kind.PAYMENT_CARD, Kind.IBAN, Kind.NATIONAL_ID})
"""What no language model gets to read."""
_MASK: Final = "•"
_DIGITS: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Located:
    """Where quoted words stand."""

    turn: int
    begin: int
    """Index of the first character in the turn's text."""
    end: int
    """Index behind the last."""


def shown_turns(call: CallToAnalyse) -> tuple[str, ...]:
    """Return the words of every turn as a model may see them: cards, accounts and documents are hidden.

    Letter by letter, so that an index into a shown turn is an index into the turn.
    """
    texts = [turn.text for turn in call.turns]
    for entity in entities_of(call).entities:
        if entity.kind in HIDDEN:
            text = texts[entity.turn]
            texts[entity.turn] = text[: entity.begin] + _MASK * (entity.end - entity.begin) + text[entity.end :]
    return tuple(texts)


def located(quote: str, turn: int, texts: tuple[str, ...], language: str) -> Located | None:
    """Return where the quoted words stand: in that turn, or else in the first that holds them; None when in none."""
    wanted = [token.plain for token in spoken(quote, language).tokens if not token.is_sign]
    if not wanted:
        return None
    order = [turn, *(place for place in range(len(texts)) if place != turn)]
    for place in order:
        if not 0 <= place < len(texts):
            continue
        tokens = [token for token in spoken(texts[place], language).tokens if not token.is_sign]
        for at in range(len(tokens) - len(wanted) + 1):
            if [token.plain for token in tokens[at : at + len(wanted)]] == wanted:
                return Located(place, tokens[at].begin, tokens[at + len(wanted) - 1].end)
    return None


def invents_numbers(text: str, texts: tuple[str, ...], values: tuple[str, ...]) -> bool:
    """True when `text` holds digits that neither the transcript nor the entities' values hold."""
    known = set(_DIGITS.findall(" ".join((*texts, *values))))
    return any(digits not in known and digits.lstrip("0") not in known for digits in _DIGITS.findall(text))
