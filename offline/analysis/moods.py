"""The mood of a call: `conversation.sentiment` turn by turn, and where it goes."""

from dataclasses import dataclass
from typing import Final

from conversation.sentiment import NO_SENTIMENT, Mood, Sentiment, Trend, sentiment_of, trend_of
from offline.analysis.call import CallToAnalyse

VERSION: Final = "2"

_LAST_TURNS: Final = 3
"""Among so many last turns the mood at the end is looked for: a goodbye shows none."""
_OUTSPOKEN: Final = 0.2
"""A turn with less shows no mood."""


@dataclass(frozen=True, slots=True)
class TurnMood:
    """The mood of one turn of the caller's."""

    turn: int
    """Its place in the call."""
    sentiment: Sentiment


@dataclass(frozen=True, slots=True)
class Moods:
    """The mood of a call."""

    turns: tuple[TurnMood, ...]
    overall: Sentiment
    """Of the whole: the mean of the turns that show a mood, and the label that fits it."""
    final: Sentiment
    """At the end."""
    trend: Trend

    @property
    def scores(self) -> tuple[float, ...]:
        """The score of each turn of the caller's, -1 to 1."""
        return tuple(one.sentiment.score for one in self.turns)

    @property
    def alarming_turns(self) -> tuple[int, ...]:
        """Places of the turns that a supervisor should know of."""
        return tuple(one.turn for one in self.turns if one.sentiment.is_alarming)


def analyse(call: CallToAnalyse) -> Moods:
    """Return the mood of a call; neutral when the caller said nothing."""
    turns = tuple(
        TurnMood(place, sentiment_of(turn.text, call.language, turn.prosody)) for place, turn in call.caller_turns
    )
    outspoken = [one.sentiment for one in turns if abs(one.sentiment.score) >= _OUTSPOKEN]
    final = next(
        (one.sentiment for one in reversed(turns[-_LAST_TURNS:]) if abs(one.sentiment.score) >= _OUTSPOKEN),
        NO_SENTIMENT,
    )
    return Moods(turns, _overall(outspoken), final, trend_of([one.sentiment.score for one in turns]))


def _overall(outspoken: list[Sentiment]) -> Sentiment:
    """Average the scores; the label is the commonest among those on the side of the average."""
    if not outspoken:
        return NO_SENTIMENT
    score = round(sum(one.score for one in outspoken) / len(outspoken), 2)
    if abs(score) < _OUTSPOKEN:
        return Sentiment(Mood.NEUTRAL, score)
    moods = [one.mood for one in outspoken if (one.score > 0) == (score > 0)]
    return Sentiment(max(moods, key=lambda mood: (moods.count(mood), -moods.index(mood))), score)
