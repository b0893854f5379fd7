"""Yes and no, as callers say them."""

from collections.abc import Sequence
from typing import Final

from vocabulary.spoken import contains_phrase, plain

_YES: Final = {
    "es": (
        "si", "claro", "por supuesto", "vale", "de acuerdo", "correcto", "exacto", "eso es", "perfecto", "afirmativo",
        "asi es", "por favor", "desde luego", "ok", "bueno", "esta bien", "confirmo", "adelante",
    ),
    "en": ("yes", "yeah", "yep", "sure", "of course", "right", "correct", "ok", "okay", "please", "go ahead", "fine"),
}  # fmt: skip
_NO: Final = {
    "es": ("no", "nunca", "tampoco", "negativo", "para nada", "en absoluto", "todavia no", "aun no", "mejor no"),
    "en": ("no", "nope", "not", "never", "don t", "not yet", "no way"),
}


def yes_or_no(text: str, language: str = "es") -> bool | None:
    """Read agreement or refusal; the first of both that is said decides ("no, está bien" is a no)."""
    spoken = f" {plain(text)} "
    if contains_phrase(text, "claro que no") or contains_phrase(text, "of course not"):
        return False
    yes = _first_of(spoken, _YES.get(language, _YES["es"]))
    no = _first_of(spoken, _NO.get(language, _NO["es"]))
    return None if yes == no else yes < no


def _first_of(spoken: str, phrases: Sequence[str]) -> float:
    return min((at for phrase in phrases if (at := spoken.find(f" {phrase} ")) >= 0), default=float("inf"))
