"""Lessons for the ear: what is said, by which voice, over which line, and the phones it should hear."""

import functools
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from engines.stt.tiny.features import Frames, Samples, frames_of
from engines.stt.tiny.phones import GARBAGE, indices, pronunciations
from training.tiny import foreign, grammar, sound
from training.tiny.espeak import Voice, speak

TRAINING_VARIANTS = (
    "", "", "+m1", "+m3", "+m4", "+m5", "+m8", "+f1", "+f2", "+klatt", "+klatt2", "+klatt4", "+Alicia", "+Andrea",
    "+Andy", "+Annie", "+Diogo", "+Hugo", "+Marco", "+Mario", "+Michael", "+adam", "+belinda", "+david", "+linda",
    "+pedro", "+rob", "+robert", "+sandro", "+shelby", "+ed", "+john", "+paul", "+victor", "+Lee", "+aunty",
    "+anika", "+caleb", "+max", "+travis",
)  # fmt: skip
"""Of `es` and `es-419`; the first two are the plain voices."""

CALIBRATION_VOICES = ("es+m7", "es-419+m7", "es+f4", "es-419+f4", "es+steph", "es-419+marcelo")
HELD_OUT_VOICES = (
    "es+m2", "es-419+m2", "es+m6", "es-419+m6", "es+f3", "es-419+f3", "es+f5", "es-419+f5", "es-419+pablo",
    "es-419+antonio",
)  # fmt: skip
"""Heard in the benchmark only."""

SAID_AS = {"m": "[[m:m:]]", "emeeme": "mm", "okei": "okéi", "imeil": "imeil", "yimeil": "gmail", "jemeil": "gemeil",
           "outluk": "autluk", "uatsap": "uatsap", "guasap": "guasap", "Ruter": "rúter", "yau": "yau", "yaoo": "yajú",
           "emeemeeme": "mmm"}  # fmt: skip
"""How to write a pronunciation so that espeak says it, where its own reading of the word is another."""


SHORT_ANSWERS = ("sí", "sí", "no", "no", "ajá", "mm", "mm", "ok", "sí sí", "ya", "claro", "vale", "bueno", "gracias",
                 "hola", "adiós", "y", "qué")  # fmt: skip
"""What the network sees too little of in sentences; short words want more lessons than long ones."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One utterance to learn from."""

    frames: NDArray[np.float16]
    """(frames, features.INPUTS)"""
    labels: NDArray[np.int32]
    """Output indices in order; none for what is no speech."""
    text: str
    """What was said; "" when nobody said anything in Spanish."""


def any_voice(rng: random.Random, names: tuple[str, ...] = ()) -> Voice:
    """Return a voice with its own pace, pitch and tract: one of `names`, or of the training voices."""
    name = rng.choice(names) if names else rng.choice(("es", "es-419")) + rng.choice(TRAINING_VARIANTS)
    return Voice(name, rng.randint(110, 210), rng.randint(10, 90), rng.randint(10, 90), rng.uniform(0.9, 1.1))


def spoken(text: str, voice: Voice, rng: random.Random) -> tuple[Samples, list[int]]:
    """Return the sound of `text` with the commas and questions people put into their voice, and its phones."""
    labels: list[int] = []
    written = []
    for word in text.split():
        choices = pronunciations(word)
        phones = choices[0] if len(choices) == 1 or rng.random() < 0.6 else rng.choice(choices)
        labels += indices(phones)
        comma = "," if rng.random() < 0.06 else ""
        if word == "e" or word == "y" or word == "o":
            comma = ""
        written.append(SAID_AS.get(phones, word) + comma)
    sentence = " ".join(written).strip(",")
    mood = rng.random()
    asked = mood < 0.2 and "[[" not in sentence  # espeak falls silent at "¿[["
    sentence = f"¿{sentence}?" if asked else sentence + rng.choice((".", ".", "", "!", "..."))
    return speak(sentence, voice), labels


def random_text(rng: random.Random, vocabulary: list[str]) -> str:
    """Return something to say: mostly sentences of the grammar, and enough nonsense to learn sounds, not phrases."""
    kind = rng.random()
    if kind < 0.58:
        return grammar.sentences(1, rng)[0]
    if kind < 0.65:
        return grammar.joined_sentences(rng)
    if kind < 0.74:
        return rng.choice(SHORT_ANSWERS)
    if kind < 0.86:
        return " ".join(rng.choices(vocabulary, k=rng.randint(1, 6)))
    return " ".join(
        rng.choice(vocabulary) if rng.random() < 0.3 else grammar.invented_word(rng) for _ in range(rng.randint(1, 5))
    )


