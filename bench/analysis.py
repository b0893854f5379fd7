"""How well the second listening understands a call: intents, entities, mood over calls, topics; beside plain keywords.

Four sets of our own (`bench/analysis_sets/`), parted by template. Rules and sentences were written looking at the `dev`
part only; the figures without a suffix are those of the `test` part. Both parts and the rules have the same authors, so
take these figures for how well the code does what it was meant to; the `blind` part (`…_blind`) is by an author who has
read no rule and no list. For your callers, write your own cases:

    python -m bench.analysis --cases mine.jsonl --json
"""

import argparse
import importlib
import importlib.util
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.analysis_cases import TASKS, Case, Named, Score, count_entities, our_cases, own_cases
from bench.analysis_floor import floor_entities, floor_intent, floor_topics
from bench.understanding_floor import floor_mood
from conversation.sentiment import trend_of
from offline.analysis import intents, moods
from offline.analysis.analysis import analyse
from offline.analysis.call import CallToAnalyse, SpokenTurn
from offline.analysis.entities.entity import Setting
from offline.analysis.entities.find import find
from offline.analysis.intent_model import calibration_error, shipped_model, softmax
from offline.analysis.topics import topics_of
from vocabulary.speech import Speaker

TITLE: Final = "analysis: intents, entities, mood and topics of finished calls, beside plain keywords"
MACRO: Final = frozenset({"intent", "sentiment"})
"""Of these every label counts the same; of the others every answer does."""
_WER_SEAM: Final = "bench.wer_estimate"
_ROUNDS: Final = 3
_START: Final = datetime(2026, 2, 10, 11, 0, tzinfo=UTC)


def measure(*, quick: bool, cases: Sequence[Case] | None = None, with_wer: bool = True) -> dict[str, Any]:
    """Return F1, precision and recall by task, ours and the floor's, calibration, and milliseconds a call.

    Without `cases` ours are taken, and the estimate of the word error rate is measured too, unless `with_wer` is off.
    """
    chosen = cases if cases is not None else [case for task in TASKS for case in our_cases(task)]
    found: dict[str, Any] = {}
    for task in TASKS:
        mine = [case for case in chosen if case.task == task]
        if not mine:
            continue
        found[f"{task}_cases"] = len(mine)
        for split in sorted({case.split for case in mine}):
            part = [case for case in mine if case.split == split]
            found |= _of_part(task, part, "" if split in {"test", "own"} else f"_{split}")
    found |= _times(chosen, 1 if quick else _ROUNDS)
    if cases is None and with_wer:
        found |= _wer_correlation(quick=quick)
    return found


def _of_part(task: str, cases: Sequence[Case], suffix: str) -> dict[str, Any]:
    ours, floor, exact = scored(task, cases)
    total = ours.total
    named = [case for case in cases if case.entities]
    found: dict[str, Any] = {
        f"{task}_f1{suffix}": _f1(task, ours),
        f"{task}_f1_floor{suffix}": _f1(task, floor),
        f"{task}_precision{suffix}": total.precision,
        f"{task}_recall{suffix}": total.recall,
        f"{task}_cases{suffix or '_test'}": len(cases),
        f"{task}_by_label{suffix}": {
            label: {"precision": c.precision, "recall": c.recall, "f1": c.f1, "wanted": c.right + c.missed}
            for label, c in sorted(ours.by_label.items())
        },
    }
    if task == "entity" and named:
        found[f"entity_spans_exact{suffix}"] = exact / max(1, total.right)
    if task == "intent":
        found |= _calibration(cases, suffix)
    if task == "sentiment":
        found |= _trends(cases, suffix)
    return found


def scored(task: str, cases: Sequence[Case]) -> tuple[Score, Score, int]:
    """Return how we and the floor did, and how many of our entities had the very span of the label."""
    ours, floor = Score(), Score()
    exact = 0
    for case in cases:
        if task == "entity":
            exact += count_entities(ours, case.entities, _entities(case))
            count_entities(floor, case.entities, floor_entities(case.text))
        else:
            ours.add(case.labels, answer(case))
            floor.add(case.labels, _FLOORS[task](case.text))
    return ours, floor, exact


def answer(case: Case) -> frozenset[str]:
    """Return what we make of a case that has labels, or the kinds and values of its entities."""
    if case.task == "intent":
        return frozenset({intents.intent_of(case.text).name})
    if case.task == "topic":
        return frozenset(topics_of(case.text, case.language))
    if case.task == "sentiment":
        mood = moods.analyse(_call([case])).turns
        return frozenset({mood[0].sentiment.mood.value}) if mood else frozenset({"neutral"})
    return frozenset(f"{one.kind}={one.value}" for one in _entities(case))


