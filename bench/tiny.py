"""How well the `tiny` ear hears: synthetic voices it never learnt from, in noise, and sounds it should not understand.

It says nothing about people: the ear is for the demo and the tests. Needs a checkout with the extra `espeak`.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np
from rapidfuzz.distance import Levenshtein
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from engines.stt.tiny import TinyEar
from engines.stt.tiny.features import RATE, Samples
from training.tiny import foreign, grammar, phrasebook, sound
from training.tiny.calibrate import right_words
from training.tiny.espeak import Voice
from training.tiny.speech import HELD_OUT_VOICES, foreign_speech, murmuring_voices, spoken
from vocabulary.speech import Transcript

TITLE: Final = "tiny: the embedded ear, for the demo and the tests only; it does not hear people well"
SENTENCES = 288
"""A multiple of the held-out templates, so that each is said equally often."""
FOREIGN = 140
SOUNDS_EACH = 25
CONDITIONS: tuple[tuple[str, float | None], ...] = (("clean", None), ("20db", 20.0), ("10db", 10.0))
SEED = 20_000


@dataclass(slots=True)
class Score:
    """Errors against words said, and what was not understood at all."""

    errors: int = 0
    words: int = 0
    rejected: int = 0
    utterances: int = 0
    confidences: list[tuple[float, bool]] = field(default_factory=list)
    """Of every word heard: what the ear said, and whether it was right."""

    def add(self, said: str, transcript: Transcript) -> None:
        """Count one utterance."""
        truth, heard = said.split(), [word.text for word in transcript.words]
        self.errors += Levenshtein.distance(truth, heard)
        self.words += len(truth)
        self.rejected += not transcript.is_understood
        self.utterances += 1
        right = right_words(truth, heard)
        self.confidences += [(word.confidence, bool(ok)) for word, ok in zip(transcript.words, right, strict=True)]

    @property
    def word_error_rate(self) -> float:
        """Errors per word said."""
        return self.errors / self.words

    @property
    def rejection_rate(self) -> float:
        """Share of utterances of which nothing was understood."""
        return self.rejected / self.utterances


def on_the_line(speech: Samples, noises: np.random.Generator, snr_db: float | None) -> bytes:
    """Return speech as a call delivers it: a little silence around, pink noise, telephone band, μ-law."""
    heard = sound.padded(speech, 0.3, 0.5)
    if snr_db is not None:
        noise = sound.coloured_noise(len(heard), noises, 1.0)
        heard = sound.with_noise(heard, noise, snr_db, float(np.mean(speech**2)))
    heard = sound.telephone_band(heard)
    return pcm_of(sound.through_mu_law(heard * np.float32(0.5 / np.abs(heard).max())))


def pcm_of(samples: Samples) -> bytes:
    """Return mono 16 bit little endian."""
    return np.clip(samples * 32767, -32768, 32767).astype("<i2").tobytes()


def spanish(snr_db: float | None, sentences: int) -> Iterator[tuple[str, bytes]]:
    """Yield held-out sentences by held-out voices, and what was said; the same speech for every noise."""
    held_out = grammar.held_out_sentences(SENTENCES, random.Random(SEED))[:sentences]
    for place, said in enumerate(held_out):
        rng, noises = random.Random(SEED + place), np.random.default_rng(SEED + place)
        name = HELD_OUT_VOICES[(place + place // len(phrasebook.HELD_OUT)) % len(HELD_OUT_VOICES)]
        voice = Voice(name, rng.randint(130, 185), rng.randint(30, 70), rng.randint(30, 70))
        speech, _ = spoken(said, voice, rng)
        yield said, on_the_line(speech, noises, snr_db)


def not_spanish() -> Iterator[tuple[str, bytes]]:
    """Yield sounds that should not be understood, and their kind."""
    for place in range(FOREIGN):
        rng, noises = random.Random(SEED + place), np.random.default_rng(SEED + place)
        speech = foreign_speech(rng, foreign.HELD_OUT, shuffled=False)
        yield "other languages", on_the_line(speech, noises, rng.choice((None, 20.0)))
    makers: list[tuple[str, Callable[[int, np.random.Generator], Samples]]]
    makers = [(maker.__name__, maker) for maker in sound.NON_SPEECH]
    makers.append(("babble", partial(_murmur, murmuring_voices())))
    for kind, make in makers:
        for place in range(SOUNDS_EACH):
            noises = np.random.default_rng(SEED + place)
            samples = make(sound.seconds_of(noises.uniform(0.5, 4)), noises)
            yield kind, pcm_of(sound.as_on_a_line(samples, noises))


def _murmur(voices: list[Samples], samples: int, noises: np.random.Generator) -> Samples:
    return sound.babble(voices, samples, noises) * np.float32(0.1)


def calibration_error(confidences: list[tuple[float, bool]]) -> float:
    """Return how far confidence and truth lie apart, averaged over words in bins of a tenth."""
    said = np.array([confidence for confidence, _ in confidences])
    right = np.array([is_right for _, is_right in confidences], float)
    bins = np.minimum((said * 10).astype(int), 9)
    gaps = [abs(said[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)]
    return float(np.sum(gaps))


def measure(*, quick: bool) -> dict[str, float]:
    """Return the error rates (ratios), rejection rates and the real-time factor of one core.

    `quick` hears a fifth of the sentences: enough to see that it works.
    """
    with Progress(console=Console(stderr=True), transient=True) as progress:
        return _measure(SENTENCES // 5 if quick else SENTENCES, progress)


def _measure(sentences: int, progress: Progress) -> dict[str, float]:
    ear = TinyEar()
    results: dict[str, float] = {}
    total = sentences * len(CONDITIONS) + FOREIGN + SOUNDS_EACH * (len(sound.NON_SPEECH) + 1)
    task = progress.add_task("listening", total=total)
    busy = heard_seconds = 0.0

    def recognise(pcm: bytes) -> Transcript:
        nonlocal busy, heard_seconds
        began = time.perf_counter()
        transcript = ear.recognise(pcm, RATE)
        busy += time.perf_counter() - began
        heard_seconds += len(pcm) / 2 / RATE
        progress.advance(task)
        return transcript

    confidences: list[tuple[float, bool]] = []
    for name, snr_db in CONDITIONS:
        score = Score()
        for said, pcm in spanish(snr_db, sentences):
            score.add(said, recognise(pcm))
        results[f"wer_{name}"] = score.word_error_rate
        results[f"false_rejection_{name}"] = score.rejection_rate
        confidences += score.confidences
    kinds: dict[str, Score] = {}
    for kind, pcm in not_spanish():
        kinds.setdefault(kind, Score()).add("", recognise(pcm))
    for kind, score in kinds.items():
        results[f"rejected_{kind.replace(' ', '_')}"] = score.rejection_rate
    sounds = [score for kind, score in kinds.items() if kind != "other languages"]
    results["rejected_sounds"] = sum(score.rejected for score in sounds) / sum(score.utterances for score in sounds)
    everything = kinds.values()
    results["nonspeech_rejected"] = sum(s.rejected for s in everything) / sum(s.utterances for s in everything)
    results["calibration_error"] = calibration_error(confidences)
    results["real_time_factor"] = busy / heard_seconds
    ear.close()
    return {key: round(value, 4) for key, value in results.items()}


def table(results: Mapping[str, Any]) -> Table:
    """Show what `measure` found."""
    shown = Table("what", title="the tiny ear hears synthetic voices and sentences held out of its training")
    shown.add_column("measured", justify="right")
    for key, value in results.items():
        shown.add_row(key, f"{value:.3f}" if key == "real_time_factor" else f"{value:.1%}")
    return shown
