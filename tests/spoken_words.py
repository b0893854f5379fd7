"""Which of the words that were said stand in a text that should hold none of them."""

import json
import re
from collections.abc import Iterable

from storage.database.words import words_of

SHORTEST = 4
"""Shorter words are those of any language: they prove nothing."""
_NUMBER = re.compile(r"\d[\d .,-]*\d")


def distinctive(sentences: Iterable[str], allowed: Iterable[str] = ()) -> frozenset[str]:
    """Return the words of sentences that a log may not hold."""
    return frozenset(word for word in words_of("\n".join(sentences)) if len(word) >= SHORTEST) - frozenset(allowed)


def leaked(log: str, words: frozenset[str]) -> list[str]:
    """Return the lines of a log that hold any of the words, with these: `word: line`."""
    told = []
    for line in log.splitlines():
        readable = _unescaped(line)
        found = words.intersection(words_of(readable)) | {word for word in words if _is_number_in(word, readable)}
        told += [f"{word}: {line}" for word in sorted(found)]
    return told


def _unescaped(line: str) -> str:
    r"""Return a line also as it reads when `\u00e9` stands for é: JSON may hide a word."""
    try:
        return line + "\n" + str(json.loads(f'"{line.translate({34: None})}"'))
    except ValueError:
        return line


def _is_number_in(word: str, line: str) -> bool:
    """Whether a number of seven digits or more stands in a line, however it is grouped, and be it within a longer."""
    if not (word.isdigit() and len(word) >= 7):
        return False
    return any(word in re.sub(r"\D", "", one) for one in _NUMBER.findall(line))
