"""The measured set: large enough, fairly parted, and scored as it says."""

import random
from pathlib import Path

import numpy as np
import pytest

from bench.correction_set.cases import load_set, own_cases
from bench.correction_set.count_pairs import CORPORA, corpus, general_pairs, own, pairs_of
from bench.correction_set.fit import Outcome, chosen
from bench.correction_set.folds import DEVELOPMENT, FOLDS, fold_of, language_without
from bench.correction_set.learning import Lesson, Lessons, learn
from bench.correction_set.make import phonetic
from bench.correction_set.scoring import score_of
from bench.correction_set.sentences import (
    DOMAINS,
    HERE,
    STRANGERS,
    ordinary_sentences,
    strangers_ordinary,
    strangers_templates,
    templates,
)
from bench.correction_set.taught import taught
from bench.correction_set.unseen import PART, load_strangers
from engines.correction.bank import Bank
from engines.correction.dictionary import Proofreader
from engines.correction.features import NAMES
from vocabulary.errors import ConfigurationError

CASES = load_set()
UNSEEN = load_strangers()
SEEN = [case for case in CASES if case.part != PART]


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
    for name in CORPORA:
        assert tested.isdisjoint((HERE / name).read_text("utf-8").splitlines())
    dice = random.Random(1)
    assert tested.isdisjoint(sentence for pattern in corpus(dice) for sentence in pattern)


def test_the_test_part_stands_in_files_of_its_own_and_is_large_enough() -> None:
    part = [case for case in CASES if case.part == "test"]
    assert all("blind" in case.template for case in part)
    assert sum(case.heard != case.meant for case in part) >= 300
    assert sum(case.kind == "clean" for case in part) >= 300


def test_the_blind_part_is_large_enough_and_of_templates_that_are_nowhere_else() -> None:
    assert {case.part for case in UNSEEN} == {PART}
    wrong = [case for case in UNSEEN if case.heard != case.meant]
    assert len(wrong) >= 240
    assert {(case.domain, case.kind) for case in wrong} == {(d, kind) for d in DOMAINS for kind in ("phonetic", "ear")}
    assert sum(len(strangers_templates(PART, domain)) for domain in DOMAINS) >= 60
    assert sum(case.kind == "clean" for case in UNSEEN) >= 120
    assert all(case.heard == case.meant for case in UNSEEN if case.kind == "clean")
    assert {case.template for case in UNSEEN}.isdisjoint(case.template for case in SEEN)


def test_no_sentence_of_the_blind_part_can_have_been_learned() -> None:
    blind = {case.meant for case in UNSEEN}
    assert blind.isdisjoint(case.meant for case in SEEN)
    for name in CORPORA:
        assert blind.isdisjoint((HERE / name).read_text("utf-8").splitlines())
    assert blind.isdisjoint((HERE / "right.txt").read_text("utf-8").splitlines())
    assert blind.isdisjoint(sentence for pattern in corpus(random.Random(1)) for sentence in pattern)
    ours = {template.text for domain in DOMAINS for template in strangers_templates(PART, domain)}
    assert ours.isdisjoint(template.text for domain in DOMAINS for template in templates(domain))
    ordinary = {text for _, text in strangers_ordinary(PART)}
    assert ordinary.isdisjoint(text for part in ("dev", "test") for _, text in ordinary_sentences(part))
    assert ordinary.isdisjoint(text for _, text in strangers_ordinary("former"))


@pytest.mark.parametrize("part", STRANGERS)
def test_a_strangers_part_is_what_its_command_draws(part: str) -> None:
    """Of what needs no voice: the drawn mishearings and the everyday sentences."""
    cases = load_strangers(part)
    for domain in DOMAINS:
        drawn = [row[3:6] for template in strangers_templates(part, domain) for row in phonetic(template)]
        of_domain = [case for case in cases if case.domain == domain and case.kind == "phonetic"]
        assert [(case.template, case.heard, case.meant) for case in of_domain] == drawn
    ordinary = [(case.template, case.meant) for case in cases if case.template.startswith("clean-")]
    assert ordinary == strangers_ordinary(part)


