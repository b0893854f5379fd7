"""The turns of a call while it is listened to again: the entries of the first transcript, and what they become. Pure.

An entry that the second listening does not touch keeps every field it had: latencies, what was clarified, what a later
program adds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from offline.retranscribe.call import HeardTurn, turns_of
from offline.retranscribe.spans import Chunk, Span
from vocabulary.errors import CentralitaError
from vocabulary.speech import Replacement, Speaker, Word

_REACH_SECONDS: Final = 1.0
"""A word this close to a turn of the first listening belongs to it: the two listenings cut turns differently."""
_VOICE_SECONDS: Final = 0.2
"""Voice that a turn must have in it for its words to be kept where the second ear heard none; of a "sí", half."""
_LEAST_TURN_SECONDS: Final = 0.02

Entry = Mapping[str, Any]
"""A turn as the transcript's file has it; `Any` because it is JSON."""


class BrokenTranscript(CentralitaError):
    """The transcript's turns cannot be read; the message names turn and field, never its words."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the call."""

    speaker: Speaker
    at: float
    """When it was over, in seconds since the call began."""
    heard: str = field(repr=False)
    """As an ear heard it; what we said ourselves, as we said it."""
    text: str = field(repr=False)
    """After correction."""
    begin_seconds: float | None = None
    end_seconds: float | None = None
    words: tuple[Word, ...] = field(default=(), repr=False)
    """With an ear's own times and confidences; empty when nobody kept them."""
    confidence: float | None = None
    replacements: tuple[Replacement, ...] = field(default=(), repr=False)
    origin: int | None = None
    """Its place in the first transcript; None for what only the second ear heard."""
    is_heard_again: bool = False
    """Its words are the second ear's."""
    was_interrupted: bool = False
    entry: Entry = field(default_factory=dict, repr=False)
    """The first transcript's, whole."""

    @property
    def is_spoken_by_caller(self) -> bool:
        """True for the caller's voice; False for ours, and for keys the caller pressed."""
        return self.speaker is Speaker.CALLER and self.begin_seconds is not None and self.end_seconds is not None

    @property
    def span(self) -> Span:
        """When it was said; a turn without times has none worth the name."""
        begin = self.begin_seconds or 0.0
        return Span(begin, max(self.end_seconds or 0.0, begin + _LEAST_TURN_SECONDS))

    def heard_words(self, speech: Sequence[Span] = ()) -> tuple[Word, ...]:
        """Return the ear's words, or what stands for them: spread evenly over the turn's voice, as sure as the turn.

        `speech`: where the caller's voice is; over a turn without any, words are spread as if all of it were voice.
        """
        if self.words:
            return self.words
        texts = self.heard.split()
        if not texts or not self.is_spoken_by_caller:
            return ()
        voiced = Chunk(_within(self.span, speech) or (self.span,))
        step = voiced.seconds / len(texts)
        sure = 0.5 if self.confidence is None else self.confidence
        return tuple(
            Word(text, voiced.when(place * step), voiced.when((place + 1) * step), sure)
            for place, text in enumerate(texts)
        )


def turns_in(transcript: Mapping[str, Any]) -> tuple[Turn, ...]:
    """Return the turns of a transcript's file, in its order.

    Raises: BrokenTranscript.
    """
    entries = transcript.get("turns")
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise BrokenTranscript("transcript, turns: not a list")
    return tuple(_turn(entry, place) for place, entry in enumerate(entries))


def _turn(entry: object, place: int) -> Turn:
    if not isinstance(entry, Mapping):
        raise BrokenTranscript(f"transcript, turn {place}: not an object")
    try:
        speaker = Speaker(entry["speaker"])
    except (KeyError, ValueError) as exc:
        raise BrokenTranscript(f"transcript, turn {place}, speaker: neither caller nor agent") from exc
    text = entry.get("text", "")
    heard = entry.get("heard") or text
    if not isinstance(text, str) or not isinstance(heard, str):
        raise BrokenTranscript(f"transcript, turn {place}: text and heard must be texts")
    begin, end = _number(entry, "begin_seconds", place), _number(entry, "end_seconds", place)
    at = _number(entry, "at", place)
    return Turn(
        speaker=speaker,
        at=at if at is not None else (end or begin or 0.0),
        heard=heard,
        text=text,
        begin_seconds=begin,
        end_seconds=end,
        words=_words(entry.get("words")),
        confidence=_number(entry, "confidence", place),
        origin=place,
        was_interrupted=bool(entry.get("was_interrupted", False)),
        entry=entry,
    )


