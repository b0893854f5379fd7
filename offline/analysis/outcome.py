"""How a call ended for its caller, from what was done, how the line ended and what the last turns say."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from conversation.escalation import asks_for_person
from offline.analysis.call import CallToAnalyse
from offline.analysis.intents import OTHER, Intent
from offline.analysis.moods import Moods
from vocabulary.call import Ending
from vocabulary.speech import Speaker
from vocabulary.spoken import contains_phrase

VERSION: Final = "1"

_LAST_TURNS: Final = 3
_CALLBACK_TOOL: Final = "schedule_callback"
_CANCEL_TOOL: Final = "cancel_service"
_SOLVED: Final = {
    "es": ("ya funciona", "ahora funciona", "ya va", "ahora si", "ya esta", "ya quedo", "solucionado", "resuelto",
           "eso es todo", "eso era todo", "nada mas gracias", "me ha ayudado", "me ayudo mucho", "todo claro",
           "me queda claro", "muchas gracias", "mil gracias", "perfecto gracias"),
    "en": ("it works now", "that works", "that is all", "solved", "nothing else", "thank you very much",
           "thank you so much", "perfect thanks", "all clear"),
}  # fmt: skip
_UNSOLVED: Final = {
    "es": ("sigue igual", "sigue sin", "no me ha ayudado", "no me ayuda", "no me sirve", "no me soluciona",
           "no me ha resuelto", "no me resuelve", "nadie me", "no funciona", "no ha servido", "como siempre",
           "da igual", "dejelo"),
    "en": ("still not", "still does not", "did not help", "you are not helping", "useless", "never mind", "forget it"),
}  # fmt: skip
_CALLBACK_SAID: Final = {
    "es": ("le llamaremos", "le llamara", "le devolveremos la llamada", "le volveremos a llamar",
           "he programado la llamada",
           "queda programada la llamada"),
    "en": ("we will call you back", "will call you", "i have scheduled a call"),
}  # fmt: skip
_UNHAPPY: Final = -0.4


class Result(Enum):
    """How it ended; the values are what files say."""

    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"
    TRANSFERRED = "transferred"
    CALLBACK_SCHEDULED = "callback_scheduled"
    CANCELLED = "cancelled"
    """The service was cancelled, as the caller wished."""
    ABANDONED = "abandoned"
    """The caller was gone before anything was settled."""
    INFORMED = "informed"
    """Answered and ended in order, but nobody said that it helped."""
    FAILED = "failed"
    """Something of ours broke."""
    NO_SPEECH = "no_speech"
    """The caller said nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended, and why we think so."""

    result: Result
    reason: str
    """One English sentence without the caller's words."""
    turn: int | None = None
    """Place of the turn that shows it."""


def analyse(call: CallToAnalyse, moods: Moods, intents: tuple[Intent, ...]) -> Outcome:
    """Return how a call ended; what was done goes before what was said."""
    return _done(call) or _said(call, moods, intents)


def _done(call: CallToAnalyse) -> Outcome | None:
    if call.ending is Ending.TRANSFERRED:
        return Outcome(Result.TRANSFERRED, "a person took the call")
    for tool in reversed(call.tools):
        if tool.succeeded and tool.name == _CALLBACK_TOOL:
            return Outcome(Result.CALLBACK_SCHEDULED, "a call back was scheduled", tool.after_turn)
        if tool.succeeded and tool.name == _CANCEL_TOOL:
            return Outcome(Result.CANCELLED, "the service was cancelled", tool.after_turn)
    if call.ending in (Ending.FAILED, Ending.FELL_BACK):
        return Outcome(Result.FAILED, "something of ours broke")
    if not call.caller_turns:
        return Outcome(Result.NO_SPEECH, "the caller said nothing")
    return None


def _said(call: CallToAnalyse, moods: Moods, intents: tuple[Intent, ...]) -> Outcome:
    language = "en" if call.language == "en" else "es"
    promised = _last(call, Speaker.AGENT, _CALLBACK_SAID[language])
    if promised is not None:
        return Outcome(Result.CALLBACK_SCHEDULED, "we promised to call back", promised)
    unsolved = _last(call, Speaker.CALLER, _UNSOLVED[language])
    solved = _last(call, Speaker.CALLER, _SOLVED[language])
    if unsolved is not None and (solved is None or unsolved >= solved):
        return Outcome(Result.UNRESOLVED, "near the end the caller said that it did not help", unsolved)
    wished = next(
        (place for place, turn in reversed(call.caller_turns[-_LAST_TURNS:]) if asks_for_person(turn.text, language)),
        None,
    )
    if wished is not None and solved is None:
        return Outcome(Result.UNRESOLVED, "the caller asked for a person and got none", wished)
    if moods.final.score <= _UNHAPPY:
        return Outcome(Result.UNRESOLVED, "the caller was unhappy at the end", moods.turns[-1].turn)
    if call.ending is Ending.ABANDONED:
        return Outcome(Result.ABANDONED, "the caller was gone")
    if solved is not None:
        return Outcome(Result.RESOLVED, "near the end the caller said that it helped", solved)
    is_unanswered = call.turns[-1].speaker is Speaker.CALLER and call.ending is Ending.CALLER_HUNG_UP
    if is_unanswered and intents[0].name != OTHER:
        return Outcome(
            Result.ABANDONED, "the caller wanted something and hung up before an answer", len(call.turns) - 1
        )
    return Outcome(Result.INFORMED, "it ended in order, but nobody said that it helped")


def _last(call: CallToAnalyse, speaker: Speaker, phrases: tuple[str, ...]) -> int | None:
    """Return the place of the last turn, among the speaker's last three, that says one of the phrases."""
    mine = [(place, turn) for place, turn in enumerate(call.turns) if turn.speaker is speaker and turn.text.strip()]
    for place, turn in reversed(mine[-_LAST_TURNS:]):
        if any(contains_phrase(turn.text, phrase) for phrase in phrases):
            return place
    return None
