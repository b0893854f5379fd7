"""What each stretch of a heard sentence might have been: the second listening's graph of choices, before any choice."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from rapidfuzz.distance import Levenshtein

from engines.correction.kinds import OWN, is_common
from engines.correction.language import EDGE
from engines.correction.lexicon import Entry, Lexicon
from engines.correction.phonetics import run_together, sound_distance, sound_of
from engines.correction.words import key_of

WAYS: Final = (
    "alike", "near", "split", "merged", "term", "term_tail",  # of what nobody knows
    # of right words
    "accent", "homophone", "ending", "doubted", "parted", "joined", "recut", "unsaid", "right_term", "right_tail",
)  # fmt: skip
"""How a choice came to be."""
LONGEST: Final = 3
"""Words of a stretch that may become one word."""
LONGEST_TERM: Final = 6
"""Words of a stretch that may become a term: a strange name is heard as many small words."""
FARTHEST: Final = 0.45
"""Phones that may differ, of those heard."""
DOUBTED: Final = 0.8
"""Confidence below which the ear is not believed that a right word was the one said."""
_SPLIT_LEAST: Final = 4
_SMALL: Final = frozenset(
    ("de", "la", "el", "en", "con", "se", "me", "lo", "te", "no", "es", "que", "un", "al", "del", "por", "los", "las",
     "una", "mi", "su", "y", "a", "le", "nos", "ya", "si", "o", "qué", "tu", "he", "ha", "mis", "sus", "muy", "más")
)  # fmt: skip
"""Words that others run together with."""
_AFTER_TERM: Final = (("i", "y"), ("a", "a"), ("o", "o"), ("en", "en"))
_BEFORE_TERM: Final = (("de", "de"), ("en", "en"), ("a", "a"), ("el", "el"), ("la", "la"), ("kon", "con"))
"""Sounds that may be a small word beside a term, and the word."""
_LONGEST_WITH_TAIL: Final = 4
_TAILED_LEAST: Final = 5
"""Phones of a term and a small word together."""
_MERGED_LEAST: Final = 4
_NEAR_LEAST: Final = 3
"""Phones of a word nobody knows that may become one that sounds nearly so: shorter ones are near to too many."""
_UNSAID: Final = ("a", "ha", "he", "y", "o", "de", "le", "se", "lo", "la")
"""Small words that are lost where the word before ends, or the word behind begins, as they sound."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A word as it was heard."""

    text: str
    """Lower case, without the punctuation around it."""
    confidence: float | None = None
    """0 to 1, as the ear says; None when nobody said."""
    is_locked: bool = False
    """Put there by the dictionary: stays."""
    is_name: bool = False
    """Written like a name: only a company's own term may take its place."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A stretch of the sentence, and what may have been said there."""

    start: int
    end: int
    """Behind its last word."""
    text: str
    tokens: tuple[str, ...]
    among: int
    """How many terms share the token."""
    way: str
    """One of `WAYS`, or "kept"."""
    distance: float = 0.0
    """How far its sound is from what was heard."""
    phones: int = 0
    """Of what was heard."""
    level: int = 0
    """2: near in the vectors; 3: by sound and context; 0 for what is kept."""
    unknown: int = 0
    """Words of the stretch that nobody knows."""
    is_term: bool = False
    letters: float = 0.0
    """Share of the letters that differ, accents among them."""
    uncounted: int = 0
    """New words that no sentence of ours holds."""
    rare: int = 0
    """New words that nobody says every day."""
    sides: int = 2
    """Beside how many of its neighbours a sentence of ours holds it."""
    rival: int = 0
    """The same of the words heard."""
    gain: float = 0.0
    """Log probability beside its neighbours as they were heard, over that of the words heard."""
    agrees: float = 0.0
    """The same of kinds of words that agree."""

    @property
    def is_kept(self) -> bool:
        """Does everything stay as it was heard?"""
        return self.way == "kept"


def proposals(words: Sequence[Heard], breaks: frozenset[int], lexicon: Lexicon) -> list[Proposal]:
    """Return every choice there is, keeping each word among them; `breaks` are places no stretch may reach over."""
    found: dict[tuple[int, int, tuple[str, ...], str], Proposal] = {}
    for proposal in (*_kept(words, lexicon), *_others(words, breaks, lexicon)):
        key = proposal.start, proposal.end, proposal.tokens, proposal.text
        known = found.get(key)
        if known is None or (not known.is_kept and proposal.distance < known.distance):
            found[key] = proposal
    return _without_needless(list(found.values()))


