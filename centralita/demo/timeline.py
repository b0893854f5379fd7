"""The calls as they happen, for somebody at a terminal: a line for each thing that happens, and what is going on now.

In a terminal the last lines are alive: who speaks how loudly, and the words so far. Elsewhere the lines are plain.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ari_app.live_events import (
    CallEnded,
    CallStarted,
    CallStateChanged,
    LevelMeasured,
    LiveEvent,
    PartialHeard,
    TransferChanged,
    TurnTaken,
)
from centralita.demo.callers import Saying
from centralita.demo.scenarios import Scenario
from vocabulary.call import TurnLatency

COLOURS: Final = ("cyan", "magenta", "yellow", "green")
_METER_STEPS: Final = 8
_METER_FLOOR_DBFS: Final = -60.0
_REFRESH_SECONDS: Final = 0.15
_AGENT: Final = "agent"
_OVERLAP_SECONDS: Final = 0.35
"""Levels come five times a second; a caller who lets us finish waits longer than this."""


def latency_words(latency: TurnLatency) -> str:
    """Say in one line where the time went."""
    return (
        f"answered in {latency.total_ms:.0f} ms = silence {latency.silence_ms:.0f} + ear {latency.stt_ms:.0f}"
        f" + mind {latency.llm_ms:.0f} + mouth {latency.tts_ms:.0f} + own {latency.own_ms:.0f}"
    )


def lines_of(event: LiveEvent | Saying | str) -> list[tuple[str, str, str]]:
    """Return who, what and a style for each line that `event` is worth; most are worth one, some none."""
    match event:
        case str():
            return [("phone", event, "dim")]
        case Saying():
            return [(event.speaker, f"🗣  {event.text}", "bold")]
        case CallStarted():
            return [("call", f"has come in: {event.caller} for {event.agent}", "dim")]
        case PartialHeard():
            return [("ear", f"…{event.text}", "dim")]
        case TurnTaken(speaker="caller"):
            if event.heard:
                return [
                    ("heard", f"«{event.heard}»", "red"),
                    ("meant", f"«{event.text}»", "green"),
                ]
            return [("heard", f"«{event.text}»", "green")]
        case TurnTaken():
            cut = " ✂ cut here by the caller" if event.was_interrupted else ""
            spoken = [(_AGENT, event.text + cut, "red" if cut else "")] if event.text else []
            timed = [("", latency_words(event.latency), "blue")] if event.latency else []
            return [*spoken, *timed]
        case TransferChanged():
            reason = f" ({event.reason})" if event.reason else ""
            return [("transfer", f"{event.kind} to {event.target}: {event.state}{reason}", "bold blue")]
        case CallEnded():
            return [("call", f"over after {event.seconds:.1f} s: {event.ending}", "dim")]
        case _:
            return []


def meter(dbfs: float) -> str:
    """A bar of eight steps from -60 dB to full scale."""
    steps = round((dbfs - _METER_FLOOR_DBFS) / -_METER_FLOOR_DBFS * _METER_STEPS)
    steps = min(_METER_STEPS, max(0, steps))
    return "▮" * steps + "▯" * (_METER_STEPS - steps)


@dataclass(slots=True)
class _Now:
    """What one call is doing."""

    state: str = "not begun"
    caller_dbfs: float = -90.0
    agent_dbfs: float = -90.0
    words: str = ""
    agent_sounded_at: float = 0.0

    def take(self, event: LiveEvent | Saying | str) -> bool:
        """Go on to what `event` tells; True when a caller begins to speak while we do."""
        is_interruption = False
        match event:
            case CallStarted():
                self.state = "arriving"
            case CallStateChanged():
                is_overlap = event.at - self.agent_sounded_at < _OVERLAP_SECONDS
                is_interruption = event.state == "listening" and is_overlap
                self.state = event.state
            case LevelMeasured():
                self.caller_dbfs, self.agent_dbfs = event.caller_dbfs, event.agent_dbfs
                if event.agent_dbfs > _METER_FLOOR_DBFS:
                    self.agent_sounded_at = event.at
            case PartialHeard():
                self.words = event.text
            case TurnTaken():
                self.words = ""
            case CallEnded():
                self.state, self.caller_dbfs, self.agent_dbfs, self.words = "over", -90.0, -90.0, ""
            case _:
                pass
        return is_interruption


class Timeline:
    """Prints what happens. Used with `with`, so that the living lines go away whatever happens."""

    def __init__(self, console: Console, scenarios: Sequence[Scenario], begun_at: float) -> None:
        """`begun_at`: the Unix time from which seconds are counted."""
        self._console = console
        self._colours = {scenario.key: COLOURS[index % len(COLOURS)] for index, scenario in enumerate(scenarios)}
        self._now = {scenario.key: _Now() for scenario in scenarios}
        self._begun_at = begun_at
        self._drawn_at = 0.0
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            # No thread of its own: it would compete with the telephones for the interpreter.
            self._live = Live(self._picture(), console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def happened(self, scenario: Scenario, event: LiveEvent | Saying | str) -> None:
        """Show it."""
        at = time.time() if isinstance(event, str) else event.at
        lines = lines_of(event)
        if self._now[scenario.key].take(event):
            lines.append((scenario.caller.name, "✋ speaks while we do: we fall silent", "bold red"))
        for who, what, style in lines:
            line = Text.assemble(
                (f"{max(0.0, at - self._begun_at):6.2f}  ", "dim"),
                (f"{scenario.key:<13}", self._colours[scenario.key]),
                (f"{who:>9}  ", "dim"),
                (what, style),
            )
            self._console.print(line, highlight=False, soft_wrap=not self._console.is_terminal)
        now = time.monotonic()
        if self._live is not None and now - self._drawn_at > _REFRESH_SECONDS:
            self._drawn_at = now
            self._live.update(self._picture(), refresh=True)

    def _picture(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for key, now in self._now.items():
            table.add_row(
                Text(key, style=f"bold {self._colours[key]}"),
                Text(f"{now.state:<12}", style="bold"),
                Text.assemble(("caller ", "dim"), (meter(now.caller_dbfs), "cyan")),
                Text.assemble(("agent ", "dim"), (meter(now.agent_dbfs), "yellow")),
                Text(now.words, style="italic", no_wrap=True, overflow="ellipsis"),
            )
        return table
