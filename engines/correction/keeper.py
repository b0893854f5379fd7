"""A bank's file and journal in one hand: read, taught, changed, undone. Does file I/O: not for the loop.

The file is written by people and never by us; everything that is learned or changed by command goes into the journal.
"""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from engines.correction.bank import KIND, Bank, Rule, Term, bank_of, load_bank
from engines.correction.inflection import spanish_words
from engines.correction.journal import (
    Entry,
    Journal,
    Page,
    RuleRemoved,
    RuleSet,
    TermRemoved,
    TermSet,
    Undone,
    journal_of,
    standing,
)
from engines.correction.language import spanish
from engines.correction.replica import SharedEntry, additions, shared
from engines.correction.teaching import (
    CONFIRMATIONS,
    Candidate,
    Learned,
    MayBeRight,
    candidate_id,
    learned,
    lessons,
    promotions,
    rule_of,
)
from engines.correction.words import keys_of
from vocabulary.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Taught:
    """What a correction came to."""

    candidates: tuple[Candidate, ...]
    """That it was a sighting of, as they stand now."""
    promoted: tuple[Rule, ...]
    """Rules that hold from now on."""
    entries: tuple[int, ...]
    """Numbers of what was written down; undo them to take the lesson back."""


class BankKeeper:
    """One bank, with its journal."""

    def __init__(
        self,
        path: Path,
        *,
        journal: Journal | None = None,
        confirmations: int = CONFIRMATIONS,
        may_be_right: MayBeRight | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep the bank of file `path`, which need not exist; its journal is beside it unless another is given.

        `may_be_right` tells which words are right somewhere; left out, our own lists of Spanish.
        """
        self._path = path
        self._journal = journal or journal_of(path)
        self._confirmations = confirmations
        self._may_be_right = may_be_right
        self._now = now

    @property
    def name(self) -> str:
        """The bank's name."""
        return self._path.stem

    def read(self) -> Learned:
        """Return file and journal together.

        Raises: ConfigurationError naming the file and what is wrong in it.
        """
        return learned(self._file(), self._journal.read(), source=str(self._path))

    def history(self) -> tuple[Entry, ...]:
        """Return everything that was ever written down; numbers start at 1."""
        return self._journal.read()

    def correct_transcript(self, heard: str, meant: str, *, by: str = "", conversation: str = "") -> Taught:
        """Learn from a person who read `heard` and wrote `meant`; the same text means that nothing was wrong.

        Raises: ConfigurationError.
        """
        with self._journal.writing() as page:
            count = len(page.entries)
            file = self._file()
            now = self._moment(page)
            page.add(lessons(heard, meant, page.entries, now=now, by=by, conversation=conversation))
            due = promotions(
                file, page.entries, confirmations=self._confirmations, may_be_right=self._judge(), now=now,
                source=str(self._path),
            )  # fmt: skip
            page.add(due)
            state = learned(file, page.entries, source=str(self._path))
            ids = {candidate_id(entry.heard, entry.meant) for entry in page.entries[count:] if entry.what == "sighting"}
            return Taught(
                tuple(candidate for candidate in state.candidates if candidate.id in ids),
                tuple(entry.rule for entry in due),
                tuple(range(count + 1, len(page.entries) + 1)),
            )

    def promote(self, candidate: str, *, by: str = "") -> Rule:
        """Make a candidate a rule, however often it was seen.

        Raises: ConfigurationError when there is none of that id, or its rule would contradict another.
        """
        with self._journal.writing() as page:
            found = next((one for one in self._state(page).candidates if one.id == candidate), None)
            if found is None:
                raise ConfigurationError(f"{self._path}: there is no candidate {candidate!r}")
            rule = rule_of(found, self._judge())
            self._add(page, [RuleSet(at=self._moment(page), by=by, rule=rule, candidate=candidate)])
            return rule

    def add_rules(self, rules: Iterable[Rule], *, by: str = "") -> int:
        """Let rules hold, in place of those with the same ids; return how many are new or changed.

        Raises: ConfigurationError when they contradict others; none is taken then.
        """
        with self._journal.writing() as page:
            standing_rules = {rule.id: rule for rule in self._state(page).bank.rules}
            new = [rule for rule in rules if standing_rules.get(rule.id) != rule]
            now = self._moment(page)
            self._add(page, [RuleSet(at=now, by=by, rule=rule) for rule in new])
            return len(new)

    def add_terms(self, terms: Iterable[Term], *, by: str = "") -> int:
        """Add words of the company's own; return how many are new.

        Raises: ConfigurationError for one without a word, or of a kind that is none.
        """
        terms = tuple(terms)
        for term in terms:
            if not keys_of(term.text):
                raise ConfigurationError(f"{self._path}: {term.text!r} holds no word")
            if not KIND.fullmatch(term.kind):
                raise ConfigurationError(f"{self._path}: the kind {term.kind!r} must be one word of lower case letters")
        with self._journal.writing() as page:
            standing_terms = {(term.text, term.kind) for term in self._state(page).bank.terms}
            new = [term for term in terms if (term.text, term.kind) not in standing_terms]
            now = self._moment(page)
            self._add(page, [TermSet(at=now, by=by, text=term.text, kind=term.kind) for term in new])
            return len(new)

    def remove(self, what: str, *, by: str = "") -> int:
        """Take away the rule of that id, or the term written so; return the entry's number.

        Raises: ConfigurationError when there is neither.
        """
        with self._journal.writing() as page:
            bank = self._state(page).bank
            if any(rule.id == what for rule in bank.rules):
                return self._add(page, [RuleRemoved(at=self._moment(page), by=by, id=what)])
            if any(keys_of(term.text) == keys_of(what) for term in bank.terms):
                return self._add(page, [TermRemoved(at=self._moment(page), by=by, text=what)])
            raise ConfigurationError(f"{self._path}: there is neither a rule nor a term {what!r}")

    def undo(self, number: int = 0, *, by: str = "") -> Entry:
        """Take back entry `number`, or (0) the last that counts; return it. An undoing can be undone by its number.

        Raises: ConfigurationError when there is nothing of that number, or it is undone already.
        """
        with self._journal.writing() as page:
            counting = [one for one, _ in standing(page.entries)]
            if not number:
                if not counting:
                    raise ConfigurationError(f"{self._path}: there is nothing to undo")
                number = counting[-1]
            if not 1 <= number <= len(page.entries):
                raise ConfigurationError(f"{self._path}: there is no entry {number}; there are {len(page.entries)}")
            entry = page.entries[number - 1]
            if not isinstance(entry, Undone) and number not in counting:
                raise ConfigurationError(f"{self._path}: entry {number} is undone already")
            self._add(page, [Undone(at=self._moment(page), by=by, entry=number)])
            return entry

    def take_over(self, told: Sequence[SharedEntry]) -> tuple[int, tuple[str, ...]]:
        """Write down what other machines tell and this one does not know yet.

        Returns how many entries that were, and the ids of those set aside: with them the bank would contradict itself.

        Raises: ConfigurationError when the bank cannot be read or written.
        """
        with self._journal.writing() as page:
            count = len(page.entries)
            self._state(page)  # a bank that is wrong already is nobody's fault but its own
            new = list(additions(page.entries, told))
            try:
                self._add(page, [entry for _, entry in new])
            except ConfigurationError:
                self._add_singly(page, [one for one, _ in new])
            known = {one.entry_id for one in shared(page.entries)}
            return len(page.entries) - count, tuple(one.entry_id for one in told if one.entry_id not in known)

    def _add_singly(self, page: Page, told: Sequence[SharedEntry]) -> None:
        for one in told:
            with contextlib.suppress(ConfigurationError):
                self._add(page, [entry for _, entry in additions(page.entries, [one])])

    def _moment(self, page: Page) -> datetime:
        """Now, but never before what is written already, whatever became of a clock: moments are the order."""
        return max((self._now(), *(entry.at for entry in page.entries)))

    def _add(self, page: Page, entries: Sequence[Entry]) -> int:
        """Write what leaves the bank without contradiction."""
        learned(self._file(), (*page.entries, *entries), source=str(self._path))
        page.add(entries)
        return len(page.entries)

    def _state(self, page: Page) -> Learned:
        return learned(self._file(), page.entries, source=str(self._path))

    def _file(self) -> Bank:
        return load_bank(self._path) if self._path.exists() else Bank()

    def _judge(self) -> MayBeRight:
        if self._may_be_right is None:
            self._may_be_right = spanish_judge()
        return self._may_be_right


def spanish_judge() -> MayBeRight:
    """Return what tells whether words may be right in Spanish: words of our lists, and, for three and more, no pair of
    them that no sentence of ours holds (how a strange name is heard: "caza mi tía"). A few tens of milliseconds."""
    language = spanish()
    known = spanish_words() | language.words

    def may_be_right(phrase: str) -> bool:
        words = phrase.split()
        if not all(word in known for word in words):
            return False
        return len(words) < 3 or all(language.has_pair(first, second) for first, second in pairwise(words))

    return may_be_right


def read_banks(paths: Iterable[Path], *, source: str) -> Bank:
    """Return several banks as one, each with its journal; does file I/O.

    Raises: ConfigurationError, also for a file that does not exist.
    """
    rules: list[Rule] = []
    terms: list[Term] = []
    for path in paths:
        bank = learned(load_bank(path), journal_of(path).read(), source=str(path)).bank
        rules += bank.rules
        terms += bank.terms
    return bank_of(tuple(rules), terms=tuple(terms), source=source)
