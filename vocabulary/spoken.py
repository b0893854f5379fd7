"""Words as an ear may have written them, made comparable: no capitals, no accents, no punctuation."""

import re
import unicodedata
from functools import lru_cache

_NO_WORD = re.compile(r"[^a-z0-9@+.,:]+")
_STRAY_MARK = re.compile(r"(?<!\d)[.,:]|[.,:](?!\d)")


def unaccented(text: str) -> str:
    """Return `text` lower-cased and without accents; everything else stays."""
    parted = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in parted if not unicodedata.combining(letter))


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return `text` lower-cased, without accents and punctuation, words parted by one space.

    Points, commas and colons survive between two digits ("45.50", "10:30").
    """
    return " ".join(_STRAY_MARK.sub(" ", _NO_WORD.sub(" ", unaccented(text))).split())


def words(text: str) -> tuple[str, ...]:
    """Return the plain words of `text`."""
    return tuple(plain(text).split())


def contains_phrase(text: str, phrase: str) -> bool:
    """True when the plain words of `phrase` stand in `text` one after the other."""
    return f" {plain(phrase)} " in f" {plain(text)} "