def foreign_speech(rng: random.Random, languages: dict[str, tuple[str, ...]], shuffled: bool) -> Samples:
    """Return somebody speaking another language; `shuffled` mixes its words for more variety."""
    language = rng.choice(sorted(languages))
    text = rng.choice(languages[language])
    if shuffled and rng.random() < 0.6:
        words = [word for word in " ".join(languages[language]).split() if word not in _vocabulary()]
        text = " ".join(rng.choices(words, k=rng.randint(2, 7)))
    variant = rng.choice(("", "+m1", "+m3", "+m4", "+f1", "+f2", "+klatt2", "+Andrea", "+Mario"))
    return speak(text, Voice(language + variant, rng.randint(120, 190), rng.randint(20, 80)))


@functools.cache
def murmuring_voices() -> list[Samples]:
    """Return the people in the background."""
    rng = random.Random(7)
    return [speak(" ".join(grammar.sentences(3, rng)), any_voice(rng)) for _ in range(24)]


def background(samples: int, rng: random.Random, noises: Generator) -> Samples:
    """Return some noise of power 1."""
    kind = rng.random()
    if kind < 0.18:
        return sound.babble(murmuring_voices(), samples, noises)
    if kind < 0.24:
        return sound.hum(samples, noises)
    return sound.coloured_noise(samples, noises, rng.choice((0.0, 0.5, 1.0, 1.0, 1.5, 2.0)))


def in_a_room(speech: Samples, rng: random.Random, noises: Generator, snr_db: float | None = None) -> Samples:
    """Return speech with silence around it and noise throughout (at random, or pink at `snr_db`), as on a line."""
    power = float(np.mean(speech**2)) if len(speech) else 1e-4
    heard = sound.padded(speech, rng.uniform(0.02, 0.6), rng.uniform(0.02, 0.7))
    heard = sound.equalised(heard, noises)
    if snr_db is not None:
        heard = sound.with_noise(heard, sound.coloured_noise(len(heard), noises, 1.0), snr_db, power)
    elif rng.random() < 0.75:
        heard = sound.with_noise(heard, background(len(heard), rng, noises), rng.uniform(3, 38), power)
    on_the_line = sound.as_on_a_line(heard, noises)
    return sound.padded(on_the_line, rng.uniform(0, 0.25), rng.uniform(0, 0.25)) if rng.random() < 0.5 else on_the_line


def no_speech(rng: random.Random, noises: Generator) -> Samples:
    """Return a sound with nobody speaking in it, as on a line."""
    samples = sound.seconds_of(rng.uniform(0.4, 4))
    if rng.random() < 0.12:
        return sound.as_on_a_line(sound.babble(murmuring_voices(), samples, noises), noises)
    return sound.as_on_a_line(rng.choice(sound.NON_SPEECH)(samples, noises), noises)


def one_lesson(seed: int) -> Lesson | None:
    """Return the lesson of that seed; None when espeak had nothing to say."""
    rng, noises = random.Random(seed), np.random.default_rng(seed)
    kind = rng.random()
    if kind < 0.07:
        return Lesson(_kept(frames_of(no_speech(rng, noises))), np.zeros(0, np.int32), "")
    if kind < 0.17:
        speech = foreign_speech(rng, foreign.TRAINING, shuffled=True)
        labels = [GARBAGE] * max(1, round(len(speech) / sound.seconds_of(0.3)))
        text = ""
    else:
        text = random_text(rng, _vocabulary())
        speech, labels = spoken(text, any_voice(rng), rng)
    frames = frames_of(in_a_room(speech, rng, noises))
    if len(speech) < sound.seconds_of(0.05) or len(frames) <= len(labels) * 1.2:
        return None
    return Lesson(_kept(frames), np.array(labels, np.int32), text)


@functools.cache
def _vocabulary() -> list[str]:
    return grammar.vocabulary()


def _kept(frames: Frames) -> NDArray[np.float16]:
    return frames.astype(np.float16)


def lessons(count: int, first_seed: int, processes: int) -> Iterator[Lesson]:
    """Yield about `count` lessons, the same ones for the same seeds, made in `processes` processes."""
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        for lesson in pool.map(one_lesson, range(first_seed, first_seed + count), chunksize=32):
            if lesson is not None:
                yield lesson
