"""What a person's correction of a transcript teaches: candidates, and when they become rules. Pure.

The words of both texts are laid side by side; wherever they part, what was heard there is a sighting of a candidate.
A candidate is confirmed by sightings in different conversations, and refuted by a person who leaves the same words
alone between the same neighbours. Enough of the one and none of the other, and it becomes a rule; where its words are
right in other places, the rule holds only between neighbours it was seen with.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rapidfuzz.distance import Levenshtein

from engines.correction.bank import Bank, Rule, Term, bank_of
from engines.correction.journal import (
    Entry,
    Kept,
    RuleRemoved,
    RuleSet,
    Sighting,
    TermRemoved,
    TermSet,
    Undone,
    standing,
)
from engines.correction.words import key_of, keys_of, words_of
from vocabulary.errors import ConfigurationError

CONFIRMATIONS: Final = 3
"""Conversations in which a candidate must have been seen before it becomes a rule by itself."""
LONGEST: Final = 6
"""Words; a person who rewrites more than that in one go teaches nothing."""
EDGE: Final = "^"
"""A neighbour that is no word: the beginning or the end."""

MayBeRight = Callable[[str], bool]
"""May these words be right as they stand, somewhere?"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that was misheard, as often as people said so."""

    id: str
    """From its words alone: the same on every machine."""
    heard: str
    meant: str
    conversations: int
    """Different ones it was seen in; sightings that name none count one each."""
    refuted: int
    """Times somebody left the same words alone between the same neighbours."""
    after: tuple[str, ...] = ()
    """Words it was seen behind; `EDGE` for the beginning."""
    before: tuple[str, ...] = ()
    """Words that were seen behind it."""
    is_rule: bool = False
    is_declined: bool = False
    """Was a rule once, and somebody took it back: it does not become one by itself again."""

    def is_ready(self, confirmations: int) -> bool:
        """Has it enough of both to become a rule by itself?"""
        return self.conversations >= confirmations and not self.refuted and not self.is_declined


@dataclass(frozen=True, slots=True)
class Learned:
    """A journal's standing, beside the file it belongs to."""

    bank: Bank
    """File and journal together: what the next call is corrected by."""
    candidates: tuple[Candidate, ...]
    """The most confirmed first."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where two texts part."""

    heard: str
    meant: str
    after: str
    before: str


def candidate_id(heard: str, meant: str) -> str:
    """Return the id of the candidate, without regard to case and accents of what was heard."""
    text = " ".join(keys_of(heard)) + "\n" + meant
    return "learned-" + hashlib.sha256(text.encode()).hexdigest()[:12]


def differences(heard: str, meant: str) -> list[Difference]:
    """Return what a person changed, each with the words on either side of it.

    Words put in where nothing was heard, or taken away, are joined to the word before (or behind): a rule needs
    something to be heard. Case and punctuation alone are no differences; an accent is.
    """
    words, wanted = _bare(heard), _bare(meant)
    spans: list[tuple[int, int, int, int]] = []
    for op in Levenshtein.opcodes(words, wanted):
        if op.tag == "equal":
            continue
        one = (op.src_start, op.src_end, op.dest_start, op.dest_end)
        if spans and spans[-1][1] == one[0] and spans[-1][3] == one[2]:
            one = (spans[-1][0], one[1], spans[-1][2], one[3])
            spans.pop()
        spans.append(one)
    found = []
    for start, end, first, last in spans:
        if start == end or first == last:
            if start and first:
                start, first = start - 1, first - 1
            elif end < len(words) and last < len(wanted):
                end, last = end + 1, last + 1
        if start == end or end - start > LONGEST or last - first > LONGEST:
            continue
        found.append(
            Difference(
                " ".join(words[start:end]),
                " ".join(wanted[first:last]),
                words[start - 1] if start else EDGE,
                words[end] if end < len(words) else EDGE,
            )
        )
    return found


def _bare(text: str) -> list[str]:
    return [text[word.start : word.end].lower() for word in words_of(text) if word.key]


def lessons(
    heard: str, meant: str, entries: Sequence[Entry], *, now: datetime, by: str = "", conversation: str = ""
) -> list[Entry]:
    """Return what is to be written down when a person corrected `heard` into `meant` (or left it as it was).

    The same conversation teaches the same thing once.
    """
    found: list[Entry] = []
    known = {
        (entry.what, entry.heard, entry.meant if isinstance(entry, Sighting) else "", entry.conversation)
        for _, entry in standing(entries)
        if isinstance(entry, Sighting | Kept)
    }
    for one in differences(heard, meant):
        if not conversation or ("sighting", one.heard, one.meant, conversation) not in known:
            found.append(Sighting(at=now, by=by, conversation=conversation, heard=one.heard, meant=one.meant,
                                  after=one.after, before=one.before))  # fmt: skip
    candidates = {keys_of(entry.heard) for _, entry in standing(entries) if isinstance(entry, Sighting)}
    for one in _left_alone(heard, meant, candidates):
        if not conversation or ("kept", one.heard, "", conversation) not in known:
            found.append(Kept(at=now, by=by, conversation=conversation, heard=one.heard, after=one.after,
                              before=one.before))  # fmt: skip
    return found


