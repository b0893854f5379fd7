"""How good a call was, 0 to 1, as a weighted mean of parts that each say why."""

from dataclasses import dataclass
from typing import Final

from conversation.sentiment import Trend
from offline.analysis.call import CallToAnalyse
from offline.analysis.coherence import Coherence
from offline.analysis.dynamics import Dynamics
from offline.analysis.moods import Moods
from offline.analysis.outcome import Outcome, Result

VERSION: Final = "1"

_RESULTS: Final = {
    Result.RESOLVED: 1.0, Result.CANCELLED: 0.9, Result.CALLBACK_SCHEDULED: 0.8, Result.INFORMED: 0.7,
    Result.TRANSFERRED: 0.6, Result.ABANDONED: 0.2, Result.UNRESOLVED: 0.1, Result.FAILED: 0.0,
}  # fmt: skip
"""What an end is worth; without speech there is nothing to judge."""
_TRENDS: Final = {Trend.IMPROVING: 0.1, Trend.STEADY: 0.0, Trend.WORSENING: -0.1}
_GOOD_CERTAINTY: Final = 0.9
_BAD_CERTAINTY: Final = 0.4
_GOOD_RESPONSE_SECONDS: Final = 1.0
_BAD_RESPONSE_SECONDS: Final = 4.0
_GOOD_SILENCE: Final = 0.25
_BAD_SILENCE: Final = 0.65
_BAD_INTERRUPTIONS: Final = 0.5
"""Interruptions to each turn of the caller's that leave nothing of the part."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the score."""

    name: str
    value: float
    """0 to 1."""
    weight: float
    """Its share of the whole; the shares of all parts that are known add up to 1."""
    reason: str
    """What the value was made of."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a call was."""

    score: float | None
    """None when nothing is known to judge by."""
    parts: tuple[Part, ...]


def analyse(call: CallToAnalyse, moods: Moods, coherence: Coherence, dynamics: Dynamics, outcome: Outcome) -> Quality:
    """Return the score of a call; the weights of what is not known go to the other parts."""
    known = [
        part
        for part in (
            _outcome(outcome),
            _mood(moods),
            _coherence(coherence),
            _hearing(call),
            _waiting(dynamics),
            _manners(call, dynamics),
        )
        if part is not None
    ]
    if outcome.result is Result.NO_SPEECH or not known:
        return Quality(None, ())
    total = sum(part.weight for part in known)
    parts = tuple(Part(part.name, round(part.value, 3), round(part.weight / total, 3), part.reason) for part in known)
    return Quality(round(sum(part.value * part.weight for part in known) / total, 3), parts)


def _outcome(outcome: Outcome) -> Part | None:
    if outcome.result not in _RESULTS:
        return None
    return Part("outcome", _RESULTS[outcome.result], 0.35, f"{outcome.result.value}: {outcome.reason}")


def _mood(moods: Moods) -> Part | None:
    if not moods.turns:
        return None
    value = 0.6 + 0.4 * moods.final.score if moods.final.score > 0 else 0.6 + 0.6 * moods.final.score
    reason = f"{moods.final.mood.value} at the end ({moods.final.score:+.2f}), {moods.trend.value}"
    return Part("sentiment", _within(value + _TRENDS[moods.trend]), 0.25, reason)


def _coherence(coherence: Coherence) -> Part | None:
    if coherence.score is None:
        return None
    reason = (
        f"{len(coherence.strange_turns)} answers beside the point, {len(coherence.repeated_turns)} questions repeated, "
        f"{len(coherence.misunderstood_turns)} times not understood"
    )
    return Part("coherence", coherence.score, 0.15, reason)


def _hearing(call: CallToAnalyse) -> Part | None:
    certain = [certainty for _, turn in call.caller_turns if (certainty := turn.certainty) is not None]
    if not certain:
        return None
    mean = sum(certain) / len(certain)
    return Part("hearing", _scaled(mean, _BAD_CERTAINTY, _GOOD_CERTAINTY), 0.1, f"the ear was {mean:.0%} sure")


def _waiting(dynamics: Dynamics) -> Part | None:
    found = []
    reasons = []
    if dynamics.response_seconds is not None:
        found.append(_scaled(dynamics.response_seconds, _BAD_RESPONSE_SECONDS, _GOOD_RESPONSE_SECONDS))
        reasons.append(f"answers after {dynamics.response_seconds:.1f} s")
    if dynamics.silence_ratio is not None:
        found.append(_scaled(dynamics.silence_ratio, _BAD_SILENCE, _GOOD_SILENCE))
        reasons.append(f"{dynamics.silence_ratio:.0%} silence")
    return Part("waiting", sum(found) / len(found), 0.1, ", ".join(reasons)) if found else None


def _manners(call: CallToAnalyse, dynamics: Dynamics) -> Part | None:
    turns = len(call.caller_turns)
    if not turns:
        return None
    share = dynamics.interruptions_count / turns
    reason = f"{dynamics.interruptions_count} interruptions in {turns} turns of the caller's"
    return Part("interruptions", _scaled(share, _BAD_INTERRUPTIONS, 0.0), 0.05, reason)


def _scaled(value: float, bad: float, good: float) -> float:
    return _within((value - bad) / (good - bad))


def _within(value: float) -> float:
    return max(0.0, min(1.0, value))