_FLOORS: Final[Mapping[str, Callable[[str], frozenset[str]]]] = {
    "intent": lambda text: frozenset({floor_intent(text)}),
    "sentiment": lambda text: frozenset({floor_mood(text)}),
    "topic": floor_topics,
}


def mistaken(cases: Sequence[Case]) -> list[tuple[str, str, str]]:
    """Return what was taken wrong: the text, what it is, what we took it for."""
    wrong = []
    for case in cases:
        truth = case.labels or frozenset(f"{one.kind}={one.value}" for one in case.entities)
        got = answer(case)
        if truth != got:
            wrong.append((case.text, ", ".join(sorted(truth)) or "none", ", ".join(sorted(got)) or "none"))
    return wrong


def _f1(task: str, score: Score) -> float:
    return score.macro_f1() if task in MACRO else score.total.f1


def _entities(case: Case) -> list[Named]:
    found = find(case.text, case.language, Setting(case.today, case.country))
    return [Named(one.kind.value, one.value, one.begin, one.end) for one in found]


def _calibration(cases: Sequence[Case], suffix: str) -> dict[str, Any]:
    """Return the expected calibration error with the fitted temperature and without any."""
    model = shipped_model()
    confidences, plain, rights = [], [], []
    for case in cases:
        likely = model.probabilities(case.text)
        name = max(likely, key=lambda label: likely[label])
        confidences.append(likely[name])
        plain.append(float(softmax(model.scores(case.text)).max()))
        rights.append(name in case.labels)
    return {
        f"intent_accuracy{suffix}": sum(rights) / len(rights),
        f"intent_confidence_mean{suffix}": sum(confidences) / len(confidences),
        f"intent_ece{suffix}": calibration_error(confidences, rights),
        f"intent_ece_uncalibrated{suffix}": calibration_error(plain, rights),
    }


def _trends(cases: Sequence[Case], suffix: str) -> dict[str, Any]:
    """Return how often we know where the mood of a call goes; the floor says "steady"."""
    calls: dict[str, list[Case]] = {}
    for case in cases:
        if case.call and case.trend:
            calls.setdefault(case.call, []).append(case)
    if not calls:
        return {}
    ours, floor = Score(), Score()
    for turns in calls.values():
        ours.add({turns[0].trend}, {moods.analyse(_call(turns)).trend.value})
        scores = {"frustrated": -0.7, "confused": -0.3, "neutral": 0.0, "positive": 0.8}
        floor.add({turns[0].trend}, {trend_of([scores[floor_mood(turn.text)] for turn in turns]).value})
    return {
        f"trend_f1{suffix}": ours.macro_f1(),
        f"trend_f1_floor{suffix}": floor.macro_f1(),
        f"trend_calls{suffix or '_test'}": len(calls),
    }


def _call(cases: Sequence[Case]) -> CallToAnalyse:
    turns = tuple(SpokenTurn(Speaker.CALLER, case.text) for case in cases)
    first = cases[0]
    started = datetime(first.today.year, first.today.month, first.today.day, 11, tzinfo=UTC)
    return CallToAnalyse("bench", started, turns, language=first.language, country=first.country)


def _times(cases: Sequence[Case], rounds: int) -> dict[str, float]:
    """Analyse calls of ten turns each, made of the cases; of several rounds the fastest counts."""
    fastest: list[float] = []
    for at in range(0, len(cases) - 9, 10):
        call = _call(cases[at : at + 10])
        best = float("inf")
        for _ in range(rounds):
            begun = time.perf_counter()
            analyse(call, now=_START)
            best = min(best, (time.perf_counter() - begun) * 1e3)
        fastest.append(best)
    if len(fastest) < 2:
        return {}
    percents = quantiles(fastest, n=100, method="inclusive")
    return {"ms_per_call_p50": percents[49], "ms_per_call_p99": percents[98]}


def _wer_correlation(*, quick: bool) -> dict[str, float]:
    """Ask the estimate of the word error rate how well it does, where that is there to be asked.

    It makes calls of voices and listens to them: minutes, with the extra `espeak`.
    """
    if importlib.util.find_spec(_WER_SEAM) is None:
        return {}
    ask = getattr(importlib.import_module(_WER_SEAM), "correlation", None)
    if ask is None:
        return {}
    found: Mapping[str, float] = ask(quick=quick)
    return {name: float(value) for name, value in found.items() if name.startswith("wer_estimate_r")}


