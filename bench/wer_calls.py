"""One side of telephone calls whose words are known: synthetic voices, noise of every kind, and an ear's transcript.

The training part has voices and sentences that the test part has not. `python -m bench.wer_calls` writes what the
estimate of word errors is fitted on. Needs the extra `espeak`.
"""

import argparse
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.random import Generator
from rich.progress import track

from bench.correction_set.sentences import DOMAINS, fill, ordinary_sentences, templates
from engines.stt.tiny.features import Samples as Floats
from offline.retranscribe.port import STANDARD, Samples
from offline.retranscribe.tiny import TinySecondEar
from offline.wer_estimate.evidence import HeardSpeech
from offline.wer_estimate.trials import TRIALS, Trial, write_trials
from training.tiny import grammar, sound
from training.tiny.espeak import Voice
from training.tiny.speech import CALIBRATION_VOICES, HELD_OUT_VOICES, background, spoken

Part = Literal["train", "test"]
RATE: Final = 8000
_SEEDS: Final = {"train": 41_000_000, "test": 83_000_000}
_NO_WORDS: Final = (sound.tones, sound.keypad, sound.music, sound.throat)


@dataclass(frozen=True, slots=True)
class KnownCall:
    """What one side of a call said, and its sound."""

    said: str
    """All words, lower case."""
    samples: Samples
    """8 kHz, mono."""
    snr_db: float | None
    """Speech above noise; None for a clean line."""
    seed: int


def known_call(seed: int, part: Part, *, sentences: int | None = None) -> KnownCall:
    """Return the call of that seed, with `sentences` sentences or one to six."""
    seed += _SEEDS[part]
    dice, noises = random.Random(seed), np.random.default_rng(seed)
    name = dice.choice(CALIBRATION_VOICES if part == "train" else HELD_OUT_VOICES)
    voice = Voice(name, dice.randint(115, 205), dice.randint(15, 85), dice.randint(20, 80), dice.uniform(0.92, 1.08))
    snr_db = None if dice.random() < 0.2 else dice.uniform(0, 30)
    said: list[str] = []
    pieces: list[Floats] = [np.zeros(sound.seconds_of(dice.uniform(0.2, 1.0)), np.float32)]
    powers: list[float] = []
    for _ in range(sentences or dice.randint(1, 6)):
        text = _sentence(dice, part)
        speech, _ = spoken(text, voice, dice)
        if not len(speech):
            continue
        said.append(text)
        powers.append(float(np.mean(speech**2)))
        pieces += [speech, np.zeros(sound.seconds_of(dice.uniform(0.5, 2.5)), np.float32)]
        if dice.random() < 0.12:
            made = dice.choice(_NO_WORDS)(sound.seconds_of(dice.uniform(0.5, 2.5)), noises)
            pieces += [made, np.zeros(sound.seconds_of(0.8), np.float32)]
    heard = np.concatenate(pieces)
    if snr_db is not None:
        noise = background(len(heard), dice, noises)
        heard = sound.with_noise(heard, noise, snr_db, float(np.mean(powers)))
    heard = sound.as_on_a_line(sound.equalised(heard, noises), noises)
    if dice.random() < 0.2:
        heard = _with_gaps(heard, noises, dice.uniform(0.005, 0.05))
    pcm = np.clip(heard * 32767, -32768, 32767).astype(np.int16)
    return KnownCall(" ".join(said), pcm, snr_db, seed)


def known_calls(count: int, part: Part) -> Iterator[KnownCall]:
    """Yield the same `count` calls every time."""
    for seed in range(count):
        yield known_call(seed, part)


def _sentence(dice: random.Random, part: Part) -> str:
    """Return one sentence: half of them with words the ear knows, half of some trade, with words it does not."""
    kind = dice.random()
    if kind < 0.5:
        return grammar.sentences(1, dice)[0] if part == "train" else dice.choice(_held_out())
    if kind < 0.85 or part == "train":
        own = [template for template in templates(dice.choice(DOMAINS)) if template.part == part]
        return fill(dice.choice(own), dice)
    return dice.choice(ordinary_sentences("test"))[1]


def _held_out() -> list[str]:
    return grammar.held_out_sentences(288, random.Random(5))


def _with_gaps(samples: Floats, noises: Generator, share: float) -> Floats:
    """Return the sound with packets of 20 ms missing, mostly in bursts, as a bad network delivers it."""
    packets = len(samples) // (RATE // 50)
    begins = noises.random(packets) < share
    lost = begins | np.roll(begins, 1) & (noises.random(packets) < 0.5)
    kept = np.repeat(~lost, RATE // 50)
    result = samples.copy()
    result[: len(kept)] *= kept
    return result


_ears: list[TinySecondEar] = []
"""This process's; made once."""


def ear() -> TinySecondEar:
    """Return the ear of this process."""
    if not _ears:
        _ears.append(TinySecondEar())
    return _ears[0]


def trial_of(seed: int, part: Part) -> Trial:
    """Return what the embedded ear makes of the call of that seed, as fast as it can."""
    call = known_call(seed, part)
    heard = ear().transcribe(call.samples, RATE, STANDARD)
    return Trial(call.said, HeardSpeech(heard.words, heard.speech))


def main() -> None:
    """Read the command line, listen, write."""
    parser = argparse.ArgumentParser(description="Write trials for the estimate of word errors.")
    parser.add_argument("--out", type=Path, default=TRIALS)
    parser.add_argument("--calls", type=int, default=900)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    with ProcessPoolExecutor(chosen.processes, get_context("spawn")) as pool:
        made = pool.map(partial(trial_of, part="train"), range(chosen.calls), chunksize=8)
        write_trials(chosen.out, track(made, "listening", chosen.calls))


if __name__ == "__main__":
    main()
