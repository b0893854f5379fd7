"""Pieces of a recording's sound, and where a stretch too long for an ear is cut."""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offline.retranscribe.port import Samples
from offline.retranscribe.spans import Chunk, Span, cut

_CUT_SECONDS: Final = 0.05
"""Loudness is compared over this long: shorter than the pause between two words, longer than a period of any voice."""


def piece_of(samples: Samples, rate: int, span: Span) -> NDArray[np.float32]:
    """Return a copy of the span's sound, full scale being 1; what lies outside the recording is left out."""
    first = max(0, round(span.begin_seconds * rate))
    return samples[first : max(first, round(span.end_seconds * rate))].astype(np.float32) / np.float32(32768)


def chunk_of(samples: Samples, rate: int, chunk: Chunk) -> NDArray[np.float32]:
    """Return a chunk's pieces, joined."""
    return np.concatenate([piece_of(samples, rate, piece) for piece in chunk.pieces])


def cut_to(spans: Iterable[Span], longest_seconds: float, samples: Samples, rate: int) -> tuple[Span, ...]:
    """Return the spans, those longer than `longest_seconds` cut where they are quietest."""
    result: list[Span] = []
    for span in spans:
        if span.seconds <= longest_seconds:
            result.append(span)
        else:
            result += cut(span, longest_seconds, _loudness(samples, rate, span), _CUT_SECONDS)
    return tuple(result)


def _loudness(samples: Samples, rate: int, span: Span) -> list[float]:
    """Return the power of every `_CUT_SECONDS` of a span, read in small blocks: the span may be an hour of noise."""
    size = round(_CUT_SECONDS * rate)
    first, past = round(span.begin_seconds * rate), round(span.end_seconds * rate)
    powers: list[float] = []
    block = size * 600
    for start in range(first, past, block):
        read = samples[start : min(start + block, past)].astype(np.float32)
        whole = len(read) // size * size
        powers += np.square(read[:whole]).reshape(-1, size).mean(axis=1).tolist()
    return powers
