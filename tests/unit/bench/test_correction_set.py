"""The measured set: large enough, fairly parted, and scored as it says."""

import math
import random
from pathlib import Path

import pytest

from bench.correction_set.cases import load_set, own_cases
from bench.correction_set.count_pairs import corpus
from bench.correction_set.fit import HIGHEST, fit
from bench.correction_set.scoring import score_of
from bench.correction_set.sentences import DOMAINS, HERE
from bench.correction_set.taught import taught
from engines.correction.bank import Bank
from engines.correction.dictionary import Proofreader
from engines.correction.second import Weights
from vocabulary.errors import ConfigurationError

CASES = load_set()


def test_there_are_enough_sentences_of_three_trades_and_two_kinds_of_errors() -> None:
    wrong = [case for case in CASES if case.part != "train" and case.heard != case.meant]
    assert len(wrong) >= 600
    assert {case.domain for case in wrong} == set(DOMAINS)
    for domain in DOMAINS:
        assert {case.kind for case in wrong if case.domain == domain} == {"phonetic", "ear"}
    clean = [case for case in CASES if case.kind == "clean"]
    assert len(clean) >= 300
    assert all(case.heard == case.meant for case in clean)


def test_no_template_is_in_two_parts_and_no_test_sentence_elsewhere() -> None:
    parts: dict[str, set[str]] = {}
    for case in CASES:
        parts.setdefault(case.template, set()).add(case.part)
    assert all(len(of_template) == 1 for of_template in parts.values())
    tested = {case.meant for case in CASES if case.part == "test"}
    assert tested.isdisjoint(case.meant for case in CASES if case.part != "test")
    assert tested.isdisjoint((HERE / "right.txt").read_text("utf-8").splitlines())
    assert tested.isdisjoint((HERE / "corpus.txt").read_text("utf-8").splitlines())
    dice = random.Random(1)
    assert tested.isdisjoint(sentence for pattern in corpus(dice) for sentence in pattern)


def test_the_test_part_stands_in_files_of_its_own_and_is_large_enough() -> None:
    part = [case for case in CASES if case.part == "test"]
    assert all("blind" in case.template for case in part)
    assert sum(case.heard != case.meant for case in part) >= 300
    assert sum(case.kind == "clean" for case in part) >= 300


def test_the_corpus_holds_some_thousands_of_different_sentences() -> None:
    sentences = {sentence for pattern in corpus(random.Random(1)) for sentence in pattern}
    assert len(sentences) > 5_000


def test_the_fit_of_prices_comes_to_the_same_end_twice() -> None:
    trial = _Parable()
    first = fit(trial, Weights(), tries=60)
    assert fit(_Parable(), Weights(), tries=60) == first
    assert trial.loss(first) < trial.loss(Weights())
    assert all(getattr(first, name) <= highest for name, highest in HIGHEST.items())


class _Parable:
    """A part on which one price is best at 6, and farther is always better."""

    def loss(self, weights: Weights, bound: float = math.inf) -> float:
        return abs(weights.sound - 6) - weights.farthest


def test_confidences_are_those_of_the_heard_words() -> None:
    for case in CASES:
        assert len(case.confidences) in (0, len(case.heard.split()))
        assert all(0 <= one <= 1 for one in case.confidences)


def test_errors_repaired_left_and_made_are_counted() -> None:
    score = score_of([("el salgo es", "el saldo es", "el saldo es"), ("a b", "a c", "a b"), ("x y", "x y", "z y")])
    assert (score.before, score.after, score.words, score.harmed) == (2, 2, 7, 1)
    assert (score.false, score.clean_words) == (1, 2)
    assert score.false_per_1000 == 500


def test_own_cases_are_read_and_a_wrong_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text("heard\tmeant\tvocabulary\n# ours\nla fivra\tla fibra\tfibra total; plan\nbien\tbien\n", "utf-8")
    first, second = own_cases(path)
    assert (first.kind, first.vocabulary, second.kind) == ("own", ("fibra total", "plan"), "clean")
    path.write_text("a\tb\nonly heard\n", "utf-8")
    with pytest.raises(ConfigurationError, match=r"own\.tsv, line 2"):
        own_cases(path)


def test_the_training_part_teaches_rules_that_repair_it() -> None:
    cases = [case for case in CASES if case.part == "train" and case.domain == "clinica"]
    proofreader = Proofreader(taught(Bank(), cases))
    score = score_of((case.heard, proofreader.correct(case.heard).text, case.meant) for case in cases)
    assert 0 < score.after < score.before
