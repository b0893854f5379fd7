"""Digits that stand together in a text, written or spoken, Spanish or English: "612 34 cinco seis, setenta y ocho".

A run goes on over spaces, dashes, dots, ends of lines and the small words people put between groups. It ends at any
other word, and at "mil" or "thousand", which belong to amounts and not to numbers that are dictated.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from vocabulary.spanish_numerals import BELOW_THIRTY, HUNDREDS, TENS, feminine
from vocabulary.spoken import unaccented

_TOKEN: Final = re.compile(r"(?<![\w@])\d+(?![\w@])|(?<!\d)\+(?=[\d\s(])|[^\W\d_]+", re.UNICODE)
_GAP: Final = re.compile(r"[\s().,;/·…\-‐-―\"'¿?¡!]{0,8}")
_FILLERS: Final = frozenset({
    "y", "e", "eh", "em", "este", "esto", "pues", "luego", "despues", "guion", "espacio", "coma", "punto", "barra",
    "si", "vale", "ok", "and", "then", "dash", "space", "uh", "um", "point", "slash", "hyphen",
})  # fmt: skip
_MOST_FILLERS: Final = 4
"""Between two groups."""
_WHOLE_DIGITS: Final = 7
"""Two groups of so many digits are two numbers."""
_REPEATS: Final = {"doble": 2, "double": 2, "triple": 3}
_PLUS: Final = frozenset({"+", "mas", "plus"})
_SCALES: Final = frozenset({
    "mil", "millon", "millones", "thousand", "million", "euro", "euros", "peso", "pesos", "dolar", "dolares",
    "dollars", "pounds", "centimos",
})  # fmt: skip
"""What makes the digits in front of them an amount."""


def _values() -> tuple[dict[str, int], dict[str, int], dict[str, int], dict[str, int]]:
    below: dict[str, int] = {}
    tens: dict[str, int] = {}
    hundreds: dict[str, int] = {}
    for value, word in enumerate(BELOW_THIRTY):
        below[unaccented(word)] = value
    for word, value in (("uno", 1), ("veintiuno", 21), ("zero", 0), ("oh", 0)):
        below[word] = value
    del below["un"]  # far more often the article
    english = (
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen"
    )
    below |= {word: value for value, word in enumerate(english.split(), 1)}
    tens |= {word: value * 10 for value, word in enumerate(TENS) if value >= 3}
    tens |= {
        word: value * 10
        for value, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
    }
    for value, word in enumerate(HUNDREDS):
        if word:
            hundreds |= {word: value * 100, feminine(word): value * 100}
    hundreds["cien"] = 100
    plurals = {f"{word}{'s' if word[-1] in 'aeo' else 'es'}": below[word] for word in BELOW_THIRTY[2:10]}
    plurals |= {"ceros": 0, "unos": 1, "zeros": 0}
    return below, tens, hundreds, plurals


_BELOW, _TENS, _HUNDREDS, _PLURALS = _values()


@dataclass(frozen=True, slots=True)
class Group:
    """Digits said or written as one: "612", "treinta y cuatro"."""

    digits: str = field(repr=False)
    start: int
    end: int
    is_spoken: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Groups that stand together."""

    groups: tuple[Group, ...]
    has_plus: bool = False

    @property
    def digits(self) -> str:
        return "".join(group.digits for group in self.groups)

    @property
    def start(self) -> int:
        return self.groups[0].start

    @property
    def end(self) -> int:
        return self.groups[-1].end

    @property
    def single_spoken(self) -> int:
        """How many digits were said one by one."""
        return sum(group.is_spoken and len(group.digits) == 1 for group in self.groups)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    """Plain."""
    start: int
    end: int


