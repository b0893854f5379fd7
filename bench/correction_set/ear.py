"""What a real recogniser makes of the sentences over a bad line: the `tiny` ear, espeak's voices, noise, 8 kHz.

The ear is told the general words of all sentences (any recogniser knows Spanish) but none of the companies' own: these
it hears as whatever it knows that sounds like them. Needs the extra `espeak`.
"""

import random

import numpy as np

from bench.correction_set.sentences import DOMAINS, PARTS, ordinary_sentences, templates, vocabulary
from bench.tiny import on_the_line
from engines.stt.tiny import TinyEar
from engines.stt.tiny.features import RATE
from training.tiny.espeak import Voice
from training.tiny.speech import HELD_OUT_VOICES, spoken
from vocabulary.speech import Transcript

NOISE_DB = (25.0, 20.0, 15.0)
"""Speech above pink noise; the middle of the telephone band suffers most."""


def general_words() -> list[str]:
    """Return the words of the sentences that are nobody's own."""
    own = {
        word for domain in DOMAINS for terms in vocabulary(domain).values() for term in terms for word in term.split()
    }
    words: set[str] = set()
    for domain in DOMAINS:
        for template in templates(domain):
            words.update(word for word in template.text.split() if not word.startswith("{"))
    for part in PARTS:
        words.update(word for _, text in ordinary_sentences(part) for word in text.split())
    return sorted(words - own)


def make_ear() -> TinyEar:
    """Return the ear as it listens for the set."""
    return TinyEar(extra_words=general_words())


def heard(ear: TinyEar, said: str, seed: int) -> Transcript:
    """Return what the ear makes of `said` by one of the voices it never learnt from."""
    dice, noises = random.Random(seed), np.random.default_rng(seed)
    voice = Voice(dice.choice(HELD_OUT_VOICES), dice.randint(125, 180), dice.randint(30, 70), dice.randint(30, 70))
    speech, _ = spoken(said, voice, dice)
    return ear.recognise(on_the_line(speech, noises, dice.choice(NOISE_DB)), RATE)
