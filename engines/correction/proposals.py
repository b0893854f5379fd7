"""What each stretch of a heard sentence might have been: the second listening's graph of choices, before any choice."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from engines.correction.language import EDGE
from engines.correction.lexicon import Entry, Lexicon
from engines.correction.phonetics import sound_distance, sound_of

LONGEST: Final = 3
"""Words of a stretch that may become one word."""
LONGEST_TERM: Final = 6
"""Words of a stretch that may become a term: a strange name is heard as many small words."""
DOUBTED: Final = 0.6
"""Confidence below which the ear is not believed that a right word was the one said."""
_SPLIT_LEAST: Final = 4
_SMALL: Final = frozenset(
    ("de", "la", "el", "en", "con", "se", "me", "lo", "te", "no", "es", "que", "un", "al", "del", "por", "los", "las",
     "una", "mi", "su")
)  # fmt: skip
"""Words that others run together with."""
_MERGED_LEAST: Final = 4
_NEAR_LEAST: Final = 4
"""Phones of a word nobody knows that may become one that sounds nearly so: shorter ones are near to too many."""


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
    distance: float
    """How far its sound is from what was heard."""
    phones: int
    """Of what was heard."""
    is_kept: bool
    level: int
    """2: near in the vectors; 3: by sound and context; 0 for what is kept."""
    unknown: int
    """Words of the stretch that nobody knows."""
    is_term: bool
    is_counted: bool
    sides: int = 2
    """Beside how many of its neighbours a sentence of ours holds it; only told where right words would be changed."""
    rival: int = 0
    """The same of the words heard."""


def proposals(words: Sequence[Heard], breaks: frozenset[int], lexicon: Lexicon) -> list[Proposal]:
    """Return every choice there is, keeping each word among them; `breaks` are places no stretch may reach over."""
    found: dict[tuple[int, int, tuple[str, ...], str], Proposal] = {}
    for proposal in (*_kept(words, lexicon), *_others(words, breaks, lexicon)):
        key = proposal.start, proposal.end, proposal.tokens, proposal.text
        known = found.get(key)
        if known is None or (not known.is_kept and (proposal.distance, proposal.level) < (known.distance, known.level)):
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
                yield Proposal(start, end, text, (text,), 1, 0, 0, True, 0, int(not known), False, known)
            if entry is not None and entry.is_term:
                yield Proposal(start, end, text, entry.tokens, entry.among, 0, 0, True, 0, 0, True, True)


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
    singles = dict(zip(alone, lexicon.near([sounds[place] for place in alone]), strict=True))
    for place, terms in enumerate(lexicon.near_terms(sounds)):
        (start, end), sound = stretches[place], sounds[place]
        if not sound:
            continue
        heard = words[start:end]
        before = words[start - 1].text if start else EDGE
        after = words[end].text if end < len(words) else EDGE
        stretch = _Stretch(
            start, end, sound, tuple(word.text for word in heard), before, after,
            sum(not lexicon.knows(word.text) for word in heard), lexicon,
        )  # fmt: skip
        for entry in terms:
            yield stretch.becoming(entry, 2)
        if any(word.is_name for word in heard):
            continue
        if stretch.words == 1:
            yield from _single(stretch, singles.get(place, ()), lexicon)
        elif stretch.words <= LONGEST and len(sound) >= _MERGED_LEAST:
            # several become one word only where they sound just like it
            for entry in lexicon.sounding(sound):
                yield stretch.becoming(entry, 2 if stretch.unknown else 3)
            if stretch.words == 2 and any(
                not lexicon.knows(word) and not lexicon.has_sound(sound_of(word)) for word in stretch.heard
            ):
                for entry in lexicon.spanish_sounding(sound):
                    yield stretch.becoming(entry, 2, is_counted=entry.text in lexicon.counted)


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

    def becoming(self, entry: Entry, level: int, is_counted: bool = True) -> Proposal:
        sides, rival = 2, 0
        if not self.unknown:
            sides = self.lexicon.sides(self.before, entry.tokens[0] if entry.is_term else entry.text, self.after)
            pairs = pairwise((self.before, *self.heard, self.after))
            seen = [self.lexicon.language.has_pair(*pair) for pair in pairs]
            rival = 2 if all(seen) else int(any(seen))
        return Proposal(
            self.start, self.end, entry.text, entry.tokens, entry.among, sound_distance(self.sound, entry.sound),
            len(self.sound), False, level, self.unknown, entry.is_term, is_counted, sides, rival,
        )  # fmt: skip


def _single(stretch: _Stretch, near: Sequence[Entry], lexicon: Lexicon) -> Iterator[Proposal]:
    """Yield what one word may become: what sounds like it, what sounds nearly so, and two words run together."""
    alike = lexicon.sounding(stretch.sound)
    listed = lexicon.spanish_sounding(stretch.sound) if stretch.unknown else []
    for entry in alike:
        yield stretch.becoming(entry, 2 if stretch.unknown else 3)
    for entry in listed:
        yield stretch.becoming(entry, 2, is_counted=entry.text in lexicon.counted)
    if stretch.unknown and (alike or listed):
        return  # nobody knows this spelling, but what was said is plain
    if not stretch.unknown or len(stretch.sound) >= _NEAR_LEAST:
        for entry in near:
            yield stretch.becoming(entry, 2 if stretch.unknown else 3)
    if not stretch.unknown:
        return
    if len(stretch.sound) >= _NEAR_LEAST:
        for entry in lexicon.spanish_near(stretch.sound):
            yield stretch.becoming(entry, 2, is_counted=entry.text in lexicon.counted)
    yield from _splits(stretch.start, stretch.heard[0], stretch.unknown, lexicon)


def _splits(start: int, text: str, unknown: int, lexicon: Lexicon) -> Iterator[Proposal]:
    """Yield a word's ways to be two: "lacita" is "la cita", "lavería" is "la avería"."""
    if len(text) < _SPLIT_LEAST:
        return
    whole = sound_of(text)
    for cut in range(1, len(text)):
        heads = [*lexicon.sounding(sound_of(text[:cut])), *lexicon.spanish_sounding(sound_of(text[:cut]))]
        if not heads:
            continue
        tails = [*lexicon.sounding(sound_of(text[cut:])), *lexicon.spanish_sounding(sound_of(text[cut:]))]
        shared = sound_of(text[cut - 1 :])
        if text[cut - 1] in "aeiouáéíóú":  # the vowel both share
            tails += [*lexicon.sounding(shared), *lexicon.spanish_sounding(shared)]
        for head in heads:
            for tail in tails:
                if not lexicon.language.has_pair(head.tokens[-1], tail.tokens[0]) and not (
                    (head.text in _SMALL and len(tail.text) >= _SPLIT_LEAST)
                    or (tail.text in _SMALL and len(head.text) >= _SPLIT_LEAST)
                ):
                    continue
                both = f"{head.text} {tail.text}"
                distance = sound_distance(whole, head.sound + tail.sound)
                yield Proposal(
                    start, start + 1, both, head.tokens + tail.tokens, head.among * tail.among, distance, len(whole),
                    False, 2, unknown, False, {head.text, tail.text} <= lexicon.counted,
                )  # fmt: skip


def _is_fixed(word: Heard) -> bool:
    return word.is_locked or not word.text.isalpha()