def test_the_corpus_holds_some_thousands_of_different_sentences() -> None:
    sentences = {sentence for pattern in corpus(random.Random(1)) for sentence in pattern}
    assert len(sentences) > 5_000


def test_margins_leave_the_fewest_errors_that_the_harm_allowed_lets_them() -> None:
    told = [Outcome(0.0, 100, 4, 2_000), Outcome(1.0, 120, 1, 2_000), Outcome(2.0, 200, 0, 2_000)]
    untold = [Outcome(0.0, 50, 9, 8_000), Outcome(1.0, 60, 4, 8_000), Outcome(2.0, 90, 0, 8_000)]
    assert chosen(told, untold, allowed=0.5) == (1.0, 1.0)
    assert chosen(told, untold, allowed=100) == (0.0, 0.0)
    assert chosen(told[:1], untold[:1], allowed=0.5) == (0.0, 0.0)  # the least harm there is


def test_weights_are_learned_without_a_draw_and_say_which_choices_are_right() -> None:
    near, far = NAMES.index("near.change"), NAMES.index("near.distance")
    # three words, each with a near and a far choice: the near one is right, and once keeping is
    right = Lesson((((near, 1.0), (far, 0.5)), ((near, 1.0), (far, 2.0))), (((0, 1), 0),), 1.0)
    kept = Lesson((((near, 1.0), (far, 2.0)),), (((0,), -1),), 3.0)
    lessons = Lessons([right, right, kept])
    first = learn(lessons, steps=200)
    assert np.array_equal(first, learn(Lessons([right, right, kept]), steps=200))
    assert first[near] + 0.5 * first[far] > 0 > first[near] + 2 * first[far]
    assert lessons.gradient(first)[0] < lessons.gradient(np.zeros(len(NAMES)))[0]


def test_the_slope_is_that_of_the_surprise() -> None:
    near, far = NAMES.index("near.change"), NAMES.index("near.distance")
    lessons = Lessons([Lesson((((near, 1.0), (far, 0.5)), ((near, 0.3),)), (((0, 1), 1), ((1,), -1)), 2.0)])
    at = np.zeros(len(NAMES))
    at[near], at[far] = 0.4, -0.3
    _, slope = lessons.gradient(at)
    for place in (near, far):
        step = np.zeros(len(NAMES))
        step[place] = 1e-6
        measured = (lessons.gradient(at + step)[0] - lessons.gradient(at - step)[0]) / 2e-6
        assert slope[place] == pytest.approx(measured, abs=1e-6)


def test_a_fold_is_heard_with_a_language_that_never_saw_its_templates() -> None:
    names = {name for name, _ in own(DEVELOPMENT)}
    folds = {fold: {name for name in names if fold_of(name) == fold} for fold in range(FOLDS)}
    assert all(folds.values())
    assert set().union(*folds.values()) == names
    # a pair that one template alone holds is known to all folds but its own
    pairs = {name: pairs_of([sentences]) for name, sentences in own(DEVELOPMENT)}
    everywhere = general_pairs() + pairs_of(sentences for _, sentences in own(("train",)))
    name, pair = next(
        (name, pair)
        for name, of_template in pairs.items()
        for pair in of_template
        if pair not in everywhere and not any(pair in other for key, other in pairs.items() if key != name)
    )
    fold = fold_of(name)
    assert not language_without(fold).has_pair(*pair)
    assert language_without((fold + 1) % FOLDS).has_pair(*pair)


def test_cases_beside_the_set_are_read_with_it(tmp_path: Path) -> None:
    head = "part\tdomain\tkind\ttemplate\theard\tmeant\tconfidences\n"
    (tmp_path / "cases.tsv").write_text(head + "test\ttelecom\tclean\tt-1\tbien\tbien\t\n", "utf-8")
    (tmp_path / "cases_blind.tsv").write_text(head + "blind\ttelecom\tear\tb-1\tbien\tvien\t41\n", "utf-8")
    assert [(case.part, case.confidences) for case in load_set(tmp_path / "cases.tsv")] == [
        ("test", ()),
        ("blind", (0.41,)),
    ]


def test_confidences_are_those_of_the_heard_words() -> None:
    for case in CASES + UNSEEN:
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
