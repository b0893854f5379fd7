"""Did the calls go as planned? Facts are checked: events, transcripts, recordings; not just that nothing failed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from centralita.demo.performance import Performance
from centralita.demo.sound import Track
from centralita.demo.spans import spans_of

MOST_STOP_MS: Final = 400.0
"""From the caller's first sound to our last, at a barge-in."""
_SAME_SOUND: Final = 0.8
_SUMMARY_SECONDS: Final = 1.0
_STOP_PAUSE_SECONDS: Final = 0.3
"""Shorter gaps are between our own words."""
_DURATION_SLACK_SECONDS: Final = 0.5
STAGES: Final = {
    "silence_ms": "waiting to be sure that the caller had finished (chosen)",
    "stt_ms": "ear, beyond that silence",
    "llm_ms": "mind, until its first sentence",
    "tts_ms": "mouth, until its first sound",
    "own_ms": "everything of ours besides",
    "total_ms": "from the last frame our detector calls a voice to our first sound",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact that was to be so."""

    what: str
    is_met: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BargeIn:
    """A caller spoke while we did; seconds of the call."""

    begins_at: float
    """The caller's first sound."""
    stops_at: float
    """The end of ours, as the caller heard it."""
    recorded_ms: float | None
    """The same in the product's recording, without the way through the telephone network."""

    @property
    def stop_ms(self) -> float:
        return (self.stops_at - self.begins_at) * 1000


def barge_in_of(performance: Performance) -> BargeIn | None:
    """Measure the barge-in on what the caller's telephone sent and heard; None where there was none."""
    cut = next((turn for turn in performance.turns if turn.get("was_interrupted")), None)
    if cut is None:
        return None
    name = performance.scenario.caller.name
    begun = [saying.at - performance.started_at for saying in performance.said_by(name)]
    begun = [at for at in begun if at < cut["at"]]
    if not begun:
        return None
    sent, heard = (performance.track(performance.caller_sound, side) for side in ("sent", "heard"))
    begins_at = sent.onset(begun[-1] - 0.1, begun[-1] + 1.0)
    if begins_at is None or heard.between(begins_at - 0.2, begins_at).audible_seconds() < 0.03:
        return None  # the caller spoke into a silence
    stops_at = heard.falls_silent(begins_at, for_seconds=_STOP_PAUSE_SECONDS)
    if stops_at is None:
        return None
    return BargeIn(begins_at, stops_at, _recorded_stop_ms(performance, begins_at))


def _recorded_stop_ms(performance: Performance, about: float) -> float | None:
    recording = performance.recording
    if recording is None:
        return None
    onset = recording.caller.onset(about - 0.2, about + 1.0)
    stop = None if onset is None else recording.agent.falls_silent(onset, for_seconds=_STOP_PAUSE_SECONDS)
    return None if onset is None or stop is None else round((stop - onset) * 1000, 1)


def pauses_ms(performance: Performance) -> list[float]:
    """How long the caller really waited for each answer, by the product's recording: from their last sound to our
    first. The product's own figures begin where its voice detector says that the caller fell silent."""
    recording = performance.recording
    if recording is None:
        return []
    pauses = []
    for span in spans_of(performance.turns, recording.caller, recording.agent):
        if span.latency is not None:
            silent_at = recording.caller.last_sound(0, span.begin)
            pauses += [] if silent_at is None else [round((span.begin - silent_at) * 1000, 1)]
    return pauses


def findings(performance: Performance) -> list[Finding]:
    """Everything that was to be so in this call."""
    scenario = performance.scenario
    found = [
        Finding("the call was played to its end", not performance.trouble, performance.trouble),
        Finding(
            f"it ended as {scenario.ending.value}", performance.ending == scenario.ending.value, performance.ending
        ),
        _hung_up(performance),
        *_recording(performance),
    ]
    if scenario.heard:
        found += _correction(performance)
    if scenario.answer:
        found += _answer(performance)
    if scenario.has_barge_in:
        found += _barge_in(performance)
    if scenario.colleague is not None:
        found += _transfer(performance)
    return found


def _hung_up(performance: Performance) -> Finding:
    expected = {
        "agent": (False, None),
        "caller": (True, False),
        "colleague": (False, True),
    }[performance.scenario.ends_by]
    was = (performance.caller_hung_up_first, performance.colleague_hung_up_first)
    return Finding(f"the {performance.scenario.ends_by} hung up", was == expected)


def _recording(performance: Performance) -> Iterable[Finding]:
    recording = performance.recording
    if recording is None:
        yield Finding("the recording is there", is_met=False)
        return
    told = performance.metadata.get("audio", {})
    is_whole = (
        recording.is_whole
        and told.get("seconds_lost") == 0
        and abs(told.get("duration_seconds", 0) - recording.caller.seconds) < _DURATION_SLACK_SECONDS
    )
    yield Finding("the recording is whole", is_whole, f"{recording.caller.seconds:.2f} s")
    connected_at = performance.transfer_at("connected") or recording.caller.seconds
    name = performance.scenario.caller.name
    rings_at = performance.transfer_at("started") or connected_at
    likenesses = [
        recording.caller.likeness(_saying_track(saying.pcm), saying.at - performance.started_at)
        for saying in performance.said_by(name)
        if saying.at - performance.started_at < rings_at
    ]
    lowest = min(likenesses, default=0.0)
    yield Finding("all the caller said is in the recording", lowest > _SAME_SOUND, f"likeness {lowest:.3f}")
    ours = recording.agent.audible_seconds()
    yield Finding("so is our voice", ours > 1.0, f"{ours:.1f} s of sound")


def _correction(performance: Performance) -> Iterable[Finding]:
    scenario = performance.scenario
    turns = [turn for turn in performance.turns if turn["speaker"] == "caller"]
    is_heard = any(scenario.heard in turn.get("heard", "") for turn in turns)
    is_meant = any(scenario.meant in turn["text"] and scenario.heard in turn.get("heard", "") for turn in turns)
    yield Finding(f"the ear heard «{scenario.heard}»", is_heard)
    yield Finding(f"the proofreader made it «{scenario.meant}»", is_meant)


def _answer(performance: Performance) -> Iterable[Finding]:
    answer = performance.scenario.answer
    before = 0.0
    for turn in performance.turns:
        if turn["speaker"] == "agent" and answer in turn["text"]:
            yield Finding("the answer tells what the store knows", is_met=True, detail=turn["text"])
            yield _was_heard(performance, before, turn["at"])
            return
        before = turn.get("end_seconds", turn["at"])
    yield Finding("the answer tells what the store knows", is_met=False, detail=f"nobody said {answer}")


def _was_heard(performance: Performance, begin: float, end: float) -> Finding:
    what = "the caller's telephone heard it"
    if performance.recording is None:
        return Finding(what, is_met=False, detail="no recording")
    spoken = performance.recording.agent.between(begin, end)
    if spoken.audible_seconds() < 1.0:
        return Finding(what, is_met=False, detail=f"only {spoken.audible_seconds():.2f} s of sound")
    likeness = performance.track(performance.caller_sound, "heard").likeness(spoken, begin)
    return Finding(what, likeness > _SAME_SOUND, f"likeness {likeness:.3f}")


def _barge_in(performance: Performance) -> Iterable[Finding]:
    barge_in = barge_in_of(performance)
    if barge_in is None:
        yield Finding("the caller interrupted us", is_met=False)
        return
    yield Finding("the caller interrupted us", is_met=True, detail=f"at {barge_in.begins_at:.2f} s")
    recorded = "" if barge_in.recorded_ms is None else f"; {barge_in.recorded_ms:.0f} ms in the recording"
    detail = f"{barge_in.stop_ms:.0f} ms, as the caller heard it{recorded}"
    yield Finding(f"we fell silent within {MOST_STOP_MS:.0f} ms", barge_in.stop_ms <= MOST_STOP_MS, detail)


def _transfer(performance: Performance) -> Iterable[Finding]:
    scenario = performance.scenario
    assert scenario.colleague is not None
    at = {state: performance.transfer_at(state) for state in ("ringing", "announced", "connected")}
    missing = [state for state, when in at.items() if when is None]
    yield Finding(f"the caller was transferred to {scenario.target}", not missing, ", ".join(missing))
    ringing, announced, connected = at.values()
    if ringing is None or announced is None or connected is None:
        return
    caller_heard = performance.track(performance.caller_sound, "heard")
    colleague_heard = performance.track(performance.colleague_sound, "heard")
    rang = caller_heard.between(ringing, announced).audible_seconds()
    yield Finding("meanwhile the caller heard it ring", rang > 0.5, f"{rang:.1f} s of sound")
    told = colleague_heard.between(announced - 0.1, connected).audible_seconds()
    yield Finding("the colleague was told what it is about", told > _SUMMARY_SECONDS, f"{told:.1f} s of sound")
    for speaker, track in ((scenario.colleague.name, caller_heard), (scenario.caller.name, colleague_heard)):
        likeness = max(
            (
                track.likeness(_saying_track(saying.pcm), saying.at - performance.started_at)
                for saying in performance.said_by(speaker)
                if saying.at - performance.started_at > connected
            ),
            default=0.0,
        )
        what = f"once connected, what {speaker} said was heard at the other end"
        yield Finding(what, likeness > _SAME_SOUND, f"likeness {likeness:.3f}")


def _saying_track(pcm: bytes) -> Track:
    return Track.of_pcm(pcm, 8000)


@dataclass(frozen=True, slots=True)
class Report:
    """How the show went."""

    performances: Sequence[Performance]
    house: Sequence[Finding]
    """What was to be so besides the calls."""
    engines: dict[str, str]
    seconds: float

    @property
    def findings(self) -> list[tuple[str, Finding]]:
        """All of them, with the call's key, or `house`."""
        per_call = [(one.scenario.key, found) for one in self.performances for found in findings(one)]
        return [*per_call, *(("house", found) for found in self.house)]

    @property
    def latency_ms(self) -> dict[str, dict[str, float]]:
        """Median and maximum of every stage over all answers."""
        answers = [latency for one in self.performances for latency in one.latencies]
        if not answers:
            return {}
        values = {stage: [answer[stage] for answer in answers] for stage in STAGES}
        return {
            stage: {"median": round(median(of_stage), 1), "max": max(of_stage)} for stage, of_stage in values.items()
        }

    def to_json(self, all_findings: Sequence[tuple[str, Finding]]) -> dict[str, Any]:
        """Everything, as JSON values."""
        calls = {}
        for one in self.performances:
            barge_in = barge_in_of(one) if one.scenario.has_barge_in else None
            calls[one.scenario.key] = {
                "call_id": one.call_id,
                "ending": one.ending,
                "turns": len(one.turns),
                "latencies_ms": one.latencies,
                "pauses_ms": pauses_ms(one),
                "barge_in_stop_ms": None if barge_in is None else round(barge_in.stop_ms, 1),
                "barge_in_stop_recorded_ms": None if barge_in is None else barge_in.recorded_ms,
                "files": one.files,
            }
        return {
            "as_planned": all(found.is_met for _, found in all_findings),
            "seconds": round(self.seconds, 1),
            "calls": calls,
            "latency_ms": self.latency_ms,
            "findings": [
                {"where": where, "what": found.what, "is_met": found.is_met, "detail": found.detail}
                for where, found in all_findings
            ],
            "engines": self.engines,
        }

    def show(self, console: Console, all_findings: Sequence[tuple[str, Finding]]) -> None:
        """Print it, for people."""
        console.print("\n[bold]What was checked[/]")
        checks = Table("call", "", "what was to be so", "measured", box=SIMPLE_HEAD)
        last = ""
        for where, found in all_findings:
            mark = "[green]✓[/]" if found.is_met else "[bold red]✗[/]"
            checks.add_row(where if where != last else "", mark, found.what, found.detail)
            last = where
        console.print(checks)
        answers = sum(len(one.latencies) for one in self.performances)
        console.print(f"[bold]Turn latency by stage[/], milliseconds; {answers} answers", highlight=False)
        latencies = Table("stage", box=SIMPLE_HEAD)
        latencies.add_column("median", justify="right")
        latencies.add_column("max", justify="right")
        latencies.add_column("what it is")
        for stage, figures in self.latency_ms.items():
            style = "bold" if stage == "total_ms" else ""
            name = stage.removesuffix("_ms")
            latencies.add_row(name, f"{figures['median']:.0f}", f"{figures['max']:.0f}", STAGES[stage], style=style)
        if pauses := [pause for one in self.performances for pause in pauses_ms(one)]:
            measured = "the same, measured in the recordings: no voice detector between"
            latencies.add_row("heard", f"{median(pauses):.0f}", f"{max(pauses):.0f}", measured, style="bold")
        console.print(latencies)
        for part, what in self.engines.items():
            console.print(f"{part:<9} {what}", highlight=False, markup=False)
