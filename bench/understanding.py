"""How well the dialogue understands callers beyond their words, and how long that takes a turn.

Three sets of our own (`bench/understanding_sets/`), parted by template; the figures without a suffix are those of the
`test` part. The lists on moods were written with `dev` and `test` in view, so on moods those figures only tell that
nothing was lost; `--mistakes` lists those of the `dev` part. The `blind` part (`…_blind`) is by an author who has read
no rule and no list, and is nearer to what your callers say. Write your own cases and pass them with `--cases`:

    centralita bench understanding --cases mine.tsv --json
    python -m bench.understanding --cases mine.tsv --mistakes

Beside every figure stands that of a floor: plain keywords, as one writes them first.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import numpy as np
from rich.console import Console, Group
from rich.table import Table

from bench.understanding_cases import Case, CasesError, ClarificationCase, ContextCase, SentimentCase, read_cases
from bench.understanding_floor import floor_clarification, floor_issues, floor_mood
from conversation.clarification import Strategy, clarification_for
from conversation.context import CallerTurn, Issue, analyse_context
from conversation.critical_words import HeardWord
from conversation.sentiment import Mood, sentiment_of
from conversation.understanding import Understanding
from conversation.voice_baseline import VoiceBaseline
from conversation.voice_measure import measure_voice

TITLE: Final = "understanding: mood, problems and doubts of a turn, beside plain keywords"
SETS: Final = Path(__file__).parent / "understanding_sets"
ROUNDS: Final = 5
"""Every turn is read so often for the times."""
SECONDS_A_WORD: Final = 0.4
"""Of the sound whose voice is measured beside the words; live a thread does that, here it counts in full."""
VOICE_RATE: Final = 8000

_Answer = frozenset[str]


@dataclass(frozen=True, slots=True)
class _Task:
    """One thing to be understood."""

    name: str
    labels: tuple[str, ...]
    """F1 is averaged over these, each counting the same."""
    own: Callable[[Any], _Answer]
    floor: Callable[[Any], _Answer]


def _own_mood(case: SentimentCase) -> _Answer:
    return frozenset({sentiment_of(case.text, case.language).mood.value})


def _own_issues(case: ContextCase) -> _Answer:
    turns = [CallerTurn.of(turn, case.language) for turn in case.turns]
    return frozenset(issue.value for issue in analyse_context(turns, case.language).issues)


def _own_strategy(case: ClarificationCase) -> _Answer:
    found = clarification_for(case.words, case.language, case.expected, asked=case.asked)
    return frozenset({"none" if found is None else found.strategy.value})


TASKS: Final[Mapping[type[Case], _Task]] = {
    SentimentCase: _Task(
        "sentiment",
        tuple(mood.value for mood in Mood),
        _own_mood,
        lambda case: frozenset({floor_mood(case.text)}),
    ),
    ContextCase: _Task(
        "context",
        tuple(issue.value for issue in Issue),
        _own_issues,
        lambda case: floor_issues(case.turns),
    ),
    ClarificationCase: _Task(
        "clarification",
        ("none", *(strategy.value for strategy in Strategy)),
        _own_strategy,
        lambda case: frozenset({floor_clarification(case.words)}),
    ),
}


def measure(*, quick: bool, cases: Path | None = None) -> dict[str, Any]:
    """Return macro-averaged F1 and accuracy by task, ours and the floor's, and milliseconds a turn.

    Of the test part also precision and recall by label. `cases` is a file of one's own, in the format of the sets.
    Raises: CasesError, OSError.
    """
    return scores(shipped_cases() if cases is None else read_cases(cases), quick=quick)


def scores(chosen: Sequence[Case], *, quick: bool) -> dict[str, Any]:
    """Return what `measure` does, of these cases."""
    found: dict[str, Any] = {}
    for shape, task in TASKS.items():
        of_task = [case for case in chosen if type(case) is shape]
        if not of_task:
            continue
        found[f"{task.name}_cases"] = len(of_task)
        for split in sorted({case.split for case in of_task}):
            part = [case for case in of_task if case.split == split]
            suffix = "" if split == "test" else f"_{split}"
            found |= _scored(task, part, suffix)
    times = _milliseconds(chosen, 1 if quick else ROUNDS)
    percents = quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
    return found | {"ms_per_turn_p50": percents[49], "ms_per_turn_p99": percents[98], "ms_per_turn_max": max(times)}


def shipped_cases() -> list[Case]:
    """Return all cases of our own."""
    folders = (SETS, SETS / "blind")
    return [case for task in TASKS.values() for folder in folders for case in read_cases(folder / f"{task.name}.tsv")]


def mistaken(cases: Iterable[Case]) -> list[tuple[str, str, str]]:
    """Return what was misunderstood: the case, what it is, what we took it for."""
    wrong = []
    for case in cases:
        got = TASKS[type(case)].own(case)
        if got != case.truth:
            wrong.append((case.shown, ",".join(sorted(case.truth)) or "none", ",".join(sorted(got)) or "none"))
    return wrong


def _scored(task: _Task, cases: Sequence[Case], suffix: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for who, judge in (("", task.own), ("_floor", task.floor)):
        pairs = [(case.truth, judge(case)) for case in cases]
        found[f"{task.name}_f1{who}{suffix}"] = macro_f1(pairs, task.labels)
        found[f"{task.name}_accuracy{who}{suffix}"] = sum(truth == got for truth, got in pairs) / len(pairs)
    if not suffix:
        answers = [(case.truth, task.own(case)) for case in cases]
        for label in task.labels:
            right, said, true = counts(answers, label)
            found[f"{task.name}_{label}_precision"] = right / said if said else 0.0
            found[f"{task.name}_{label}_recall"] = right / true if true else 0.0
    return found


def counts(pairs: Sequence[tuple[_Answer, _Answer]], label: str) -> tuple[int, int, int]:
    """Return how often the label was rightly said, said, and true; `pairs` are (truth, answer)."""
    return (
        sum(label in truth and label in got for truth, got in pairs),
        sum(label in got for _, got in pairs),
        sum(label in truth for truth, _ in pairs),
    )


def macro_f1(pairs: Sequence[tuple[_Answer, _Answer]], labels: Sequence[str]) -> float:
    """Return F1 averaged over the labels that occur, in truth or in answers; `pairs` are (truth, answer)."""
    each = []
    for label in labels:
        right, said, true = counts(pairs, label)
        if said or true:
            each.append(2 * right / (said + true))
    return sum(each) / len(each) if each else 0.0


def _milliseconds(cases: Sequence[Case], rounds: int) -> list[float]:
    """Read every turn as the live path does, with up to eight turns before it: voice, mood, problems, doubts together.

    Processor time, and of several readings the fastest: what the machine did beside us is none of ours.
    """
    # Every fourth word is doubtful, so that every stage has its work.
    turns = [
        (text, [HeardWord(word, 0.4 if at % 4 == 3 else 0.9) for at, word in enumerate(text.split())], case.language)
        for case in cases
        for text in case.spoken
    ]
    fastest = [float("inf")] * len(turns)
    for _ in range(rounds):
        understanding, usual = Understanding(), VoiceBaseline()
        for number, (text, words, language) in enumerate(turns):
            understanding.doubt, understanding.clarifications = None, 0
            sound = _voice(len(words))
            start = time.thread_time()
            prosody = usual.take(measure_voice(sound, VOICE_RATE))
            understanding.hear(text, words, language, prosody=prosody)
            fastest[number] = min(fastest[number], (time.thread_time() - start) * 1e3)
    return fastest


@cache
def _voice(words: int) -> bytes:
    """Return what a turn of so many words sounds like to whoever only measures: a buzz in syllables, and some noise."""
    samples = np.arange(round(words * SECONDS_A_WORD * VOICE_RATE))
    phase = 2 * np.pi * 150 * samples / VOICE_RATE
    buzz = sum((np.sin(number * phase) / number for number in range(2, 20)), np.zeros(samples.size))
    syllables = 0.55 - 0.45 * np.cos(2 * np.pi * 5 * samples / VOICE_RATE)
    noise = np.random.default_rng(words).normal(0, 30, samples.size)
    return (3000 * buzz * syllables + noise).astype("<i2").tobytes()


def table(found: Mapping[str, Any]) -> Group:
    """Show what `measure` found."""
    shown = Table("", title="macro F1; test part (dev part), and the blind part")
    for column in ("cases", "ours", "keywords", "blind, ours", "keywords"):
        shown.add_column(column, justify="right")
    for task in TASKS.values():
        if f"{task.name}_cases" in found:
            shown.add_row(
                task.name, str(found[f"{task.name}_cases"]), *_columns(found, task.name), *_blind(found, task.name)
            )
    times = f"{found['ms_per_turn_p50']:.2f} / {found['ms_per_turn_p99']:.2f}"
    shown.add_row("ms a turn, p50 / p99", "", times, "")
    return Group(shown, _by_label(found))


def _by_label(found: Mapping[str, Any]) -> Table:
    shown = Table("", "precision", "recall", title="by label; test part")
    for task in TASKS.values():
        for label in task.labels:
            key = f"{task.name}_{label}"
            if f"{key}_recall" in found:
                shown.add_row(
                    f"{task.name}: {label}", *(_percent(found[f"{key}_{of}"]) for of in ("precision", "recall"))
                )
    return shown


def _columns(found: Mapping[str, Any], task: str) -> list[str]:
    columns = []
    for who in ("", "_floor"):
        test, dev = (found.get(f"{task}_f1{who}{suffix}") for suffix in ("", "_dev"))
        columns.append(" ".join(filter(None, (_percent(test), f"({_percent(dev)})" if dev is not None else ""))))
    return columns


def _blind(found: Mapping[str, Any], task: str) -> list[str]:
    return [_percent(found.get(f"{task}_f1{who}_blind")) for who in ("", "_floor")]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the cases shipped, or somebody's own; returns the exit status."""
    parser = argparse.ArgumentParser(prog="bench.understanding", description=TITLE)
    parser.add_argument("--cases", type=Path, metavar="FILE", help="cases of your own, in the format of the sets")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="read every turn once")
    parser.add_argument("--mistakes", action="store_true", help="list the mistakes (dev part, or your own cases)")
    chosen = parser.parse_args(arguments)
    console = Console(stderr=bool(chosen.json))
    try:
        cases = read_cases(chosen.cases) if chosen.cases else shipped_cases()
    except (CasesError, OSError) as error:
        console.print(f"[red]{error}", highlight=False)
        return 2
    found = scores(cases, quick=chosen.quick)
    console.print(table(found))
    if chosen.mistakes:
        # Whoever has seen the test part's mistakes tunes on them.
        open_cases = cases if chosen.cases else [case for case in cases if case.split == "dev"]
        for shown, truth, got in mistaken(open_cases):
            console.print(f"  {shown}: is {truth}, taken for {got}", markup=False, highlight=False)
    if chosen.json:
        sys.stdout.write(json.dumps({"bench": "understanding", **found}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