def _without_needless(found: list[Proposal]) -> list[Proposal]:
    """Leave out what takes in more words to write a term that fewer words sound as much like: they are to be kept."""
    of_term: dict[str, list[Proposal]] = defaultdict(list)
    for proposal in found:
        if proposal.is_term:
            of_term[proposal.text].append(proposal)
    needless = {
        id(wide)
        for same in of_term.values()
        for wide in same
        for narrow in same
        if wide.start <= narrow.start
        and narrow.end <= wide.end
        and narrow.end - narrow.start < wide.end - wide.start
        and narrow.distance <= wide.distance
    }
    return [proposal for proposal in found if id(proposal) not in needless]


def _kept(words: Sequence[Heard], lexicon: Lexicon) -> Iterator[Proposal]:
    for start in range(len(words)):
        for end in range(start + 1, min(start + LONGEST_TERM, len(words)) + 1):
            text = " ".join(word.text for word in words[start:end])
            entry = lexicon.entry(text)
            if end == start + 1:
                known = lexicon.knows(text) or words[start].is_locked
                yield Proposal(start, end, text, (text,), 1, "kept", unknown=int(not known))
            if entry is not None and entry.is_term:
                yield Proposal(start, end, text, entry.tokens, entry.among, "kept", is_term=True)


def _others(words: Sequence[Heard], breaks: frozenset[int], lexicon: Lexicon) -> Iterator[Proposal]:
    stretches = [
        (start, end)
        for start in range(len(words))
        for end in range(start + 1, min(start + LONGEST_TERM, len(words)) + 1)
        if not breaks.intersection(range(start + 1, end)) and not any(_is_fixed(word) for word in words[start:end])
    ]
    sounds = [sound_of(" ".join(word.text for word in words[start:end])) for start, end in stretches]
    # a word that is right as it stands is only looked at where the ear was in doubt
    alone = [
        place
        for place, (start, end) in enumerate(stretches)
        if end == start + 1 and (not lexicon.knows(words[start].text) or _is_doubted(words[start]))
    ]
    tails = _tails(stretches, sounds, words, lexicon)
    singles = dict(zip(alone, lexicon.near([sounds[place] for place in alone]), strict=True))
    for place, terms in enumerate(lexicon.near_terms(sounds)):
        (start, end), sound = stretches[place], sounds[place]
        if not sound:
            continue
        heard = words[start:end]
        stretch = _Stretch(
            start, end, sound, tuple(word.text for word in heard),
            words[start - 1].text if start and start not in breaks else EDGE,
            words[end].text if end < len(words) and end not in breaks else EDGE,
            sum(not lexicon.knows(word.text) for word in heard), lexicon,
        )  # fmt: skip
        for entry in terms:
            one = stretch.becoming((entry,), "term" if stretch.unknown else "right_term", 2)
            if one.distance <= FARTHEST * one.phones:
                yield one
        if any(word.is_name for word in heard):
            continue
        for entries in tails.get(place, ()):
            one = stretch.becoming(entries, "term_tail" if stretch.unknown else "right_tail", 2)
            if one.distance <= FARTHEST * one.phones:
                yield one
        if stretch.words == 1:
            yield from _single(stretch, singles.get(place, ()))
        elif stretch.words <= LONGEST and len(sound) >= _MERGED_LEAST:
            yield from _several(stretch)


