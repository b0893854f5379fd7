"""A turn's text, parted into words that know where they stand: entities are shown in the caller's own words."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from vocabulary.spoken import unaccented

_PIECE: Final = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_ºª]+|\S", re.UNICODE)
"""A number as written (1.234,50), a word, or a single sign; "AB12" is a word and a number side by side."""


def word_list(text: str) -> list[str]:
    """Part a list of words that is written as a sentence, which keeps long lists readable."""
    return text.split()


def word_set(text: str) -> frozenset[str]:
    """Part a set of words that is written as a sentence."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or sign."""

    plain: str
    """Lower case, without accents."""
    begin: int
    """Index of its first character in the text."""
    end: int
    """Index behind its last character."""
    is_glued: bool = False
    """Nothing parts it from the token before it: "AB12", "12345678Z"."""

    @property
    def is_number(self) -> bool:
        """True for digits, as written."""
        return self.plain[0].isdecimal()

    @property
    def is_sign(self) -> bool:
        """True for punctuation and symbols."""
        return not self.plain[0].isalnum()


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn's text and its tokens."""

    text: str
    tokens: tuple[Token, ...]
    language: str
    flat: str
    """The text in lower case without accents, letter for letter: an index into it is an index into the text."""

    def token_at(self, index: int) -> int:
        """Return which token the character at `index` belongs to, or else the next one."""
        return bisect_right(self.tokens, index, key=lambda token: token.end)

    def word(self, at: int) -> str:
        """Return the plain token at `at`; "" outside the text."""
        return self.tokens[at].plain if 0 <= at < len(self.tokens) else ""

    def says(self, at: int, phrase: tuple[str, ...]) -> bool:
        """True when the words of `phrase` stand at `at`."""
        return all(self.word(at + offset) == word for offset, word in enumerate(phrase))

    def before(self, at: int, count: int) -> tuple[str, ...]:
        """Return up to `count` plain words before `at`, without signs."""
        found = [token.plain for token in self.tokens[max(0, at - 2 * count) : at] if not token.is_sign]
        return tuple(found[-count:])


@lru_cache(maxsize=1024)
def spoken(text: str, language: str = "es") -> Spoken:
    """Part `text` into tokens."""
    found: list[Token] = []
    for match in _PIECE.finditer(text):
        is_glued = bool(found) and found[-1].end == match.start()
        plain = match[0] if match[0] in "ºª" else "".join(_flat(letter) for letter in match[0])
        found.append(Token(plain, match.start(), match.end(), is_glued))
    return Spoken(text, tuple(found), language, "".join(_flat(letter) for letter in text))


def _flat(letter: str) -> str:
    plain = unaccented(letter)
    # a raised ¹ becomes a 1 without its accents, but it is no number that anybody said
    is_other = len(plain) != 1 or plain.isdecimal() != letter.isdecimal()
    return letter if is_other else plain
