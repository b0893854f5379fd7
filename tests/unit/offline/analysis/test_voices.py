"""On the recording the caller's turns are measured as they were live: each beside those before it."""

from datetime import UTC, datetime

import numpy as np
import pytest

from offline.analysis.analysis import analyse
from offline.analysis.call import CallToAnalyse, SpokenTurn
from offline.analysis.voices import with_prosody
from vocabulary.speech import Speaker

RATE = 8000
COMPLAINT = "no me funciona el internet"


def recording() -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    """Thirty seconds: the caller speaks in [2, 5), [10, 13) and, upset, in [20, 23)."""
    channel = np.zeros(30 * RATE, np.int16)
    time = np.arange(3 * RATE) / RATE
    for second, pitch, level in ((2, 120.0, 3000.0), (10, 120.0, 3000.0), (20, 165.0, 7500.0)):
        wave = sum((np.sin(2 * np.pi * pitch * number * time) / number for number in range(3, 15)), np.zeros(time.size))
        shape = np.clip(0.5 - 0.6 * np.cos(2 * np.pi * 4 * time), 0.01, None)
        channel[second * RATE : (second + 3) * RATE] = wave * shape * level
    return channel


TURNS = (
    SpokenTurn(Speaker.AGENT, "¿En qué puedo ayudarle?", 0.0, 2.0),
    SpokenTurn(Speaker.CALLER, COMPLAINT, 1.9, 5.1),
    SpokenTurn(Speaker.CALLER, COMPLAINT, 9.9, 13.1),
    SpokenTurn(Speaker.AGENT, "Entiendo", 14.0, 15.0),
    SpokenTurn(Speaker.CALLER, COMPLAINT, 19.9, 23.1),
)


def test_the_same_words_weigh_more_when_they_are_shouted() -> None:
    found = with_prosody(TURNS, recording(), RATE)
    assert [turn.prosody is None for turn in found] == [True, True, False, True, False]
    scores = [one.score for one in analyse(CallToAnalyse("c", NOW, found), now=NOW).sentiment_turns]
    assert scores[0] == scores[1] == -0.5
    assert scores[2] < -0.65


NOW = datetime(2026, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("begin", "end"), [(None, None), (40.0, 50.0), (-9.0, -3.0), (5.0, 5.0), (float("nan"), 3.0), (0.0, float("inf"))]
)
def test_times_that_cannot_be_cost_nothing(begin: float | None, end: float | None) -> None:
    turns = (*TURNS[:3], SpokenTurn(Speaker.CALLER, COMPLAINT, begin, end))
    assert with_prosody(turns, recording(), RATE)[3].prosody is None


def test_a_recording_of_nothing_tells_nothing() -> None:
    assert with_prosody(TURNS, np.zeros(0, np.int16), RATE) == TURNS
