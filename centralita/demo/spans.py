"""When each sentence of a call was said: the transcript tells when it was over, the recording when it began."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from centralita.demo.sound import Track

_LATE_SECONDS: Final = 0.3
"""A sentence's end is noted when its last frame is sent, an interruption only when it has been understood."""


@dataclass(frozen=True, slots=True)
class Span:
    """Words, and when they were said; seconds of the call."""

    speaker: str
    text: str
    begin: float
    end: float
    heard: str = ""
    """Before correction, when that differs."""
    was_interrupted: bool = False
    latency: Mapping[str, float] | None = None


def spans_of(turns: Sequence[Mapping[str, Any]], caller: Track, agent: Track) -> list[Span]:
    """Place the transcript's turns in time, in the order of their beginnings."""
    spans = []
    agent_free_at = 0.0
    for turn in turns:
        if turn["speaker"] == "caller":
            end = turn.get("end_seconds", turn["at"])
            begin = turn.get("begin_seconds", end)
            begin = caller.onset(begin - _LATE_SECONDS, end) or begin
            heard = turn.get("heard", "")
            spans.append(Span("caller", turn["text"], begin, end, heard if heard != turn["text"] else ""))
            continue
        if not turn["text"]:
            continue
        begin = agent.onset(agent_free_at, turn["at"]) or agent_free_at
        end = agent_free_at = turn["at"]
        if turn.get("was_interrupted"):
            end = agent.falls_silent(begin, for_seconds=_LATE_SECONDS) or end
        spans.append(
            Span(
                "agent",
                turn["text"],
                begin,
                min(end, turn["at"]),
                was_interrupted=bool(turn.get("was_interrupted")),
                latency=turn.get("latency"),
            )
        )
    return sorted(spans, key=lambda span: span.begin)
