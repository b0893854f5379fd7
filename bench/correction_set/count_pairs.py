"""Count word pairs for the second listening: `python -m bench.correction_set.count_pairs`. Seeded.

Only our own sentences: the phrasebook that taught the `tiny` ear, what people say on the telephone (`corpus.txt`), and
the training part of the set's templates. A pair counts once for every sentence pattern that can hold it: how often a
pattern would be drawn says nothing about Spanish. A company's terms are counted by their kind, and half of the
phrasebook's names and towns, too.
"""

import gzip
import random
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from bench.correction_set.sentences import COMMON, DOMAINS, HERE, templates, vocabulary
from engines.correction.language import EDGE, PAIRS
from training.tiny import grammar
from training.tiny.phrasebook import TEMPLATES

DRAWN: Final = 300
"""Sentences of each pattern: enough for nearly all pairs that it can hold."""
_KINDS: Final = ("name", "surname", "city")
_CHOICE: Final = re.compile(r"\(([^()]*)\)")


def phrasebook(dice: random.Random) -> Iterator[list[str]]:
    """Yield the sentences of each pattern of the phrasebook."""
    for template in TEMPLATES:
        named = template
        for kind in _KINDS:
            named = named.replace(f"{{{kind}}}", f"<{kind}>")
        yield [grammar.fill(dice.choice((template, named)), dice) for _ in range(DRAWN)]


def corpus(dice: random.Random) -> Iterator[list[str]]:
    """Yield the sentences of each pattern of `corpus.txt`."""
    for line in (HERE / "corpus.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield [_CHOICE.sub(lambda match: dice.choice(match[1].split("|")), line) for _ in range(DRAWN)]


def own(dice: random.Random) -> Iterator[list[str]]:
    """Yield the sentences of each training template."""
    for domain in DOMAINS:
        kinds = vocabulary(domain)
        for template in templates(domain):
            if template.part != "train":
                continue
            text = template.text.replace("{person}", "<name> <surname>")
            for kind in kinds:
                text = text.replace(f"{{{kind}}}", f"<{kind}>")
            yield [_common(text, dice) for _ in range(DRAWN)]


def _common(text: str, dice: random.Random) -> str:
    for kind, words in COMMON.items():
        text = text.replace(f"{{{kind}}}", dice.choice(words))
    return text


def main() -> None:
    """Write the counts."""
    dice = random.Random(1)
    pairs: Counter[tuple[str, str]] = Counter()
    for sentences in (*phrasebook(dice), *corpus(dice), *own(dice)):
        pairs.update({pair for sentence in sentences for pair in pairwise((EDGE, *sentence.split(), EDGE))})
    lines = "".join(f"{first} {second} {count}\n" for (first, second), count in sorted(pairs.items()))
    PAIRS.write_bytes(gzip.compress(lines.encode(), 9, mtime=0))
    print(f"{PAIRS.name}: {len(pairs)} pairs, {PAIRS.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
