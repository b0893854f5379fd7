"""Count the grammar's words and pairs: `python -m training.tiny.language --out engines/stt/tiny/language.npz`."""

import argparse
import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np

from training.tiny import grammar

JOINED = 0.1
"""Share of sentences that are two in one."""
ANSWERED = 0.03
"""Share of sentences that begin by answering or going on: without them "sí soy Ana" would be heard as "si soy Ana"."""
_ANSWERS = ("sí", "sí", "no", "no", "bueno", "y", "y", "y")


def count(sentences: int, seed: int, out: Path) -> tuple[int, int]:
    """Write the counts of that many sentences; return how many words and pairs there are."""
    words = grammar.vocabulary()
    index = {word: place for place, word in enumerate(words)}
    edge = len(words)
    pairs: Counter[tuple[int, int]] = Counter()
    rng = random.Random(seed)
    for _ in range(sentences):
        sentence = grammar.joined_sentences(rng) if rng.random() < JOINED else grammar.sentences(1, rng)[0]
        if rng.random() < ANSWERED:
            sentence = f"{rng.choice(_ANSWERS)} {sentence}"
        path = [edge, *(index[word] for word in sentence.split()), edge]
        pairs.update(pairwise(path))
    first, second = np.array(sorted(pairs), np.int16).T
    counts = np.array([pairs[pair] for pair in sorted(pairs)], np.int32)
    np.savez_compressed(out, words=np.array(" ".join(words)), first=first, second=second, counts=counts)
    return len(words), len(pairs)


def main() -> None:
    """Read the command line, count, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("engines/stt/tiny/language.npz"))
    parser.add_argument("--sentences", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    words, pairs = count(chosen.sentences, chosen.seed, chosen.out)
    print(f"wrote {chosen.out}: {words} words, {pairs} pairs, {chosen.out.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
