"""Letters said one by one, put together: "be e ene i te o", "b de Barcelona, e de España" → "Beno"."""

import re
from collections.abc import Mapping
from typing import Final

from conversation.phrases import simplified

_SPANISH: Final[Mapping[str, str]] = {
    "a": "a", "be": "b", "ce": "c", "de": "d", "e": "e", "efe": "f", "ge": "g", "hache": "h", "i": "i", "jota": "j",
    "ka": "k", "ele": "l", "eme": "m", "ene": "n", "eñe": "ñ", "o": "o", "pe": "p", "cu": "q", "erre": "r", "ere": "r",
    "ese": "s", "te": "t", "u": "u", "uve": "v", "ve": "v", "equis": "x", "ye": "y", "zeta": "z", "ceta": "z",
}  # fmt: skip
"""Names of the letters, as both sides of the ocean say them (Ortografía de la lengua española, 2010)."""
_ENGLISH: Final[Mapping[str, str]] = {
    "ay": "a", "bee": "b", "be": "b", "see": "c", "sea": "c", "dee": "d", "ee": "e", "ef": "f", "gee": "g",
    "aitch": "h", "eye": "i", "jay": "j", "kay": "k", "el": "l", "em": "m", "en": "n", "oh": "o", "pee": "p",
    "cue": "q", "queue": "q", "are": "r", "ar": "r", "es": "s", "tee": "t", "tea": "t", "you": "u", "vee": "v",
    "ex": "x", "why": "y", "zee": "z", "zed": "z",
}  # fmt: skip
_LONG_NAMES: Final = (
    (re.compile(r"\b(?:doble (?:u|uve|ve)|(?:uve|ve|u) doble|double (?:u|you))\b"), "w"),
    (re.compile(r"\bi griega\b"), "y"),
    (re.compile(r"\bi latina\b"), "i"),
    (re.compile(r"\b(?:ve|uve) (?:chica|corta|baja)\b"), "v"),
    (re.compile(r"\bbe (?:grande|larga|alta)\b"), "b"),
    (re.compile(r"\bdoble (?:ele|l)\b"), "l l"),
    (re.compile(r"\bdoble (?:erre|r)\b"), "r r"),
    (re.compile(r"\bcon (?:acento|tilde)\b|\bmayuscula\b|\bminuscula\b"), " "),
)
_NAMED_AFTER: Final = re.compile(r"\b(\w)\w? (?:de|como|as in|for) ((?:san |santa )?\w+)\b")
_FEWEST_LETTERS: Final = 2


def spelled_word(text: str, language: str = "es") -> str | None:
    """Return the word that `text` spells, with a capital; None when it is no spelling."""
    said = " ".join(text.lower().replace("-", " ").replace(",", " ").replace(".", " ").split())
    said = re.sub(r"^(?:si|sí|claro|yes|sure)\s+", "", said)
    for pattern, letter in _LONG_NAMES:
        said = pattern.sub(letter, said)
    said = _NAMED_AFTER.sub(lambda found: found[1], said)
    letters = [_letter(word, language) for word in said.split()]
    if len(letters) < _FEWEST_LETTERS or not all(letters):
        return None
    word = "".join(letter for letter in letters if letter)
    return word[:1].upper() + word[1:]


def _letter(word: str, language: str) -> str:
    if len(word) == 1 and word.isalpha():
        return word
    names = _ENGLISH if language == "en" else _SPANISH
    return names.get(word) or names.get("".join(simplified(word)), "")
