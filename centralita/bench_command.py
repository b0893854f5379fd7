"""`centralita bench NAME`: every number we claim, printed by the code that measured it.

A benchmark is a module of `bench/` with `TITLE`, `measure(quick) -> dict` (plain numbers: milliseconds, seconds,
ratios) and `table(result) -> rich renderable`; one whose `measure` also takes `cases`, a path, can be run on cases of
one's own. With `--json` the last line of output is one JSON object that also
names the machine and the commit, so that results of different days can be compared.
"""

import importlib
import inspect
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Protocol, cast

import typer
from rich.console import Console, RenderableType

from vocabulary.errors import CentralitaError

NAMES: Final = {
    "media": "calls per core, our own latency, lateness, barge-in, CPU, memory; beside a 40-line floor server",
    "tiny": "word error rate of the `tiny` ear (demo and tests only) and how well it rejects what is no speech",
    "provisioning": "500 trunks and 5,000 numbers: rendered, checked, loaded by a real Asterisk; beside a plain write",
    "tones": "how exactly a hang-up tone is learned from a recording, by noise; and what is wrongly taken for one",
    "understanding": "mood, problems and doubts of callers' turns: F1 by task on labelled sets; beside plain keywords",
    "voice_mood": "loudness, pitch and pace of a voice, and what they add to the mood; synthetic voices only",
    "correction": "word errors before and after by level, false corrections, six distances; the online level",
    "analysis": "intents, entities, mood and topics of finished calls: F1 on labelled sets; beside plain keywords",
    "batch": "recordings an hour and core of the second listening, and its memory; beside a plain loop",
    "wer_estimate": "word errors guessed without knowing the words, beside the mean confidence alone",
    "batch_ears": "recordings an hour and core by ear, beside a plain loop over faster_whisper",
    "storage": "metadata files into a fresh index, and searches over them; beside a scan of the files",
    "recording_store": "puts and gets of recordings, encrypted and not; beside boto3 on the same server",
    "customers": "lateness of a 20 ms timer while tools look customers up; beside asking on the same loop",
    "sealed_search": "searches for words of encrypted calls, opened one by one; beside the same calls in clear",
    "jobs": "jobs enqueued and done a second; beside a plain table without promises",
}


class Benchmark(Protocol):
    TITLE: str

    def measure(self, *, quick: bool) -> Mapping[str, Any]: ...

    def table(self, result: Mapping[str, Any]) -> RenderableType: ...


class BenchmarkOfWhisper(Protocol):
    def measure(self, *, quick: bool, whisper: bool) -> Mapping[str, Any]: ...


class BenchmarkOfCases(Protocol):
    def measure(self, *, quick: bool, cases: Path) -> Mapping[str, Any]: ...


def machine() -> str:
    """Processor, number of cores available to us, and Python: what a number depends on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = (line for line in info.read_text().splitlines() if line.startswith("model name"))
        cpu = next(lines, f": {cpu}").partition(":")[2].strip()
    return f"{cpu}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"


def commit() -> str:
    """The checkout's commit, with `+` when files differ from it; "" outside a checkout."""
    here = Path(__file__).resolve().parent.parent
    describe = ["git", "-C", str(here), "describe", "--always", "--abbrev=12", "--dirty=+"]
    done = subprocess.run(describe, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _run_one(name: str, *, quick: bool, whisper: bool, as_json: bool, cases: Path | None, console: Console) -> None:
    module = importlib.import_module(f"bench.{name}")
    benchmark = cast(Benchmark, module)
    takes = inspect.signature(benchmark.measure).parameters
    if cases is not None and "cases" not in takes:
        raise typer.BadParameter(f"the benchmark {name!r} takes no cases of your own")
    if whisper and "whisper" not in takes:
        raise typer.BadParameter(f"the benchmark {name!r} knows no --whisper; `batch` does")
    console.rule(f"[bold]{benchmark.TITLE}")
    try:
        if cases is not None:
            result = dict(cast(BenchmarkOfCases, module).measure(quick=quick, cases=cases))
        elif whisper:
            result = dict(cast(BenchmarkOfWhisper, module).measure(quick=quick, whisper=True))
        else:
            result = dict(benchmark.measure(quick=quick))
    except (CentralitaError, OSError) as error:
        if cases is None:
            raise
        raise typer.BadParameter(str(error)) from error
    console.print(benchmark.table(result))
    result |= {"bench": name, "machine": machine(), "commit": commit()}
    console.print(f"[dim]{result['machine']} · commit {result['commit']}")
    if as_json:
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


def bench(
    name: Annotated[str, typer.Argument(help="Which one, or `all`. Without a name: the list.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Last line of output: one JSON object.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Smaller loads: to see that it works, not to compare.")
    ] = False,
    whisper: Annotated[
        bool, typer.Option("--whisper", help="`batch`: with the Whisper adapter too, beside faster_whisper.")
    ] = False,
    cases: Annotated[
        Path | None,
        typer.Option("--cases", metavar="FILE", help="Cases of your own, in the format of its sets."),
    ] = None,
) -> None:
    """Measure, then claim: run one benchmark and print what it found."""
    console = Console(stderr=as_json)
    if not name:
        for known, what in NAMES.items():
            console.print(f"  [bold]{known:<14}[/]{what}")
        return
    if name != "all" and name not in NAMES:
        raise typer.BadParameter(f"there is no benchmark {name!r}; there are: {', '.join(NAMES)}, all")
    for one in NAMES if name == "all" else [name]:
        _run_one(one, quick=quick, whisper=whisper, as_json=as_json, cases=cases, console=console)
