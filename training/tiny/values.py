"""Numbers, dates, hours, spellings and addresses as callers say them, drawn at random."""

import random
from collections.abc import Callable

from training.tiny.numbers import UNITS, digit_words, number_words
from training.tiny.phrasebook import SLOTS

_ORDINALS = ("primera", "segunda", "tercera", "cuarta", "quinta")


def _number(rng: random.Random) -> str:
    top = rng.choice((10, 30, 100, 1000, 10_000, 1_000_000))
    number = rng.randrange(top)
    if top >= 1000 and rng.random() < 0.4:
        number = number // 100 * 100
    return number_words(number)


def _digits(rng: random.Random) -> str:
    return digit_words("".join(rng.choice("0123456789") for _ in range(rng.randint(2, 9))))


def _pairs(rng: random.Random) -> str:
    return " ".join(number_words(rng.randrange(10, 100)) for _ in range(rng.randint(2, 4)))


def _letters(rng: random.Random) -> str:
    return " ".join(rng.choice(SLOTS["letter"]) for _ in range(rng.randint(2, 6)))


def _time(rng: random.Random) -> str:
    hour = rng.randint(1, 12)
    said = "a la una" if hour == 1 else f"a las {UNITS[hour]}"
    minutes = rng.choice(("", "", "", " y media", " y cuarto", " y diez", " y veinte", " menos cuarto", " treinta"))
    return f"{said}{minutes} {rng.choice(SLOTS['part'])}"


def _date(rng: random.Random) -> str:
    day = number_words(rng.randint(2, 31)) if rng.random() < 0.95 else "primero"
    return f"{day} de {rng.choice(SLOTS['month'])}"


def _mail(rng: random.Random) -> str:
    user = rng.choice(SLOTS["name"])
    for _ in range(rng.randint(0, 2)):
        joint = rng.choice(("punto", "guion", "guion bajo", ""))
        user += f" {joint} " + rng.choice(
            (rng.choice(SLOTS["surname"]), number_words(rng.randrange(100)), rng.choice(SLOTS["letter"]))
        )
    return f"{user} arroba {rng.choice(SLOTS['mail_host'])} {rng.choice(SLOTS['mail_end'])}"


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "number": _number,
    "digits": _digits,
    "pairs": _pairs,
    "letters": _letters,
    "time": _time,
    "date": _date,
    "mail": _mail,
    "hour": lambda rng: UNITS[rng.randint(2, 12)],
    "day": lambda rng: number_words(rng.randint(2, 31)),
    "small": lambda rng: UNITS[rng.randint(2, 9)],
    "year": lambda rng: number_words(rng.choice((rng.randint(1930, 2010), rng.randint(2000, 2030)))),
    "ordinal": lambda rng: rng.choice(_ORDINALS),
}
