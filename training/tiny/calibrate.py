"""Fit the ear's confidence: `python -m training.tiny.calibrate --out engines/stt/tiny/confidence.json`.

Runs after `training.tiny.train`, on voices the network never heard, in noise, with words it does not know, other
languages and sounds that are nobody's; then two logistic regressions by Newton's method.
"""

import argparse
import json
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rich.console import Console
from rich.progress import track

from engines.stt.tiny.alignment import place
from engines.stt.tiny.confidence import UTTERANCE_CLUES, WORD_CLUES, logistic, utterance_clues, word_clues
from engines.stt.tiny.features import frames_of
from engines.stt.tiny.language import Language
from engines.stt.tiny.network import Network
from engines.stt.tiny.search import Search
from training.tiny import foreign, grammar, sound
from training.tiny.speech import (
    CALIBRATION_VOICES,
    SHORT_ANSWERS,
    any_voice,
    foreign_speech,
    in_a_room,
    murmuring_voices,
    no_speech,
    spoken,
)

console = Console()
FALSE_REJECTION = 0.01
"""Share of well-heard Spanish utterances that may be lost to keep the rest out."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What one utterance taught about confidence."""

    utterance: NDArray[np.float64]
    is_spanish: bool
    """Spanish was spoken, and at least half of it was heard right."""
    is_clear: bool
    """Spanish was spoken on a good line."""
    words: NDArray[np.float64]
    right: NDArray[np.bool_]


def right_words(said: list[str], heard: list[str]) -> NDArray[np.bool_]:
    """Return which heard words stand where they were said."""
    right = np.zeros(len(heard), bool)
    for tag, _, _, start, end in Levenshtein.opcodes(said, heard):
        if tag == "equal":
            right[start:end] = True
    return right


@cache
def _ear(model: Path) -> tuple[Network, Search]:
    return Network.load(model), Search(Language.load(Path("engines/stt/tiny/language.npz")))


def one_trial(seed: int, model: Path) -> Trial | None:
    """Return the trial of that seed; None when the ear heard no word at all, so that nothing is to be judged."""
    rng, noises = random.Random(seed), np.random.default_rng(seed)
    said, clear = "", False
    kind = rng.random()
    if kind < 0.12:
        samples = no_speech(rng, noises)
    elif kind < 0.18:
        murmur = sound.babble(murmuring_voices(), sound.seconds_of(rng.uniform(0.4, 4)), noises)
        samples = sound.as_on_a_line(murmur, noises)
    elif kind < 0.42:
        samples = in_a_room(foreign_speech(rng, foreign.TRAINING, shuffled=rng.random() < 0.5), rng, noises)
    else:
        said = rng.choice(SHORT_ANSWERS) if kind < 0.55 else grammar.sentences(1, rng)[0]
        if kind > 0.55 and rng.random() < 0.15:  # somebody uses words we do not know
            words = said.split()
            words[rng.randrange(len(words))] = grammar.invented_word(rng)
            said = " ".join(words)
        clear = rng.random() < 0.4
        speech, _ = spoken(said, any_voice(rng, CALIBRATION_VOICES), rng)
        samples = in_a_room(speech, rng, noises, rng.uniform(20, 40) if clear else None)
    network, search = _ear(model)
    heard = network.log_probabilities(frames_of(np.pad(samples, 1600)))
    placed = place(search.words_of(heard), heard)
    words_heard = [word for word in placed if word.heard.text]
    if not words_heard:
        return None
    right = right_words(said.split(), [word.heard.text for word in words_heard])
    spanish = bool(said) and right.sum() * 2 >= max(len(right), len(said.split()))
    return Trial(utterance_clues(placed, heard), spanish, clear and spanish, word_clues(words_heard, heard), right)


def trials(count: int, model: Path, processes: int) -> Iterator[Trial | None]:
    """Yield the trials of `count` seeds."""
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        yield from pool.map(one_trial, range(9_000_000, 9_000_000 + count), [model] * count, chunksize=16)


def fit(clues: NDArray[np.float64], truth: NDArray[np.bool_], stiffness: float = 1.0) -> NDArray[np.float64]:
    """Return logistic regression weights by Newton's method; `stiffness` keeps them small (ridge)."""
    scale = np.maximum(clues.std(axis=0), 1e-6)
    scale[0] = 1
    scaled = clues / scale
    weights = np.zeros(clues.shape[1])
    for _ in range(30):
        sure = logistic(scaled @ weights)
        slope = scaled.T @ (sure - truth) + stiffness * weights
        bend = (scaled * (sure * (1 - sure))[:, None]).T @ scaled + stiffness * np.eye(len(weights))
        weights -= np.linalg.solve(bend, slope)
    return np.asarray(weights / scale)


def main() -> None:
    """Read the command line, listen, fit, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("engines/stt/tiny/model.npz"))
    parser.add_argument("--out", type=Path, default=Path("engines/stt/tiny/confidence.json"))
    parser.add_argument("--trials", type=int, default=3000)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    tried = track(trials(chosen.trials, chosen.model, chosen.processes), "listening", chosen.trials, console=console)
    judged = [trial for trial in tried if trial is not None]
    spanish = [trial for trial in judged if trial.is_spanish]
    utterances = np.stack([trial.utterance for trial in judged])
    utterance_weights = fit(utterances, np.array([trial.is_spanish for trial in judged]))
    words = np.concatenate([trial.words for trial in judged])
    right = np.concatenate([trial.right for trial in judged])
    # Words of utterances that are thrown away are nobody's: the word curve is fitted on what remains.
    sure = logistic(utterances @ utterance_weights)
    clear = np.array([trial.is_clear for trial in judged])
    least = float(np.quantile(sure[clear], FALSE_REJECTION))
    seen = np.concatenate([np.full(len(trial.right), kept) for trial, kept in zip(judged, sure >= least, strict=True)])
    word_weights = fit(words[seen], right[seen])
    chosen.out.write_text(
        json.dumps(
            {
                "least": round(least, 4),
                "utterance": dict(zip(UTTERANCE_CLUES, np.round(utterance_weights, 4).tolist(), strict=True)),
                "word": dict(zip(WORD_CLUES, np.round(word_weights, 4).tolist(), strict=True)),
            },
            indent=1,
        )
        + "\n"
    )
    others = np.array([not trial.is_spanish for trial in judged])
    console.print(f"{len(judged)} utterances with words, {len(spanish)} Spanish; threshold {least:.3f}")
    console.print(f"of those with words but no Spanish, rejected: {np.mean(sure[others] < least):.3f}")
    said = logistic(words[seen] @ word_weights)
    for low in (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95):
        band = (said >= low) & (said < {0.8: 0.9, 0.9: 0.95, 0.95: 1.01}.get(low, low + 0.2))
        if band.any():
            console.print(
                f"words said with {said[band].mean():.2f}: {right[seen][band].mean():.2f} right of {band.sum()}"
            )


if __name__ == "__main__":
    main()
