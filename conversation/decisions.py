"""What the turn machine decides: facts in the past tense, orders in the imperative."""

from dataclasses import dataclass
from typing import Final, Literal

from vocabulary.speech import Transcript


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller has begun to speak (a moment ago: it takes a few frames to be sure)."""


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Have this sound turned into words; answer with `words_heard` or `transcription_failed` and the same id.

    A newer `Transcribe` makes older ones pointless: they may be cancelled, and their late words do no harm.
    """

    utterance_id: int
    """Grows by one with every order of this call."""
    pcm: bytes
    """All speech of the turn so far, with its look-back; mono 16 bit at the call's rate."""
    is_final: bool
    """False: provisional, its words say how long to wait. True: the turn is over, `TurnEnded` follows the words."""


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """It is our move."""

    utterance_id: int
    """Of the `Transcribe` that asked for these words."""
    transcript: Transcript | None
    """None when no ear could be reached; a transcript that is not understood means noise or another language."""
    pcm: bytes
    """What the caller said, with look-back, as it was transcribed."""
    silence_seconds: float
    """The waiting we chose, from the caller's last audible frame on; waiting for a slow ear comes on top of it."""
    speech_seconds: float
    """From the first voiced frame to the last."""
    waited_for_words_seconds: float = 0.0
    """Waiting for the ear that came on top of `silence_seconds`."""


@dataclass(frozen=True, slots=True)
class StopPlayback:
    """Hold our own sound at once, and keep the rest of it: `ResumePlayback` may follow."""

    reason: Literal["speech", "digit"]


@dataclass(frozen=True, slots=True)
class ResumePlayback:
    """It was a false alarm: go on from the word at which we stopped."""


@dataclass(frozen=True, slots=True)
class CallerSilent:
    """Nobody has said anything for a while: ask whether the caller is still there."""

    times: int
    """Counts from 1; begins anew when the caller is understood or presses a key."""


@dataclass(frozen=True, slots=True)
class CallerGone:
    """Nobody answered our prompts: say goodbye and hang up."""


@dataclass(frozen=True, slots=True)
class DigitsEntered:
    """The caller has finished pressing keys."""

    digits: str
    """Without the terminator; empty when the terminator was all."""
    ended_by: Literal["terminator", "length", "timeout"]


@dataclass(frozen=True, slots=True)
class Backchannel:
    """The caller only showed that they listen ("ajá"); nothing is to be answered."""

    text: str


Decision = (
    SpeechStarted
    | Transcribe
    | TurnEnded
    | StopPlayback
    | ResumePlayback
    | CallerSilent
    | CallerGone
    | DigitsEntered
    | Backchannel
)

NOTHING: Final[tuple[Decision, ...]] = ()
"""Shared by the forty-odd frames a second that decide nothing."""
