"""What the dialogue understands of a caller beyond their words, turn by turn, and when it follows that a person helps.

a turn ─► sentiment ─► context ─► guidance for the mind
     └──► clarification (only what is costly and doubtful)
the mind's answer ─► a person was asked for and none was given: hand over
                  └► it goes badly, and our answer asks nothing itself: offer a person
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final

from conversation.clarification import MOST_CLARIFICATIONS, Clarification, Strategy, clarification_for
from conversation.context import ALL_WELL, REMEMBERED_TURNS, CallerTurn, ContextAnalysis, Issue, analyse_context
from conversation.critical_words import HeardWord
from conversation.doubt import Denied, Doubt, Meant, Promised, Unanswered, doubt_about, resolved
from conversation.expectation import Expectation, Expected
from conversation.sentiment import NO_SENTIMENT, Mood, Prosody, Sentiment, Trend, sentiment_of, trend_of
from conversation.understanding_phrases import clarifying, guidance

_MOST_OFFERS: Final = 2
"""Of a person, in a call, by us; who declined twice wants us."""
_TURNS_BETWEEN_OFFERS: Final = 4
_KEPT_SCORES: Final = 6
"""As many as a trend looks at."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one turn of the caller's told."""

    sentiment: Sentiment = NO_SENTIMENT
    context: ContextAnalysis = ALL_WELL
    trend: Trend = Trend.STEADY
    """Of the whole call so far."""
    clarification: Clarification | None = None
    """What was made sure of before anything else."""


NOTHING_READ: Final = Reading()


class Reply(Enum):
    """What is to be done with a turn."""

    ANSWER = "answer"
    ASK = "ask"
    """First make sure of what was said, with the doubt's question."""
    AWAIT = "await"
    """The caller will answer our question, but has not yet."""
    SAY_AGAIN = "say_again"
    """We had heard wrongly: let them repeat it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A turn, made out."""

    text: str
    """What was meant, as far as we know."""
    reply: Reply
    reading: Reading = NOTHING_READ
    guidance: str = ""
    """For the mind; "" when all goes well."""


