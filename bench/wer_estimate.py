"""How well the estimated word error rate follows the true one, and what listening again to the worst calls brings.

Calls of voices and sentences that nothing was fitted on, over lines with noise, gaps and codecs; beside the floor that
takes the ear's mean confidence alone. It says nothing about people: voices and ear are the demo's. Needs the extra
`espeak`.
"""

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.wer_calls import RATE, ear, known_call
from offline.retranscribe.port import PREMIUM, STANDARD, Listening
from offline.wer_estimate.decision import SECOND_LISTENING_THRESHOLD, is_better, needs_second_listening
from offline.wer_estimate.estimate import WerEstimate, estimate_wer
from offline.wer_estimate.evidence import HeardSpeech
from offline.wer_estimate.trials import Trial, with_invention

TITLE: Final = "wer_estimate: word errors guessed without knowing the words, beside the mean confidence alone"
CALLS: Final = 240
_PROCESSES: Final = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """One call, heard as the live ear does and, slower, again."""

    first: Trial
    second: Trial


def outcome(seed: int) -> Outcome:
    """Return what becomes of the held-out call of that seed."""
    call = known_call(seed, "test")

    def trial(heard: Listening) -> Trial:
        return Trial(call.said, HeardSpeech(heard.words, heard.speech))

    first, second = (ear().transcribe(call.samples, RATE, settings) for settings in (STANDARD, PREMIUM))
    return Outcome(trial(first), trial(second))


def outcomes(calls: int) -> list[Outcome]:
    """Return the outcomes of the first `calls` held-out calls; a minute or two."""
    with ProcessPoolExecutor(_PROCESSES, get_context("spawn")) as pool:
        heard = pool.map(outcome, range(calls), chunksize=4)
        return list(track(heard, "listening", calls, console=Console(stderr=True), transient=True))


def correlation(*, quick: bool = False) -> dict[str, float]:
    """Return `wer_estimate_r` (Pearson, estimate against truth) and `mean_confidence_r`, the floor."""
    return _correlations([one.first for one in outcomes(CALLS // 4 if quick else CALLS)])


def measure(*, quick: bool) -> dict[str, float]:
    """Return correlations, errors of the estimate and of the decision (ratios), and word error rates."""
    heard = outcomes(CALLS // 4 if quick else CALLS)
    first = [one.first for one in heard]
    dice = random.Random(3)
    spoiled = [with_invention(trial, dice) if trial.heard.words and place % 3 == 0 else trial
               for place, trial in enumerate(first)]  # fmt: skip
    results = {"calls": float(len(heard))} | _correlations(first) | _decision(first)
    results["mean_wer"] = _wer(first)
    results |= {f"{name}_with_inventions": value for name, value in _correlations(spoiled).items()}
    results |= _second_listening(heard)
    return {name: round(value, 4) for name, value in results.items()}


def _estimate(trial: Trial) -> WerEstimate:
    return estimate_wer(trial.heard)


def _doubt(trial: Trial) -> float:
    words = trial.heard.words
    return 1 - sum(word.confidence for word in words) / len(words) if words else 1.0


def _correlations(trials: Sequence[Trial]) -> dict[str, float]:
    truth = np.array([min(1.0, trial.wer) for trial in trials])
    guess = np.array([_estimate(trial).wer for trial in trials])
    floor = np.array([_doubt(trial) for trial in trials])
    return {
        "wer_estimate_r": float(np.corrcoef(truth, guess)[0, 1]),
        "mean_confidence_r": float(np.corrcoef(truth, floor)[0, 1]),
        "mean_error": float(np.abs(truth - guess).mean()),
        "mean_confidence_error": float(np.abs(truth - floor).mean()),
    }


def _decision(trials: Sequence[Trial]) -> dict[str, float]:
    """Return how often the decision to listen again is right, by the true rate."""
    bad = np.array([trial.wer > SECOND_LISTENING_THRESHOLD for trial in trials])
    chosen = np.array([needs_second_listening(_estimate(trial)) for trial in trials])
    floor = np.array([_doubt(trial) > SECOND_LISTENING_THRESHOLD for trial in trials])
    return {
        "truly_above": float(bad.mean()),
        "chosen": float(chosen.mean()),
        "precision": float(bad[chosen].mean()) if chosen.any() else 1.0,
        "recall": float(chosen[bad].mean()) if bad.any() else 1.0,
        "floor_precision": float(bad[floor].mean()) if floor.any() else 1.0,
        "floor_recall": float(floor[bad].mean()) if bad.any() else 1.0,
    }


def _second_listening(heard: Sequence[Outcome]) -> dict[str, float]:
    """Return word error rates before and after: of what was chosen, of all, and of all heard again without choosing."""
    again = [needs_second_listening(_estimate(one.first)) for one in heard]
    kept = [
        one.second if chosen and is_better(_estimate(one.second), _estimate(one.first)) else one.first
        for one, chosen in zip(heard, again, strict=True)
    ]
    chosen_first = [one.first for one, chosen in zip(heard, again, strict=True) if chosen]
    chosen_kept = [one for one, chosen in zip(kept, again, strict=True) if chosen]
    return {
        "wer_chosen_before": _wer(chosen_first),
        "wer_chosen_after": _wer(chosen_kept),
        "wer_all_after": _wer(kept),
        "wer_all_premium": _wer([one.second for one in heard]),
    }


def _wer(trials: Sequence[Trial]) -> float:
    """Return errors per word said, over all trials together."""
    said = sum(len(trial.said.split()) for trial in trials)
    return sum(trial.errors for trial in trials) / said if said else 0.0


_MEANING: Final = {
    "calls": "held-out calls",
    "wer_estimate_r": "correlation of estimate and truth",
    "mean_confidence_r": "… floor: 1 − mean confidence",
    "mean_error": "mean distance of estimate and truth",
    "mean_confidence_error": "… floor",
    "truly_above": "calls truly above 20 %",
    "chosen": "calls chosen for a second listening",
    "precision": "of the chosen, truly above",
    "recall": "of those truly above, chosen",
    "floor_precision": "… floor, precision",
    "floor_recall": "… floor, recall",
    "mean_wer": "word error rate, first listening",
    "wer_estimate_r_with_inventions": "correlation, a third of the texts spoiled by loops and inventions",
    "mean_confidence_r_with_inventions": "… floor",
    "mean_error_with_inventions": "mean distance, the same",
    "mean_confidence_error_with_inventions": "… floor",
    "wer_chosen_before": "word error rate of the chosen calls, before",
    "wer_chosen_after": "… after the second listening",
    "wer_all_after": "word error rate of all calls, after",
    "wer_all_premium": "… if all were listened to again",
}


def table(results: Mapping[str, Any]) -> Table:
    """Show what `measure` found."""
    shown = Table("what", title="estimated word error rate against the true one (embedded ear, synthetic voices)")
    shown.add_column("measured", justify="right")
    for name, value in results.items():
        plain = name == "calls" or name.endswith("_r") or "_r_" in name
        shown.add_row(_MEANING.get(name, name), f"{value:g}" if plain else f"{value:.1%}")
    return shown
