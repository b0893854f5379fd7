"""`bench media` with a handful of callers: it measures what it says, and nobody is lost."""

import dataclasses

import pytest
from rich.console import Console

from bench import media
from bench.fixed_engines import Delays
from conversation.turn_settings import TurnSettings

ASKED_FOR = (
    "calls_per_core",
    "floor_calls_per_core",
    "own_latency_p50_ms",
    "own_latency_p99_ms",
    "lateness_p99_ms",
    "barge_in_stop_p50_ms",
    "cpu_s_per_call_minute",
    "mib_per_call",
)
TINY = dataclasses.replace(
    media.QUICK, steps=(6,), floor_steps=(4,), settle_seconds=4.0, seconds=4.0, lateness_limit_ms=1000.0
)


async def test_a_few_callers_talk_with_the_whole_process_and_with_the_floor() -> None:
    result = await media.run(TINY)
    assert set(ASKED_FOR) <= set(result)
    assert (result["calls_per_core"], result["floor_calls_per_core"]) == (6, 4)
    for row in result["steps"]:
        assert row["turns"] > 0, "callers were answered"
        assert "lost" not in row["trouble"], row
    # Not what a busy machine makes of it, only that the arithmetic is that of a turn.
    assert result["turn_latency_p50_ms"] > media.chosen_ms(Delays(), TurnSettings())
    Console(quiet=True).print(media.table(result))


def test_an_ear_that_fits_into_the_silence_costs_the_caller_nothing() -> None:
    turns = TurnSettings(base_silence_seconds=0.5, provisional_pause_seconds=0.2)
    assert media.chosen_ms(Delays(stt=0.2, llm=0.3, tts=0.15), turns) == pytest.approx(950)
    assert media.chosen_ms(Delays(stt=0.4, llm=0.3, tts=0.15), turns) == pytest.approx(1050)


def test_without_a_provisional_transcript_the_whole_ear_counts() -> None:
    turns = TurnSettings(base_silence_seconds=0.5, provisional_pause_seconds=0.0)
    assert media.chosen_ms(Delays(stt=0.2, llm=0.3, tts=0.15), turns) == pytest.approx(1150)
