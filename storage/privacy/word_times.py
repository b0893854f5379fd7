"""From what was found in a transcript to the moments of the recording at which it is heard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from storage.privacy.detection import find_pii, find_pii_in_turns
from storage.privacy.finding import Finding
from vocabulary.speech import Word

MARGIN_SECONDS: Final = 0.15
"""Ears put the edges of words a little off; so much more is covered on either side."""
WORD_KEYS: Final = ("word", "text", "w")
_START_KEYS: Final = ("start_seconds", "start", "begin_seconds", "t0")
_END_KEYS: Final = ("end_seconds", "end", "t1")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one channel of a recording, in seconds from its beginning."""

    channel: int
    """0: the caller, 1: us."""
    start_seconds: float
    end_seconds: float


def findings_of_words(words: Sequence[str]) -> dict[int, Finding]:
    """Return, by the word's place, the finding it belongs to."""
    places, joined = [], ""
    for word in words:
        places.append(len(joined))
        joined += word.strip() + " "
    return {
        place: found
        for found in find_pii(joined)
        for place, start in enumerate(places)
        if start < found.end and found.start < start + len(words[place].strip())
    }


def spans_of_words(words: Sequence[Word], channel: int, offset_seconds: float = 0.0) -> list[Span]:
    """Return what must not be heard of an utterance. `offset_seconds`: where it begins in the recording."""
    hidden = findings_of_words([word.text for word in words])
    return [
        Span(channel, offset_seconds + words[place].start_seconds, offset_seconds + words[place].end_seconds)
        for place in sorted(hidden)
    ]


def spans_of_transcript(transcript: Mapping[str, object]) -> list[Span]:
    """Return what must not be heard of a call, from its transcript as it is kept.

    Where a turn has words with times, the words; where it has none, the whole turn: rather too much than too little. A
    turn without an end lasts to its "at", one without a beginning begins where the turn before it ended.
    """
    turns = transcript.get("turns")
    listed = [one for one in turns if isinstance(one, Mapping)] if isinstance(turns, Sequence) else []
    spans: list[Span] = []
    for channel, speaker in enumerate(("caller", "agent")):
        own = [turn for turn in listed if turn.get("speaker") == speaker]
        found = {
            id(turn)
            for field in ("text", "heard")
            for turn, findings in zip(own, find_pii_in_turns([str(turn.get(field) or "") for turn in own]), strict=True)
            if findings
        }
        for turn in own:
            if id(turn) in found:
                spans += _spans_of_turn(turn, channel, _end_before(listed, turn))
    return spans


def _spans_of_turn(turn: Mapping[str, object], channel: int, earliest: float) -> list[Span]:
    begin = _number(turn, ("begin_seconds", "start_seconds"))
    end = _number(turn, ("end_seconds", "at"))
    whole = Span(channel, earliest if begin is None else begin, 1e9 if end is None else end)
    words = turn.get("words")
    if not isinstance(words, Sequence) or isinstance(words, str):
        return [whole]
    timed: list[Word] = []
    for one in words:
        start = _number(one, _START_KEYS) if isinstance(one, Mapping) else None
        stop = _number(one, _END_KEYS) if isinstance(one, Mapping) else None
        if not isinstance(one, Mapping) or start is None or stop is None:
            return [whole]
        timed.append(Word(str(next((one[key] for key in WORD_KEYS if key in one), "")), start, stop, 1.0))
    # a number dictated over several turns is no number by the words of one: then the whole turn goes
    return spans_of_words(timed, channel) or [whole]


def _end_before(turns: Sequence[Mapping[str, object]], turn: Mapping[str, object]) -> float:
    ends = [0.0]
    for other in turns:
        if other is turn:
            break
        ends.append(_number(other, ("end_seconds", "at")) or 0.0)
    return max(ends)


def _number(turn: Mapping[str, object], keys: Sequence[str]) -> float | None:
    values = (turn.get(key) for key in keys)
    return next((float(one) for one in values if isinstance(one, int | float) and not isinstance(one, bool)), None)
