"""The online proofreader: exact words and phrases, right or wrong by their neighbours. Pure; microseconds a sentence.

A tree of words holds every phrase of the bank; at each word of the text one look-up tells whether a phrase may begin
there, so the size of the bank does not matter. The longest phrase whose contexts allow it wins; what was replaced is
not looked at again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from engines.correction.bank import Bank, Rule
from engines.correction.words import SpokenWord, keys_of, words_of
from vocabulary.speech import Correction, Replacement

NEAR_WORDS: Final = 5
"""How far `near` looks on either side."""

_Phrases = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Context:
    """Where a rule holds; everything is empty for a rule that holds everywhere."""

    after: _Phrases
    before: _Phrases
    near: frozenset[str]
    not_after: _Phrases
    not_before: _Phrases
    not_near: frozenset[str]

    @classmethod
    def of(cls, rule: Rule) -> Self:
        return cls(
            _phrases(rule.after),
            _phrases(rule.before),
            frozenset(key for word in rule.near for key in keys_of(word)),
            _phrases(rule.not_after),
            _phrases(rule.not_before),
            frozenset(key for word in rule.not_near for key in keys_of(word)),
        )

    def allows(self, words: Sequence[SpokenWord], start: int, end: int) -> bool:
        """Does the rule hold for the words from `start` to before `end`?"""
        if self.after and not _stands_before(self.after, words, start):
            return False
        if self.before and not _stands_at(self.before, words, end):
            return False
        if self.not_after and _stands_before(self.not_after, words, start):
            return False
        if self.not_before and _stands_at(self.not_before, words, end):
            return False
        if not (self.near or self.not_near):
            return True
        around = {word.key for word in words[max(start - NEAR_WORDS, 0) : start]}
        around.update(word.key for word in words[end : end + NEAR_WORDS])
        return not (self.near and self.near.isdisjoint(around)) and self.not_near.isdisjoint(around)


def _phrases(texts: Iterable[str]) -> _Phrases:
    return frozenset(keys_of(text) for text in texts)


def _stands_before(phrases: _Phrases, words: Sequence[SpokenWord], end: int) -> bool:
    return any(
        len(phrase) <= end and all(words[end - len(phrase) + n].key == key for n, key in enumerate(phrase))
        for phrase in phrases
    )


def _stands_at(phrases: _Phrases, words: Sequence[SpokenWord], start: int) -> bool:
    return any(
        start + len(phrase) <= len(words) and all(words[start + n].key == key for n, key in enumerate(phrase))
        for phrase in phrases
    )


@dataclass(slots=True)
class _Node:
    """What may follow the words so far, and the rules for which they are the whole phrase."""

    next: dict[str, "_Node"] = field(default_factory=dict)
    rules: list[tuple[Rule, _Context | None]] = field(default_factory=list)
    """The more particular first; None for a rule that holds everywhere."""


class Proofreader:
    """Corrects transcripts by a bank; the bank may be exchanged at any time."""

    def __init__(self, bank: Bank) -> None:
        self._starts = _tree(bank)

    def adopt(self, bank: Bank) -> None:
        """Go on with another bank: the file was changed and read again."""
        self._starts = _tree(bank)

    def correct(self, text: str) -> Correction:
        """Return `text` as heard and as meant; everything that no rule touches stays letter by letter."""
        words = words_of(text)
        starts = self._starts
        replacements: list[Replacement] = []
        pieces: list[str] = []
        copied = place = 0
        while place < len(words):
            node = starts.get(words[place].key)
            found = _longest(text, words, place, node) if node is not None else None
            if found is None:
                place += 1
                continue
            rule, end = found
            start_offset, end_offset = words[place].start, words[end - 1].end
            heard = text[start_offset:end_offset]
            meant = in_the_case_of(heard, rule.meant)
            if meant != heard:
                pieces += (text[copied:start_offset], meant)
                copied = end_offset
                replacements.append(Replacement(heard, meant, place, rule.id))
            place = end
        if not replacements:
            return Correction(text, text)
        pieces.append(text[copied:])
        corrected = "".join(pieces)
        if not all(replacement.meant for replacement in replacements):
            corrected = " ".join(corrected.split())  # words that were taken away leave their space behind
        return Correction(text, corrected, tuple(replacements))


def _tree(bank: Bank) -> dict[str, _Node]:
    root = _Node()
    for rule in bank.rules:
        node = root
        for key in keys_of(rule.heard):
            node = node.next.setdefault(key, _Node())
        context = _Context.of(rule)
        is_anywhere = not any(getattr(context, name) for name in context.__slots__)
        node.rules.append((rule, None if is_anywhere else context))
        node.rules.sort(key=lambda pair: pair[1] is None)
    return root.next


def _longest(text: str, words: Sequence[SpokenWord], start: int, first: _Node) -> tuple[Rule, int] | None:
    """Return the rule of the longest phrase that begins at `start` and holds there, and where the phrase ends."""
    found = None
    node: _Node | None = first
    end = start + 1
    while node is not None:
        for rule, context in node.rules:
            if context is None or context.allows(words, start, end):
                found = rule, end
                break
        if not node.next or end == len(words):
            break
        # a comma or a full stop parts a phrase
        if not text[words[end - 1].end : words[end].start].isspace():
            break
        node = node.next.get(words[end].key)
        end += 1
    return found


def in_the_case_of(heard: str, meant: str) -> str:
    """Return `meant` with the capitals of `heard`."""
    if heard[:1].islower() or not meant:
        return meant
    if heard.isupper() and len(heard) > 1:
        return meant.upper()
    return meant[0].upper() + meant[1:] if heard[:1].isupper() else meant
