"""The check characters of cards, accounts and identity numbers."""

from typing import Final

_NIF_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
"""By the number's remainder by 23 (Spain, Real Decreto 1553/2005)."""
_CURP_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
"""By value (Mexico, RENAPO, Instructivo normativo para la asignación de la CURP)."""
_RFC_ALPHABET: Final = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
"""By value (Mexico, SAT); a company's RFC of 12 characters counts with a space in front."""
_IBAN_LENGTHS: Final = {
    "AD": 24, "AT": 20, "BE": 16, "BR": 29, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28,
    "EE": 20, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28,
    "PT": 25, "RO": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SV": 28,
}  # fmt: skip
"""SWIFT's IBAN registry: the countries our callers' accounts are likely to be in."""


def is_luhn(digits: str) -> bool:
    """Return whether the digits end in their Luhn check digit (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 * (doubled > 9)
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """Return whether it is an IBAN, without spaces and in capitals (ISO 13616: remainder 1 by 97)."""
    if not text.isalnum() or not text.isascii() or len(text) != _IBAN_LENGTHS.get(text[:2], -1):
        return False
    return text[2:4].isdigit() and int("".join(str(int(one, 36)) for one in text[4:] + text[:4])) % 97 == 1


def nif_letter(digits: str) -> str:
    """Return the letter that belongs to eight digits."""
    return _NIF_LETTERS[int(digits) % 23]


def is_nif(text: str) -> bool:
    """Return whether it is eight digits and their letter."""
    return len(text) == 9 and text[:8].isdigit() and text[:8].isascii() and text[8] == nif_letter(text[:8])


def is_nie(text: str) -> bool:
    """Return whether it is X, Y or Z, seven digits and their letter: X counts as 0, Y as 1, Z as 2."""
    return len(text) == 9 and text[0] in "XYZ" and is_nif(f"{'XYZ'.index(text[0])}{text[1:]}")


def is_curp(text: str) -> bool:
    """Return whether the 18th character is the check digit of the 17 before it."""
    if len(text) != 18 or any(one not in _CURP_ALPHABET for one in text):
        return False
    total = sum(_CURP_ALPHABET.index(one) * (18 - place) for place, one in enumerate(text[:17]))
    return text[17] == str(-total % 10)


def is_rfc(text: str) -> bool:
    """Return whether the last character is the check character of those before it."""
    padded = text.rjust(13)
    if len(text) not in (12, 13) or any(one not in _RFC_ALPHABET for one in padded):
        return False
    total = sum(_RFC_ALPHABET.index(one) * (13 - place) for place, one in enumerate(padded[:12]))
    return padded[12] == {11: "0", 10: "A"}.get(11 - total % 11, str(11 - total % 11))
