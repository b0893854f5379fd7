"""Numbers as people say them on the telephone, in Spanish and English: in one piece, in groups, digit by digit."""

from collections.abc import Sequence
from typing import Final

from vocabulary.spanish_numerals import BELOW_THIRTY, HUNDREDS, TENS, feminine
from vocabulary.spoken import plain, words

_BY_THEMSELVES: Final = {"uno": 1, "una": 1, "veintiuno": 21, "veintiuna": 21}
_SPANISH_SMALL: Final = {plain(word): value for value, word in enumerate(BELOW_THIRTY)} | _BY_THEMSELVES
_SPANISH_UNITS: Final = {word: value for word, value in _SPANISH_SMALL.items() if value < 10}
_SPANISH_TEENS: Final = {word: value for word, value in _SPANISH_SMALL.items() if value >= 10 and value != 20}
_SPANISH_TENS: Final = {plain(word): 10 * tens for tens, word in enumerate(TENS) if tens >= 2}
_SPANISH_HUNDREDS: Final = {"cien": 100} | {
    word: 100 * hundreds for hundreds, said in enumerate(HUNDREDS) if said for word in (said, feminine(said))
}
_ENGLISH_UNITS: Final = {
    "zero": 0, "oh": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9,
}  # fmt: skip
_ENGLISH_TEENS: Final = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_ENGLISH_TENS: Final = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip

_UNITS: Final = {"es": _SPANISH_UNITS, "en": _ENGLISH_UNITS}
_TEENS: Final = {"es": _SPANISH_TEENS, "en": _ENGLISH_TEENS}
_TENS: Final = {"es": _SPANISH_TENS, "en": _ENGLISH_TENS}
_THOUSAND: Final = {"es": "mil", "en": "thousand"}
_AND: Final = {"es": "y", "en": "and"}
_TWICE: Final = {"es": "doble", "en": "double"}


class _Reader:
    """Walks over words and takes one number after the other; the grammar is in the order of its methods."""

    def __init__(self, spoken: Sequence[str], language: str) -> None:
        self._words = spoken
        self._at = 0
        self._language = language if language in _UNITS else "es"

    @property
    def is_done(self) -> bool:
        return self._at >= len(self._words)

    def word(self) -> str:
        return "" if self.is_done else self._words[self._at]

    def skip(self) -> str:
        word = self.word()
        self._at += 1
        return word

    def thousands(self) -> int | None:
        """ "dos mil quinientos", "mil"."""
        start = self._at
        value = self.hundreds()
        if self.word() == _THOUSAND[self._language] and value != 0:
            self._at += 1
            self._pass_and()
            below = self.hundreds()
            return (1 if value is None else value) * 1000 + (below or 0)
        if value is None:
            self._at = start
        return value

    def hundreds(self) -> int | None:
        """ "ciento veinte", "one hundred and twenty"."""
        if self._language == "es" and self.word() in _SPANISH_HUNDREDS:
            return _SPANISH_HUNDREDS[self.skip()] + (self.below_hundred() or 0)
        value = self.below_hundred()
        if self._language == "en" and self.word() == "hundred" and value is not None and 0 < value < 10:
            self._at += 1
            self._pass_and()
            return value * 100 + (self.below_hundred() or 0)
        return value

    def below_hundred(self) -> int | None:
        """ "treinta y cuatro"; also "treinta cuatro", since the "y" is the first thing a telephone swallows."""
        word = self.word()
        if word in _TENS[self._language]:
            tens = _TENS[self._language][self.skip()]
            if self._language == "es":
                self._pass_and()
            unit = _UNITS[self._language].get(self.word(), 0)
            if unit:
                self._at += 1
            return tens + unit
        for table in (_TEENS, _UNITS):
            if word in table[self._language]:
                return table[self._language][self.skip()]
        return None

    def _pass_and(self) -> None:
        """Step over an "and", but only when a number follows it."""
        if self.word() == _AND[self._language] and self._at + 1 < len(self._words):
            following = self._words[self._at + 1]
            if any(following in table[self._language] for table in (_UNITS, _TEENS, _TENS)):
                self._at += 1


def dictated_digits(text: str, language: str = "es") -> str:
    """Return the digits of a number that is a name: of a telephone, a customer, an order.

    Groups are put side by side: "seis doce treinta y cuatro" is 61234; other words are passed over; "" when no digit
    was said.
    """
    reader = _Reader(words(text), language)
    digits: list[str] = []
    is_double = False
    while not reader.is_done:
        written = "".join(letter for letter in reader.word() if letter.isdigit())
        if reader.word() == _TWICE.get(language, ""):
            reader.skip()
            is_double = True
            continue
        if written:
            reader.skip()
            group = written
        else:
            value = reader.thousands()
            if value is None:
                reader.skip()
                continue
            group = str(value)
        digits.append(group * 2 if is_double and len(group) == 1 else group)
        is_double = False
    return "".join(digits)


def cardinal(text: str, language: str = "es") -> int | None:
    """Return the first number in `text` that is an amount ("ciento veinte" is 120), or None."""
    reader = _Reader(words(text), language)
    while not reader.is_done:
        if reader.word().isdecimal():
            return int(reader.word())
        value = reader.thousands()
        if value is not None:
            return value
        reader.skip()
    return None