@dataclass(slots=True)
class Understanding:
    """What is remembered of the caller's turns; outlives a crash with the rest of the dialogue."""

    turns: list[CallerTurn] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    doubt: Doubt | None = None
    """We asked what was said, and the answer is still to come."""
    clarifications: int = 0
    """How often we asked, in passing or not; a question that was not heard and is asked again counts twice."""
    offers: int = 0
    """How often we offered a person because it went badly."""
    turns_since_offer: int = 0
    is_offer_held_back: bool = False
    """It was due at the caller's last turn, but our answer asked something else."""

    def hear(
        self,
        text: str,
        heard: Sequence[HeardWord] = (),
        language: str = "es",
        expected: Expected = Expectation.OPEN,
        *,
        prosody: Prosody | None = None,
        most_clarifications: int = MOST_CLARIFICATIONS,
    ) -> Heard:
        """Take a turn of the caller's, and say what is to be done with it.

        `heard` are its words with the ear's confidences (empty: none are known), `expected` is what we had asked for.
        """
        meant = text
        doubt, self.doubt = self.doubt, None
        if doubt is not None:
            match resolved(doubt, text, language):
                case Meant(meant):
                    self._forget_last_turn()
                case Denied():
                    self._forget_last_turn()
                    return Heard(text, Reply.SAY_AGAIN)
                case Promised():
                    self.doubt = doubt
                    return Heard(text, Reply.AWAIT)
                case Unanswered() if self.clarifications >= most_clarifications:
                    self._forget_last_turn()
                    return Heard(text, Reply.SAY_AGAIN)
                case Unanswered():
                    self.doubt, doubt.was_repeated = doubt, True
                    self.clarifications += 1
                    return Heard(text, Reply.ASK)
        reading = self._read(meant, language, prosody)
        guidance_text = self._guidance(reading, language)
        if meant != text:
            # What was meant decides; of the mood the caller's own words tell, once.
            reading = replace(reading, sentiment=sentiment_of(text, language, prosody))
        elif not reading.context.is_person_wanted:
            found = clarification_for(heard, language, expected, asked=self.clarifications, most=most_clarifications)
            reading = replace(reading, clarification=found)
        if reading.clarification is not None:
            self.clarifications += 1
            if reading.clarification.strategy is not Strategy.IMPLICIT:
                self.doubt = doubt_about(text, reading.clarification, clarifying(reading.clarification, language))
                return Heard(text, Reply.ASK, reading)
        return Heard(meant, Reply.ANSWER, reading, guidance_text)

    def question_heard(self, speech_id: int, text_heard: str) -> None:
        """So much came through of a sentence of ours; it matters if it asked about the doubt."""
        if self.doubt is not None and self.doubt.speech_id == speech_id:
            self.doubt.told(text_heard)

    def question_moved(self, speech_id: int, new_id: int) -> None:
        """A sentence of ours is said again under another number."""
        if self.doubt is not None and self.doubt.speech_id == speech_id:
            self.doubt.asked_with(new_id)

    def _read(self, text: str, language: str, prosody: Prosody | None) -> Reading:
        turn = CallerTurn.of(text, language, prosody)
        self.turns = [*self.turns, turn][-REMEMBERED_TURNS:]
        self.scores = [*self.scores, turn.sentiment.score][-_KEPT_SCORES:]
        self.turns_since_offer += 1
        return Reading(turn.sentiment, analyse_context(self.turns, language), trend_of(self.scores))

    def _forget_last_turn(self) -> None:
        """It is said again, because we asked: that repeats no question of the caller's."""
        del self.turns[-1:], self.scores[-1:]

    def _guidance(self, reading: Reading, language: str) -> str:
        was_declined = self.offers > 0 and self.turns_since_offer <= _TURNS_BETWEEN_OFFERS
        return guidance(reading.sentiment, reading.context, language, was_declined=was_declined)

    def is_offer_due(self, reading: Reading) -> bool:
        """True when a person should be offered now."""
        is_early = self.offers > 0 and self.turns_since_offer < _TURNS_BETWEEN_OFFERS
        context = reading.context
        return context.needs_escalation and not context.is_person_wanted and self.offers < _MOST_OFFERS and not is_early

    def is_offer_pressing(self, reading: Reading) -> bool:
        """True when an offer was held back already and it still goes badly: it comes before any answer."""
        is_getting_worse = (
            reading.sentiment.mood is Mood.FRUSTRATED or Issue.REPEATED_QUESTION in reading.context.issues
        )
        return self.is_offer_held_back and is_getting_worse and self.is_offer_due(reading)

    def offered(self) -> None:
        """We have offered a person."""
        self.offers += 1
        self.turns_since_offer = 0
        self.is_offer_held_back = False

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "turns": [
                [turn.text, turn.sentiment.mood.value, turn.sentiment.score, turn.is_question] for turn in self.turns
            ],
            "scores": list(self.scores),
            "doubt": None if self.doubt is None else self.doubt.to_json(),
            "clarifications": self.clarifications,
            "offers": self.offers,
            "turns_since_offer": self.turns_since_offer,
            "is_offer_held_back": self.is_offer_held_back,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Understanding":
        """Return what `to_json` stored. Raises: ValueError, KeyError or TypeError for anything else."""
        return cls(
            turns=[
                CallerTurn(str(text), Sentiment(Mood(mood), float(score)), bool(is_question))
                for text, mood, score, is_question in stored["turns"]
            ],
            scores=[float(score) for score in stored["scores"]],
            doubt=None if stored["doubt"] is None else Doubt.from_json(stored["doubt"]),
            clarifications=int(stored["clarifications"]),
            offers=int(stored["offers"]),
            turns_since_offer=int(stored["turns_since_offer"]),
            is_offer_held_back=bool(stored["is_offer_held_back"]),
        )
