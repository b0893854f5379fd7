"""Words as vectors: hashed n-grams of their phones, no model needed. Pure."""

import zlib
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""(words, DIMENSIONS), each of length 1."""

DIMENSIONS: Final = 512
_LONGEST: Final = 3


@cache
def _slot(gram: str) -> int:
    return zlib.crc32(gram.encode()) % DIMENSIONS


def counts_of(sounds: Sequence[str]) -> Vectors:
    """Return how often each hashed n-gram of one to three phones stands in each sound, "#" being its edges."""
    counts = np.zeros((len(sounds), DIMENSIONS), np.float32)
    for row, sound in enumerate(sounds):
        edged = f"#{sound}#"
        for size in range(1, _LONGEST + 1):
            for start in range(len(edged) - size + 1):
                counts[row, _slot(edged[start : start + size])] += 1
    return counts


def vectors_of(sounds: Sequence[str]) -> Vectors:
    """Return the counts scaled to length 1, so that a dot product is a cosine."""
    counts = counts_of(sounds)
    lengths = np.linalg.norm(counts, axis=1, keepdims=True)
    return np.asarray(counts / np.maximum(lengths, 1e-9), np.float32)
