"""Both sides of a call listened to again, and put back into the order in which they were said."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from offline.retranscribe.port import Listening, ListeningSettings, SecondEar
from offline.retranscribe.recording import RecordedSound
from offline.wer_estimate.estimate import WerEstimate, estimate_call, estimate_wer
from offline.wer_estimate.evidence import HeardSpeech
from vocabulary.speech import Speaker, Transcript, Word

_PAUSE_SECONDS: Final = 0.8
"""Between words of one side that begins a new turn."""


@dataclass(frozen=True, slots=True)
class HeardTurn:
    """What one side said in one go."""

    speaker: Speaker
    words: tuple[Word, ...]
    """At least one; times from the recording's beginning."""

    @property
    def text(self) -> str:
        """The words."""
        return " ".join(word.text for word in self.words)

    @property
    def begin_seconds(self) -> float:
        """When it began, from the recording's beginning."""
        return self.words[0].start_seconds

    @property
    def end_seconds(self) -> float:
        """When it ended."""
        return self.words[-1].end_seconds

    @property
    def transcript(self) -> Transcript:
        """The turn as the rest of the product knows it; its words keep the recording's time."""
        return Transcript(self.text, self.words, sum(word.confidence for word in self.words) / len(self.words))


@dataclass(frozen=True, slots=True)
class CallListening:
    """What was heard on each side, and how wrong that probably is."""

    sides: Mapping[Speaker, Listening]
    estimates: Mapping[Speaker, WerEstimate]

    @property
    def estimate(self) -> WerEstimate:
        """Of the call."""
        return estimate_call(tuple(self.estimates.values()))

    @property
    def turns(self) -> tuple[HeardTurn, ...]:
        """Both sides' turns in the order in which they began."""
        return turns_of({side: listening.words for side, listening in self.sides.items()})


def listen_again(
    sound: RecordedSound,
    ear: SecondEar,
    settings: ListeningSettings,
    sides: Iterable[Speaker] = (Speaker.CALLER, Speaker.AGENT),
) -> CallListening:
    """Return what `ear` hears on the recording's sides; those it has not are left out. Blocks.

    Raises: UnusableSound, EarUnavailable.
    """
    heard = {side: ear.transcribe(sound.sides[side], sound.rate, settings) for side in sides if side in sound.sides}
    estimates = {side: estimate_wer(HeardSpeech(one.words, one.speech)) for side, one in heard.items()}
    return CallListening(MappingProxyType(heard), MappingProxyType(estimates))


def turns_of(words: Mapping[Speaker, tuple[Word, ...]], pause_seconds: float = _PAUSE_SECONDS) -> tuple[HeardTurn, ...]:
    """Return turns: a side's words without a pause between them, and without the other side speaking up meanwhile."""
    turns: list[HeardTurn] = []
    for side, said in words.items():
        begun = sorted(word.start_seconds for other, theirs in words.items() if other is not side for word in theirs)
        turn: list[Word] = []
        for word in said:
            if turn and _is_new(turn[-1], word, begun, pause_seconds):
                turns.append(HeardTurn(side, tuple(turn)))
                turn = []
            turn.append(word)
        if turn:
            turns.append(HeardTurn(side, tuple(turn)))
    return tuple(sorted(turns, key=lambda one: (one.begin_seconds, one.speaker.value)))


def _is_new(last: Word, word: Word, others_begin: list[float], pause_seconds: float) -> bool:
    """Say whether `word` begins a turn: after a pause, or after the other side said something between the two."""
    if word.start_seconds - last.end_seconds > pause_seconds:
        return True
    return bisect_left(others_begin, word.start_seconds) > bisect_left(others_begin, last.end_seconds)