def table(found: Mapping[str, Any]) -> Table:
    """Show what `measure` found."""
    shown = Table("", title="test part (dev part), or your own cases; the blind part beside them")
    for column in ("cases", "precision", "recall", "F1", "keywords' F1", "blind F1", "keywords'"):
        shown.add_column(column, justify="right")
    for task in TASKS:
        if f"{task}_cases" in found:
            columns = (_column(found, f"{task}_{name}") for name in ("precision", "recall", "f1", "f1_floor"))
            shown.add_row(task, str(found[f"{task}_cases"]), *columns, *_blind(found, f"{task}_f1"))
    if "trend_f1" in found:
        trend = (_column(found, "trend_f1"), _column(found, "trend_f1_floor"))
        shown.add_row("trend of a call", "", "", "", *trend, *_blind(found, "trend_f1"))
    if "intent_ece" in found:
        shown.add_row(
            "calibration error", "", "", "", _column(found, "intent_ece"), "", _percent(found.get("intent_ece_blind"))
        )
        shown.add_row("… without temperature", "", "", "", _column(found, "intent_ece_uncalibrated"), "",
                      _percent(found.get("intent_ece_uncalibrated_blind")))  # fmt: skip
    if "wer_estimate_r" in found:
        shown.add_row("estimated against true WER, r", "", "", "", f"{found['wer_estimate_r']:.2f}", "")
    if "ms_per_call_p50" in found:
        times = f"{found['ms_per_call_p50']:.1f} / {found['ms_per_call_p99']:.1f}"
        shown.add_row("ms a call of ten turns, p50 / p99", "", "", "", times, "")
    return shown


def labels_table(found: Mapping[str, Any]) -> Table:
    """Show precision, recall and F1 label by label."""
    shown = Table("task", "label", title="label by label, test part or your own cases")
    for column in ("wanted", "precision", "recall", "F1"):
        shown.add_column(column, justify="right")
    for task in TASKS:
        for label, c in found.get(f"{task}_by_label", {}).items():
            percents = (f"{100 * c[name]:.0f} %" for name in ("precision", "recall", "f1"))
            shown.add_row(task, label, str(c["wanted"]), *percents)
    return shown


def _column(found: Mapping[str, Any], key: str) -> str:
    test, dev = found.get(key), found.get(f"{key}_dev")
    written = [f"{100 * test:.1f} %"] if test is not None else []
    return " ".join([*written, f"({100 * dev:.1f} %)"] if dev is not None else written)


def _blind(found: Mapping[str, Any], key: str) -> tuple[str, str]:
    return _percent(found.get(f"{key}_blind")), _percent(found.get(f"{key}_floor_blind"))


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the cases shipped, or somebody's own; returns the exit status."""
    parser = argparse.ArgumentParser(prog="bench.analysis", description=TITLE)
    parser.add_argument("--cases", type=Path, metavar="FILE.jsonl", help="cases of your own")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="analyse every call once")
    parser.add_argument("--no-wer", action="store_true", help="leave out the word error rate, which takes minutes")
    parser.add_argument("--labels", action="store_true", help="show precision and recall label by label")
    parser.add_argument("--mistakes", action="store_true", help="list the mistakes (dev part, or your own cases)")
    chosen = parser.parse_args(arguments)
    console = Console(stderr=bool(chosen.json))
    try:
        cases = own_cases(chosen.cases) if chosen.cases else None
    except (ValueError, OSError) as error:
        console.print(f"[red]{error}", highlight=False)
        return 2
    if cases == []:
        console.print(f"[red]{chosen.cases} holds no case", highlight=False)
        return 2
    found = measure(quick=chosen.quick, cases=cases, with_wer=not chosen.no_wer)
    console.print(table(found))
    if chosen.labels:
        console.print(labels_table(found))
    if chosen.mistakes:
        # Whoever has seen the test part's mistakes tunes on them.
        open_cases = cases or [case for task in TASKS for case in our_cases(task) if case.split == "dev"]
        for shown, truth, got in mistaken(open_cases):
            console.print(f"  {shown}: is {truth}, taken for {got}", markup=False, highlight=False)
    if chosen.json:
        sys.stdout.write(json.dumps({"bench": "analysis", **found}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
