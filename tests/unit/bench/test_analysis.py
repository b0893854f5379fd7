"""The sets are what they say they are, and the counting counts."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from bench.analysis import main, measure, scored
from bench.analysis_cases import TASKS, Case, Counts, Named, Score, count_entities, marked, our_cases, own_cases
from offline.analysis.fit.sentences import HELD_OUT, SENTENCES, dressed_wordings
from offline.analysis.intents import INTENTS, OTHER
from vocabulary.spoken import plain


@pytest.mark.parametrize("task", TASKS)
def test_each_set_is_large_enough_and_parted_by_template(task: str) -> None:
    cases = our_cases(task)
    assert len(cases) >= 150
    assert {case.split for case in cases} == {"dev", "test", "blind"}
    parts = [{plain(case.text) for case in cases if case.split == split} for split in ("dev", "test", "blind")]
    if task != "sentiment":  # "vale" and "gracias" are said in every call
        assert len(set.union(*parts)) == sum(map(len, parts))
    assert len(parts[-1]) >= 90
    assert sum(case.split == "blind" for case in cases) >= 100
    assert {case.language for case in cases} == {"es", "en"}


def rule_of(pattern: str) -> re.Pattern[str]:
    """Every sentence of a training pattern, as one regular expression over plain words."""
    signs = {"{": "(?:", "}": ")", "[": "(?:", "]": ")?", "|": "|"}
    pieces = re.split(r"([{}\[\]|])", pattern)
    parts = (signs.get(piece) or r"\s*".join(["", *plain(piece).split(), ""]) for piece in pieces)
    return re.compile("".join(part.replace(r"\s*\s*", r"\s*") for part in parts))


def test_nothing_was_learned_that_is_tested() -> None:
    patterns = [rule_of(line.split("\t")[2]) for line in SENTENCES.read_text(encoding="utf-8").splitlines()[1:]]
    assert any(pattern.fullmatch("quiero pagar la factura ahora") for pattern in patterns)
    tested = {plain(case.text) for case in our_cases("intent") if case.split in {"test", "blind"}}
    learned = {text for text in tested if any(pattern.fullmatch(text) for pattern in patterns)}
    assert learned == set()


@pytest.mark.parametrize("task", ["intent", "topic"])
def test_no_wording_that_was_learned_is_tested(task: str) -> None:
    tested = {plain(case.text) for case in our_cases(task) if case.split in {"test", "blind"}}
    tested |= {plain(one.text) for one in dressed_wordings(HELD_OUT) if one.is_wording}
    assert {plain(one.text) for one in dressed_wordings()} & tested == set()


def test_each_intent_is_tested_and_known() -> None:
    for part in ("test", "blind"):
        labels = {label for case in our_cases("intent") if case.split == part for label in case.labels}
        assert labels == {*INTENTS, OTHER}


@pytest.mark.parametrize("task", TASKS)
def test_the_blind_part_has_the_labels_of_the_others_and_figures_of_its_own(task: str) -> None:
    cases = our_cases(task)
    parts = {split: [case for case in cases if case.split == split] for split in ("dev", "test", "blind")}
    given = {split: {label for case in part for label in case.labels} for split, part in parts.items()}
    kinds = {split: {one.kind for case in part for one in case.entities} for split, part in parts.items()}
    assert given["blind"] <= given["dev"] | given["test"]
    assert kinds["blind"] <= kinds["dev"] | kinds["test"]
    one_each = [part[0] for part in parts.values()]
    found = measure(quick=True, cases=one_each, with_wer=False)
    assert {f"{task}_f1", f"{task}_f1_dev", f"{task}_f1_blind"} <= found.keys()
    assert found[f"{task}_cases_blind"] == found[f"{task}_cases_test"] == 1


def test_the_blind_calls_have_one_trend_each() -> None:
    trends: dict[str, set[str]] = {}
    for case in our_cases("sentiment"):
        if case.split == "blind":
            trends.setdefault(case.call, set()).add(case.trend)
    assert len(trends) >= 30
    assert all(len(of_call) == 1 for of_call in trends.values())
    assert set.union(*trends.values()) == {"improving", "steady", "worsening"}


def test_marks_are_taken_out_and_kept() -> None:
    text, named = marked("venga [date=2026-02-12|pasado mañana] a [time=17:00|las cinco]")
    assert text == "venga pasado mañana a las cinco"
    assert [(one.kind, one.value, text[one.begin : one.end]) for one in named] == [
        ("date", "2026-02-12", "pasado mañana"),
        ("time", "17:00", "las cinco"),
    ]


def test_counting() -> None:
    score = Score()
    score.add({"a"}, {"a"})
    score.add({"a"}, {"b"})
    assert score.of("a") == Counts(right=1, missed=1)
    assert score.of("b") == Counts(wrong=1)
    assert (score.total.precision, score.total.recall, score.total.f1) == (0.5, 0.5, 0.5)
    assert Score().macro_f1() == 0


def test_an_entity_is_right_with_its_kind_value_and_place() -> None:
    score = Score()
    wanted = [Named("date", "2026-02-12", 6, 19), Named("time", "17:00", 22, 31)]
    exact = count_entities(score, wanted, [Named("date", "2026-02-12", 8, 19), Named("time", "05:00", 22, 31)])
    assert (score.of("date").right, score.of("time"), exact) == (1, Counts(wrong=1, missed=1), 0)


def test_our_figures_beat_plain_keywords_on_the_part_for_development() -> None:
    """The development part only: a floor under regressions, no claim."""
    for task in TASKS:
        ours, floor, _ = scored(task, [case for case in our_cases(task) if case.split == "dev"])
        assert ours.total.f1 > floor.total.f1
        assert ours.total.f1 > 0.85


def test_own_cases_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.jsonl"
    rows = [
        {"task": "intent", "text": "quiero cancelar mi contrato", "label": "cancellation"},
        {"task": "entity", "text": "venga [date=2026-02-12|pasado mañana]", "today": "2026-02-10"},
        {
            "task": "entity",
            "text": "llame al 612 345 678",
            "entities": [{"kind": "phone", "value": "+34612345678", "text": "612 345 678"}],
        },
        {"task": "sentiment", "text": "estoy muy molesto", "label": "frustrated"},
        {"task": "topic", "text": "el wifi no funciona", "labels": ["internet_connectivity", "technical_support"]},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert main(["--cases", str(path), "--json", "--quick"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [found[f"{task}_f1"] for task in TASKS] == [1.0] * 4
    assert found["entity_spans_exact"] == 1.0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"task": "dance", "text": "x"}', "line 1"),
        ('{"task": "intent"}', '"text"'),
        ("no json", "line 1"),
        ('{"task": "entity", "text": "x", "entities": [{"kind": "date", "value": "y", "text": "z"}]}', "line 1"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        own_cases(path)
    assert main(["--cases", str(path), "--json"]) == 2
    assert capsys.readouterr().out == ""


def test_calibration_and_trend_are_among_the_figures() -> None:
    cases = [case for task in ("intent", "sentiment") for case in our_cases(task) if case.split == "dev"]
    found = measure(quick=True, cases=cases)
    assert 0 <= found["intent_ece_dev"] < found["intent_ece_uncalibrated_dev"]
    assert found["trend_f1_dev"] > found["trend_f1_floor_dev"]
    assert found["ms_per_call_p50"] <= found["ms_per_call_p99"]


def test_turns_of_a_call_stand_together() -> None:
    calls = [case.call for case in our_cases("sentiment")]
    assert sum(before != after for before, after in pairwise(calls)) == len(set(calls)) - 1
    assert all(isinstance(case, Case) and case.trend for case in our_cases("sentiment"))


def test_the_estimate_of_word_errors_is_asked_for_its_own_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def correlation(*, quick: bool) -> dict[str, float]:
        asked.append(quick)
        return {"wer_estimate_r": 0.5, "another": 1.0}

    monkeypatch.setattr("bench.wer_estimate.correlation", correlation)
    monkeypatch.setattr(
        "bench.analysis.our_cases", lambda task: [Case(task, "hola", "test", labels=frozenset({"other"}))]
    )
    found = measure(quick=True)
    assert asked == [True]
    assert found["wer_estimate_r"] == 0.5
    assert "another" not in found
    assert "wer_estimate_r" not in measure(quick=True, with_wer=False)
