"""Labelled turns, as tab-separated files: the first line names the columns, and they say what kind of cases these are.

    sentiment       text, label
    context         turns (of the caller, parted by " / "), issues (parted by commas, or none)
    clarification   words (each with its confidence in percent: "cancelar:41"), strategy (or none)
                    and, if need be, asked (how often before), expects (open, yes_no, number, email, spelling)

`split`, `template` and `language` may be there in all of them; without them a case is of the part `test`, in Spanish.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conversation.clarification import Strategy
from conversation.context import Issue
from conversation.critical_words import HeardWord
from conversation.expectation import Expectation
from conversation.sentiment import Mood
from vocabulary.errors import CentralitaError


class CasesError(CentralitaError):
    """A file of cases cannot be read; names file, line and column."""


@dataclass(frozen=True, slots=True)
class _Labelled:
    split: str
    template: str
    language: str
    truth: frozenset[str]
    shown: str
    """The case as it stands in the file."""

    @property
    def spoken(self) -> Sequence[str]:
        """Return the caller's turns, oldest first."""
        return (self.shown,)


@dataclass(frozen=True, slots=True)
class SentimentCase(_Labelled):
    """A turn and its mood."""

    text: str


@dataclass(frozen=True, slots=True)
class ContextCase(_Labelled):
    """A caller's turns, and what goes wrong after the last."""

    turns: tuple[str, ...]

    @property
    def spoken(self) -> Sequence[str]:
        """Return the caller's turns, oldest first."""
        return self.turns


@dataclass(frozen=True, slots=True)
class ClarificationCase(_Labelled):
    """A turn as an ear heard it, and how to make sure of it."""

    words: tuple[HeardWord, ...]
    asked: int
    expected: Expectation

    @property
    def spoken(self) -> Sequence[str]:
        """Return the turn."""
        return (" ".join(word.text for word in self.words),)


Case = SentimentCase | ContextCase | ClarificationCase

_TRUTHS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "text": ("label", frozenset(mood.value for mood in Mood)),
    "turns": ("issues", frozenset(issue.value for issue in Issue)),
    "words": ("strategy", frozenset(strategy.value for strategy in Strategy) | {"none"}),
}
"""By the column that holds the speech: the one with the truth, and what may stand in it."""


def read_cases(path: Path) -> list[Case]:
    """Read one file. Raises: CasesError, OSError."""
    lines = path.read_text(encoding="utf-8").splitlines()
    columns = lines[0].split("\t") if lines else []
    speech = next((column for column in _TRUTHS if column in columns), None)
    if speech is None or _TRUTHS[speech][0] not in columns:
        pairs = " or ".join(f"{told} with {truth}" for told, (truth, _) in _TRUTHS.items())
        raise CasesError(f"{path}:1: the first line must name the columns, among them {pairs}")
    cases: list[Case] = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise CasesError(f"{path}:{number}: {len(cells)} columns, the first line names {len(columns)}")
        try:
            cases.append(_case(speech, dict(zip(columns, cells, strict=True))))
        except ValueError as error:
            raise CasesError(f"{path}:{number}: {error}") from error
    if not cases:
        raise CasesError(f"{path}: no cases")
    return cases


def _case(speech: str, row: Mapping[str, str]) -> Case:
    column, known = _TRUTHS[speech]
    shown = row[speech].strip()
    labels = frozenset(label.strip() for label in row[column].split(",") if label.strip())
    if speech == "turns":
        labels -= {"none"}
    if not shown or not labels <= known or (speech != "turns" and len(labels) != 1):
        raise ValueError(f"{column} must be of {', '.join(sorted(known))}, and {speech} not empty")
    split, template, language = row.get("split", "test"), row.get("template", ""), row.get("language", "es")
    if speech == "text":
        return SentimentCase(split, template, language, labels, shown, shown)
    if speech == "turns":
        turns = tuple(turn.strip() for turn in shown.split(" / "))
        return ContextCase(split, template, language, labels, shown, turns)
    words = tuple(_word(word) for word in shown.split())
    expected = Expectation(row.get("expects", "open"))
    return ClarificationCase(split, template, language, labels, shown, words, int(row.get("asked", "0")), expected)


def _word(written: str) -> HeardWord:
    text, _, percent = written.rpartition(":")
    if not text or not percent.isdecimal() or int(percent) > 100:
        raise ValueError(f"{written!r} is no word with its confidence in percent, such as cancelar:41")
    return HeardWord(text, int(percent) / 100)
