"""A caller's usual voice in this call, and how far a turn is from it: the measured side of `Prosody`.

What is compared is always the same caller on the same line, so that the line's gain, the telephone and the person
cancel. Anger is louder, higher and faster than the same person's usual voice; so are joy, and talking over a noisy
street. A voice therefore only tells how agitated somebody is (0 to 1), never whether that is good or bad: `sentiment`
lets it strengthen what the words complain of, and nothing else. The weights below are our own choice; no recordings of
angry callers are behind them.
"""

import math
from dataclasses import dataclass
from typing import Final

from conversation.sentiment import Prosody
from conversation.voice_measure import VoiceMeasure

LEAST_VOICED_SECONDS: Final = 0.3
"""Of a turn; a bare "sí" tells too little."""
LEAST_USUAL_SECONDS: Final = 1.0
"""Of voice, heard before: without it nothing can be compared."""
_SURE_SECONDS: Final = 4.0
"""Of voice heard before, from which on the usual is fully believed."""
_SURE_TURN_SECONDS: Final = 1.0
_MEMORY_SECONDS: Final = 15.0
"""Of voice: an agitated turn moves what counts as usual, a long angry call does not become usual at once."""
_LOUDER_DB: Final = 8.0
_HIGHER_SEMITONES: Final = 5.0
_FASTER: Final = 0.5
"""Of an octave: 1.4 times as many syllables."""
_SHARES: Final = (0.45, 0.4, 0.15)
"""Of loudness, pitch and pace; none of them reaches the full by itself."""
_ORDINARY: Final = 0.35
"""People vary by so much without being agitated."""
_FULL: Final = 0.7
_NOISE_ROSE_DB: Final = (5.0, 13.0)
"""From so much more noise on the line to so much people raise their voice because of it: then it tells nothing. What
the quietest moments gain only because the voice itself is louder is no noise."""
_CLIPPED: Final = 0.05


@dataclass(slots=True)
class VoiceBaseline:
    """The running mean of a caller's turns, weighted by how much voice was in them; one for each call."""

    voiced_seconds: float = 0.0
    loudness_db: float = 0.0
    pitch_semitones: float = 0.0
    pace_octaves: float = 0.0
    """Logarithm to the base 2 of syllables a second."""
    noise_db: float = 0.0

    def take(self, turn: VoiceMeasure | None) -> Prosody | None:
        """Compare a turn with those before it, then count it among them; None while there is nothing to compare."""
        if turn is None or turn.voiced_seconds < LEAST_VOICED_SECONDS:
            return None
        found = self._compared(turn) if self.voiced_seconds >= LEAST_USUAL_SECONDS else None
        self._learn(turn)
        return found

    def _compared(self, turn: VoiceMeasure) -> Prosody:
        apart = (
            (turn.loudness_db - self.loudness_db) / _LOUDER_DB,
            (turn.pitch_semitones - self.pitch_semitones) / _HIGHER_SEMITONES,
            (_octaves(turn.syllables_per_second) - self.pace_octaves) / _FASTER,
        )
        together = sum(share * max(-1.0, min(1.0, one)) for share, one in zip(_SHARES, apart, strict=True))
        agitation = max(0.0, min(1.0, (together - _ORDINARY) / (_FULL - _ORDINARY)))
        louder_db = max(0.0, turn.loudness_db - self.loudness_db)
        little, much = _NOISE_ROSE_DB
        noise_rose = max(0.0, turn.noise_db - self.noise_db - louder_db - little) / (much - little)
        certainty = (
            min(1.0, turn.voiced_seconds / _SURE_TURN_SECONDS)
            * min(1.0, self.voiced_seconds / _SURE_SECONDS)
            * max(0.0, 1.0 - noise_rose)
            * max(0.0, 1.0 - turn.clipped_share / _CLIPPED)
        )
        return Prosody(certainty=round(certainty, 3), agitation=round(agitation, 3))

    def _learn(self, turn: VoiceMeasure) -> None:
        known = min(self.voiced_seconds, _MEMORY_SECONDS)
        share = turn.voiced_seconds / (known + turn.voiced_seconds)
        self.loudness_db += share * (turn.loudness_db - self.loudness_db)
        self.pitch_semitones += share * (turn.pitch_semitones - self.pitch_semitones)
        self.pace_octaves += share * (_octaves(turn.syllables_per_second) - self.pace_octaves)
        self.noise_db += share * (turn.noise_db - self.noise_db)
        self.voiced_seconds += turn.voiced_seconds


def _octaves(syllables_per_second: float) -> float:
    return math.log2(max(0.5, syllables_per_second))