def digit_runs(text: str) -> Iterator[Run]:
    """Yield the runs of the text, from left to right; runs of one digit too."""
    tokens = [_Token(unaccented(found[0]), found.start(), found.end()) for found in _TOKEN.finditer(text)]
    groups: list[Group] = []
    has_plus = False
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if groups and not _bridges(text, tokens, groups[-1].end, place):
            yield Run(tuple(groups), has_plus)
            groups, has_plus = [], False
        group, after = _group(tokens, place, text)
        if group is not None:
            if groups and min(len(groups[-1].digits), len(group.digits)) >= _WHOLE_DIGITS:
                yield Run(tuple(groups), has_plus)
                groups, has_plus = [], False
            groups.append(group)
        elif token.text in _PLUS:
            if groups:
                yield Run(tuple(groups), has_plus)
            groups, has_plus = [], True
        elif token.text in _SCALES and groups:
            before = _without_amount(groups, text)
            if before:
                yield Run(before, has_plus)
            groups, has_plus = [], False
        elif token.text not in _FILLERS:
            if groups:
                yield Run(tuple(groups), has_plus)
            groups, has_plus = [], False
        place = after
    if groups:
        yield Run(tuple(groups), has_plus)


def _without_amount(groups: list[Group], text: str) -> tuple[Group, ...]:
    """Return what stood before an amount: the last group is its own, and all that is written to it without a space."""
    first = len(groups) - 1
    while first and not re.search(r"\s", text[groups[first - 1].end : groups[first].start]):
        first -= 1
    return tuple(groups[:first])


def _bridges(text: str, tokens: list[_Token], end: int, place: int) -> bool:
    """Return whether nothing but a few fillers lies between `end` and the token at `place`."""
    right = tokens[place].start
    if _GAP.fullmatch(text, end, right):
        return True
    for token in reversed(tokens[max(place - _MOST_FILLERS - 1, 0) : place]):
        if token.start < end:
            return bool(_GAP.fullmatch(text, end, right))
        if token.text not in _FILLERS or not _GAP.fullmatch(text, token.end, right):
            return False
        right = token.start
    return False


def _group(tokens: list[_Token], place: int, text: str) -> tuple[Group | None, int]:
    """Return the group that begins at `place` and the place behind it."""
    token = tokens[place]
    if token.text.isdigit():
        return Group(token.text, token.start, token.end, is_spoken=False), place + 1
    repeat = _REPEATS.get(token.text)
    if repeat and place + 1 < len(tokens) and (digit := _one_digit(tokens[place + 1].text)):
        return Group(digit * repeat, token.start, tokens[place + 1].end, is_spoken=True), place + 2
    counted = _BELOW.get(token.text, 0)
    if 2 <= counted <= 9 and place + 1 < len(tokens) and tokens[place + 1].text in _PLURALS:
        digits = str(_PLURALS[tokens[place + 1].text]) * counted
        return Group(digits, token.start, tokens[place + 1].end, is_spoken=True), place + 2
    value, after = _number(tokens, place)
    if value is None:
        return None, place + 1
    return Group(str(value), token.start, tokens[after - 1].end, is_spoken=True), after


def _one_digit(word: str) -> str:
    if word.isdigit():
        return word if len(word) == 1 else ""
    value = _BELOW.get(word, 99)
    return str(value) if value < 10 else ""


def _number(tokens: list[_Token], place: int) -> tuple[int | None, int]:
    """Read a spoken number below a thousand: hundreds, then tens, then units, each where it may stand."""
    word = tokens[place].text
    value: int | None = None
    if word in _HUNDREDS:
        value = _HUNDREDS[word]
        place += 1
        word = tokens[place].text if place < len(tokens) else ""
    elif _BELOW.get(word, 0) in range(1, 10) and _text_at(tokens, place + 1) == "hundred":
        value = _BELOW[word] * 100
        place += 2
        word = _text_at(tokens, place)
    if word in _TENS:
        value = (value or 0) + _TENS[word]
        place += 1
        link = place + 1 if _text_at(tokens, place) == "y" else place
        if _BELOW.get(_text_at(tokens, link), 0) in range(1, 10):
            value += _BELOW[_text_at(tokens, link)]
            place = link + 1
    elif word in _BELOW and (value is None or _BELOW[word] > 0):
        value = (value or 0) + _BELOW[word]
        place += 1
    return value, place


def _text_at(tokens: list[_Token], place: int) -> str:
    return tokens[place].text if place < len(tokens) else ""
