"""Who spoke how much, how fast, over whom, and how long nobody did: reckoned from the times of voices or of turns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from offline.analysis.call import CallToAnalyse, SpokenTurn, Stretch
from vocabulary.speech import Speaker
from vocabulary.spoken import words

VERSION: Final = "1"

INTERRUPTION_SECONDS: Final = 0.25
"""Both must sound at once for so long; a shorter overlap is how people take turns."""
_BACKCHANNEL_SECONDS: Final = 0.7
"""Who falls in for less and leaves the other speaking only says that they listen."""
LONG_SILENCE_SECONDS: Final = 3.0
_FEWEST_WORDS: Final = 3
"""A turn with fewer says nothing about how fast somebody speaks."""


@dataclass(frozen=True, slots=True)
class Dynamics:
    """The call in seconds; None where nobody measured what it takes."""

    duration_seconds: float | None
    caller_seconds: float | None
    """How long the caller's voice sounded."""
    agent_seconds: float | None
    talk_ratio: float | None
    """The caller's share of all speech, 0 to 1."""
    silence_seconds: float | None
    """How long nobody spoke."""
    silence_ratio: float | None
    longest_silence_seconds: float | None
    long_silences: int | None
    """Silences of three seconds and more, before the first and after the last word left out."""
    interruptions_by_caller: int
    interruptions_by_agent: int | None
    caller_words_per_minute: float | None
    agent_words_per_minute: float | None
    response_seconds: float | None
    """The mean silence between the caller's last sound and our first."""

    @property
    def interruptions_count(self) -> int:
        """Of both sides."""
        return self.interruptions_by_caller + (self.interruptions_by_agent or 0)


def analyse(call: CallToAnalyse) -> Dynamics:
    """Return the call in seconds; voices measured on the recording go before the times of turns."""
    stretches = call.voices or tuple(stretch for turn in call.turns if (stretch := turn.stretch) is not None)
    stretches = tuple(sorted(stretches, key=lambda one: (one.begin_seconds, one.end_seconds)))
    caller = _merged(one for one in stretches if one.speaker is Speaker.CALLER)
    agent = _merged(one for one in stretches if one.speaker is Speaker.AGENT)
    both_known = _is_whole(call, caller, agent)
    everybody = _joined(sorted((*caller, *agent)))
    duration = call.duration_seconds or (everybody[-1][1] if everybody else None)
    gaps = [after[0] - before[1] for before, after in pairwise(everybody)]
    by_caller, by_agent = _interruptions(stretches)
    noted = sum(turn.was_interrupted for turn in call.turns if turn.speaker is Speaker.AGENT)
    silence = max(0.0, duration - _seconds(everybody)) if both_known and duration is not None else None
    talk = _seconds(caller) + _seconds(agent)
    return Dynamics(
        duration_seconds=_rounded(duration),
        caller_seconds=_rounded(_seconds(caller)) if caller else None,
        agent_seconds=_rounded(_seconds(agent)) if agent else None,
        talk_ratio=round(_seconds(caller) / talk, 3) if both_known and talk else None,
        silence_seconds=_rounded(silence),
        silence_ratio=round(silence / duration, 3) if silence is not None and duration else None,
        longest_silence_seconds=_rounded(max(gaps, default=0.0)) if both_known else None,
        long_silences=sum(gap >= LONG_SILENCE_SECONDS for gap in gaps) if both_known else None,
        interruptions_by_caller=max(noted, by_caller),
        interruptions_by_agent=by_agent if both_known else None,
        caller_words_per_minute=_rate(call, Speaker.CALLER, _seconds(caller)),
        agent_words_per_minute=_rate(call, Speaker.AGENT, _seconds(agent)),
        response_seconds=_response(caller, agent) if both_known else None,
    )


_Span = tuple[float, float]


def _is_whole(call: CallToAnalyse, caller: Sequence[_Span], agent: Sequence[_Span]) -> bool:
    """True when the times of all that was said are known: half of them would make the rest a silence."""
    if call.voices:
        return True
    said = [turn for turn in call.turns if turn.text.strip()]
    return bool(caller or agent) and all(turn.stretch is not None for turn in said)


def _merged(stretches: Iterable[Stretch]) -> list[_Span]:
    return _joined((one.begin_seconds, one.end_seconds) for one in stretches if one.end_seconds > one.begin_seconds)


def _joined(spans: Iterable[_Span]) -> list[_Span]:
    """Join what overlaps; `spans` come in the order of their beginnings."""
    found: list[_Span] = []
    for begin, end in spans:
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _interruptions(stretches: Sequence[Stretch]) -> tuple[int, int]:
    """Count by whom the other was spoken over: who begins while the other sounds, and does more than murmur."""
    by: dict[Speaker, int] = {Speaker.CALLER: 0, Speaker.AGENT: 0}
    for place, one in enumerate(stretches):
        for other in stretches[:place]:
            overlap = min(one.end_seconds, other.end_seconds) - one.begin_seconds
            is_murmur = (
                one.end_seconds - one.begin_seconds < _BACKCHANNEL_SECONDS and one.end_seconds < other.end_seconds
            )
            if other.speaker is not one.speaker and overlap >= INTERRUPTION_SECONDS and not is_murmur:
                by[one.speaker] += 1
                break
    return by[Speaker.CALLER], by[Speaker.AGENT]


def _rate(call: CallToAnalyse, speaker: Speaker, voiced_seconds: float) -> float | None:
    """Words a minute: over the turns that carry times, or over the voice when none does."""
    turns = [turn for turn in call.turns if turn.speaker is speaker]
    timed = [(turn, stretch) for turn in turns if (stretch := turn.stretch) is not None]
    if timed:
        counted = [(len(words(turn.text)), stretch.end_seconds - stretch.begin_seconds) for turn, stretch in timed]
        counted = [one for one in counted if one[0] >= _FEWEST_WORDS]
        return _per_minute(sum(count for count, _ in counted), sum(seconds for _, seconds in counted))
    return _per_minute(_words_of(turns), voiced_seconds)


def _words_of(turns: Sequence[SpokenTurn]) -> int:
    return sum(len(words(turn.text)) for turn in turns)


def _per_minute(count: int, seconds: float) -> float | None:
    return round(60 * count / seconds, 1) if count and seconds else None


def _response(caller: Sequence[_Span], agent: Sequence[_Span]) -> float | None:
    waits = []
    for begin, _ in agent:
        before = [end for _, end in caller if end <= begin]
        if before and not any(max(before) < other_end <= begin for _, other_end in agent):
            waits.append(begin - max(before))
    return _rounded(sum(waits) / len(waits)) if waits else None


def _seconds(spans: Sequence[_Span]) -> float:
    return sum(end - begin for begin, end in spans)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
