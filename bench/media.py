"""`centralita bench media`: how many calls one core holds, and what of a turn's latency is our own.

The whole `calls` process runs on one core, with engines of fixed delay; callers with real speech talk with it, some
into its answers, from another core. The same callers then talk with a floor server of forty lines.
"""

import asyncio
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.console import RenderableType

from bench.fixed_engines import Delays
from bench.load import Load, Measured
from bench.media_table import shown
from bench.pinning import two_cores, usage
from bench.servers import CallsServer, Server, calls_server, floor_server
from bench.voices import Voices, frames, render
from conversation.turn_settings import TurnSettings
from engines.vad.detector import VadSettings, voice_detector
from engines.vad.silero import SileroDetector
from engines.vad.webrtc import WebrtcDetector
from vocabulary.audio import FRAME_SECONDS, FRAMES_PER_SECOND

TITLE = "media: the whole `calls` process under load, beside a 40-line floor server"

LATENESS_LIMIT_MS: Final = 5.0
_SERVER_CORE, _LOAD_CORE = two_cores()
_LOAD_IS_LATE_MS: Final = 5.0

Milliseconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and with how many."""

    steps: tuple[int, ...]
    """Callers, ascending; the search goes on until one is too much."""
    floor_steps: tuple[int, ...]
    settle_seconds: float
    seconds: float
    finest: int
    """The search ends when good and bad are this close."""
    call_seconds: float = 0.04
    lateness_limit_ms: float = LATENESS_LIMIT_MS
    detector: str = "auto"


FULL: Final = Plan((50, 200, 300, 400, 500, 600, 700, 800), (200, 500, 700, 900), 3.0, 8.0, 50)
QUICK: Final = Plan((10, 20), (20,), 2.0, 5.0, 10)


@dataclass(frozen=True, slots=True)
class Step:
    """What was seen with one number of callers; milliseconds."""

    callers: int
    lateness_ms: Milliseconds
    """Of every frame."""
    latency_ms: Milliseconds
    """Of every turn, at the wire, from the caller's last loud frame; sentences by their number in `sentences`."""
    sentences: NDArray[np.int64]
    own_reported_ms: Milliseconds
    barge_in_stop_ms: Milliseconds
    lost: int
    """Turns and legs lost, answers too early, interruptions ignored."""
    trouble: str
    load_lateness_ms: Milliseconds
    lateness_limit_ms: float
    cpu_share: float
    """Of one core."""
    memory_mib: float

    @property
    def is_good(self) -> bool:
        """In time, and nobody was lost."""
        return percentile(self.lateness_ms, 99) <= self.lateness_limit_ms and self.lost <= self.callers // 100

    @property
    def is_load_late(self) -> bool:
        """The load itself was late: then the server may be better than this says."""
        return percentile(self.load_lateness_ms, 99) > _LOAD_IS_LATE_MS

    @property
    def cpu_s_per_call_minute(self) -> float:
        return self.cpu_share / self.callers * 60


def measure(*, quick: bool) -> Mapping[str, Any]:
    """Run the load against `calls` and against the floor; its result is plain numbers."""
    return asyncio.run(run(QUICK if quick else FULL))


async def run(plan: Plan) -> dict[str, Any]:
    """Carry out a plan; see docs/performance.md for what each key means."""
    voices = await asyncio.to_thread(render)
    with tempfile.TemporaryDirectory(prefix="centralita-bench-") as folder:
        with Load(voices, _LOAD_CORE) as load:
            async with calls_server(
                load,
                voices,
                Path(folder),
                _SERVER_CORE,
                detector=plan.detector,
                max_calls=max(plan.steps) + 100,
                call_seconds=plan.call_seconds,
            ) as server:
                # Everything is loaded and was used once before the memory of a call is counted.
                await server.take_callers(5)
                await asyncio.sleep(plan.settle_seconds)
                empty_mib = usage(server.pid).memory_mib
                ours = await _search(server, load, plan.steps, plan, callers=5)
        with Load(voices, _LOAD_CORE) as load:
            async with floor_server(load, voices, Path(folder), _SERVER_CORE) as floor_process:
                floor = await _search(floor_process, load, plan.floor_steps, plan)
    return _report(plan, voices, ours, floor, empty_mib)


async def _search(server: Server, load: Load, steps: Sequence[int], plan: Plan, *, callers: int = 0) -> list[Step]:
    """Climb until it is too much, then halve the gap; return all steps in the order in which they were taken."""
    taken: list[Step] = []
    good, bad = 0, 0
    for wanted in steps:
        await server.take_callers(wanted - callers)
        callers = wanted
        step = await take_step(server, load, callers, plan)
        if not step.is_good:  # one stumble of a shared machine is not the server's
            step = await take_step(server, load, callers, plan)
        taken.append(step)
        if not step.is_good:
            bad = wanted
            break
        good = wanted
    while bad and bad - good > plan.finest:
        wanted = (good + bad) // 2
        if wanted > callers:
            await server.take_callers(wanted - callers)
        elif wanted < callers:
            await server.let_go(callers - wanted)
        callers = wanted
        step = await take_step(server, load, callers, plan)
        taken.append(step)
        good, bad = (wanted, bad) if step.is_good else (good, wanted)
    return taken


