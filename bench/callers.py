"""Callers who listen and speak: each a small machine driven by the frames it sends and the frames it hears.

A caller waits for the agent to finish, speaks a sentence, notes when the answer's first sound comes, lets it play, and
one time in four talks into it and notes when it stops. Pure: told the time, never asking for it.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random
from typing import Final

QUIET_FRAMES: Final = 10
"""So much silence in a row, 0.2 s, is the end of what the agent says."""
LOST_FRAMES: Final = 300
"""An answer that has not come 6 s after the sentence is lost; the caller speaks again."""
BARGE_IN_SHARE: Final = 0.25
_BARGE_IN_AFTER: Final = (40, 90)
"""Frames of the answer heard before the caller talks into it."""
_PAUSES: Final = (10, 35)
"""Frames between the end of an answer and the next sentence."""


@dataclass(frozen=True, slots=True)
class Repertoire:
    """What callers send, as AudioSocket messages."""

    sentences: Sequence[Sequence[bytes]]
    noise: Sequence[bytes]


@dataclass(slots=True)
class Findings:
    """What all callers have noticed; times are seconds."""

    latencies: list[tuple[int, float]] = field(default_factory=list)
    """For each answered turn: which sentence, and from the sending of its last frame to the first sound heard."""
    barge_in_stops: list[float] = field(default_factory=list)
    """From the sending of the sentence's first frame to the last sound heard."""
    lost: int = 0
    """Sentences without an answer."""
    early: int = 0
    """Sentences answered before they were over."""
    deaf: int = 0
    """Times somebody talked into an answer and it went on."""


class Doing(Enum):
    """What a caller is about."""

    LISTENING = auto()
    SPEAKING = auto()
    WAITING = auto()
    """For the answer's first sound."""


class Caller:
    """One caller; `next_message` every 20 ms, `hear` for every frame that comes."""

    __slots__ = (
        "_barge_in_after",
        "_chance",
        "_doing",
        "_ended_at",
        "_findings",
        "_heard_since",
        "_is_barging_in",
        "_last_sound_at",
        "_noise",
        "_noise_at",
        "_onset_at",
        "_pause",
        "_position",
        "_quiet",
        "_repertoire",
        "_sentence",
        "_sentence_number",
        "arrivals",
    )

    def __init__(self, repertoire: Repertoire, findings: Findings, seed: int) -> None:
        self._repertoire = repertoire
        self._findings = findings
        self._chance = Random(seed)
        self._noise = repertoire.noise
        self._noise_at = self._chance.randrange(len(self._noise))
        self._doing = Doing.LISTENING
        self._sentence: Sequence[bytes] = ()
        self._sentence_number = 0
        self._position = 0
        self._quiet = 0
        self._heard_since = False
        """The agent has said something since we began to listen."""
        self._pause = self._chance.randint(*_PAUSES)
        self._barge_in_after = 0
        self._is_barging_in = False
        self._onset_at = 0.0
        self._ended_at = 0.0
        self._last_sound_at = 0.0
        self.arrivals = array("d")
        """When each frame came."""

    def next_message(self, now: float) -> bytes:
        """Return what to send now."""
        if self._doing is Doing.SPEAKING:
            message = self._sentence[self._position]
            self._position += 1
            if self._position == len(self._sentence):
                self._finish_sentence(now)
            return message
        if self._doing is Doing.WAITING:
            self._position += 1
            if self._position > LOST_FRAMES:
                self._findings.lost += 1
                self._speak(now)
        self._noise_at = (self._noise_at + 1) % len(self._noise)
        return self._noise[self._noise_at]

    def hear(self, is_sound: bool, now: float) -> None:
        """Take one frame of the agent."""
        self.arrivals.append(now)
        if is_sound:
            self._hear_sound(now)
            return
        self._quiet += 1
        if self._doing is Doing.LISTENING and self._heard_since and self._quiet >= QUIET_FRAMES + self._pause:
            self._speak(now)

    def _hear_sound(self, now: float) -> None:
        self._quiet = 0
        self._last_sound_at = now
        doing = self._doing
        if doing is Doing.WAITING:
            self._findings.latencies.append((self._sentence_number, now - self._ended_at))
            self._listen()
        elif doing is Doing.LISTENING:
            self._heard_since = True
            if self._barge_in_after:
                self._barge_in_after -= 1
                if not self._barge_in_after:
                    self._speak(now, is_barging_in=True)

    def _speak(self, now: float, *, is_barging_in: bool = False) -> None:
        self._doing = Doing.SPEAKING
        self._is_barging_in = is_barging_in
        self._onset_at = now
        self._sentence_number = self._chance.randrange(len(self._repertoire.sentences))
        self._sentence = self._repertoire.sentences[self._sentence_number]
        self._position = 0

    def _finish_sentence(self, now: float) -> None:
        self._ended_at = now
        if self._quiet < QUIET_FRAMES:
            # The agent speaks: either it never stopped, or it began to answer what was not over.
            if self._is_barging_in:
                self._findings.deaf += 1
            else:
                self._findings.early += 1
            self._listen()
            return
        if self._is_barging_in:
            self._findings.barge_in_stops.append(max(0.0, self._last_sound_at - self._onset_at))
        self._doing = Doing.WAITING
        self._position = 0

    def _listen(self) -> None:
        self._doing = Doing.LISTENING
        self._heard_since = True
        self._pause = self._chance.randint(*_PAUSES)
        is_next = self._chance.random() < BARGE_IN_SHARE
        self._barge_in_after = self._chance.randint(*_BARGE_IN_AFTER) if is_next else 0