def _left_alone(heard: str, meant: str, candidates: Collection[tuple[str, ...]]) -> Iterator[Difference]:
    """Yield where the words of a candidate stand in both texts, whole inside a stretch that nobody changed."""
    words, wanted = _bare(heard), _bare(meant)
    longest = max(map(len, candidates), default=0)
    for op in Levenshtein.opcodes(words, wanted):
        if op.tag != "equal":
            continue
        for start in range(op.src_start, op.src_end):
            for end in range(start + 1, min(start + longest, op.src_end) + 1):
                if tuple(key_of(word) for word in words[start:end]) in candidates:
                    known = " ".join(words[start:end])
                    yield Difference(
                        known,
                        known,
                        words[start - 1] if start else EDGE,
                        words[end] if end < len(words) else EDGE,
                    )


def learned(file: Bank, entries: Sequence[Entry], *, source: str = "bank") -> Learned:
    """Return what file and journal come to.

    Raises: ConfigurationError when rules contradict one another.
    """
    rules = {rule.id: rule for rule in file.rules}
    terms = {(keys_of(term.text), term.kind): term for term in file.terms}
    seen: dict[str, list[Sighting]] = {}
    kept: list[Kept] = []
    promoted = {entry.candidate for entry in entries if isinstance(entry, RuleSet) and entry.candidate}
    for _, entry in standing(entries):
        match entry:
            case Sighting():
                seen.setdefault(candidate_id(entry.heard, entry.meant), []).append(entry)
            case Kept():
                kept.append(entry)
            case RuleSet():
                rules[entry.rule.id] = entry.rule
            case RuleRemoved():
                rules.pop(entry.id, None)
            case TermSet():
                terms[keys_of(entry.text), entry.kind] = Term(entry.text, entry.kind)
            case TermRemoved():
                terms = {key: term for key, term in terms.items() if key[0] != keys_of(entry.text)}
            case Undone():
                pass  # never standing
    candidates = [
        _candidate(id, sightings, kept, is_rule=id in rules, was_rule=id in promoted) for id, sightings in seen.items()
    ]
    candidates.sort(key=lambda one: (-one.conversations, one.heard, one.meant))
    return Learned(bank_of(tuple(rules.values()), terms=tuple(terms.values()), source=source), tuple(candidates))


def _candidate(
    id: str, sightings: Sequence[Sighting], kept: Iterable[Kept], *, is_rule: bool, was_rule: bool
) -> Candidate:
    first = sightings[0]
    named = {one.conversation for one in sightings if one.conversation}
    places = {(key_of(one.after), key_of(one.before)) for one in sightings}
    keys = keys_of(first.heard)
    return Candidate(
        id, first.heard, first.meant,
        conversations=len(named) + sum(not one.conversation for one in sightings),
        # left alone as it is meant to be is no objection: "si" where "sí" was corrected into it
        refuted=sum(
            keys_of(one.heard) == keys
            and one.heard != first.meant
            and (key_of(one.after), key_of(one.before)) in places
            for one in kept
        ),
        after=tuple(dict.fromkeys(one.after for one in sightings)),
        before=tuple(dict.fromkeys(one.before for one in sightings)),
        is_rule=is_rule, is_declined=was_rule and not is_rule,
    )  # fmt: skip


def rule_of(candidate: Candidate, may_be_right: MayBeRight) -> Rule:
    """Return the rule a candidate becomes.

    Words that nobody says are changed wherever they stand. Those that may be right elsewhere ("salgo") are changed only
    between the neighbours they were seen between.

    Raises: ConfigurationError when its words are right elsewhere and it was seen at both edges.
    """
    if not may_be_right(candidate.heard):
        return Rule(id=candidate.id, heard=candidate.heard, meant=candidate.meant)
    # where it was also seen at an edge, only the other side can tell
    after = () if EDGE in candidate.after else candidate.after
    before = () if EDGE in candidate.before else candidate.before
    if after or before:
        return Rule(id=candidate.id, heard=candidate.heard, meant=candidate.meant, after=after, before=before)
    raise ConfigurationError(
        f"candidate {candidate.id}: its words are right elsewhere and nothing around them tells when they are wrong; "
        "add a rule by hand, with a context"
    )


def promotions(
    file: Bank,
    entries: Sequence[Entry],
    *,
    confirmations: int,
    may_be_right: MayBeRight,
    now: datetime,
    source: str = "bank",
) -> list[RuleSet]:
    """Return the rules that are due: ready candidates, and learned rules that were seen with new neighbours.

    What would contradict another rule stays a candidate, for a person to decide; so do right words seen at an edge.
    """
    state = learned(file, entries, source=source)
    rules = {rule.id: rule for rule in state.bank.rules}
    found: list[RuleSet] = []
    for candidate in state.candidates:
        if not candidate.is_ready(confirmations):
            continue
        if EDGE in (*candidate.after, *candidate.before) and may_be_right(candidate.heard):
            continue  # one neighbour says too little about a right word: a person may promote it
        try:
            rule = rule_of(candidate, may_be_right)
            if rules.get(rule.id) == rule:
                continue
            bank_of(tuple((rules | {rule.id: rule}).values()), source=source)
        except ConfigurationError:
            continue
        rules[rule.id] = rule
        found.append(RuleSet(at=now, rule=rule, candidate=candidate.id, is_automatic=True))
    return found
