"""Our own sentences for a Spanish call centre: templates of the phrasebook, filled at random.

`{slot}` is filled from `SLOTS` or by one of the makers of numbers, dates and spellings.
"""

import random
import re

from training.tiny.numbers import UNITS
from training.tiny.phrasebook import EXTRA_WORDS, HELD_OUT, SLOTS, TEMPLATES
from training.tiny.values import MAKERS

_SLOT = re.compile(r"\{(\w+)\}")


def fill(template: str, rng: random.Random) -> str:
    """Return `template` with every slot filled at random: words in lower case, one space apart."""

    def choose(match: re.Match[str]) -> str:
        name = match[1]
        return MAKERS[name](rng) if name in MAKERS else rng.choice(SLOTS[name])

    text = template
    while _SLOT.search(text):
        text = _SLOT.sub(choose, text)
    return " ".join(text.split())


def sentences(count: int, rng: random.Random) -> list[str]:
    """Return `count` training sentences, all templates being equally likely."""
    return [fill(rng.choice(TEMPLATES), rng) for _ in range(count)]


_JOINTS = ("", "", "", "y", "y", "y", "pero", "porque", "entonces", "o", "es que", "y también", "por eso", "si")


def joined_sentences(rng: random.Random) -> str:
    """Return two sentences in one breath: any word may come to stand after any other, and "y" after everything."""
    first, second = sentences(2, rng)
    return " ".join(f"{first} {rng.choice(_JOINTS)} {second}".split())


def held_out_sentences(count: int, rng: random.Random) -> list[str]:
    """Return `count` test sentences, going round the held-out templates."""
    return [fill(HELD_OUT[place % len(HELD_OUT)], rng) for place in range(count)]


def vocabulary() -> list[str]:
    """Return every word the grammar can say, and the extra words, sorted."""
    rng = random.Random(0)
    words = set(EXTRA_WORDS) | set(" ".join(UNITS).split())
    for options in SLOTS.values():
        words.update(" ".join(_SLOT.sub(" ", option) for option in options).split())
    for template in TEMPLATES:
        words.update(_SLOT.sub(" ", template).split())
    words.update(" ".join(_JOINTS).split())
    for maker in MAKERS.values():
        for _ in range(400):
            words.update(maker(rng).split())
    return sorted(words)


def invented_word(rng: random.Random) -> str:
    """Return a word that does not exist but could: it teaches sounds instead of vocabulary."""
    onsets = [
        "b",
        "c",
        "d",
        "f",
        "g",
        "l",
        "m",
        "n",
        "p",
        "r",
        "s",
        "t",
        "v",
        "ch",
        "ll",
        "ñ",
        "j",
        "z",
        "h",
        "br",
        "bl",
        "cr",
        "cl",
        "dr",
        "fr",
        "fl",
        "gr",
        "gl",
        "pr",
        "pl",
        "tr",
        "qu",
        "gu",
        "y",
        "rr",
    ]
    codas = ("", "", "", "", "", "n", "s", "r", "l", "d", "m", "x")
    vowels = ("a", "e", "i", "o", "u", "a", "e", "o", "ia", "ie", "io", "ue", "ua", "ei", "ai", "á", "é", "í", "ó", "ú")
    word = ""
    for place in range(rng.randint(1, 4)):
        onset = rng.choice(onsets)
        if place == 0 and rng.random() < 0.2:
            onset = ""
        if place == 0 and onset == "rr":
            onset = "r"
        vowel = rng.choice(("e", "i")) if onset in ("qu", "gu") else rng.choice(vowels)
        word += onset + vowel + rng.choice(codas)
    return word