def _number(entry: Mapping[str, Any], name: str, place: int) -> float | None:
    value = entry.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise BrokenTranscript(f"transcript, turn {place}, {name}: not a number")
    return float(value)


def _words(value: object) -> tuple[Word, ...]:
    """Return the words a turn keeps; none when any of them has no time: they help, but nothing depends on them."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    try:
        return tuple(
            Word(
                str(one["text"]),
                float(one["start_seconds"]),
                float(one["end_seconds"]),
                float(one.get("confidence", 0.5)),
            )
            for one in value
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return ()


def new_turns(heard: Iterable[HeardTurn]) -> tuple[Turn, ...]:
    """Return turns that only the second ear knows."""
    return tuple(
        Turn(
            speaker=one.speaker,
            at=round(one.end_seconds, 3),
            heard=one.text,
            text=one.text,
            begin_seconds=one.begin_seconds,
            end_seconds=one.end_seconds,
            words=one.words,
            confidence=one.transcript.confidence,
            is_heard_again=True,
        )
        for one in heard
    )


def heard_again(
    first: Sequence[Turn], words: Sequence[Word], speech: Sequence[Span], *, drops_silent: bool = True
) -> tuple[Turn, ...]:
    """Return the call's turns with the caller's words as the second ear heard them.

    Each word goes to the caller's turn it was said in; words far from all of them make turns of their own. A turn in
    which the second ear heard nothing keeps its words if somebody spoke there (`speech`), and goes if nobody did;
    without `drops_silent` it stays in any case: the recording is known to have gaps.
    """
    spoken = [place for place, turn in enumerate(first) if turn.is_spoken_by_caller]
    taken: dict[int, list[Word]] = {place: [] for place in spoken}
    loose: list[Word] = []
    for word in words:
        nearest = min(spoken, key=lambda place: _distance(first[place].span, word), default=None)
        if nearest is not None and _distance(first[nearest].span, word) <= _REACH_SECONDS:
            taken[nearest].append(word)
        else:
            loose.append(word)
    turns: list[Turn] = []
    for place, turn in enumerate(first):
        if place not in taken:
            turns.append(turn)
        elif taken[place]:
            turns.append(_with_words(turn, tuple(taken[place])))
        elif not drops_silent or _has_voice(turn.span, speech):
            turns.append(turn)
    ours = {
        Speaker.AGENT: tuple(
            Word("", turn.at, turn.at, 1.0) for turn in first if turn.speaker is Speaker.AGENT
        )
    }  # fmt: skip
    added = [one for one in turns_of({Speaker.CALLER: tuple(loose), **ours}) if one.speaker is Speaker.CALLER]
    # Stable: turns of the first listening keep their order among themselves, whatever their times say.
    return _merged(turns, new_turns(added))


def _within(turn: Span, speech: Sequence[Span]) -> tuple[Span, ...]:
    """Return the parts of `speech` that lie in a turn."""
    parts = (
        Span(max(one.begin_seconds, turn.begin_seconds), min(one.end_seconds, turn.end_seconds)) for one in speech
    )  # fmt: skip
    return tuple(part for part in parts if part.seconds > 0)


def _has_voice(turn: Span, speech: Sequence[Span]) -> bool:
    return sum(span.overlap(turn) for span in speech) >= min(_VOICE_SECONDS, turn.seconds / 2)


def _distance(span: Span, word: Word) -> float:
    middle = (word.start_seconds + word.end_seconds) / 2
    return max(0.0, span.begin_seconds - middle, middle - span.end_seconds)


def _with_words(turn: Turn, words: tuple[Word, ...]) -> Turn:
    text = " ".join(word.text for word in words)
    return replace(
        turn,
        heard=text,
        text=text,
        words=words,
        begin_seconds=min(word.start_seconds for word in words),
        end_seconds=max(word.end_seconds for word in words),
        confidence=sum(word.confidence for word in words) / len(words),
        is_heard_again=True,
    )


def _merged(kept: Sequence[Turn], added: Sequence[Turn]) -> tuple[Turn, ...]:
    result = list(kept)
    for turn in added:
        place = next((place for place, one in enumerate(result) if one.at > turn.at), len(result))
        result.insert(place, turn)
    return tuple(result)
