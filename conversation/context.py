"""How a conversation goes, from the caller's last turns: the four problems, and what is to be done about them.

repeated question       the same question again (more than 60 % of its telling words)
user frustrated         at least two of the caller's last three turns, and the last one is not glad
explicit escalation     a person was asked for
user confused           at least three of the caller's last four turns ask, or say that they do not follow
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from conversation.escalation import asks_for_person
from conversation.questions import asked_with, is_question, overlap, same_words, subject_words
from conversation.sentiment import NO_SENTIMENT, Mood, Prosody, Sentiment, sentiment_of

REMEMBERED_TURNS: Final = 8
"""Of the caller's; what is older tells nothing about now."""
_REPEATED_OVER: Final = 0.6
_FRUSTRATION_TURNS: Final = 3
_FRUSTRATED_TURNS: Final = 2
_CONFUSION_TURNS: Final = 4
_ASKING_TURNS: Final = 3
_CONFIDENCE_LOST: Final = 0.3
"""By each problem."""


class Issue(Enum):
    """What goes wrong; the values are what files and events say."""

    REPEATED_QUESTION = "repeated_question"
    USER_FRUSTRATED = "user_frustrated"
    EXPLICIT_ESCALATION = "explicit_escalation"
    USER_CONFUSED = "user_confused"


class Action(Enum):
    """What is to be done about it."""

    GO_ON = "continue"
    SIMPLIFY = "simplify_response"
    TRANSFER = "transfer_to_agent"
    """At once where a person was asked for, else as an offer."""


@dataclass(frozen=True, slots=True)
class CallerTurn:
    """What a turn of the caller's tells beyond its words."""

    text: str
    sentiment: Sentiment = NO_SENTIMENT
    is_question: bool = False

    @staticmethod
    def of(text: str, language: str = "es", prosody: Prosody | None = None) -> "CallerTurn":
        """Read one turn."""
        return CallerTurn(text, sentiment_of(text, language, prosody), is_question(text, language))


@dataclass(frozen=True, slots=True)
class ContextAnalysis:
    """How the conversation stands after the caller's last turn."""

    issues: tuple[Issue, ...] = ()
    """In the order of `Issue`."""

    @property
    def needs_escalation(self) -> bool:
        """True when a person would help more than we do."""
        return any(issue is not Issue.USER_CONFUSED for issue in self.issues)

    @property
    def is_person_wanted(self) -> bool:
        """True when the caller asked for one."""
        return Issue.EXPLICIT_ESCALATION in self.issues

    @property
    def confidence_level(self) -> float:
        """How well we are likely to do without help: 1 without problems, 0.7, 0.4, 0.1, 0 with one to four."""
        return round(max(0.0, 1.0 - _CONFIDENCE_LOST * len(self.issues)), 2)

    @property
    def suggested_action(self) -> Action:
        """What is to be done."""
        if self.needs_escalation:
            return Action.TRANSFER
        return Action.SIMPLIFY if self.issues else Action.GO_ON


ALL_WELL: Final = ContextAnalysis()


def analyse_context(turns: Sequence[CallerTurn], language: str = "es") -> ContextAnalysis:
    """Look at the caller's turns, oldest first; the last one is to be answered now."""
    if not turns:
        return ALL_WELL
    found = {
        Issue.REPEATED_QUESTION: _is_repeated(turns, language),
        Issue.USER_FRUSTRATED: _is_frustrated(turns),
        Issue.EXPLICIT_ESCALATION: asks_for_person(turns[-1].text, language),
        Issue.USER_CONFUSED: _is_confused(turns),
    }
    return ContextAnalysis(tuple(issue for issue in Issue if found[issue]))


def _is_repeated(turns: Sequence[CallerTurn], language: str) -> bool:
    last = turns[-1]
    subject, asked = subject_words(last.text, language), asked_with(last.text)
    for earlier in turns[-REMEMBERED_TURNS:-1]:
        if not (earlier.is_question and (last.is_question or asked)):
            continue
        if not subject:
            if last.is_question and same_words(last.text, earlier.text, language):
                return True
            continue
        asked_before = asked_with(earlier.text)
        asks_otherwise = bool(asked and asked_before) and asked.isdisjoint(asked_before)
        if not asks_otherwise and overlap(subject, subject_words(earlier.text, language)) > _REPEATED_OVER:
            return True
    return False


def _is_frustrated(turns: Sequence[CallerTurn]) -> bool:
    recent = [turn.sentiment.mood for turn in turns[-_FRUSTRATION_TURNS:]]
    return recent[-1] is not Mood.POSITIVE and recent.count(Mood.FRUSTRATED) >= _FRUSTRATED_TURNS


def _is_confused(turns: Sequence[CallerTurn]) -> bool:
    recent = turns[-_CONFUSION_TURNS:]
    asking = sum(turn.is_question or turn.sentiment.mood is Mood.CONFUSED for turn in recent)
    return asking >= _ASKING_TURNS
