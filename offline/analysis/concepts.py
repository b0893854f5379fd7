"""Words that mean much the same, under one name: what a model learned of one of them holds for the others too.

`concepts.tsv` beside this file has a concept a line, its terms parted by ` | `; plain, a trailing `*` stands for any
ending. A word may belong to several: which of them counts for what is the models' to learn.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from vocabulary.spoken import plain

CONCEPTS: Final = Path(__file__).with_name("concepts.tsv")
_SHORTEST_STEM: Final = 2
_DENYING: Final = frozenset({"no", "ni", "sin", "nunca", "tampoco", "not", "never"})
_REACH: Final = 3
"""So many words a denial reaches ahead."""
_LEANING: Final = frozenset({"me", "te", "se", "le", "les", "nos", "lo", "la", "os"})
"""Little words that stand between a denial and its verb: "no me jala" shows what "no jala" shows."""
DENIED: Final = "not "
"""Stands before a concept that is denied."""


def read(path: Path = CONCEPTS) -> Mapping[str, tuple[str, ...]]:
    """Return the terms of each concept.

    Raises: ValueError that names the line that has no two columns; OSError.
    """
    found: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[1:], start=2):
        columns = line.split("\t")
        if len(columns) != 2 or not all(columns):
            raise ValueError(f"{path}, line {number}: a concept and its terms are wanted, with a tab between them")
        found[columns[0]] = tuple(term.strip() for term in columns[1].split("|"))
    return found


@lru_cache(maxsize=1)
def _terms() -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]], int]:
    """Return concepts by whole term, concepts by beginning of a term, and the words of the longest term."""
    whole: dict[str, tuple[str, ...]] = {}
    begun: dict[str, tuple[str, ...]] = {}
    for concept, terms in read().items():
        for term in terms:
            kept = begun if term.endswith("*") else whole
            key = plain(term.removesuffix("*"))
            kept[key] = (*kept.get(key, ()), concept)
    return whole, begun, max(len(key.split()) for key in (*whole, *begun))


def concepts_of(said: tuple[str, ...]) -> tuple[str, ...]:
    """Return the concepts that plain words show, each once, in order; denied ones with `DENIED` before them."""
    found: dict[str, None] = {}
    bare = tuple(word for word in said if word not in _LEANING)
    for spoken in (said, bare) if len(bare) < len(said) else (said,):
        for concept in _shown(spoken):
            found.setdefault(concept)
    return tuple(found)


def _shown(said: tuple[str, ...]) -> Iterator[str]:
    whole, begun, longest = _terms()
    for at in range(len(said)):
        denied = any(word in _DENYING for word in said[max(0, at - _REACH) : at])
        for length in range(1, min(longest, len(said) - at) + 1):
            term = " ".join(said[at : at + length])
            names = list(whole.get(term, ()))
            for cut in range(max(0, len(said[at + length - 1]) - _SHORTEST_STEM) + 1):
                names += begun.get(term[: len(term) - cut], ())
            for name in names:
                yield f"{DENIED}{name}" if denied else name
