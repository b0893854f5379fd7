"""The shape of a language's lists of words that show what people feel: `sentiment_lexicon_es`, `sentiment_lexicon_en`.

Words are written without capitals, accents and punctuation. A comma parts phrases; `enfadad*` stands for every word
that begins so, `*ando` for every one that ends so (but not as a first word), and `~` for up to four words of any kind:
"llevo ~ *ndo" is "llevo media hora esperando". `@kind` is any word of a kind the language names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

GAP: Final = "~"
KIND: Final = "@"


class Sign(Enum):
    """What a phrase tells."""

    FEELING = "feeling"
    """Good or bad, by its weight."""
    FAULT = "fault"
    """Something does not work: bad, but whoever reports it is not yet angry."""
    COURTESY = "courtesy"
    """Good, but never bad: who declines with thanks is not displeased."""
    CONFUSION = "confusion"
    """The speaker does not follow."""
    SOLVED = "solved"
    """Good, and whatever was bad before it is over."""
    IDIOM = "idiom"
    """Means nothing of what its words say: "no hay problema", "mal que bien"."""


@dataclass(frozen=True, slots=True)
class SentimentLists:
    """One language's lists, as they are written."""

    phrases: Mapping[Sign, Mapping[float, str]]
    """By sign and weight, phrases parted by commas."""
    negators: frozenset[str]
    """They turn what follows them into its opposite."""
    questioners: frozenset[str]
    """Behind them a bad word is a possibility, nothing that happened: "si falla", "por si"."""
    borders: frozenset[str]
    """Negation does not reach across them."""
    turnings: frozenset[str]
    """What follows counts more than what came before: "pero", "but"."""
    intensifiers: frozenset[str]
    diminishers: frozenset[str]
    naming: frozenset[str]
    """Behind them and "es" a word is a name: "mi apellido es Bueno"."""
    named: frozenset[str]
    """Things whose name follows at once: "la calle Alegría"."""
    skippable: frozenset[str]
    """Little words that may stand between the words of a phrase."""
    kinds: Mapping[str, frozenset[str]]
    """The kinds of words that phrases name."""
    whole_confusions: frozenset[tuple[str, ...]]
    """Whole turns that ask what was said: "¿cómo?", "¿qué?"; inside a sentence the same words ask something else."""


def word_set(text: str) -> frozenset[str]:
    """Return the words of `text`."""
    return frozenset(text.split())


def phrase_set(text: str) -> frozenset[tuple[str, ...]]:
    """Return the phrases of `text`, parted by commas, each as its words."""
    return frozenset(tuple(phrase.split()) for phrase in text.split(",") if phrase.strip())


def joined_phrases(*lists: Mapping[Sign, Mapping[float, str]]) -> Mapping[Sign, Mapping[float, str]]:
    """Return the phrases of several lists as one; of a phrase that is in two of them the first counts."""
    joined: dict[Sign, dict[float, str]] = {}
    for phrases in lists:
        for sign, by_weight in phrases.items():
            of_sign = joined.setdefault(sign, {})
            for weight, text in by_weight.items():
                of_sign[weight] = ",".join(filter(None, (of_sign.get(weight, ""), text)))
    return joined
