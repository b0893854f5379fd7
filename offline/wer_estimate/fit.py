"""Fit the estimate's weights: `python -m offline.wer_estimate.fit [--trials FILE] [--out FILE]`.

Fractional logistic regression by Newton's method: the curve's value is the share of words that are wrong. Every tenth
trial is learned from a second time, spoiled by loops or inventions.
"""

import argparse
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.correction.language import spanish
from offline.wer_estimate.estimate import ESTIMATE_VERSION, WEIGHTS
from offline.wer_estimate.evidence import CLUES, clues_of
from offline.wer_estimate.trials import TRIALS, Trial, read_trials, with_invention

_STIFFNESS: Final = 1.0
_SEED: Final = 11
_SPOILED_EVERY: Final = 10
Floats = NDArray[np.float64]


def lessons(trials: Sequence[Trial]) -> list[Trial]:
    """Return the trials from which something is learned: those with words, and some of them spoiled."""
    dice = random.Random(_SEED)
    heard = [trial for trial in trials if trial.heard.words]
    return heard + [with_invention(trial, dice) for trial in heard[::_SPOILED_EVERY]]


def fit(clues: Floats, wer: Floats, importance: Floats, stiffness: float = _STIFFNESS) -> Floats:
    """Return weights, one a column of `clues` (trials, CLUES), for `wer` 0 to 1; `stiffness` keeps them small."""
    scale = np.maximum(clues.std(axis=0), 1e-6)
    scale[0] = 1
    scaled = clues / scale
    weights = np.zeros(clues.shape[1])
    stiff = np.full(len(weights), stiffness)
    stiff[0] = 0
    for _ in range(40):
        guess = 0.5 * (1 + np.tanh(scaled @ weights / 2))
        slope = scaled.T @ (importance * (guess - wer)) + stiff * weights
        bend = (scaled * (importance * guess * (1 - guess))[:, None]).T @ scaled + np.diag(stiff + 1e-9)
        weights -= np.linalg.solve(bend, slope)
    return np.asarray(weights / scale)


def fit_trials(trials: Sequence[Trial]) -> Floats:
    """Return the weights for `CLUES`."""
    learned = lessons(trials)
    language = spanish()
    clues = np.array([clues_of(trial.heard, language) for trial in learned])
    wer = np.array([min(1.0, trial.wer) for trial in learned])
    importance = np.sqrt([len(trial.said.split()) + 1 for trial in learned])
    return fit_against(clues, wer, importance / importance.mean())


def fit_against(clues: Floats, wer: Floats, importance: Floats) -> Floats:
    """Return weights as `fit` does, none but the first below zero: whatever speaks against a text may never help it.

    A clue that would help is left out, one at a time, the worst first; so a surer ear never gets a worse estimate.
    """
    used = list(range(clues.shape[1]))
    while True:
        found = fit(clues[:, used], wer, importance)
        worst = 1 + int(found[1:].argmin()) if len(found) > 1 else 0
        if not worst or found[worst] >= 0:
            weights = np.zeros(clues.shape[1])
            weights[used] = found
            return weights
        del used[worst]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, fit, write."""
    parser = argparse.ArgumentParser(description="Fit the weights of the estimated word error rate.")
    parser.add_argument("--trials", type=Path, default=TRIALS)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    chosen = parser.parse_args(arguments)
    trials = list(read_trials(chosen.trials))
    weights = dict(zip(CLUES, np.round(fit_trials(trials), 4).tolist(), strict=True))
    chosen.out.write_text(json.dumps({"version": ESTIMATE_VERSION, "weights": weights}, indent=1) + "\n", "utf-8")
    sys.stdout.write(f"{len(trials)} trials: {chosen.out.name} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
