"""What sounds alike in Spanish, or nearly so on a telephone: a seeded generator of mishearings.

Written from descriptions of Spanish phonology, for the measurement only: it shares no table and no code with the
proofreader. Each rule rewrites the spelling of one place of a word. Three families:

- *homophones*: seseo, yeísmo, mute h, b = v, g = j before e and i, written accents, hay = ahí;
- *near sounds*: coda s and final d dropped, -ado = -ao, voicing of plosives, nasals, liquids, fricatives above the
  telephone's 3,400 Hz, unstressed vowels closed;
- *boundaries*: two words run together, a vowel shared by both, a long word cut in two.
"""

import random
import re
from collections.abc import Callable
from typing import Final

_Rule = tuple[str, str]

HOMOPHONES: Final[tuple[tuple[float, _Rule], ...]] = (
    (3, (r"b", "v")),
    (3, (r"v", "b")),
    (3, (r"z(?=[aou])", "s")),
    (3, (r"c(?=[eiéí])", "s")),
    (1, (r"s(?=[eiéí])", "c")),
    (1, (r"s(?=[aouáóú])", "z")),
    (1, (r"z$", "s")),
    (3, (r"ll", "y")),
    (2, (r"y(?=[aeouáéó])", "ll")),
    (4, (r"(?<!c)h", "")),
    (1, (r"^(?=[aeou])", "h")),
    (2, (r"g(?=[eiéí])", "j")),
    (2, (r"j(?=[eiéí])", "g")),
    (1, (r"x(?=[^aeiou])", "s")),
)
NEAR: Final[tuple[tuple[float, _Rule], ...]] = (
    (4, (r"(?<=[aeiouáéíóú])s$", "")),
    (3, (r"(?<=[aeiouáéíóú])d$", "")),
    (3, (r"(?<=[aá])d(?=o)", "")),
    (2, (r"(?<=[aeiou])s(?=[ptcm])", "")),
    (1, (r"(?<=[aeiou])s(?=[ptcm])", "r")),
    (1, (r"p(?=[aeiouáéíóú])", "b")),
    (1, (r"b(?=[aeiouáéíóú])", "p")),
    (1, (r"t(?=[aeiouáéíóú])", "d")),
    (1, (r"d(?=[aeiouáéíóú])", "t")),
    (1, (r"c(?=[aouáóú])", "g")),
    (1, (r"g(?=[aouáóú])", "c")),
    (1, (r"p(?=[aeiouáéíóú])", "t")),
    (1, (r"t(?=[aeiouáéíóú])", "c")),
    (2, (r"n$", "")),
    (1, (r"m(?=[aeiouáéíóú])", "n")),
    (1, (r"n(?=[aeiouáéíóú])", "m")),
    (1, (r"f(?=[aeiouáéíóú])", "s")),
    (1, (r"s(?=[aeiouáéíóú])", "f")),
    (1, (r"r(?=[bdfgkmnpt]|$)", "l")),
    (1, (r"l(?=[bdfgkmnpt])", "r")),
    (1, (r"(?<=[aeiou])r(?=[aeiou])", "d")),
    (1, (r"(?<=[aeiou])d(?=[aeiou])", "r")),
    (1, (r"rr", "r")),
    (1, (r"o(?=.)", "u")),
    (1, (r"e(?=[^aeiou].)", "i")),
    (1, (r"ie", "e")),
    (1, (r"ue", "o")),
    (1, (r"(?<=[aeiou])c(?=[ct])", "")),
)
_WHOLE: Final = {"hay": ("ahí", "ay"), "ahí": ("hay", "ay"), "ay": ("hay", "ahí"), "qué": ("que",), "sí": ("si",)}
"""Diphthong and hiatus meet in fast speech, and the rest is one sound."""
_PROCLITICS: Final = ("de", "la", "el", "en", "a", "con", "se", "me", "lo", "te", "no", "es")
_ACUTE: Final = str.maketrans("áéíóú", "aeiou")
_KINDS: Final = (("homophone", 0.42), ("accent", 0.18), ("near", 0.24), ("boundary", 0.16))


def _one_place(rules: tuple[tuple[float, _Rule], ...], word: str, dice: random.Random) -> str:
    """Return `word` with one rule applied at one place; as it was when none applies."""
    usable = [(weight, rule) for weight, rule in rules if re.search(rule[0], word)]
    if not usable:
        return word
    pattern, replacement = dice.choices([rule for _, rule in usable], [weight for weight, _ in usable])[0]
    match = dice.choice(list(re.finditer(pattern, word)))
    return word[: match.start()] + replacement + word[match.end() :]


def _homophone(words: list[str], place: int, dice: random.Random) -> list[str]:
    word = words[place]
    if word in _WHOLE:
        return [dice.choice(_WHOLE[word])]
    return [_one_place(HOMOPHONES, word, dice)]


def _accent(words: list[str], place: int, dice: random.Random) -> list[str]:
    """Drop the accent mark; or put the stress of a verb on its end: pago, pagó."""
    word = words[place]
    bare = word.translate(_ACUTE)
    if bare != word:
        return [bare]
    if len(word) > 3 and word[-1] in "oe" and dice.random() < 0.5:
        return [word[:-1] + word[-1].translate(str.maketrans("oe", "óé"))]
    return [word]


def _near(words: list[str], place: int, dice: random.Random) -> list[str]:
    return [_one_place(NEAR, words[place], dice)] if len(words[place]) > 2 else [words[place]]


def _boundary(words: list[str], place: int, dice: random.Random) -> list[str]:
    """Run into the next word, or fall apart behind what sounds like a small word."""
    word = words[place]
    following = words[place + 1] if place + 1 < len(words) else ""
    if following and min(len(word), len(following)) <= 3 and dice.random() < 0.6:
        if word[-1] == following.translate(_ACUTE)[0]:
            return [word[:-1] + following, ""]
        return [word + following, ""]
    heads = [head for head in _PROCLITICS if word.startswith(head) and len(word) - len(head) >= 4]
    if heads and len(word) >= 7:
        head = dice.choice(heads)
        return [f"{head} {word[len(head) :].lstrip('r') or word[len(head) :]}"]
    return [word]


_MAKERS: Final[dict[str, Callable[[list[str], int, random.Random], list[str]]]] = {
    "homophone": _homophone,
    "accent": _accent,
    "near": _near,
    "boundary": _boundary,
}


def misheard(sentence: str, errors: int, dice: random.Random) -> str:
    """Return `sentence` with that many words misheard, fewer when it offers no more places."""
    words = sentence.split()
    heard: list[str | None] = [None] * len(words)
    made = tries = 0
    while made < errors and tries < 60:
        tries += 1
        # long words are misheard more often than "de" and "la"
        place = dice.choices(range(len(words)), [len(word) for word in words])[0]
        kind = dice.choices([name for name, _ in _KINDS], [share for _, share in _KINDS])[0]
        if heard[place] is not None:
            continue
        pieces = _MAKERS[kind](words, place, dice)
        if pieces[0] == words[place] or (len(pieces) > 1 and heard[place + 1] is not None):
            continue
        for offset, piece in enumerate(pieces):
            heard[place + offset] = piece
        made += 1
    said = (word if piece is None else piece for word, piece in zip(words, heard, strict=True))
    return " ".join(" ".join(said).split())
