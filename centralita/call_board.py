"""What a person who watches the calls wants to see: the live events folded into one line a call; no clock, no I/O."""

import dataclasses
from collections import deque
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ari_app.live_events import (
    CallEnded,
    CallRefused,
    CallSnapshot,
    CallStarted,
    CallStateChanged,
    Heartbeat,
    LevelMeasured,
    LiveEvent,
    PartialHeard,
    SentimentAlert,
    Snapshot,
    TransferChanged,
    TurnSentiment,
    TurnTaken,
)
from conversation.sentiment import ALERT_BELOW

_QUIETEST_DBFS = -60.0
_METER_CELLS = 8


@dataclass(slots=True)
class CallLine:
    """One call as the board shows it."""

    call: CallSnapshot
    words: str = ""
    """What was said last, or is being said."""
    latency_ms: float | None = None
    """Of the last answer, from the caller's last sound to our first."""
    mood: TurnSentiment | None = None
    """Of the caller's last turn."""
    caller_dbfs: float = -90.0
    agent_dbfs: float = -90.0


@dataclass(slots=True)
class CallBoard:
    """All calls there are, and the last ones that ended."""

    lines: dict[str, CallLine] = field(default_factory=dict)
    ended: deque[str] = field(default_factory=lambda: deque(maxlen=5))
    is_connected: bool = False

    def lost(self) -> None:
        """`calls` cannot be reached; what we show is old."""
        self.is_connected = False

    def take(self, event: LiveEvent) -> None:
        """Fold in one event; events of calls we never heard of (we came late, or they are over) change nothing."""
        match event:
            case Snapshot():
                self.is_connected = True
                self.lines = {call.call_id: CallLine(call) for call in event.calls}
            case CallStarted():
                self.lines[event.call_id] = CallLine(
                    CallSnapshot(
                        event.call_id, event.channel_id, event.agent, event.did, event.caller, "started", event.at
                    )
                )
            case CallEnded():
                if self.lines.pop(event.call_id, None):
                    self.ended.append(f"{event.call_id}  {event.ending}  {event.seconds:.0f} s  {event.turns} turns")
            case Heartbeat():
                self.is_connected = True
            case CallRefused():
                pass
            case _:
                line = self.lines.get(event.call_id)
                if line is not None:
                    _change(line, event)

    def draw(self, now: float) -> RenderableType:
        """Return the board as rich draws it; `now` in seconds since 1970."""
        table = Table(expand=True, title=None if self.is_connected else "calls is away: waiting for it")
        for column in ("call", "agent", "caller", "state", "since", "turns", "answer", "mood", "levels", "last words"):
            table.add_column(column, no_wrap=column != "last words")
        for line in self.lines.values():
            call = line.call
            # Text, never markup: what a caller says may contain brackets
            table.add_row(
                Text(call.call_id),
                Text(call.agent),
                Text(call.caller or "?"),
                Text(call.state),
                f"{max(0.0, now - call.started_at):.0f} s",
                str(call.turns),
                "" if line.latency_ms is None else f"{line.latency_ms:.0f} ms",
                _mood(line.mood),
                Text(f"{_meter(line.caller_dbfs)}|{_meter(line.agent_dbfs)}"),
                Text(line.words),
            )
        return Group(table, *(Text(ended, style="dim") for ended in self.ended))


def _change(
    line: CallLine,
    event: CallStateChanged | PartialHeard | TurnTaken | SentimentAlert | LevelMeasured | TransferChanged,
) -> None:
    match event:
        case CallStateChanged():
            line.call = dataclasses.replace(line.call, state=event.state)
        case PartialHeard():
            line.words = f"caller: {event.text} …"
        case TurnTaken():
            line.words = f"{event.speaker}: {event.text}"
            line.call = dataclasses.replace(line.call, turns=line.call.turns + 1)
            if event.latency is not None:
                line.latency_ms = event.latency.total_ms
            line.mood = event.sentiment or line.mood
        case SentimentAlert():
            pass  # the turn that raised it is shown already
        case LevelMeasured():
            line.caller_dbfs, line.agent_dbfs = event.caller_dbfs, event.agent_dbfs
        case TransferChanged():
            line.words = f"{event.kind} transfer to {event.target}: {event.state} {event.reason}".rstrip()


def _mood(mood: TurnSentiment | None) -> Text:
    """Draw the mood and where it goes; red is what a supervisor is told of."""
    if mood is None:
        return Text("")
    arrow = {"worsening": " ↓", "improving": " ↑"}.get(mood.trend, "")
    return Text(f"{mood.sentiment} {mood.score:+.1f}{arrow}", style="red" if mood.score < ALERT_BELOW else "")


def _meter(dbfs: float) -> str:
    cells = round(_METER_CELLS * min(1.0, max(0.0, 1.0 - dbfs / _QUIETEST_DBFS)))
    return "█" * cells + "·" * (_METER_CELLS - cells)
