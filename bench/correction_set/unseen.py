"""Parts by strangers: sentences of authors who know neither the proofreader's lists nor its prices.

`python -m bench.correction_set.unseen [PART]` draws one again (extra `espeak`, a minute on one core): the drawn
mishearings and the ear are those of `make`. The part `blind` stands in files of its own (`unseen/`, `cases_blind.tsv`);
nothing is taught, counted or tuned on it, and the measurement gives its sums only: whoever looks at single sentences of
it has spent it. What was blind before it is the part `former`, which serves development.
"""

import csv
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.correction_set import ear
from bench.correction_set.cases import COLUMNS, Case, load_set
from bench.correction_set.make import by_ear, phonetic
from bench.correction_set.sentences import (
    DOMAINS,
    HERE,
    STRANGERS,
    fill,
    strangers_ordinary,
    strangers_templates,
    vocabulary,
)
from engines.stt.tiny import TinyEar

PART: Final = "blind"
_CLEAN: Final = 2
"""Rightly heard sentences of a template, beside those of nobody's trade."""


def load_strangers(part: str = PART) -> list[Case]:
    """Read a part."""
    return load_set(_file(part))


def general_words(part: str) -> list[str]:
    """Return what the ear knows: the words it knew before and those of these templates, but no company's own."""
    terms = (term for domain in DOMAINS for kind in vocabulary(domain).values() for term in kind)
    own = {word for term in terms for word in term.split()}
    texts = (template.text for domain in DOMAINS for template in strangers_templates(part, domain))
    words = {word for text in texts for word in text.split() if not word.startswith("{")}
    return sorted({*ear.general_words(), *words - own})


def rows(part: str) -> Iterator[tuple[str, ...]]:
    """Yield a part."""
    listener = TinyEar(extra_words=general_words(part))
    for domain in DOMAINS:
        for template in strangers_templates(part, domain):
            yield from phonetic(template)
            yield from by_ear(template, listener)
            dice = random.Random(f"clean {template.name}")
            for text in dict.fromkeys(fill(template, dice) for _ in range(_CLEAN)):
                yield (part, domain, "clean", template.name, text, text, "")
    for place, (name, text) in enumerate(strangers_ordinary(part)):
        yield (part, DOMAINS[place % len(DOMAINS)], "clean", name, text, text, "")
    listener.close()


def _file(part: str) -> Path:
    return HERE / f"cases_{part}.tsv"


def main() -> None:
    """Write the part's file and say how much is in it."""
    part = sys.argv[1] if len(sys.argv) > 1 else PART
    if part not in STRANGERS:
        sys.exit(f"no part of a stranger's: {part}; there are {', '.join(STRANGERS)}")
    made = list(rows(part))
    with _file(part).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(made)
    kinds = [row[2] for row in made]
    wrong = sum(row[4] != row[5] for row in made)
    print(part, {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}, f"{wrong} with mistakes")


if __name__ == "__main__":
    main()
