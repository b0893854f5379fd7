"""All the words the second listening may write, found by what they sound like."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from rapidfuzz.distance import Levenshtein

from engines.correction.bank import Term
from engines.correction.grams import vectors_of
from engines.correction.inflection import rare_words, spanish_words
from engines.correction.language import Language
from engines.correction.nearest import nearest_of
from engines.correction.phonetics import run_together, sound_distance, sound_of, sounds_of

_LEAST_PHONES: Final = 3
"""Shorter words sound like too many others to be looked for by nearness."""
_ASKED: Final = 24
"""Rows the vectors deliver for each sound; the re-rank decides among them."""
_KEPT: Final = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """A word, or a company's term of several."""

    text: str
    """As it is written."""
    sound: str
    tokens: tuple[str, ...]
    """What it counts as in the language: the words themselves, or the kind of a term."""
    among: int = 1
    """How many share the token."""

    @property
    def is_term(self) -> bool:
        """Is it a company's own?"""
        return self.tokens != (self.text,)


class Lexicon:
    """Words of the language, of the lists, and a company's own terms."""

    def __init__(self, language: Language, terms: Iterable[Term] = ()) -> None:
        """Index everything; a second or less."""
        self.language = language
        self._spanish = spanish_words() | rare_words()
        entries: dict[str, Entry] = {}
        for word in sorted(language.words):
            entries[word] = Entry(word, sound_of(word), (word,))
        terms = [Term(term.text.lower(), term.kind) for term in terms]
        of_kind: dict[str, int] = defaultdict(int)
        for term in terms:
            of_kind[term.kind] += 1
            for word in term.text.split():
                entries.setdefault(word, Entry(word, sound_of(word), (word,)))
        for term in terms:
            entries[term.text] = Entry(term.text, sound_of(term.text), (language.kind(term.kind),), of_kind[term.kind])
        self._entries = entries
        self.counted = frozenset(entries)
        self._by_sound: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries.values():
            self._by_sound[entry.sound].append(entry)
        self._spanish_by_sound = _spanish_sounds()
        self._run_together: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries.values():
            if not entry.is_term:
                self._run_together[run_together(entry.sound)].append(entry)
        self._words = _Index(entry for entry in entries.values() if not entry.is_term)
        self._terms = _Index(entry for entry in entries.values() if entry.is_term)

    def knows(self, word: str) -> bool:
        """Is it right as it stands: Spanish, or the company's?"""
        return word in self._entries or word in self._spanish

    def is_spanish(self, word: str) -> bool:
        """Is it in the lists, counted or not?"""
        return word in self._spanish or word in self._entries

    def entry(self, text: str) -> Entry | None:
        """Return the word or term written like that."""
        return self._entries.get(text)

    def sounding(self, sound: str) -> Sequence[Entry]:
        """Return counted words and terms that sound exactly so."""
        return self._by_sound.get(sound, ())

    def spanish_sounding(self, sound: str) -> list[Entry]:
        """Return words of the lists that sound exactly so, counted or not."""
        return [Entry(word, sound, (word,)) for word in self._spanish_by_sound.get(sound, "").split()]

    def all_sounding(self, sound: str) -> tuple[Entry, ...]:
        """Return everything that sounds exactly so, each once."""
        counted = self._by_sound.get(sound, ())
        listed = [entry for entry in self.spanish_sounding(sound) if entry.text not in self._entries]
        return (*counted, *listed)

    def recut(self, sound: str) -> Iterator[tuple[Entry, Entry]]:
        """Yield the counted words that side by side sound so, where our sentences hold them side by side."""
        for cut in range(1, len(sound)):
            heads = self._run_together.get(sound[:cut])
            if not heads:
                continue
            tails = list(self._run_together.get(sound[cut:], ()))
            if sound[cut - 1] in "aeiou":  # the vowel both share
                tails += self._run_together.get(sound[cut - 1 :], ())
            for head in heads:
                yield from ((head, tail) for tail in tails if self.language.has_pair(head.text, tail.text))

    def has_sound(self, sound: str) -> bool:
        """Does any word sound exactly so?"""
        return sound in self._by_sound or sound in self._spanish_by_sound

    def spanish_near(self, sound: str) -> list[Entry]:
        """Return words of the lists one phone away, the nearest first."""
        near = sorted((sound_distance(sound, other), other) for other in _one_away(sound, self._spanish_by_sound))
        return [entry for _, other in near[:_KEPT] for entry in self.spanish_sounding(other)]

    def near(self, sounds: Sequence[str]) -> list[list[Entry]]:
        """Return, for each sound, the words most like it: vectors propose, phones decide."""
        return self._words.near(sounds, 0.5)

    def near_terms(self, sounds: Sequence[str]) -> list[list[Entry]]:
        """Return, for each sound, the company's terms most like it; there may be none."""
        return self._terms.near(sounds, 0.6)


@cache
def _spanish_sounds() -> dict[str, str]:
    """Return the words of the lists by sound, parted by spaces; a second of work, once for all companies."""
    words = sorted(spanish_words())
    found: dict[str, str] = {}
    for word, sound in zip(words, sounds_of(words), strict=True):
        others = found.get(sound)
        found[sound] = word if others is None else f"{others} {word}"
    return found


_PHONES: Final = "aeioubdfgjklmnñprstCRy"


def _one_away(sound: str, known: Mapping[str, str]) -> set[str]:
    """Return the known sounds that differ by one phone: some hundreds of look-ups, whatever the size of the lists."""
    found: set[str] = set()
    for place in range(len(sound) + 1):
        head, tail = sound[:place], sound[place:]
        found.update(other for phone in _PHONES if (other := head + phone + tail) in known)
        if tail:
            found.update(other for phone in _PHONES if (other := head + phone + tail[1:]) in known)
            if head + tail[1:] in known:
                found.add(head + tail[1:])
    return found - {sound}


class _Index:
    """Entries to be found by nearness."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._rows = [entry for entry in entries if len(entry.sound) >= _LEAST_PHONES]
        self._search = nearest_of(vectors_of([entry.sound for entry in self._rows])) if self._rows else None

    def near(self, sounds: Sequence[str], farthest: float) -> list[list[Entry]]:
        if not sounds or self._search is None:
            return [[] for _ in sounds]
        rows, _ = self._search.search(vectors_of(sounds), _ASKED)
        return [
            self._reranked(sound, [self._rows[row] for row in found], farthest)
            for sound, found in zip(sounds, rows, strict=True)
        ]

    def _reranked(self, sound: str, entries: list[Entry], farthest: float) -> list[Entry]:
        worst = max(2, round(len(sound) * farthest))
        close = [entry for entry in entries if Levenshtein.distance(sound, entry.sound, score_cutoff=worst) <= worst]
        close.sort(key=lambda entry: (sound_distance(sound, entry.sound), entry.text))
        return close[:_KEPT]
