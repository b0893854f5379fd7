"""How `bench media` shows what it found: what it comes to, beside the floor, and the steps that led there."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table

_LINES: Final = (
    ("calls on one core, p99 lateness up to 5 ms", "calls_per_core", "floor_calls_per_core"),
    ("calls on one core, from CPU alone", "calls_per_core_by_cpu", "floor_calls_per_core_by_cpu"),
    ("CPU seconds a call-minute", "cpu_s_per_call_minute", "floor_cpu_s_per_call_minute"),
    ("MiB a call", "mib_per_call", ""),
    ("own latency p50, ms", "own_latency_p50_ms", "floor_own_latency_p50_ms"),
    ("own latency p99, ms", "own_latency_p99_ms", "floor_own_latency_p99_ms"),
    ("  as `calls` itself counts it, p50, ms", "own_latency_reported_p50_ms", ""),
    ("  as `calls` itself counts it, p99, ms", "own_latency_reported_p99_ms", ""),
    ("the voice detector's tail, ms", "voice_tail_ms", ""),
    ("whole turn p50, ms", "turn_latency_p50_ms", "floor_turn_latency_p50_ms"),
    ("whole turn p95, ms", "turn_latency_p95_ms", "floor_turn_latency_p95_ms"),
    ("frame lateness p50, ms", "lateness_p50_ms", "floor_lateness_p50_ms"),
    ("frame lateness p95, ms", "lateness_p95_ms", "floor_lateness_p95_ms"),
    ("frame lateness p99, ms", "lateness_p99_ms", "floor_lateness_p99_ms"),
    ("frame lateness max, ms", "lateness_max_ms", "floor_lateness_max_ms"),
    ("barge-in stops us, p50, ms", "barge_in_stop_p50_ms", "floor_barge_in_stop_p50_ms"),
    ("barge-in stops us, p95, ms", "barge_in_stop_p95_ms", "floor_barge_in_stop_p95_ms"),
)


def shown(result: Mapping[str, Any]) -> RenderableType:
    """Return two tables."""
    return Group(_summary(result), _steps(result["steps"]))


def _summary(result: Mapping[str, Any]) -> Table:
    summary = Table("", "calls", "floor", title=f"with {result['calls_per_core']} callers", title_justify="left")
    for name, ours, floor in _LINES:
        summary.add_row(name, _number(result[ours]), _number(result[floor]) if floor else "")
    return summary


def _steps(rows: Sequence[Mapping[str, Any]]) -> Table:
    steps = Table("", "callers", "late p50/95/99/max", "turn p50/95/99", "stop p50/95", "core", "MiB", "load p99")
    for row in rows:
        late = _numbers(row["lateness_p50_p95_p99_max_ms"], 1)
        load = _number(row["load_lateness_p99_ms"])
        steps.add_row(
            row["server"],
            str(row["callers"]),
            late if row["is_good"] else f"[red]{late}[/]",
            _numbers(row["latency_p50_p95_p99_ms"], 0),
            _numbers(row["barge_in_stop_p50_p95_ms"], 0),
            f"{row['cpu_share']:.0%}",
            f"{row['memory_mib']:.0f}",
            f"[yellow]{load}[/]" if row["is_load_late"] else load,
        )
        if row["trouble"]:
            steps.add_row("", "", f"[yellow]{row['trouble']}[/]")
    return steps


def _numbers(values: Sequence[float | None], digits: int) -> str:
    return " / ".join("-" if value is None else f"{value:.{digits}f}" for value in values)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
