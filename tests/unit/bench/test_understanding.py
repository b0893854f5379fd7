"""The benchmark of what callers mean: its sets, its scores, and cases of one's own."""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.understanding import SETS, TASKS, macro_f1, main, mistaken, scores, shipped_cases
from bench.understanding_cases import Case, CasesError, ClarificationCase, ContextCase, SentimentCase, read_cases
from centralita.cli import app

KEYS = {"sentiment_f1", "context_f1", "clarification_f1", "ms_per_turn_p99"}


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return shipped_cases()


@pytest.mark.parametrize("shape", [SentimentCase, ContextCase, ClarificationCase])
def test_each_task_has_enough_cases_in_both_languages_and_no_template_in_both_parts(
    cases: list[Case], shape: type[Case]
) -> None:
    of_task = [case for case in cases if type(case) is shape]
    assert len(of_task) >= 200
    assert {case.language for case in of_task if case.split == "test"} == {"es", "en"}
    splits: dict[str, set[str]] = defaultdict(set)
    for case in of_task:
        splits[case.template].add(case.split)
    assert all(len(parts) == 1 for parts in splits.values())
    assert {part for parts in splits.values() for part in parts} == {"dev", "test", "blind"}
    shown = [(case.shown, getattr(case, "asked", 0), getattr(case, "expected", "")) for case in of_task]
    assert len(set(shown)) == len(shown), "no case counts twice"
    assert {label for case in of_task for label in case.truth} == set(TASKS[shape].labels), "every label occurs"
    blind = [case for case in of_task if case.split == "blind"]
    assert len(blind) >= (120 if shape is SentimentCase else 80)
    assert {label for case in blind for label in case.truth} == set(TASKS[shape].labels)


def test_we_are_better_than_plain_keywords_on_cases_never_tuned_on(cases: list[Case]) -> None:
    found = scores(cases, quick=True)
    assert found.keys() >= KEYS | {f"{task.name}_f1{who}_blind" for task in TASKS.values() for who in ("", "_floor")}
    for task in TASKS.values():
        assert found[f"{task.name}_f1"] > found[f"{task.name}_f1_floor"] + 0.1


def test_f1_counts_each_label_the_same() -> None:
    a, b = frozenset("a"), frozenset("b")
    assert macro_f1([(a, a), (b, b)], "ab") == 1.0
    assert macro_f1([(a, a), (a, a), (a, a), (b, a)], "ab") == pytest.approx((2 * 3 / (4 + 3) + 0) / 2)
    assert macro_f1([], "ab") == 0.0


def test_cases_of_ones_own_are_measured_and_their_mistakes_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.tsv"
    mine.write_text("text\tlabel\nestoy harto\tfrustrated\nestoy harto de todo\tpositive\n", encoding="utf-8")
    assert main(["--cases", str(mine), "--json", "--mistakes"]) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert found["sentiment_accuracy"] == 0.5
    assert "context_f1" not in found
    assert "estoy harto de todo: is positive, taken for frustrated" in told.err


def test_the_command_takes_them_too(tmp_path: Path) -> None:
    mine = tmp_path / "mine.tsv"
    mine.write_text("words\tstrategy\nquiero:90 cancelar:40\texplicit\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["bench", "understanding", "--cases", str(mine), "--json", "--quick"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["bench"], found["clarification_f1"]) == ("understanding", 1.0)


@pytest.mark.parametrize("name", ["understanding", "tones"])
def test_cases_that_are_none_or_for_nobody_are_refused(tmp_path: Path, name: str) -> None:
    mine = tmp_path / "mine.tsv"
    mine.write_text("nonsense\n", encoding="utf-8")
    assert CliRunner().invoke(app, ["bench", name, "--cases", str(mine)]).exit_code == 2


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "name the columns"),
        ("text\tlabel\nhola\n", 2, "1 columns"),
        ("text\tlabel\nhola\tangry\n", 2, "label must be of"),
        ("words\tstrategy\nhola\tnone\n", 2, "confidence in percent"),
        ("words\tstrategy\nhola:140\tnone\n", 2, "confidence in percent"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_by_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    file = tmp_path / "bad.tsv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CasesError, match=what) as refused:
        read_cases(file)
    assert f"bad.tsv:{line}:" in str(refused.value)


def test_a_sentence_with_two_problems_has_both_labels() -> None:
    cases = read_cases(SETS / "context.tsv")
    both = [case for case in cases if len(case.truth) == 2]
    assert both
    assert not mistaken([case for case in both if case.split == "dev"][:2])
