"""How the caller's turns were said, measured on the recording: each beside the caller's turns before it, as live."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from conversation.voice_baseline import VoiceBaseline
from conversation.voice_measure import LONGEST_SECONDS, measure_voice
from offline.analysis.call import SpokenTurn
from vocabulary.speech import Speaker

VERSION: Final = "1"


def with_prosody(turns: Sequence[SpokenTurn], caller: NDArray[np.int16], rate: int) -> tuple[SpokenTurn, ...]:
    """Return the turns, those of the caller's that have times with their prosody.

    `caller`: the caller's channel of the recording at `rate` hertz (8000 or 16000), shape (samples,); it may be a view
    into a file, of which only the turns are read. Turns outside of it, or without a voice, keep what they had.
    """
    usual = VoiceBaseline()
    return tuple(turn if turn.speaker is not Speaker.CALLER else _measured(turn, caller, rate, usual) for turn in turns)


def _measured(turn: SpokenTurn, caller: NDArray[np.int16], rate: int, usual: VoiceBaseline) -> SpokenTurn:
    stretch = turn.stretch
    if stretch is None or not math.isfinite(stretch.begin_seconds + stretch.end_seconds):
        return turn
    end = max(0, round(stretch.end_seconds * rate))
    begin = max(0, round(stretch.begin_seconds * rate), end - round(LONGEST_SECONDS * rate))
    prosody = usual.take(measure_voice(np.ascontiguousarray(caller[begin:end]), rate))
    return turn if prosody is None else replace(turn, prosody=prosody)
