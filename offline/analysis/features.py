"""What the models look at in an utterance: its words, pairs of words, pieces of words, and what the words mean.

Pieces make it forgiving: an ear that writes "devolucion" for "devolución" or "cancelenme" for "cancélenme" still lands
near what was learned. Concepts (`concepts.tsv`) carry what was learned of "factura" over to "planilla". Every feature
is hashed into one of `BUCKETS` places, so the models need no vocabulary file.
"""

from collections import defaultdict
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from offline.analysis.concepts import concepts_of
from vocabulary.spoken import words

BUCKETS: Final = 16384
"""Places of the hash; a change of it or of anything below asks for a new training."""
_PIECE_LENGTHS: Final = (3, 4, 5)
_WORD: Final = 1.0
_PAIR: Final = 0.8
_PIECES: Final = 0.6
"""Of a word's weight, what its pieces get together."""
_CONCEPT: Final = 2.5
_CONCEPT_PAIR: Final = 1.5

Features = tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]
"""Places, each once and in order, and their weights; the weights' squares add up to 1 (no word: no places)."""


@lru_cache(maxsize=1024)
def features_of(text: str) -> Features:
    """Return the features of one utterance."""
    said = words(text)
    if not said:
        return np.zeros(0, np.int32), np.zeros(0, np.float32)
    weights: defaultdict[int, float] = defaultdict(float)
    for before, word in pairwise(("<", *said, ">")):
        weights[_place(f"2 {before} {word}")] += _PAIR
    for word in said:
        weights[_place(f"1 {word}")] += _WORD
        pieces = _pieces(word)
        for piece in pieces:
            weights[_place(f"p {piece}")] += _PIECES / len(pieces) ** 0.5
    shown = sorted(concepts_of(said))
    for concept in shown or ("nothing",):
        weights[_place(f"c {concept}")] += _CONCEPT
    for one, other in combinations(shown, 2):
        weights[_place(f"d {one} {other}")] += _CONCEPT_PAIR
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