async def take_step(server: Server, load: Load, callers: int, plan: Plan) -> Step:
    await asyncio.sleep(plan.settle_seconds)
    reported = server.own_latencies_ms if isinstance(server, CallsServer) else []
    reported.clear()
    before, begun_at = usage(server.pid), time.perf_counter()
    load.begin()
    await asyncio.sleep(plan.seconds)
    measured = await asyncio.to_thread(load.end)
    after, seconds = usage(server.pid), time.perf_counter() - begun_at
    cpu_share = (after.cpu_seconds - before.cpu_seconds) / seconds
    return _seen(callers, measured, reported, plan.lateness_limit_ms, cpu_share, after.memory_mib)


def _seen(
    callers: int,
    measured: Measured,
    reported: Sequence[float],
    lateness_limit_ms: float,
    cpu_share: float,
    memory_mib: float,
) -> Step:
    findings = measured.findings
    lateness_ms, skipped = _lateness_ms(measured)
    legs_missing = callers - measured.legs
    troubles = {
        "turns lost": findings.lost,
        "early": findings.early,
        "deaf": findings.deaf,
        "legs lost": legs_missing,
        "frames left out": skipped,
        "not sent": measured.frames_not_sent,
    }
    return Step(
        callers=callers,
        lateness_ms=lateness_ms,
        latency_ms=np.array([seconds for _, seconds in findings.latencies]) * 1000,
        sentences=np.array([sentence for sentence, _ in findings.latencies], np.int64),
        own_reported_ms=np.array(reported),
        barge_in_stop_ms=np.array(findings.barge_in_stops) * 1000,
        lost=findings.lost + findings.early + findings.deaf + legs_missing,
        trouble=", ".join(f"{count} {name}" for name, count in troubles.items() if count),
        load_lateness_ms=np.frombuffer(measured.own_lateness) * 1000,
        lateness_limit_ms=lateness_limit_ms,
        cpu_share=cpu_share,
        memory_mib=memory_mib,
    )


