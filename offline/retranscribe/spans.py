"""Stretches of voice in a recording, and how to cut them into pieces an ear can take. Pure: times in seconds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from vocabulary.audio import FRAME_SECONDS

_OPENING_SECONDS: Final = 0.06
"""Voice within `_OPENING_WINDOW_SECONDS` that begins a stretch: a click is shorter."""
_OPENING_WINDOW_SECONDS: Final = 0.1
_HANGOVER_SECONDS: Final = 0.36
"""Time without a voice that ends a stretch: plosives and the quiet ends of words are shorter."""
_MARGIN_SECONDS: Final = 0.2
"""Kept before and after: detectors open late and close early."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in a recording."""

    begin_seconds: float
    """From the recording's first sample."""
    end_seconds: float

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end_seconds - self.begin_seconds

    def overlap(self, other: "Span") -> float:
        """Return how many seconds both have in common."""
        return max(0.0, min(self.end_seconds, other.end_seconds) - max(self.begin_seconds, other.begin_seconds))


@dataclass(frozen=True, slots=True)
class Chunk:
    """What an ear hears in one go: pieces of a recording, joined without the silence between them."""

    pieces: tuple[Span, ...]
    """In order, at least one, none touching the next."""

    @property
    def seconds(self) -> float:
        """Length of the joined sound."""
        return sum(piece.seconds for piece in self.pieces)

    def when(self, seconds: float) -> float:
        """Return where in the recording lies what is heard `seconds` after the joined sound began."""
        left = max(0.0, seconds)
        for piece in self.pieces:
            if left <= piece.seconds:
                return piece.begin_seconds + left
            left -= piece.seconds
        return self.pieces[-1].end_seconds


def spans_of(voiced: Iterable[bool], frame_seconds: float = FRAME_SECONDS) -> tuple[Span, ...]:
    """Return the stretches of voice in a detector's judgements, one a frame, with a margin around each."""
    opening, window, hangover = (
        max(1, round(seconds / frame_seconds))
        for seconds in (_OPENING_SECONDS, _OPENING_WINDOW_SECONDS, _HANGOVER_SECONDS)
    )
    stretches: list[tuple[int, int]] = []
    begin: int | None = None
    recent: list[int] = []
    last = frames = 0
    for frame, is_voice in enumerate(voiced):
        frames = frame + 1
        if is_voice:
            last = frame
            recent = [one for one in recent if one > frame - window] + [frame]
            if begin is None and len(recent) >= opening:
                begin = recent[0]
        elif begin is not None and frame - last >= hangover:
            stretches.append((begin, last + 1))
            begin, recent = None, []
    if begin is not None:
        stretches.append((begin, last + 1))
    end = frames * frame_seconds
    return joined(
        (
            Span(max(0.0, first * frame_seconds - _MARGIN_SECONDS), min(end, past * frame_seconds + _MARGIN_SECONDS))
            for first, past in stretches
        ),
        0.0,
    )


def joined(spans: Iterable[Span], gap_seconds: float) -> tuple[Span, ...]:
    """Return spans in order, those at most `gap_seconds` apart (or overlapping) made one."""
    result: list[Span] = []
    for span in sorted(spans, key=lambda one: one.begin_seconds):
        if result and span.begin_seconds - result[-1].end_seconds <= gap_seconds:
            result[-1] = Span(result[-1].begin_seconds, max(result[-1].end_seconds, span.end_seconds))
        else:
            result.append(span)
    return tuple(result)


def cut(span: Span, longest_seconds: float, loudness: Sequence[float], frame_seconds: float) -> tuple[Span, ...]:
    """Return `span` in pieces of at most `longest_seconds`, cut where it is quietest in the second half of each.

    `loudness` has one value for every `frame_seconds`, from the span's beginning; frames it lacks count as silence.
    """
    pieces: list[Span] = []
    begin = span.begin_seconds
    while span.end_seconds - begin > longest_seconds:
        first = round((begin + longest_seconds / 2 - span.begin_seconds) / frame_seconds)
        past = max(first + 1, int((begin + longest_seconds - span.begin_seconds) / frame_seconds))
        window = list(loudness[first:past])
        window += [0.0] * (past - first - len(window))
        quietest = first + window.index(min(window))
        end = min(max(span.begin_seconds + quietest * frame_seconds, begin + frame_seconds), begin + longest_seconds)
        pieces.append(Span(begin, end))
        begin = end
    return (*pieces, Span(begin, span.end_seconds))


def packed(spans: Sequence[Span], longest_seconds: float) -> tuple[Chunk, ...]:
    """Return chunks of at most `longest_seconds`, each with as many whole spans as fit; spans must not be longer."""
    chunks: list[Chunk] = []
    pieces: list[Span] = []
    filled = 0.0
    for span in spans:
        if pieces and filled + span.seconds > longest_seconds:
            chunks.append(Chunk(tuple(pieces)))
            pieces, filled = [], 0.0
        pieces.append(span)
        filled += span.seconds
    if pieces:
        chunks.append(Chunk(tuple(pieces)))
    return tuple(chunks)
