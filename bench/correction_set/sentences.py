"""Sentences of three trades from templates, parted by template into training, development and test. Seeded.

A template belongs to one part for good, so that no sentence of the test part has a sister in the others. The test part
has files of its own (`blind/`), written when the others had been looked at and before any result of theirs was; it has
been looked at since, and serves development with the rest. So does `former/`, by an author who had read none of our
lists: it was blind, and was measured three times. `unseen/`, by another such author, is blind now.
Ordinary sentences of nobody's trade (`clean.txt`) are never trained on.
"""

import random
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
DOMAINS: Final = ("telecom", "clinica", "envios")
PARTS: Final = ("train", "dev", "test")
STRANGERS: Final = {"former": ("former", "unseen"), "blind": ("unseen", "fresh")}
"""Parts by authors who had read none of our lists: their folder, and what their templates are called."""
_TRAIN: Final = 0.5
"""Of the templates beside the blind ones, for training; the rest is for development."""
_SPLIT_SEED: Final = 2026
_SLOT: Final = re.compile(r"\{(\w+)\}")

COMMON: Final[dict[str, tuple[str, ...]]] = {
    "when": ("ayer", "anoche", "esta mañana", "hace dos días", "el lunes", "hace una semana", "ayer por la tarde"),
    "weekday": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    "month": ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
              "noviembre", "diciembre"),
    "number": ("dos", "tres", "cinco", "siete", "diez", "doce", "quince", "veinte", "treinta", "cuarenta y dos"),
    "hour": ("cuatro", "cinco", "seis y media", "diez", "doce"),
    "floor": ("primero", "segundo", "tercero", "cuarto", "quinto", "bajo"),
}  # fmt: skip
"""What may stand in a slot that no vocabulary fills."""


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence with slots."""

    name: str
    """Trade and line, like "telecom-12" or "telecom-blind-3"."""
    domain: str
    part: str
    text: str


def templates(domain: str) -> list[Template]:
    """Return a trade's templates that are not blind, each with its part."""
    lines = _lines(f"{domain}.txt")
    order = list(range(len(lines)))
    random.Random(f"{_SPLIT_SEED} {domain}").shuffle(order)
    trained = set(order[: round(len(lines) * _TRAIN)])
    known = [
        Template(f"{domain}-{line + 1}", domain, "train" if line in trained else "dev", text)
        for line, text in enumerate(lines)
    ]
    blind = enumerate(_lines(f"blind/{domain}.txt"))
    tested = [Template(f"{domain}-blind-{line + 1}", domain, "test", text) for line, text in blind]
    return known + tested + strangers_templates("former", domain)


def strangers_templates(part: str, domain: str) -> list[Template]:
    """Return a trade's templates of one of `STRANGERS`."""
    folder, name = STRANGERS[part]
    lines = enumerate(_lines(f"{folder}/{domain}.txt"), 1)
    return [Template(f"{domain}-{name}-{number}", domain, part, text) for number, text in lines]


def strangers_ordinary(part: str) -> list[tuple[str, str]]:
    """Return (name, sentence) of everyday sentences of one of `STRANGERS`."""
    folder, name = STRANGERS[part]
    return [(f"clean-{name}-{number}", text) for number, text in enumerate(_lines(f"{folder}/clean.txt"), 1)]


def ordinary_sentences(part: str) -> list[tuple[str, str]]:
    """Return (name, sentence) of everyday sentences; the training part has none."""
    if part == "train":
        return []
    file, name = ("blind/clean.txt", "clean-blind") if part == "test" else ("clean.txt", "clean")
    return [(f"{name}-{line + 1}", text.lower()) for line, text in enumerate(_lines(file))]


def _lines(file: str) -> list[str]:
    return [line for line in (HERE / file).read_text("utf-8").splitlines() if line]


def vocabulary(domain: str) -> dict[str, tuple[str, ...]]:
    """Return a trade's own words by kind: what its bank file says."""
    content = tomllib.loads((HERE / "banks" / f"{domain}.toml").read_text("utf-8"))
    return {kind: tuple(words) for kind, words in content["vocabulary"].items()}


def fill(template: Template, dice: random.Random) -> str:
    """Return a sentence: lower case, no punctuation, accents as they should be."""
    own = vocabulary(template.domain)

    def choose(match: re.Match[str]) -> str:
        kind = match[1]
        if kind == "person":
            return f"{dice.choice(own['name'])} {dice.choice(own['surname'])}"
        if kind in own:
            return dice.choice(own[kind])
        return dice.choice(COMMON[kind])

    return _SLOT.sub(choose, template.text)
