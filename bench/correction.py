"""What the proofreader repairs and what it harms, level by level; how long it takes; and six distances side by side.

The set (`bench/correction_set`) is parted by sentence template. The parts `dev`, `test` and `former` serve development:
each of their sentences is heard by a proofreader whose word pairs and weights were learned without its template (five
folds). A part `blind`, where there is one, is heard by the proofreader that ships, which saw none of its templates.
Errors come of two independent sources, and sentences that were heard rightly are in it, too: any change in them is a
false correction.
"""

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean, quantiles
from typing import Any, Final

from rich.console import Console, Group
from rich.table import Table

from bench.correction_methods import METHODS, compare
from bench.correction_online import RULES, WORDS, measure_online
from bench.correction_picture import draw
from bench.correction_set.cases import Case, load_set, own_cases
from bench.correction_set.folds import DEVELOPMENT, fold_of, proofreader_without
from bench.correction_set.scoring import Score, score_of
from bench.correction_set.sentences import DOMAINS
from bench.correction_set.taught import taught_bank
from engines.correction.bank import Bank, Term
from engines.correction.language import spanish
from engines.correction.lexicon import Lexicon
from engines.correction.second import SecondProofreader

TITLE: Final = (
    "correction: three levels on templates nothing was learned from, and the online level beside a naive loop"
)
PICTURE: Final = Path("bench-out/correction.png")
ALL: Final = frozenset({1, 2, 3})
LEVELS: Final = {"dictionary": {1}, "+ vectors": {1, 2}, "+ sound, context": {1, 2, 3}}
_KINDS: Final = {
    "phonetic": "drawn mishearings",
    "ear": "a recogniser's own",
    "clean": "nothing wrong",
    "own": "own cases",
}
_TIMES: Final = ("ms_p50", "ms_p99", "cpu_ms_p50", "cpu_ms_p99")
_QUICK_EVERY: Final = 6
PARTS: Final = ("dev", "test", "former", "blind")
"""The last that there is gives the figures; the others stand beside it."""


def measure(*, quick: bool, cases: Path | None = None) -> dict[str, Any]:
    """Return what was found on the committed set's test part, or on somebody's own cases.

    Raises: ConfigurationError for cases that cannot be read.
    """
    known = own_cases(cases) if cases else load_set()
    if quick:
        known = known[::_QUICK_EVERY]
    parts = {part: [case for case in known if case.part == part] for part in PARTS}
    part = next(part for part in reversed(PARTS) if parts[part] or part == "test")
    chosen = parts[part]
    found: dict[str, Any] = {"part": part, "cases": len(chosen), "levels": [], "kinds": []}
    before = score_of((case.heard, case.heard, case.meant) for case in chosen)
    found["levels"].append({"level": "as heard", "wer": before.wer_before, "false_per_1000": 0.0})
    results: list[tuple[Case, str]] = []
    times: list[float] = []
    processor: list[float] = []
    proofreaders = _Proofreaders()
    for name, levels in LEVELS.items():
        results, times, processor = _corrected(chosen, frozenset(levels), proofreaders)
        score = _score(results)
        found["levels"].append(
            {"level": name, "wer": score.wer_after, "false_per_1000": score.false_per_1000, "harmed": score.harmed}
            | {f"ms_p{percent}": 1e3 * _percentile(times, percent) for percent in (50, 99)}
            | {f"cpu_ms_p{percent}": 1e3 * _percentile(processor, percent) for percent in (50, 99)}
        )
    for kind in _KINDS:
        of_kind = _score([(case, text) for case, text in results if case.kind == kind])
        if of_kind.words:
            found["kinds"].append(
                {"kind": kind, "words": of_kind.words, "wer_before": of_kind.wer_before, "wer_after": of_kind.wer_after,
                 "false": of_kind.false, "right_words": of_kind.clean_words}
            )  # fmt: skip
    wrong = _score([(case, text) for case, text in results if case.kind != "clean"])
    total = _score(results)
    beside = [other for other in PARTS if other != part and parts[other]]
    found["parts"] = [
        _part(name, results if name == part else _corrected(parts[name], ALL, proofreaders)[0])
        for name in (*beside, part)
    ]
    found |= {
        "wer_before": wrong.wer_before,
        "wer_after": wrong.wer_after,
        "wer_down_percent": 100 * (1 - wrong.after / wrong.before) if wrong.before else 0.0,
        "false_per_1000": total.false_per_1000,
        "false": total.false,
        "right_words": total.clean_words,
        "second_ms_p50": 1e3 * _percentile(times, 50),
        "second_ms_p99": 1e3 * _percentile(times, 99),
        "second_cpu_ms_p50": 1e3 * _percentile(processor, 50),
    }
    if not cases:
        found["methods"] = _methods(quick)
        if importlib.util.find_spec("matplotlib") is not None:
            draw(found["methods"], found["levels"], PICTURE)
            found["picture"] = str(PICTURE)
    return found | measure_online(quick=quick)


