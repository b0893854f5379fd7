"""Listening noises: what people say to show that they follow, without wanting to speak."""

from typing import Final

from conversation.phrases import phrases_of, simplified

_MOST_WORDS: Final = 3
"""Four of them in a row are impatience, and impatience wants the floor."""


def is_backchannel(text: str, language: str) -> bool:
    """True for "ajá", "sí, sí", "ok", "muy bien" and their like; False for "espere", "un momento", "no"."""
    words = simplified(text)
    return 0 < len(words) <= _MOST_WORDS and phrases_of(language).backchannels.issuperset(words)
