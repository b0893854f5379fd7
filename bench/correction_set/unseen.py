"""The blind part: sentences by somebody who knows neither the proofreader's lists nor its prices.

`python -m bench.correction_set.unseen` draws it again (extra `espeak`, a minute on one core): the drawn mishearings and
the ear are those of `make`. It stands in files of its own (`unseen/`, `cases_blind.tsv`); nothing is taught, counted or
tuned on it, and the measurement gives its sums only: whoever looks at single sentences of it has spent it.
"""

import csv
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.correction_set import ear
from bench.correction_set.cases import COLUMNS, Case, load_set
from bench.correction_set.make import by_ear, phonetic
from bench.correction_set.sentences import DOMAINS, HERE, Template, fill, vocabulary
from engines.stt.tiny import TinyEar

PART: Final = "blind"
SENTENCES: Final = HERE / "unseen"
UNSEEN: Final = HERE / "cases_blind.tsv"
_CLEAN: Final = 2
"""Rightly heard sentences of a template, beside those of nobody's trade."""


def load_unseen(path: Path = UNSEEN) -> list[Case]:
    """Read the blind part."""
    return load_set(path)


def unseen_templates(domain: str) -> list[Template]:
    """Return a trade's templates of the blind part."""
    lines = enumerate(_lines(f"{domain}.txt"), 1)
    return [Template(f"{domain}-unseen-{number}", domain, PART, text) for number, text in lines]


def unseen_ordinary() -> list[tuple[str, str]]:
    """Return (name, sentence) of the blind part's everyday sentences."""
    return [(f"clean-unseen-{number}", text) for number, text in enumerate(_lines("clean.txt"), 1)]


def general_words() -> list[str]:
    """Return what the ear knows: the words it knew before and those of these templates, but no company's own."""
    terms = (term for domain in DOMAINS for kind in vocabulary(domain).values() for term in kind)
    own = {word for term in terms for word in term.split()}
    texts = (template.text for domain in DOMAINS for template in unseen_templates(domain))
    words = {word for text in texts for word in text.split() if not word.startswith("{")}
    return sorted({*ear.general_words(), *words - own})


def rows() -> Iterator[tuple[str, ...]]:
    """Yield the blind part."""
    listener = TinyEar(extra_words=general_words())
    for domain in DOMAINS:
        for template in unseen_templates(domain):
            yield from phonetic(template)
            yield from by_ear(template, listener)
            dice = random.Random(f"clean {template.name}")
            for text in dict.fromkeys(fill(template, dice) for _ in range(_CLEAN)):
                yield (PART, domain, "clean", template.name, text, text, "")
    for place, (name, text) in enumerate(unseen_ordinary()):
        yield (PART, DOMAINS[place % len(DOMAINS)], "clean", name, text, text, "")
    listener.close()


def _lines(file: str) -> list[str]:
    return [line for line in (SENTENCES / file).read_text("utf-8").splitlines() if line]


def main() -> None:
    """Write the file and say how much is in it."""
    made = list(rows())
    with UNSEEN.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(made)
    kinds = [row[2] for row in made]
    wrong = sum(row[4] != row[5] for row in made)
    print(PART, {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}, f"{wrong} with mistakes")


if __name__ == "__main__":
    main()
