"""Finding the phrases of a language's lists among the words said."""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from conversation.phrases import simplified
from conversation.sentiment_lexicon_en import ENGLISH
from conversation.sentiment_lexicon_es import SPANISH
from conversation.sentiment_lists import GAP, KIND, SentimentLists, Sign

_PUNCTUATION: Final = re.compile(r"[,.;:!?¡¿]+")
_STEM_LETTERS: Final = 3
"""Stems are looked up by so many letters; none is shorter."""
_LONGEST_GAP: Final = 4
"""Words."""
_LANGUAGES: Final = {"es": SPANISH, "en": ENGLISH}


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase of the list, found among the words said."""

    sign: Sign
    weight: float
    """-1 (very bad) to 1 (very good); 0 for idioms."""
    begin: int
    """Index of its first word."""
    end: int
    """Index behind its last word."""


_Wanted = str | frozenset[str]
"""A word as the lists write it, or the words of a kind."""


@dataclass(frozen=True, slots=True)
class _Entry:
    words: tuple[_Wanted, ...]
    sign: Sign
    weight: float
    needs: frozenset[str]
    """Beginnings of words without which the phrase cannot be there; spares most comparisons."""


class Lexicon:
    """One language's lists, made ready for looking up; built once a process."""

    def __init__(self, lists: SentimentLists) -> None:
        self.lists = lists
        self._by_word: dict[str, list[_Entry]] = {}
        self._by_stem: dict[str, list[_Entry]] = {}
        for entry in _entries(lists):
            first = entry.words[0]
            if isinstance(first, frozenset):
                for word in first:
                    self._by_word.setdefault(word, []).append(entry)
            elif first.endswith("*"):
                self._by_stem.setdefault(first[:_STEM_LETTERS], []).append(entry)
            else:
                self._by_word.setdefault(first, []).append(entry)

    def hits(self, words: Sequence[str], breaks: Set[int] = frozenset()) -> Iterator[Hit]:
        """Find the phrases in `words`, from the left; of several that begin at one word, the longest, or the idiom.

        `breaks`: the words before which a sign of punctuation stands; only idioms reach across one.
        """
        place = 0
        beginnings = frozenset(word[:_STEM_LETTERS] for word in words)
        while place < len(words):
            hit = self._longest_at(words, place, breaks, beginnings)
            if hit is None:
                place += 1
            else:
                yield hit
                place = hit.end

    def _longest_at(self, words: Sequence[str], place: int, breaks: Set[int], beginnings: frozenset[str]) -> Hit | None:
        best: tuple[int, bool, Hit] | None = None
        for entry in self._beginning_with(words[place]):
            if not entry.needs <= beginnings:
                continue
            end = self._end_of(entry.words, words, place, is_first=True)
            if entry.sign is not Sign.IDIOM and any(inside in breaks for inside in range(place + 1, end)):
                continue
            rank = (len(entry.words), entry.sign is Sign.IDIOM)
            if end and (best is None or rank > best[:2]):
                best = (*rank, Hit(entry.sign, entry.weight, place, end))
        return best[2] if best else None

    def _beginning_with(self, word: str) -> Iterable[_Entry]:
        yield from self._by_word.get(word, ())
        yield from self._by_stem.get(word[:_STEM_LETTERS], ())

    def _end_of(self, phrase: Sequence[_Wanted], words: Sequence[str], at: int, *, is_first: bool = False) -> int:
        """Return the index behind the phrase if it begins at `at`, else 0; its first word must be there itself."""
        for number, wanted in enumerate(phrase):
            if wanted == GAP:
                rest = phrase[number + 1 :]
                ends = (self._end_of(rest, words, at + skipped) for skipped in range(_LONGEST_GAP + 1))
                return next(filter(None, ends), 0)
            while (
                not is_first and at < len(words) and not _fits(words[at], wanted) and words[at] in self.lists.skippable
            ):
                at += 1
            if at >= len(words) or not _fits(words[at], wanted):
                return 0
            is_first = False
            at += 1
        return at


def spoken_words(text: str) -> tuple[str, ...]:
    """Return the words of `text` as the lists write them: "don't" is one word, "dont"."""
    return simplified(text.replace("'", "").replace("’", ""))


def breaks_in(text: str) -> frozenset[int]:
    """Return the places of the words of `spoken_words(text)` before which a sign of punctuation stands."""
    places: set[int] = set()
    at = 0
    for part in _PUNCTUATION.split(text):
        places.add(at)
        at += len(spoken_words(part))
    return frozenset(places)


def _fits(word: str, wanted: _Wanted) -> bool:
    if isinstance(wanted, frozenset):
        return word in wanted
    if wanted.startswith("*"):
        return word.endswith(wanted[1:])
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted


def _entries(lists: SentimentLists) -> Iterator[_Entry]:
    for sign, by_weight in lists.phrases.items():
        for weight, phrases in by_weight.items():
            for phrase in phrases.split(","):
                words = tuple(phrase.split())
                if words:
                    wanted = tuple(lists.kinds[word[1:]] if word.startswith(KIND) else word for word in words)
                    yield _Entry(wanted, sign, weight, _beginnings_needed(words))


def _beginnings_needed(phrase: Sequence[str]) -> frozenset[str]:
    """Return the first letters of all words but those of which only the end, or too little, is known."""
    return frozenset(
        word.rstrip("*")[:_STEM_LETTERS]
        for word in phrase
        if word != GAP and not word.startswith(("*", KIND)) and (not word.endswith("*") or len(word) > _STEM_LETTERS)
    )


@lru_cache(maxsize=8)
def lexicon_of(language: str) -> Lexicon:
    """Return the lexicon of an ISO 639-1 language; one we have no lists for gets the Spanish one."""
    return Lexicon(_LANGUAGES.get(language, SPANISH))
