"""The weights come from the trials beside them."""

import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest

from offline.retranscribe.spans import Span
from offline.wer_estimate.estimate import WEIGHTS, estimate_wer
from offline.wer_estimate.evidence import CLUES, HeardSpeech
from offline.wer_estimate.fit import fit, fit_against, main
from offline.wer_estimate.trials import TRIALS, Trial, read_trials, with_invention, write_trials
from vocabulary.speech import Word

TRIAL = Trial(
    "quiero mi saldo",
    HeardSpeech((Word("quiero", 0.1, 0.4, 0.912), Word("saldo", 0.8, 1.2, 0.5)), (Span(0.0, 1.5),)),
)


def test_fitting_finds_the_curve_that_made_the_data() -> None:
    rng = np.random.default_rng(1)
    clues = np.column_stack([np.ones(3000), rng.random((3000, 3))])
    truth = np.array([-2.0, 3.0, 0.0, 1.5])
    wer = 1 / (1 + np.exp(-clues @ truth))
    assert fit(clues, wer, np.ones(3000), stiffness=1e-6) == pytest.approx(truth, abs=0.01)


def test_what_speaks_against_a_text_never_helps_it() -> None:
    rng = np.random.default_rng(2)
    clues = np.column_stack([np.ones(2000), rng.random((2000, 3))])
    wer = 1 / (1 + np.exp(-clues @ np.array([-1.0, 3.0, -2.0, 1.0])))
    weights = fit_against(clues, wer, np.ones(2000))
    assert weights[2] == 0
    assert (weights[[1, 3]] > 0).all()


def test_the_shipped_weights_are_what_fitting_the_shipped_trials_gives(tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path / "weights.json")]) == 0
    again, shipped = (json.loads(path.read_text())["weights"] for path in (tmp_path / "weights.json", WEIGHTS))
    assert [again[clue] for clue in CLUES] == pytest.approx([shipped[clue] for clue in CLUES], abs=1e-3)


def test_the_estimate_follows_the_truth_better_than_the_mean_confidence_does() -> None:
    trials = [trial for trial in read_trials() if trial.heard.words]
    truth = [min(1.0, trial.wer) for trial in trials]
    estimate = [estimate_wer(trial.heard).wer for trial in trials]
    doubt = [1 - sum(word.confidence for word in trial.heard.words) / len(trial.heard.words) for trial in trials]
    assert len(trials) >= 500
    assert np.corrcoef(truth, estimate)[0, 1] > np.corrcoef(truth, doubt)[0, 1]


def test_errors_are_counted_by_word() -> None:
    assert TRIAL.errors == 1
    assert TRIAL.wer == pytest.approx(1 / 3)


def test_trials_are_written_and_read_again_and_always_alike(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        write_trials(tmp_path / name, [TRIAL, TRIAL])
    assert list(read_trials(tmp_path / "a.gz")) == [TRIAL, TRIAL]
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_a_damaged_trial_is_named_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "t.gz").write_bytes(gzip.compress((TRIAL.to_json() + "\n{}\n").encode()))
    with pytest.raises(ValueError, match="line 2"):
        list(read_trials(tmp_path / "t.gz"))


@pytest.mark.parametrize("seed", range(8))
def test_an_invention_makes_a_transcript_worse(seed: int) -> None:
    spoiled = with_invention(TRIAL, random.Random(seed))
    assert spoiled.errors > TRIAL.errors
    assert spoiled.said == TRIAL.said


def test_the_trials_are_there() -> None:
    assert TRIALS.stat().st_size < 1 << 20
