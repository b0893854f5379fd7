"""Spanish numerals in words, the way they are said over the telephone."""

_SMALL = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve"
)
_TENS = "- - - treinta cuarenta cincuenta sesenta setenta ochenta noventa"
_HUNDREDS = "- ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos"
UNITS = tuple(_SMALL.split())
"""0 to 29."""
TENS = tuple(_TENS.split())
HUNDREDS = tuple(_HUNDREDS.split())


def number_words(number: int) -> str:
    """Return 0 to 999999 in words: 1234 is "mil doscientos treinta y cuatro".

    Raises: ValueError outside that range.
    """
    if not 0 <= number <= 999_999:
        raise ValueError(f"only 0 to 999999 can be said, not {number}")
    thousands, rest = divmod(number, 1000)
    if not thousands:
        return _below_thousand(rest)
    head = "mil" if thousands == 1 else _before_noun(_below_thousand(thousands)) + " mil"
    return head if not rest else f"{head} {_below_thousand(rest)}"


def _below_thousand(number: int) -> str:
    if number < 30:
        return UNITS[number]
    if number < 100:
        tens, unit = divmod(number, 10)
        return TENS[tens] if not unit else f"{TENS[tens]} y {UNITS[unit]}"
    if number == 100:
        return "cien"
    hundreds, rest = divmod(number, 100)
    return HUNDREDS[hundreds] if not rest else f"{HUNDREDS[hundreds]} {_below_thousand(rest)}"


def _before_noun(words: str) -> str:
    """Shorten a final "uno": "treinta y un mil", "veintiún mil"."""
    if words.endswith("veintiuno"):
        return words.removesuffix("uno") + "ún"
    return words.removesuffix("o") if words.endswith("uno") else words


def digit_words(digits: str) -> str:
    """Return a string of digits said one by one."""
    return " ".join(UNITS[int(digit)] for digit in digits)
