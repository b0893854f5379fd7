"""Spanish letters to phones by rule, which is what lets the ear learn a new word without being trained again.

Seseo and yeísmo throughout (casa = caza, valla = vaya), so that one spelling has one pronunciation on both sides of the
Atlantic; the network was taught to write the Castilian theta as `s` too. Phones are written with letters:

a e i o u · b d f g j(ota) k l m n ñ p r(tap) R(trill) s t y(ll) C(ch)
"""

import re
from typing import Final

BLANK: Final = 0
"""Index of "nothing new was said in this frame"."""

PHONES: Final = "aeioubdfgjklmnñprRstyC"
GARBAGE: Final = len(PHONES) + 1
"""Index of "somebody says something that is no Spanish"; one for every syllable or two."""

SYMBOLS: Final = len(PHONES) + 2
"""Outputs of the network: blank, the phones, garbage."""

PHONE_INDEX: Final = {phone: index for index, phone in enumerate(PHONES, start=1)}

IRREGULAR: Final[dict[str, tuple[str, ...]]] = {
    "ok": ("ok", "okei"),
    "mm": ("m", "emeeme"),
    "mmm": ("m", "emeemeeme"),
    "email": ("email", "imeil"),
    "gmail": ("yimeil", "jemeil"),
    "outlook": ("outluk", "outlook"),
    "yahoo": ("yau", "yaoo"),
    "whatsapp": ("uatsap", "guasap"),
    "router": ("Router", "Ruter"),
    "méxico": ("mejiko",),
    "mexicano": ("mejikano",),
    "mexicana": ("mejikana",),
    "web": ("ueb",),
    "y": ("i",),
}
"""Words that are not said as they are written; the likelier pronunciation comes first."""

_RULES: Final = (
    (r"ch", "C"),
    (r"ll", "y"),
    (r"rr", "R"),
    (r"ph", "f"),
    (r"qu(?=[eiéí])", "k"),
    (r"q", "k"),
    (r"gu(?=[eiéí])", "g"),
    (r"g(?=[eiéí])", "j"),
    (r"ü|w", "u"),
    (r"c(?=[eiéí])", "s"),
    (r"c", "k"),
    (r"z|ç", "s"),
    (r"v", "b"),
    (r"h", ""),
    (r"x", "ks"),
    (r"(?:^|(?<=[nls]))r", "R"),
    (r"y(?![aeiouáéíóú])", "i"),
    (r"á|à", "a"),
    (r"é|è", "e"),
    (r"í|ï", "i"),
    (r"ó|ò", "o"),
    (r"ú", "u"),
    (r"[aeioubdfgjklmnñprsty]", None),
)
_RULE_MATCHER: Final = re.compile("|".join(f"({pattern})" for pattern, _ in _RULES))


def phones_of(word: str) -> str:
    """Return the phones of one written word by the rules alone; letters that no rule knows are silent."""

    def phone(match: re.Match[str]) -> str:
        replacement = _RULES[(match.lastindex or 1) - 1][1]
        return match[0] if replacement is None else replacement

    spelled = "".join(phone(match) for match in _RULE_MATCHER.finditer(word.lower()))
    return re.sub(r"([bdfgjklmnñpstyC])\1+", r"\1", spelled)  # "innovar", "gmmail": nobody says a consonant twice


def pronunciations(word: str) -> tuple[str, ...]:
    """Return all the ways a word may be said, the likeliest first; empty when none of its letters has a sound."""
    spoken = IRREGULAR.get(word.lower()) or (phones_of(word),)
    return tuple(phones for phones in spoken if phones)


def indices(phones: str) -> list[int]:
    """Return the network's output index of each phone."""
    return [PHONE_INDEX[phone] for phone in phones]
