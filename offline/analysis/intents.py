"""What a caller wants: the intent of each turn, and of the call."""

from dataclasses import dataclass
from typing import Final

from offline.analysis.call import CallToAnalyse
from offline.analysis.intent_model import IntentModel, shipped_model

VERSION: Final = "2"

OTHER: Final = "other"
"""Greetings, answers, small talk: nothing is wanted."""
INTENTS: Final = (
    "account_access", "appointment", "billing_inquiry", "callback_request", "cancellation", "complaint",
    "contact_update", "human_agent", "information", "new_service", "order_status", "payment", "plan_change",
    "refund_request", "technical_support",
)  # fmt: skip
_SURE_ENOUGH: Final = 0.35
"""A turn whose best intent is less likely than this tells nothing about the call."""
_FIRST_TURNS: Final = 3
_FIRST_SHARE: Final = 1.25
"""What is wanted is said early: the first telling turns count so much more."""


@dataclass(frozen=True, slots=True)
class Intent:
    """Something the caller wants."""

    name: str
    """One of `INTENTS`, or `OTHER`."""
    confidence: float
    """0 to 1, calibrated: of turns judged with 0.8, about eight in ten are judged right."""
    turn: int | None
    """Index of the turn that shows it best; None for `OTHER`."""


def intent_of(text: str, model: IntentModel | None = None) -> Intent:
    """Return what one utterance is for."""
    likely = (model or shipped_model()).probabilities(text)
    name = max(likely, key=lambda label: likely[label])
    return Intent(name, likely[name], None)


def analyse(call: CallToAnalyse, model: IntentModel | None = None) -> tuple[Intent, ...]:
    """Return what a caller wanted, the chief thing first; `OTHER` alone when nothing was.

    Likelihoods of the telling turns are added up by intent, which decides the order; an intent's confidence is that of
    the turn that shows it best. Wanting a person is chief only when nothing else is wanted.
    """
    model = model or shipped_model()
    weight: dict[str, float] = {}
    best: dict[str, Intent] = {}
    telling = 0
    for place, turn in call.caller_turns:
        likely = model.probabilities(turn.text)
        name = max(likely, key=lambda label: likely[label])
        if name == OTHER or likely[name] < _SURE_ENOUGH:
            continue
        share = _FIRST_SHARE if telling < _FIRST_TURNS else 1.0
        telling += 1
        weight[name] = weight.get(name, 0.0) + likely[name] * share
        if name not in best or likely[name] > best[name].confidence:
            best[name] = Intent(name, likely[name], place)
    if not best:
        return (Intent(OTHER, _nothing_wanted(call, model), None),)
    return tuple(best[name] for name in sorted(best, key=lambda name: (name == "human_agent", -weight[name], name)))


def _nothing_wanted(call: CallToAnalyse, model: IntentModel) -> float:
    """Return how likely it is that no turn wants anything: as likely as the most doubtful turn."""
    return min((model.probabilities(turn.text)[OTHER] for _, turn in call.caller_turns), default=1.0)