def _tails(
    stretches: Sequence[tuple[int, int]], sounds: Sequence[str], words: Sequence[Heard], lexicon: Lexicon
) -> dict[int, list[tuple[Entry, ...]]]:
    """Return, by stretch, terms with a small word that was heard as a part of them: "si olla" is "yáñez y"."""
    asked: list[tuple[int, str, str, bool]] = []
    for place, ((start, end), sound) in enumerate(zip(stretches, sounds, strict=True)):
        if end - start > _LONGEST_WITH_TAIL or len(sound) < _TAILED_LEAST:
            continue
        if end - start == 1 and lexicon.knows(words[start].text) and not _is_doubted(words[start]):
            continue
        asked += [(place, sound[: -len(tail)], small, True) for tail, small in _AFTER_TERM if sound.endswith(tail)]
        asked += [(place, sound[len(head) :], small, False) for head, small in _BEFORE_TERM if sound.startswith(head)]
    found: dict[int, list[tuple[Entry, ...]]] = defaultdict(list)
    terms = lexicon.near_terms([sound for _, sound, _, _ in asked])
    for (place, sound, small, is_behind), near in zip(asked, terms, strict=True):
        word = Entry(small, sound_of(small), (small,))
        for entry in near[:3]:
            if sound_distance(sound, entry.sound) <= FARTHEST * len(sound):
                found[place].append((entry, word) if is_behind else (word, entry))
    return found


def _is_doubted(word: Heard) -> bool:
    return word.confidence is not None and word.confidence < DOUBTED


@dataclass(frozen=True, slots=True)
class _Stretch:
    start: int
    end: int
    sound: str
    heard: tuple[str, ...]
    before: str
    after: str
    unknown: int
    lexicon: Lexicon

    @property
    def words(self) -> int:
        return self.end - self.start

    def becoming(self, entries: Sequence[Entry], way: str, level: int, distance: float | None = None) -> Proposal:
        language = self.lexicon.language
        text = " ".join(entry.text for entry in entries)
        tokens = tuple(token for entry in entries for token in entry.tokens)
        seen = [language.has_pair(*pair) for pair in pairwise((self.before, *self.heard, self.after))]
        plain = [entry.text for entry in entries if not entry.is_term]
        among = 1
        for entry in entries:
            among *= entry.among
        old = (self.before, *self.heard, self.after)
        new = (self.before, *tokens, self.after)
        gain = self._likely(new) - self._likely(old) - math.log(among)
        agrees = sum(language.agreement(*pair) for pair in pairwise(new)) - sum(
            language.agreement(*pair) for pair in pairwise(old)
        )
        if distance is None:
            distance = sound_distance(self.sound, "".join(entry.sound for entry in entries))
        return Proposal(
            self.start, self.end, text, tokens, among, way, distance, len(self.sound), level, self.unknown,
            any(entry.is_term for entry in entries),
            Levenshtein.normalized_distance(" ".join(self.heard), text),
            sum(word not in self.lexicon.counted for word in plain), sum(not is_common(word) for word in plain),
            language.has_pair(self.before, tokens[0]) + language.has_pair(tokens[-1], self.after),
            2 if all(seen) else int(any(seen)), gain, agrees,
        )  # fmt: skip

    def _likely(self, words: Sequence[str]) -> float:
        language, lexicon = self.lexicon.language, self.lexicon
        return sum(language.log_probability(a, b, lexicon.is_spanish(b)) for a, b in pairwise(words))


def _single(stretch: _Stretch, near: Sequence[Entry]) -> Iterator[Proposal]:
    """Yield what one word may become: what sounds like it, what sounds nearly so, and two words run together."""
    lexicon, sound = stretch.lexicon, stretch.sound
    if not stretch.unknown:
        yield from _known(stretch, near)
        return
    alike = {entry.text: entry for entry in (*lexicon.spanish_sounding(sound), *lexicon.sounding(sound))}
    for entry in alike.values():
        yield stretch.becoming((entry,), "alike", 2)
    if len(sound) >= _NEAR_LEAST:
        for entry in (*near, *lexicon.spanish_near(sound)):
            one = stretch.becoming((entry,), "near", 2)
            if one.distance <= FARTHEST * one.phones and entry.text not in alike:
                yield one
    for head, tail, distance in _splits(stretch.heard[0], lexicon):
        yield stretch.becoming((head, tail), "split", 2, distance)


