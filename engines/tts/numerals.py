"""Whole numbers in Spanish words, as they are said before a noun: "veintiún euros", "una libra". Pure."""

from typing import Final

from vocabulary.spanish_numerals import BELOW_THIRTY, HUNDREDS, TENS, feminine

LARGEST: Final = 999_999_999_999


def cardinal(number: int, *, is_feminine: bool = False) -> str:
    """Return `number` in words, shortened as before a noun; from a billion on, as digits.

    `is_feminine`: the noun is: "una", "doscientas".
    """
    if not 0 <= number <= LARGEST:
        return str(number)
    if number == 0:
        return BELOW_THIRTY[0]
    millions, rest = divmod(number, 1_000_000)
    thousands, units = divmod(rest, 1000)
    said = []
    if millions:
        # the noun of these is "millón", never the one that is counted
        said.append("un millón" if millions == 1 else f"{cardinal(millions)} millones")
    if thousands:
        said.append("mil" if thousands == 1 else f"{_below_thousand(thousands, is_feminine)} mil")
    if units:
        said.append(_below_thousand(units, is_feminine))
    return " ".join(said)


def _below_thousand(number: int, is_feminine: bool) -> str:
    hundreds, rest = divmod(number, 100)
    if number == 100:
        return "cien"
    said = feminine(HUNDREDS[hundreds]) if is_feminine else HUNDREDS[hundreds]
    return f"{said} {_below_hundred(rest, is_feminine)}".strip() if rest else said


def _below_hundred(number: int, is_feminine: bool) -> str:
    tens, ones = divmod(number, 10)
    and_ones = f" y {BELOW_THIRTY[ones]}" if ones else ""
    said = BELOW_THIRTY[number] if number < 30 else f"{TENS[tens]}{and_ones}"
    if is_feminine and ones == 1 and number != 11:
        return said.removesuffix("ún").removesuffix("un") + "una"
    return said
