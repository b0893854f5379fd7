"""The nearest vectors: by FAISS where it is installed (the extra `offline`), else exactly the same by numpy.

Both are exact searches; they differ in the last digits of a dot product, so each is asked for a few more than wanted,
the products are taken again in double precision, and ties go to the earlier row.
"""

import importlib
import importlib.util
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from engines.correction.grams import Vectors

Rows = NDArray[np.int64]
_SPARE: Final = 16
_DIGITS: Final = 6


class Nearest(Protocol):
    """Finds the rows most like a query."""

    def search(self, queries: Vectors, count: int) -> tuple[Rows, NDArray[np.float64]]:
        """Return (queries, count) row numbers, the most similar first, and their cosines; fewer for a small index."""
        ...


class NumpyNearest:
    """One matrix product a query; quick enough for some tens of thousands of rows."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def search(self, queries: Vectors, count: int) -> tuple[Rows, NDArray[np.float64]]:
        wide = min(count + _SPARE, len(self._vectors))
        products = queries @ self._vectors.T
        if wide < len(self._vectors):
            rows = np.argpartition(-products, wide - 1, axis=1)[:, :wide]
        else:
            rows = np.broadcast_to(np.arange(wide), products.shape)
        return _in_order(self._vectors, queries, np.asarray(rows, np.int64), count)


class FaissNearest:
    """`faiss.IndexFlatIP`."""

    def __init__(self, vectors: Vectors) -> None:
        """Raises: ImportError where faiss is not installed."""
        faiss: Any = importlib.import_module("faiss")
        # an index as small as ours is searched in less time than its threads need to meet on a busy machine
        faiss.omp_set_num_threads(1)
        self._vectors = vectors
        self._index: Any = faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(np.ascontiguousarray(vectors))

    def search(self, queries: Vectors, count: int) -> tuple[Rows, NDArray[np.float64]]:
        wide = min(count + _SPARE, len(self._vectors))
        _, rows = self._index.search(np.ascontiguousarray(queries), wide)
        return _in_order(self._vectors, queries, np.asarray(rows, np.int64), count)


def _in_order(vectors: Vectors, queries: Vectors, rows: Rows, count: int) -> tuple[Rows, NDArray[np.float64]]:
    found = vectors[rows].astype(np.float64)
    cosines = np.round(np.einsum("qkd,qd->qk", found, queries.astype(np.float64)), _DIGITS)
    order = np.lexsort((rows, -cosines), axis=1)[:, :count]
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(cosines, order, axis=1)


def has_faiss() -> bool:
    """Is the extra installed?"""
    return importlib.util.find_spec("faiss") is not None


def nearest_of(vectors: Vectors) -> Nearest:
    """Return the quickest search there is for `vectors`."""
    return FaissNearest(vectors) if has_faiss() else NumpyNearest(vectors)
