"""Words as the proofreader compares them: without case, accents and the punctuation around them. Pure."""

import functools
import re
import unicodedata
from typing import Final, NamedTuple

# ñ keeps its tilde: "ano" is not "año"
_ACCENTS: Final = str.maketrans("áéíóúüàèìòùâêîôûäëïö", "aeiouuaeiouaeiouaeio")
_SPACED: Final = re.compile(r"\S+")


class SpokenWord(NamedTuple):
    """One word of a text; a tuple, because an utterance makes dozens of them in its few microseconds."""

    key: str
    """What it is compared by; "" for lone punctuation."""
    start: int
    """First character of the word itself."""
    end: int
    """Behind its last character."""


@functools.lru_cache(16_384)  # people use few words, and these few thousand cost a third of a correction otherwise
def key_of(word: str) -> str:
    """Return what `word`, given without punctuation, is compared by."""
    return unicodedata.normalize("NFC", word).casefold().translate(_ACCENTS)


def words_of(text: str) -> list[SpokenWord]:
    """Return the words of `text`, as many as `text.split()` has, each without the punctuation around it."""
    words = []
    for match in _SPACED.finditer(text):
        word, start, end = match.group(), match.start(), match.end()
        if not word.isalnum():
            bare_start, bare_end = _bare(word)
            start, end = start + bare_start, start + bare_end
            word = word[bare_start:bare_end]
        key = word.lower() if word.isascii() else key_of(word)
        words.append(SpokenWord(key, start, end))
    return words


def _bare(word: str) -> tuple[int, int]:
    """Return where `word` begins and ends without the punctuation around it."""
    start, end = 0, len(word)
    while start < end and not word[start].isalnum():
        start += 1
    while end > start and not (word[end - 1].isalnum() or unicodedata.combining(word[end - 1])):
        end -= 1
    return start, end


def keys_of(phrase: str) -> tuple[str, ...]:
    """Return the keys of a phrase's words, lone punctuation left out."""
    return tuple(word.key for word in words_of(phrase) if word.key)