def table(found: Mapping[str, Any]) -> Group:
    """Show what `measure` found."""
    levels = Table("level", title=f"word error rate by level, {found['cases']} sentences")
    for heading in ("WER, %", "false per 1,000 right words", "ms p50", "ms p99", "CPU ms p50", "CPU ms p99"):
        levels.add_column(heading, justify="right")
    for row in found["levels"]:
        timed = [f"{row[key]:.2f}" if key in row else "" for key in _TIMES]
        levels.add_row(row["level"], f"{100 * row['wer']:.2f}", f"{row['false_per_1000']:.2f}", *timed)
    kinds = Table("sentences", title="all levels, by where the errors come from")
    for heading in ("words", "WER before, %", "after, %", "right words changed"):
        kinds.add_column(heading, justify="right")
    for row in found["kinds"]:
        kinds.add_row(
            _KINDS[row["kind"]], str(row["words"]), f"{100 * row['wer_before']:.2f}", f"{100 * row['wer_after']:.2f}",
            f"{row['false']} of {row['right_words']}",
        )  # fmt: skip
    by_part = Table("part", title="all levels, part by part: sentences with errors to repair, and harm")
    for heading in ("WER before, %", "after, %", "down, %", "right words changed", "per 1,000"):
        by_part.add_column(heading, justify="right")
    for row in found["parts"]:
        by_part.add_row(
            row["part"], f"{100 * row['wer_before']:.2f}", f"{100 * row['wer_after']:.2f}",
            f"{row['wer_down_percent']:.1f}", f"{row['false']} of {row['right_words']}", f"{row['false_per_1000']:.2f}",
        )  # fmt: skip
    told = (
        f"part {found['part']}, sentences with errors to repair: WER "
        f"{100 * found['wer_before']:.2f} % → {100 * found['wer_after']:.2f} % "
        f"({found['wer_down_percent']:.0f} % down); false corrections {found['false']} in {found['right_words']} right "
        f"words ({found['false_per_1000']:.2f} per 1,000)"
    )
    online = Table("", title=f"online: {WORDS} words, {RULES:,} rules")
    online.add_column("p50, µs", justify="right")
    online.add_column("p99, ms", justify="right")
    online.add_row("proofreader", f"{found['online_p50_us']:,.1f}", f"{found['online_p99_ms']:.3f}")
    online.add_row(
        "proofreader, processor time", f"{found['online_cpu_p50_us']:,.1f}", f"{found['online_cpu_p99_ms']:.3f}"
    )
    online.add_row("a regular expression per rule", f"{found['peer_p50_us']:,.1f}", f"{found['peer_p99_ms']:.3f}")
    parts: list[Any] = [levels, kinds, by_part, told, online]
    if "methods" in found:
        methods = Table("distance", title="which distance finds what was meant (no context, no levels)")
        for heading in ("found first, %", "repaired, %", "changed wrongly, %", "false per 1,000", "µs"):
            methods.add_column(heading, justify="right")
        for row in found["methods"]:
            methods.add_row(
                row["method"], f"{100 * row['top1']:.1f}", f"{100 * row['repaired']:.1f}", f"{100 * row['wrong']:.1f}",
                f"{row['false_per_1000']:.1f}", f"{row['micros']:,.0f}",
            )  # fmt: skip
        parts.append(methods)
    if "picture" in found:
        parts.append(f"picture: {found['picture']}")
    return Group(*parts)


