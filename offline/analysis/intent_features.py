"""What the intent model looks at in an utterance: its words, its pairs of words and the pieces of its words.

Pieces make it forgiving: an ear that writes "devolucion" for "devolución" or "cancelenme" for "cancélenme" still lands
near what was learned. Every feature is hashed into one of `BUCKETS` places, so the model needs no vocabulary file.
"""

from collections import defaultdict
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from vocabulary.spoken import words

BUCKETS: Final = 8192
"""Places of the hash; a change of it or of anything below asks for a new training."""
_PIECE_LENGTHS: Final = (3, 4, 5)
_PIECE_SHARE: Final = 0.6
"""Of a word's weight, what its pieces get together."""

Features = tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]
"""Places, each once and in order, and their weights; the weights' squares add up to 1 (no word: no places)."""


@lru_cache(maxsize=1024)
def features_of(text: str) -> Features:
    """Return the features of one utterance."""
    said = words(text)
    weights: defaultdict[int, float] = defaultdict(float)
    bounded = ("<", *said, ">")
    for before, word in pairwise(bounded):
        weights[_place(f"2 {before} {word}")] += 1
    for word in said:
        weights[_place(f"1 {word}")] += 1
        pieces = _pieces(word)
        for piece in pieces:
            weights[_place(f"p {piece}")] += _PIECE_SHARE / len(pieces) ** 0.5
    if not said:
        return np.zeros(0, np.int32), np.zeros(0, np.float32)
    places = np.array(sorted(weights), np.int32)
    # the root keeps a word that is said five times from being heard five times as loud
    values = np.sqrt(np.array([weights[place] for place in places.tolist()], np.float32))
    return places, (values / np.linalg.norm(values)).astype(np.float32)


def _pieces(word: str) -> list[str]:
    bounded = f"<{word}>"
    return [bounded[at : at + length] for length in _PIECE_LENGTHS for at in range(len(bounded) - length + 1)] or [
        bounded
    ]


def _place(feature: str) -> int:
    return crc32(feature.encode()) % BUCKETS