def _lateness_ms(measured: Measured) -> tuple[Milliseconds, int]:
    """Return how late each frame came, and how many frames were left out.

    A leg's own grid of 20 ms begins with the earliest frame of the second around each frame: whoever leaves frames out
    after a stall, as players should, is late for a moment and not for ever; what was left out is counted instead.
    """
    late, skipped = [], 0
    for each in measured.arrivals:
        arrivals = np.frombuffer(each)
        if len(arrivals) < FRAMES_PER_SECOND:
            continue
        offsets = arrivals - np.arange(len(arrivals)) * FRAME_SECONDS
        around = np.pad(offsets, FRAMES_PER_SECOND // 2, mode="edge")
        earliest = np.lib.stride_tricks.sliding_window_view(around, FRAMES_PER_SECOND).min(axis=1)[: len(offsets)]
        late.append((offsets - earliest) * 1000)
        skipped += max(0, round(float(earliest[-1] - earliest[0]) / FRAME_SECONDS))
    return (np.concatenate(late) if late else np.zeros(0)), skipped


def percentile(values: Milliseconds, share: float) -> float:
    """Return a percentile; nan of nothing, which passes no limit."""
    return float(np.percentile(values, share)) if len(values) else float("nan")


# ── what is our own ──


def chosen_ms(delays: Delays, turns: TurnSettings) -> float:
    """Return what of a turn is not our share: the silence chosen and the engines.

    The ear is asked at the provisional pause, so only what the rest of the silence does not hide of it counts.
    """
    hidden = turns.base_silence_seconds - turns.provisional_pause_seconds if turns.provisional_pause_seconds else 0.0
    return (turns.base_silence_seconds + max(0.0, delays.stt - hidden) + delays.llm + delays.tts) * 1000


def voice_tails_ms(voices: Voices, detector_name: str) -> list[float]:
    """Return how long after each sentence's last loud frame the product's detector still hears a voice.

    The turn machine looks for the last sound itself; the tail only delays the moment at which the ear is asked.
    """
    detector = WebrtcDetector() if detector_name == "webrtc" else voice_detector(VadSettings())
    try:
        return [_tail_ms(detector, sentence, voices.noise) for sentence in voices.sentences]
    finally:
        detector.close()


def _tail_ms(detector: SileroDetector | WebrtcDetector, sentence: bytes, noise: bytes) -> float:
    track = detector.open(8000)
    heard = [*frames(noise), *frames(sentence), *frames(noise)]
    last_loud = len(frames(noise)) + len(frames(sentence)) - 1
    last_voice = last_loud
    for number, frame in enumerate(heard):
        if track.is_voice(frame):
            last_voice = max(last_voice, number)
        if isinstance(detector, SileroDetector):
            detector.settle()
    track.close()
    return (last_voice - last_loud) * FRAME_SECONDS * 1000


# ── what comes of it ──


def _report(plan: Plan, voices: Voices, ours: list[Step], floor: list[Step], empty_mib: float) -> dict[str, Any]:
    best, best_floor = _best(ours), _best(floor)
    # What the detector hears beyond the last sound is ours too: patience counts from the sound
    own = best.latency_ms - chosen_ms(Delays(), TurnSettings())
    tails = voice_tails_ms(voices, plan.detector)
    floor_own = best_floor.latency_ms - (TurnSettings().base_silence_seconds + Delays().llm + Delays().tts) * 1000
    result = {
        "calls_per_core": best.callers if best.is_good else 0,
        "floor_calls_per_core": best_floor.callers if best_floor.is_good else 0,
        "own_latency_p50_ms": percentile(own, 50),
        "own_latency_p99_ms": percentile(own, 99),
        "floor_own_latency_p50_ms": percentile(floor_own, 50),
        "floor_own_latency_p99_ms": percentile(floor_own, 99),
        "own_latency_above_floor_p99_ms": percentile(own, 99) - percentile(floor_own, 99),
        "own_latency_reported_p50_ms": percentile(best.own_reported_ms, 50),
        "own_latency_reported_p99_ms": percentile(best.own_reported_ms, 99),
        "turn_latency_p50_ms": percentile(best.latency_ms, 50),
        "turn_latency_p95_ms": percentile(best.latency_ms, 95),
        "floor_turn_latency_p50_ms": percentile(best_floor.latency_ms, 50),
        "floor_turn_latency_p95_ms": percentile(best_floor.latency_ms, 95),
        "voice_tail_ms": float(np.mean(tails)),
        "lateness_p50_ms": percentile(best.lateness_ms, 50),
        "lateness_p95_ms": percentile(best.lateness_ms, 95),
        "lateness_p99_ms": percentile(best.lateness_ms, 99),
        "lateness_max_ms": percentile(best.lateness_ms, 100),
        "floor_lateness_p50_ms": percentile(best_floor.lateness_ms, 50),
        "floor_lateness_p95_ms": percentile(best_floor.lateness_ms, 95),
        "floor_lateness_p99_ms": percentile(best_floor.lateness_ms, 99),
        "floor_lateness_max_ms": percentile(best_floor.lateness_ms, 100),
        "barge_in_stop_p50_ms": percentile(best.barge_in_stop_ms, 50),
        "barge_in_stop_p95_ms": percentile(best.barge_in_stop_ms, 95),
        "floor_barge_in_stop_p50_ms": percentile(best_floor.barge_in_stop_ms, 50),
        "floor_barge_in_stop_p95_ms": percentile(best_floor.barge_in_stop_ms, 95),
        "cpu_s_per_call_minute": best.cpu_s_per_call_minute,
        "floor_cpu_s_per_call_minute": best_floor.cpu_s_per_call_minute,
        "calls_per_core_by_cpu": best.callers / best.cpu_share,
        "floor_calls_per_core_by_cpu": best_floor.callers / best_floor.cpu_share,
        "mib_per_call": (best.memory_mib - empty_mib) / max(best.callers - 5, 1),
        "load_lateness_p99_ms": percentile(best.load_lateness_ms, 99),
        "is_searched_to_the_end": not ours[-1].is_good or len(ours) > len(plan.steps),
        "steps": [step_row("calls", step) for step in ours] + [step_row("floor", step) for step in floor],
    }
    return {name: _plain(value) for name, value in result.items()}


def _plain(value: Any) -> Any:
    """Round floats; what was not seen at all is None, because JSON knows no nan."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 3)
    return value


def _best(steps: list[Step]) -> Step:
    """Return the step with the most callers that was good, else the smallest one."""
    return max((step for step in steps if step.is_good), key=lambda step: step.callers, default=steps[0])


def step_row(server: str, step: Step) -> dict[str, Any]:
    """Return a step in plain numbers; percentiles as the names say, None where nothing was seen."""
    return {
        "server": server,
        "callers": step.callers,
        "is_good": step.is_good,
        "lateness_p50_p95_p99_max_ms": _percentiles(step.lateness_ms, (50, 95, 99, 100)),
        "latency_p50_p95_p99_ms": _percentiles(step.latency_ms, (50, 95, 99)),
        "barge_in_stop_p50_p95_ms": _percentiles(step.barge_in_stop_ms, (50, 95)),
        "turns": len(step.latency_ms),
        "interruptions": len(step.barge_in_stop_ms),
        "cpu_share": round(step.cpu_share, 3),
        "memory_mib": round(step.memory_mib, 1),
        "load_lateness_p99_ms": _plain(percentile(step.load_lateness_ms, 99)),
        "is_load_late": step.is_load_late,
        "trouble": step.trouble,
    }


def _percentiles(values: Milliseconds, shares: Sequence[float]) -> list[float | None]:
    return [_plain(percentile(values, share)) for share in shares]


def table(result: Mapping[str, Any]) -> RenderableType:
    """Show what it comes to, and every step."""
    return shown(result)
