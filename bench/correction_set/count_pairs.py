"""Count word pairs for the second listening: `python -m bench.correction_set.count_pairs`. Seeded.

Only our own sentences: the phrasebook that taught the `tiny` ear, what people say on the telephone (`corpus.txt` and
`corpus_more.txt` as patterns, `spoken/` sentence by sentence), and those of the set's templates that are no longer
blind. A pair counts once for every sentence pattern that can hold it: how often a pattern would be drawn says nothing
about Spanish. A company's terms are counted by their kind, and half of the phrasebook's names and towns, too.
"""

import gzip
import random
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from typing import Final

from bench.correction_set.sentences import COMMON, DOMAINS, HERE, templates, vocabulary
from engines.correction.language import EDGE, PAIRS
from training.tiny import grammar
from training.tiny.phrasebook import TEMPLATES

DRAWN: Final = 300
"""Sentences of each pattern: enough for nearly all pairs that it can hold."""
COUNTED: Final = ("train", "dev", "test", "former")
"""Parts whose templates are counted: all that are no longer blind."""
CORPORA: Final = ("corpus.txt", "corpus_more.txt", *sorted(f"spoken/{one.name}" for one in HERE.glob("spoken/*.txt")))
_KINDS: Final = ("name", "surname", "city")
Pairs = Counter[tuple[str, str]]
_CHOICE: Final = re.compile(r"\(([^()]*)\)")


def phrasebook(dice: random.Random) -> Iterator[list[str]]:
    """Yield the sentences of each pattern of the phrasebook."""
    for template in TEMPLATES:
        named = template
        for kind in _KINDS:
            named = named.replace(f"{{{kind}}}", f"<{kind}>")
        yield [grammar.fill(dice.choice((template, named)), dice) for _ in range(DRAWN)]


def corpus(dice: random.Random) -> Iterator[list[str]]:
    """Yield the sentences of each pattern of the corpora."""
    for line in _corpus_lines():
        if line and not line.startswith("#"):
            drawn = DRAWN if "(" in line else 1
            yield [_CHOICE.sub(lambda match: dice.choice(match[1].split("|")), line) for _ in range(drawn)]


def _corpus_lines() -> Iterator[str]:
    for name in CORPORA:
        yield from (HERE / name).read_text("utf-8").splitlines()


def own(parts: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the sentences of each template of these parts, drawn by its name alone."""
    for domain in DOMAINS:
        kinds = vocabulary(domain)
        for template in templates(domain):
            if template.part not in parts:
                continue
            dice = random.Random(f"pairs {template.name}")
            text = template.text.replace("{person}", "<name> <surname>")
            for kind in kinds:
                text = text.replace(f"{{{kind}}}", f"<{kind}>")
            yield template.name, [_common(text, dice) for _ in range(DRAWN)]


def _common(text: str, dice: random.Random) -> str:
    for kind, words in COMMON.items():
        text = text.replace(f"{{{kind}}}", dice.choice(words))
    return text


def general_pairs() -> Pairs:
    """Return how many patterns of nobody's trade hold each pair."""
    dice = random.Random(1)
    return pairs_of((*phrasebook(dice), *corpus(dice)))


def pairs_of(patterns: Iterable[Iterable[str]]) -> Pairs:
    """Return how many of the patterns hold each pair."""
    pairs: Pairs = Counter()
    for sentences in patterns:
        pairs.update({pair for sentence in sentences for pair in pairwise((EDGE, *sentence.split(), EDGE))})
    return pairs


def main() -> None:
    """Write the counts."""
    pairs = general_pairs() + pairs_of(sentences for _, sentences in own(COUNTED))
    lines = "".join(f"{first} {second} {count}\n" for (first, second), count in sorted(pairs.items()))
    PAIRS.write_bytes(gzip.compress(lines.encode(), 9, mtime=0))
    print(f"{PAIRS.name}: {len(pairs)} pairs, {PAIRS.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