def _known(stretch: _Stretch, near: Sequence[Entry]) -> Iterator[Proposal]:
    """Yield what a right word may become; most of it is only said where its neighbours speak for it."""
    lexicon, sound, text = stretch.lexicon, stretch.sound, stretch.heard[0]
    for entry in lexicon.sounding(sound):
        is_accent = key_of(entry.text) == key_of(text)
        one = stretch.becoming((entry,), "accent" if is_accent else "homophone", 3)
        if one.sides == 2 and not one.rival:  # what is said alike is left alone unless both neighbours speak against it
            yield one
    for other in _endings(text):
        if lexicon.knows(other) and (other in lexicon.counted or is_common(other)):
            yield stretch.becoming((Entry(other, sound_of(other), (other,)),), "ending", 3)
    for entry in near:
        one = stretch.becoming((entry,), "doubted", 3)
        if 0 < one.distance <= FARTHEST * one.phones:
            yield one
    for head, tail, distance in _splits(text, lexicon):
        one = stretch.becoming((head, tail), "parted", 3, distance)
        if one.sides:
            yield one
    together = run_together(sound_of(f"{stretch.before} {text}")) if stretch.before != EDGE else ""
    for small in _UNSAID:
        if together and run_together(sound_of(f"{stretch.before} {small} {text}")) == together:
            entries = Entry(small, sound_of(small), (small,)), Entry(text, sound, (text,))
            yield stretch.becoming(entries, "unsaid", 3)


def _endings(text: str) -> Iterator[str]:
    """Yield a word in the other number, gender or person, as a telephone swallows them."""
    if len(text) < 2:
        return
    last, rest = text[-1], text[:-1]
    if text in OWN:  # "ya" is no "yo"
        yield from {"un": ("una",), "una": ("un",)}.get(text, ())
        yield from (text + "s", text + "n", *((rest,) if last in "sn" else ()))
        return
    if last in "aeoáéó":
        yield from (text + "s", text + "n", text + "d")
    if last in "lrndzj":
        yield text + "es"
    if last in "snd":
        yield rest
    if text.endswith("es"):
        yield text[:-2]
    if last == "o":
        yield rest + "a"
    if last == "a":
        yield from (rest + "o", rest)
    if last == "n":
        yield text + "a"
    if text[-2:] in ("os", "as"):
        yield text[:-2] + ("as" if text[-2] == "o" else "os")


def _several(stretch: _Stretch) -> Iterator[Proposal]:
    """Yield what several words may become: one that sounds just like them, or the same sound parted elsewhere."""
    lexicon, sound = stretch.lexicon, stretch.sound
    for entry in lexicon.sounding(sound):
        one = stretch.becoming((entry,), "merged" if stretch.unknown else "joined", 2 if stretch.unknown else 3)
        if stretch.unknown or one.sides:
            yield one
    if stretch.words == 2:
        if any(not lexicon.knows(word) and not lexicon.has_sound(sound_of(word)) for word in stretch.heard):
            for entry in lexicon.spanish_sounding(sound):
                yield stretch.becoming((entry,), "merged", 2)
        elif not stretch.unknown:
            for entry in lexicon.spanish_sounding(sound):
                if is_common(entry.text) and entry.text not in lexicon.counted:
                    yield stretch.becoming((entry,), "joined", 3)
    for head, tail in lexicon.recut(run_together(sound)):
        if (head.text, tail.text) != stretch.heard:
            yield stretch.becoming((head, tail), "recut", 2 if stretch.unknown else 3)


def _splits(text: str, lexicon: Lexicon) -> Iterator[tuple[Entry, Entry, float]]:
    """Yield a word's ways to be two: "lacita" is "la cita", "lavería" is "la avería"."""
    if len(text) < _SPLIT_LEAST:
        return
    whole = sound_of(text)
    for cut in range(1, len(text)):
        heads = lexicon.all_sounding(sound_of(text[:cut]))
        if not heads:
            continue
        tails = lexicon.all_sounding(sound_of(text[cut:]))
        if text[cut - 1] in "aeiouáéíóú":  # the vowel both share
            tails = (*tails, *lexicon.all_sounding(sound_of(text[cut - 1 :])))
        for head in heads:
            for tail in tails:
                if not lexicon.language.has_pair(head.tokens[-1], tail.tokens[0]) and not (
                    (head.text in _SMALL and len(tail.text) >= _SPLIT_LEAST)
                    or (tail.text in _SMALL and len(head.text) >= _SPLIT_LEAST)
                ):
                    continue
                yield head, tail, sound_distance(whole, head.sound + tail.sound)


def _is_fixed(word: Heard) -> bool:
    return word.is_locked or not word.text.isalpha()
