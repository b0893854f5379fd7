"""The labelled utterances of the analysis, ours and one's own, and how answers are counted against them.

Ours lie in `bench/analysis_sets/*.tsv` and, for the part that nobody tunes on, in `blind/` there, with their columns
in the first line; those of sentiment are calls, turn by turn. Entities are marked where they stand:
`venga [date=2026-02-12|pasado mañana]`. One's own cases are JSON, one object a line: `task` (intent, entity,
sentiment, topic) and `text`; `label` or `labels`; for entities the same marks in `text`, or `entities` with kind, value
and text; and, where they matter, `language`, `country` and `today` (ISO); of sentiment also `call` and `trend`.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

SETS: Final = Path(__file__).resolve().parent / "analysis_sets"
_FILES: Final = {
    "intent": "intents.tsv",
    "entity": "entities.tsv",
    "sentiment": "sentiment_calls.tsv",
    "topic": "topics.tsv",
}
TASKS: Final = ("intent", "entity", "sentiment", "topic")
_MARK: Final = re.compile(r"\[(?P<kind>[a-z_]+)=(?P<value>[^|\]]*)\|(?P<text>[^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Named:
    """An entity as somebody labelled it, or as we found it."""

    kind: str
    value: str
    begin: int
    end: int

    def is_met_by(self, other: "Named") -> bool:
        """True for the same thing read from words of the same place; where exactly it begins is a convention."""
        same = self.kind == other.kind and self.value == other.value
        return same and self.begin < other.end and other.begin < self.end


@dataclass(frozen=True, slots=True)
class Case:
    """One labelled utterance."""

    task: str
    text: str
    split: str = "own"
    """dev, test, blind, or own for a file of one's own."""
    language: str = "es"
    country: str = "ES"
    today: date = date(2026, 2, 10)
    labels: frozenset[str] = frozenset()
    """One for intents and sentiment; any number of topics."""
    entities: tuple[Named, ...] = ()
    call: str = ""
    """Of sentiment: which call it is a turn of; "" for an utterance of its own."""
    trend: str = ""
    """Of sentiment: where that call's mood goes."""


@dataclass(slots=True)
class Counts:
    """Right, wrong and missed answers of one label."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Of what was answered, how much is right; 0 when nothing was."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        """Of what there was, how much was found; 0 when there was nothing."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        counted = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / counted if counted else 0.0


@dataclass(slots=True)
class Score:
    """Answers counted by label."""

    by_label: dict[str, Counts] = field(default_factory=dict)
    cases: int = 0

    def of(self, label: str) -> Counts:
        """Return the counts of one label."""
        return self.by_label.setdefault(label, Counts())

    def add(self, wanted: Iterable[str], answered: Iterable[str]) -> None:
        """Count one case with any number of labels."""
        self.cases += 1
        want, got = set(wanted), set(answered)
        for label in want & got:
            self.of(label).right += 1
        for label in got - want:
            self.of(label).wrong += 1
        for label in want - got:
            self.of(label).missed += 1

    @property
    def total(self) -> Counts:
        """All labels together (micro)."""
        every = self.by_label.values()
        return Counts(sum(c.right for c in every), sum(c.wrong for c in every), sum(c.missed for c in every))

    def macro_f1(self, leaving_out: frozenset[str] = frozenset()) -> float:
        """The mean F1 of the labels that somebody gave."""
        f1s = [c.f1 for label, c in self.by_label.items() if label not in leaving_out and c.right + c.missed]
        return sum(f1s) / len(f1s) if f1s else 0.0


def marked(text: str) -> tuple[str, tuple[Named, ...]]:
    """Return the text without its marks, and what was marked."""
    plain, named, at = "", [], 0
    for mark in _MARK.finditer(text):
        plain += text[at : mark.start()]
        named.append(Named(mark["kind"], mark["value"], len(plain), len(plain) + len(mark["text"])))
        plain += mark["text"]
        at = mark.end()
    return plain + text[at:], tuple(named)


def our_cases(task: str) -> list[Case]:
    """Read the set of one task, all its parts."""
    return [case for folder in (SETS, SETS / "blind") for case in _read(task, folder / _FILES[task])]


def _read(task: str, path: Path) -> list[Case]:
    with path.open(encoding="utf-8", newline="") as file:
        return [_case(task, row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def own_cases(path: Path) -> list[Case]:
    """Read a file of one's own.

    Raises: ValueError that names the line and what would be right.
    """
    return list(_own(path))


def _own(path: Path) -> Iterator[Case]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict) or row.get("task") not in TASKS or not isinstance(row.get("text"), str):
                raise ValueError(f'each line needs "task" (one of {", ".join(TASKS)}) and "text"')
            yield _case(row["task"], row)
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path}, line {number}: {error}") from error


def _case(task: str, row: Mapping[str, Any]) -> Case:
    text, named = marked(row["text"]) if task == "entity" else (row["text"], ())
    for entity in row.get("entities") or ():
        begin = text.find(entity["text"])
        if begin < 0:
            raise ValueError(f"the text does not hold {entity['text']!r}")
        named += (Named(entity["kind"], entity["value"], begin, begin + len(entity["text"])),)
    labels = row.get("labels", row.get("label", ()))
    if isinstance(labels, str):
        labels = labels.split(",") if task == "topic" else [labels]
    return Case(
        task=task,
        text=text,
        split=row.get("split") or "own",
        language=row.get("language") or "es",
        country=row.get("country") or "ES",
        today=date.fromisoformat(row["today"]) if row.get("today") else date(2026, 2, 10),
        labels=frozenset(label for label in labels if label and label != "none"),
        entities=named,
        call=str(row.get("call") or ""),
        trend=str(row.get("trend") or ""),
    )


def count_entities(score: Score, wanted: Iterable[Named], found: Iterable[Named]) -> int:
    """Count one utterance; return how many were right to the letter."""
    score.cases += 1
    left = list(found)
    exact = 0
    for want in wanted:
        met = next((one for one in left if want.is_met_by(one)), None)
        if met is None:
            score.of(want.kind).missed += 1
            continue
        left.remove(met)
        score.of(want.kind).right += 1
        exact += (met.begin, met.end) == (want.begin, want.end)
    for one in left:
        score.of(one.kind).wrong += 1
    return exact