def _part(name: str, results: Sequence[tuple[Case, str]]) -> dict[str, Any]:
    wrong = _score([(case, text) for case, text in results if case.kind != "clean"])
    total = _score(results)
    return {
        "part": name, "wer_before": wrong.wer_before, "wer_after": wrong.wer_after,
        "wer_down_percent": 100 * (1 - wrong.after / wrong.before) if wrong.before else 0.0,
        "false": total.false, "right_words": total.clean_words, "false_per_1000": total.false_per_1000,
    }  # fmt: skip


class _Proofreaders:
    """For each case one that learned nothing from its template."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], SecondProofreader] = {}
        self._lexicons: dict[tuple[str, ...], Lexicon] = {}

    def of(self, case: Case, levels: frozenset[int]) -> SecondProofreader:
        fold = fold_of(case.template) if case.domain in DOMAINS and case.part in DEVELOPMENT else None
        key = (fold, levels, case.domain, *case.vocabulary)
        if key not in self._made:
            self._made[key] = (
                self._shipped(case, levels) if fold is None else proofreader_without(fold, case.domain, levels)
            )
        return self._made[key]

    def _shipped(self, case: Case, levels: frozenset[int]) -> SecondProofreader:
        bank = _bank(case)
        words = case.domain, *case.vocabulary
        if words not in self._lexicons:
            self._lexicons[words] = Lexicon(spanish(), bank.terms)
        return SecondProofreader(bank, lexicon=self._lexicons[words], levels=levels)


def _corrected(
    cases: Sequence[Case], levels: frozenset[int], proofreaders: _Proofreaders
) -> tuple[list[tuple[Case, str]], list[float], list[float]]:
    """Return each case with its text corrected, and the seconds each took: on the wall and on the processor."""
    results: list[tuple[Case, str]] = []
    times: list[float] = []
    processor: list[float] = []
    for case in cases:
        proofreader = proofreaders.of(case, levels)
        start, started = time.perf_counter(), time.thread_time()
        text = proofreader.correct(case.heard, case.confidences).text
        processor.append(time.thread_time() - started)
        times.append(time.perf_counter() - start)
        results.append((case, text))
    return results, times, processor


def _bank(case: Case) -> Bank:
    if case.domain in DOMAINS:
        return taught_bank(case.domain)
    return Bank(terms=tuple(Term(text) for text in case.vocabulary))


def _score(results: Sequence[tuple[Case, str]]) -> Score:
    return score_of((case.heard, text, case.meant) for case, text in results)


def _methods(quick: bool) -> list[dict[str, Any]]:
    """Return each distance's figures, the mean of the trades."""
    cases = load_set()
    scores = [compare(domain, cases[:: _QUICK_EVERY if quick else 1]) for domain in (DOMAINS[:1] if quick else DOMAINS)]
    found = []
    for place, method in enumerate(METHODS):
        rows = [asdict(of_domain[place]) for of_domain in scores]
        found.append({"method": method} | {key: mean(row[key] for row in rows) for key in rows[0] if key != "method"})
    return found


def _percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else max(values, default=0.0)


def main() -> None:
    """`python -m bench.correction [--cases FILE.tsv] [--quick] [--json]`."""
    parser = argparse.ArgumentParser(description=TITLE)
    parser.add_argument("--cases", type=Path, help="heard, meant, vocabulary (terms parted by ;), tabs between")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = measure(quick=asked.quick, cases=asked.cases)
    Console(stderr=asked.json).print(table(found))
    if asked.json:
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
