"""The whole show: set the stage, hold three calls at once, look at what came of them, put everything away."""

import asyncio
import importlib.util
import json
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from rich.console import Console

from ari_app.live_client import LiveError, LiveEvents
from ari_app.live_events import CallStarted
from centralita.demo.performance import LiveScene, Performance, save_phone_sound
from centralita.demo.report import Finding, Report
from centralita.demo.scenarios import SCENARIOS
from centralita.demo.stage import Stage
from centralita.demo.timeline import Timeline
from engines.speech.client import SpeechClient
from storage.recordings import RecordingLayout
from vocabulary.errors import ConfigurationError

PLANNED: Final = "all calls went as planned"
NOT_PLANNED: Final = "NOT as planned"
_BETWEEN_CALLS_SECONDS: Final = 0.4
"""The calls do not come in at the same moment, so that their first lines can be told apart."""
_PLAIN_WIDTH: Final = 120
_EMPTY_SECONDS: Final = 3.0
_SPEECH_SECONDS: Final = 10.0


async def show(out: Path, *, as_json: bool = False) -> int:
    """Perform the three calls, leave recordings, transcripts and pictures in `out`, and say how it went.

    Returns the exit code: 0 only if all calls went as planned.

    Raises: ConfigurationError without an Asterisk or without matplotlib; PbxDidNotStart, StageNotReady.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise ConfigurationError("the pictures need matplotlib: run `make setup`, or install centralita[pictures]")
    begun_at = time.time()
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PLAIN_WIDTH)

    def progress(text: str) -> None:
        console.print(f"{time.time() - begun_at:6.2f}  {text}", style="dim", highlight=False, markup=False)

    behind = _cleared(out)
    console.print("[bold]centralita demo[/]: three callers at once, a real Asterisk, the whole product")
    progress("starting Asterisk, `speech`, `calls` and `guard`")
    async with Stage(behind, progress=progress) as stage:
        engines, performances, house = await _perform(stage, console, begun_at)
        house.append(_kept(performances, RecordingLayout(stage.settings.storage.local_path), out))
        progress("drawing, and taking everything down again")
        drawing = asyncio.create_task(asyncio.to_thread(_draw, performances, out), name="drawing")
    await drawing
    report = Report(performances, house, engines, time.time() - begun_at)
    all_findings = report.findings
    report.show(console, all_findings)
    missing = [f"{where}: {found.what}" for where, found in all_findings if not found.is_met]
    console.print(f"\n{out}/: recordings (WAV), transcripts (JSON), pictures (PNG); {report.seconds:.1f} s in all")
    if missing:
        console.print(f"[bold red]{NOT_PLANNED}[/]: " + "; ".join(missing), highlight=False)
    else:
        console.print(f"[bold green]{PLANNED}[/]")
    if as_json:
        sys.stdout.write(json.dumps(report.to_json(all_findings), ensure_ascii=False) + "\n")
    return 1 if missing else 0


def _cleared(out: Path) -> Path:
    """Make the folder, and forget what went on behind the scenes of an earlier show."""
    out.mkdir(parents=True, exist_ok=True)
    behind = out / "stage"
    shutil.rmtree(behind, ignore_errors=True)
    return behind


async def _perform(
    stage: Stage, console: Console, begun_at: float
) -> tuple[dict[str, str], list[Performance], list[Finding]]:
    async with AsyncExitStack() as stack:
        speech = await stack.enter_async_context(SpeechClient(stage.settings.speech.socket))
        async with asyncio.timeout(_SPEECH_SECONDS):
            await speech.connected()
        engines = await _engines(stage, speech)
        for part, what in engines.items():
            console.print(f"{part:>9}  {what}", style="dim", highlight=False, markup=False)
        timeline = stack.enter_context(Timeline(console, SCENARIOS, begun_at))
        server = stage.asterisk.sip_address
        scenes = [LiveScene(scenario, server, speech.mouth, timeline.happened) for scenario in SCENARIOS]
        for scenario, scene in zip(SCENARIOS, scenes, strict=True):
            colleague = scenario.colleague
            await scene.prepare(stack, stage.password(colleague.number) if colleague else None)
        async with _watching(stage, scenes):
            await asyncio.gather(*(_later(index * _BETWEEN_CALLS_SECONDS, scene) for index, scene in enumerate(scenes)))
        performances = [scene.collect() for scene in scenes]
    return engines, performances, [await _nothing_left(stage), _nothing_died(stage)]


async def _later(seconds: float, scene: LiveScene) -> None:
    await asyncio.sleep(seconds)
    await scene.perform()


@asynccontextmanager
async def _watching(stage: Stage, scenes: Sequence[LiveScene]) -> AsyncIterator[None]:
    """Give every scene the events of its call for as long as the block runs."""
    by_number = {scene.performance.scenario.caller.number: scene for scene in scenes}
    async with stage.live().events() as events:
        await anext(events)  # the snapshot: from here on nothing is missed
        watching = asyncio.create_task(_watch(events, by_number), name="demo watches")
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError, LiveError):
                await watching


async def _watch(events: LiveEvents, by_number: dict[str, LiveScene]) -> None:
    by_call: dict[str, LiveScene] = {}
    async for event in events:
        if isinstance(event, CallStarted) and event.caller in by_number:
            by_call[event.call_id] = by_number[event.caller]
        scene = by_call.get(getattr(event, "call_id", ""))
        if scene is not None:
            scene.take(event)


async def _engines(stage: Stage, speech: SpeechClient) -> dict[str, str]:
    ear, mouth = await speech.health()
    settings = stage.settings
    return {
        "asterisk": f"{stage.asterisk.build.version} ({stage.asterisk.build.origin})",
        "ear": f"{settings.speech.ear} ({ear.model}): for the demo and tests only, it hears synthetic Spanish voices",
        "mouth": f"{settings.speech.mouth} ({mouth.model})",
        "mind": f"{settings.mind.provider}: the guided dialogue of agents/telecom.toml",
    }


async def _nothing_left(stage: Stage) -> Finding:
    """Asterisk has neither channels nor bridges any more."""
    what = "nothing is left in Asterisk"
    deadline = time.monotonic() + _EMPTY_SECONDS
    while True:
        channels = (await stage.asterisk.ask("core show channels concise")).split()
        bridges = (await stage.asterisk.ask("bridge show all")).splitlines()[1:]
        if not channels and not bridges:
            return Finding(what, is_met=True)
        if time.monotonic() > deadline:
            return Finding(what, is_met=False, detail=f"{len(channels)} channels, {len(bridges)} bridges")
        await asyncio.sleep(0.1)


def _nothing_died(stage: Stage) -> Finding:
    restarted = [status.name for status in stage.supervisor.statuses() if status.starts != 1]
    return Finding("no process had to be restarted", not restarted, ", ".join(restarted))


def _kept(performances: Sequence[Performance], layout: RecordingLayout, out: Path) -> Finding:
    """Read what the product kept, and copy it to `out` under names that say which call it was."""
    trouble = []
    for one in performances:
        key = one.scenario.key
        try:
            one.read_records(layout)
            kept = {
                "recording": (layout.audio(one.call_id), f"{key}.wav"),
                "transcript": (layout.transcript(one.call_id), f"{key}.transcript.json"),
                "metadata": (layout.metadata(one.call_id), f"{key}.metadata.json"),
            }
            for kind, (path, name) in kept.items():
                shutil.copyfile(path, out / name)
                one.files[kind] = name
        except (OSError, ValueError, EOFError) as error:
            trouble.append(f"{key}: {error}")
        for kind, sound in (("caller_phone", one.caller_sound), ("colleague_phone", one.colleague_sound)):
            if sound is not None:
                name = f"{key}.{kind}.wav"
                save_phone_sound(sound, out / name)
                one.files[kind] = name
    return Finding("recording, transcript and metadata of every call were kept", not trouble, "; ".join(trouble))


def _draw(performances: Sequence[Performance], out: Path) -> None:
    from centralita.demo.picture import draw

    for one in performances:
        if one.recording is not None:
            name = f"{one.scenario.key}.png"
            draw(one, out / name)
            one.files["picture"] = name
