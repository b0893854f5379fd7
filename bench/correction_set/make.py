"""Draw the set: `python -m bench.correction_set.make`. Needs the extra `espeak`; two minutes on one core.

Seeded throughout. espeak-ng carries a little state from one sentence to the next, so an ear's line may differ here and
there on another machine; the committed file is the one that counts.
"""

import csv
import random
from collections.abc import Iterator

from bench.correction_set import ear
from bench.correction_set.cases import COLUMNS, SET
from bench.correction_set.confusions import misheard
from bench.correction_set.sentences import DOMAINS, PARTS, Template, fill, ordinary_sentences, templates
from engines.stt.tiny import TinyEar

PHONETIC = {"train": 2, "dev": 4, "test": 4, "former": 4, "blind": 4}
"""Sentences of a template with drawn mishearings."""
EAR = {"train": 2, "dev": 5, "test": 5, "former": 4, "blind": 4}
"""Sentences of a template that the ear listens to; those it made nothing of are left out."""
CLEAN = {"train": 0, "dev": 3, "test": 5}
MISHEARD_SHARE = 0.11
"""Of the words, on average; one at least."""

_Row = tuple[str, ...]


def phonetic(template: Template) -> Iterator[_Row]:
    """Yield a template's sentences with drawn mishearings."""
    dice = random.Random(f"phonetic {template.name}")
    for _ in range(PHONETIC[template.part]):
        meant = fill(template, dice)
        words = len(meant.split())
        errors = max(1, sum(dice.random() < MISHEARD_SHARE for _ in range(words)))
        heard = misheard(meant, errors, dice)
        if heard != meant:
            yield (template.part, template.domain, "phonetic", template.name, heard, meant, "")


def by_ear(template: Template, listener: TinyEar) -> Iterator[_Row]:
    """Yield a template's sentences as the ear heard them, rightly or not."""
    dice = random.Random(f"ear {template.name}")
    for _ in range(EAR[template.part]):
        meant = fill(template, dice)
        transcript = ear.heard(listener, meant, dice.randrange(2**31))
        if transcript.is_understood:
            sure = " ".join(str(round(100 * word.confidence)) for word in transcript.words)
            yield (template.part, template.domain, "ear", template.name, transcript.text, meant, sure)


def clean(part: str) -> Iterator[_Row]:
    """Yield sentences in which any change is an error."""
    for domain in DOMAINS:
        for template in templates(domain):
            if template.part == part:
                dice = random.Random(f"clean {template.name}")
                for text in dict.fromkeys(fill(template, dice) for _ in range(CLEAN[part])):
                    yield (part, domain, "clean", template.name, text, text, "")
    for place, (name, text) in enumerate(ordinary_sentences(part)):
        yield (part, DOMAINS[place % len(DOMAINS)], "clean", name, text, text, "")


def rows() -> Iterator[_Row]:
    """Yield the whole set."""
    listener = ear.make_ear()
    for part in PARTS:
        for domain in DOMAINS:
            for template in templates(domain):
                if template.part == part:
                    yield from phonetic(template)
                    yield from by_ear(template, listener)
        yield from clean(part)
    listener.close()


def main() -> None:
    """Write the file and say how much is in it."""
    made = list(rows())
    with SET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(made)
    for part in PARTS:
        of_part = [row for row in made if row[0] == part]
        kinds = [row[2] for row in of_part]
        wrong = sum(row[4] != row[5] for row in of_part)
        print(part, {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}, f"{wrong} with mistakes")


if __name__ == "__main__":
    main()
