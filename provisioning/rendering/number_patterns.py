"""Which numbers of a country may be called, as patterns of Asterisk's dialplan.

Source of every range: the metadata of the `phonenumbers` package (Google's libphonenumber), asked when rendering.
Where a country has its calling code for itself, costly numbers are refused by prefix, so that a range that grows longer
stays refused.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberDesc

from vocabulary.errors import ConfigurationError

Digits = tuple[frozenset[str], ...]
"""What may stand in each place of a number."""

_ALL: Final = frozenset("0123456789")
_NAMED: Final = {_ALL: "X", _ALL - {"0"}: "Z", _ALL - {"0", "1"}: "N"}
_MOST: Final = 20_000
"""Sequences one range may become; the largest there is has some thousands."""
_LONGEST_PREFIX: Final = 9


def is_country(country: str) -> bool:
    """True for two letters that have numbers."""
    return country in phonenumbers.SUPPORTED_REGIONS


@cache
def allowed_patterns(country: str) -> tuple[str, ...]:
    """Return the patterns of a country's ordinary numbers, `_+52XXXXXXXXXX`, sorted.

    A country with a calling code of its own gives one pattern a length. One that shares its code (+1, +7, +44 …) gives
    its own fixed and mobile ranges, so that the United States do not open the Caribbean.

    Raises: ConfigurationError for an unknown country.
    """
    one = _metadata(country)
    code = phonenumbers.country_code_for_region(country)
    if not _is_shared(code):
        lengths = {length for kind in (one.fixed_line, one.mobile) for length in _lengths(kind)}
        return tuple(f"_+{code}{'X' * length}" for length in sorted(lengths))
    found = {
        _pattern(code, digits)
        for kind in (one.fixed_line, one.mobile)
        if kind and kind.national_number_pattern
        for digits in sequences(kind.national_number_pattern)
        if len(digits) in _lengths(kind)
    }
    return tuple(sorted(found))


@cache
def costly_patterns(country: str) -> tuple[str, ...]:
    """Return the patterns of a country's premium, shared-cost, personal, pager and similar numbers, sorted.

    Raises: ConfigurationError for an unknown country.
    """
    one = _metadata(country)
    code = phonenumbers.country_code_for_region(country)
    kinds = (one.premium_rate, one.shared_cost, one.personal_number, one.pager, one.uan, one.voicemail)
    if _is_shared(code):
        # by their full length: Canada's seven-digit 310 must not close Los Angeles
        exact = {digits for kind in kinds if kind for digits in sequences(kind.national_number_pattern or "")}
        return tuple(sorted(_pattern(code, digits) for digits in exact if digits))
    prefixes = {
        _trimmed(digits)
        for kind in kinds
        if kind and kind.national_number_pattern
        for digits in sequences(kind.national_number_pattern)
    }
    return tuple(sorted(f"{_pattern(code, digits)}!" for digits in _without_covered(prefixes) if digits))


def sequences(regex: str) -> tuple[Digits, ...]:
    """Return every sequence of digits that one of libphonenumber's expressions means.

    Raises: ConfigurationError for an expression we do not understand: better no file than a wrong one.
    """
    reader = _Reader(regex)
    found = reader.alternatives()
    if not reader.is_done:
        raise ConfigurationError(f"phonenumbers' expression {regex!r} is not understood at {reader.place}")
    return found


def _metadata(country: str) -> PhoneMetadata:
    one = PhoneMetadata.metadata_for_region(country) if is_country(country) else None
    if one is None:
        raise ConfigurationError(f"{country!r} is no country with telephone numbers")
    return one


def _lengths(kind: PhoneNumberDesc | None) -> frozenset[int]:
    """Return how many digits numbers of a kind have; libphonenumber says -1 where there are none."""
    return frozenset(length for length in (kind.possible_length if kind else ()) or () if length > 0)


def _is_shared(code: int) -> bool:
    return len(phonenumbers.region_codes_for_country_code(code)) > 1


def _trimmed(digits: Digits) -> Digits:
    """Cut off the places where any digit may stand at the end, and what is too deep to matter."""
    cut = digits[:_LONGEST_PREFIX]
    while cut and cut[-1] == _ALL:
        cut = cut[:-1]
    return cut


def _without_covered(prefixes: Iterable[Digits]) -> Iterator[Digits]:
    """Drop prefixes that a shorter one covers."""
    kept: list[Digits] = []
    for digits in sorted(prefixes, key=lambda one: (len(one), [sorted(place) for place in one])):
        if not any(all(a >= b for a, b in zip(other, digits, strict=False)) for other in kept):
            kept.append(digits)
            yield digits


def _pattern(code: int, digits: Digits) -> str:
    return f"_+{code}" + "".join(_place(place) for place in digits)


def _place(place: frozenset[str]) -> str:
    if place in _NAMED:
        return _NAMED[place]
    return next(iter(place)) if len(place) == 1 else f"[{''.join(sorted(place))}]"


class _Reader:
    r"""Reads `\d`, digits, `[…]`, `(?:…|…)`, `?`, `{n}` and `{n,m}`: all that libphonenumber's ranges use."""

    def __init__(self, regex: str) -> None:
        self._regex = regex
        self.place = 0

    @property
    def is_done(self) -> bool:
        return self.place >= len(self._regex)

    def alternatives(self) -> tuple[Digits, ...]:
        found = list(self._sequence())
        while self._peek() == "|":
            self.place += 1
            found += self._sequence()
        return tuple(dict.fromkeys(found))

    def _sequence(self) -> tuple[Digits, ...]:
        found: tuple[Digits, ...] = ((),)
        while not self.is_done and self._peek() not in "|)":
            atom = self._atom()
            least, most = self._times()
            repeated = [self._product([atom] * times) for times in range(least, most + 1)]
            found = self._product([found, tuple(one for part in repeated for one in part)])
        return found

    def _product(self, parts: list[tuple[Digits, ...]]) -> tuple[Digits, ...]:
        found: tuple[Digits, ...] = ((),)
        for part in parts:
            if len(found) * len(part) > _MOST:
                raise ConfigurationError(f"phonenumbers' expression {self._regex!r} means too many ranges")
            found = tuple(before + after for before in found for after in part)
        return found

    def _atom(self) -> tuple[Digits, ...]:
        here = self._peek()
        if here == "(":
            self._expect("(?:")
            found = self.alternatives()
            self._expect(")")
            return found
        if here == "[":
            return ((self._class(),),)
        if here == "\\":
            self._expect("\\d")
            return ((_ALL,),)
        if here not in _ALL:
            raise ConfigurationError(f"phonenumbers' expression {self._regex!r} is not understood at {self.place}")
        self.place += 1
        return ((frozenset(here),),)

    def _class(self) -> frozenset[str]:
        end = self._regex.index("]", self.place)
        inside = self._regex[self.place + 1 : end].replace("\\d", "0-9")
        self.place = end + 1
        digits: set[str] = set()
        at = 0
        while at < len(inside):
            if inside[at + 1 : at + 2] == "-":
                digits.update(str(digit) for digit in range(int(inside[at]), int(inside[at + 2]) + 1))
                at += 3
            else:
                digits.add(str(int(inside[at])))
                at += 1
        return frozenset(digits)

    def _times(self) -> tuple[int, int]:
        if self._peek() == "?":
            self.place += 1
            return 0, 1
        if self._peek() != "{":
            return 1, 1
        end = self._regex.index("}", self.place)
        least, comma, most = self._regex[self.place + 1 : end].partition(",")
        self.place = end + 1
        return int(least), int(most) if comma else int(least)

    def _peek(self) -> str:
        return self._regex[self.place : self.place + 1]

    def _expect(self, text: str) -> None:
        if not self._regex.startswith(text, self.place):
            raise ConfigurationError(f"phonenumbers' expression {self._regex!r} is not understood at {self.place}")
        self.place += len(text)
