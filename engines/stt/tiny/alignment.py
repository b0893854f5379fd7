"""Where each word of the winning path stands in the sound, and how well its phones fit there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.stt.tiny.network import LogProbabilities
from engines.stt.tiny.phones import BLANK, GARBAGE
from engines.stt.tiny.search import HeardWord

_WORST: Final = -12.0
"""Floor of a log probability: below it one bad frame says nothing more."""


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word in its place, with what there is to judge it by."""

    heard: HeardWord
    first_frame: int
    last_frame: int
    phone_fit: float
    """Mean over the phones of the best log probability each had while it was said."""
    worst_fit: float
    """The same of the worst phone."""
    lead: float
    """Log probability lost against the best symbol of each frame, per phone: what another word might have had."""
    foreignness: float
    """Mean probability of foreign speech around the word."""


def place(words: Sequence[HeardWord], heard: LogProbabilities) -> list[PlacedWord]:
    """Return the words with their frames by Viterbi alignment; neighbours never overlap.

    Words that do not fit into the sound at all (more phones than frames) are left out, which a search never asks for.
    """
    labels = [label for word in words for label in word.labels]
    spans = _phone_spans(labels, heard)
    if spans is None:
        return []
    owed = heard.max(axis=1)
    placed, position = [], 0
    for word in words:
        own = spans[position : position + len(word.labels)]
        fits = [
            max(_WORST, float(heard[first : last + 1, label].max()))
            for (first, last), label in zip(own, word.labels, strict=True)
        ]
        start, end = own[0][0], own[-1][1]
        said = np.full(end - start + 1, BLANK)
        for (first, last), label in zip(own, word.labels, strict=True):
            said[first - start : last - start + 1] = label
        reached = heard[np.arange(start, end + 1), said]
        around = slice(max(0, start - 2), end + 3)
        placed.append(
            PlacedWord(
                word,
                start,
                end,
                phone_fit=float(np.mean(fits)),
                worst_fit=min(fits),
                lead=float(np.maximum(reached - owed[start : end + 1], _WORST).sum()) / len(own),
                foreignness=float(np.exp(heard[around, GARBAGE]).mean()),
            )
        )
        position += len(word.labels)
    return placed


def _phone_spans(labels: list[int], heard: LogProbabilities) -> list[tuple[int, int]] | None:
    """Return the first and last frame of every phone; None when they do not fit."""
    states = np.full(2 * len(labels) + 1, BLANK)
    states[1::2] = labels
    may_skip = np.zeros(len(states), bool)
    may_skip[3::2] = states[3::2] != states[1:-2:2]
    emitted = heard[:, states]
    scores = np.full(len(states) + 2, -1e9, np.float32)
    scores[2:4] = emitted[0, :2]
    came_from = np.zeros((len(heard), len(states)), np.int8)
    for frame in range(1, len(heard)):
        options = np.stack([scores[2:], scores[1:-1], np.where(may_skip, scores[:-2], np.float32(-1e9))])
        came_from[frame] = options.argmax(axis=0)
        scores[2:] = options.max(axis=0) + emitted[frame]
    state = len(states) - 1 if scores[-1] >= scores[-2] else len(states) - 2
    if scores[state + 2] < -1e8:
        return None
    path = np.empty(len(heard), np.int64)
    for frame in range(len(heard) - 1, -1, -1):
        path[frame] = state
        state -= int(came_from[frame, state])
    return _runs(path, len(labels))


def _runs(path: NDArray[np.int64], phones: int) -> list[tuple[int, int]]:
    first = np.searchsorted(path, 2 * np.arange(phones) + 1, side="left")
    last = np.searchsorted(path, 2 * np.arange(phones) + 1, side="right") - 1
    return [(int(start), int(end)) for start, end in zip(first, last, strict=True)]
