"""Words as they sound: an ear that spells by sound writes "bense" for "vence", and both must meet.

Only Spanish needs it, where several letters share one sound nearly everywhere it is spoken; English words stay as they
are written.
"""

import re
from functools import lru_cache
from typing import Final

from vocabulary.spoken import words

_SPANISH: Final = tuple(
    (re.compile(letters), sound)
    for letters, sound in (
        ("ch", "\u02a7"),
        ("h", ""),
        ("qu(?=[ei])", "k"),
        ("[cz](?=[ei])|z|x", "s"),
        ("c", "k"),
        ("v", "b"),
        ("ll", "y"),
        ("g(?=[ei])", "j"),
        ("gu(?=[ei])", "g"),
        (r"(.)\1", r"\1"),
    )
)


@lru_cache(maxsize=4096)
def sounded(text: str, language: str) -> tuple[str, ...]:
    """Return the plain words of `text`, those that sound alike written alike; for comparing, not for reading."""
    return tuple(_sound(word) for word in words(text)) if language == "es" else words(text)


def _sound(word: str) -> str:
    for letters, sound in _SPANISH:
        word = letters.sub(sound, word)
    return word or "h"
