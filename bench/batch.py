"""Recordings an hour and core of the whole batch, beside what one writes first: a loop that listens and writes a file.

Both hear the same finished calls with the same embedded ear. The plain loop is a `for` over the files: premium settings
for both sides of every call, the text into one JSON file, no estimate, no correction, no analysis, no database, nothing
that survives a kill. The batch listens again only where the first transcript is doubtful (a third of these calls), and
then does everything else; `all_doubtful` is the worst case, in which every call is listened to again. Time is processor
time of the process, so other work on the machine does not count. Memory is watched over many short recordings.
With `--whisper` the same is done with the Whisper adapter, beside a loop over `faster_whisper.transcribe`
(`bench/batch_whisper.py`); `bench/batch_ears.py` has the ears alone.

    python -m bench.batch [--quick] [--whisper] [--json]
"""

import argparse
import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.progress import Progress, track
from rich.table import Table

from bench.wer_calls import RATE, known_call
from offline.batch.equipment import TINY, AgentWords, Equipment
from offline.batch.listeners import InThisProcess
from offline.batch.report import BatchReport, Done, Outcome
from offline.batch.results import Results
from offline.batch.runner import Batch, News
from offline.batch.selection import unprocessed
from offline.retranscribe.call import listen_again
from offline.retranscribe.port import PREMIUM, ListeningSettings
from offline.retranscribe.recording import open_recording
from offline.retranscribe.tiny import TinySecondEar
from storage.database.database import Database
from storage.recording_store.local import LocalRecordings
from storage.recordings import RecordingLayout, wav_header, write_json

TITLE: Final = "batch: recordings an hour and core through the second listening, beside a plain loop"
RECORDINGS: Final = 24
MANY: Final = 1000
DOUBTFUL: Final = 3
"""One call of so many has a first transcript that is to be listened to again."""
TURNS: Final = 6
BEGUN: Final = 1_795_000_000.0
_WARM: Final = 0.1
"""Share of the recordings after which growth is counted: buffers and caches find their size first."""
_BANK: Final = Path(__file__).resolve().parent.parent / "agents" / "banks" / "telecom.toml"


def measure(*, quick: bool, whisper: bool = False) -> dict[str, float]:
    """Return recordings per hour and core of both, their ratio, and how much memory the batch gained (MiB)."""
    with tempfile.TemporaryDirectory(prefix="bench-batch-") as name:
        count = 6 if quick else RECORDINGS
        results = _speed(Path(name) / "speed" / "calls", count, DOUBTFUL)
        write_calls(Path(name) / "worst" / "calls", count, 1)
        worst, retranscribed = batch_seconds(Path(name) / "worst" / "calls", count, equipment())
        results["retranscribed_all_doubtful"] = float(retranscribed)
        results["recordings_per_hour_core_all_doubtful"] = 3600 * count / worst
        # the same sound, of which the loop does not know that it is doubtful
        results["ratio_vs_plain_loop_all_doubtful"] = (
            results["recordings_per_hour_core_all_doubtful"] / results["recordings_per_hour_core_plain_loop"]
        )
        results |= asyncio.run(growth(Path(name) / "memory", 40 if quick else MANY, equipment()))
    if whisper:
        from bench import batch_whisper  # the extra need not be installed

        results |= batch_whisper.measure(quick=quick)
    return {name: round(value, 3) for name, value in results.items()}


@dataclass(frozen=True, slots=True)
class WrittenCall:
    """What a call is made of."""

    seconds: float
    caller_words: int
    agent_words: int


def write_call(root: Path, call_id: str, seed: int, turns: int, *, is_doubtful: bool, began: float) -> WrittenCall:
    """Write a finished call as `calls` leaves it. A doubtful one was misheard, unsurely."""
    layout = RecordingLayout(root)
    left: list[np.ndarray] = []
    right: list[np.ndarray] = []
    entries: list[dict[str, Any]] = []
    now = 0.0
    words_of_side = [0, 0]
    for place in range(turns):
        call = known_call(1000 * seed + place, "test", sentences=1)
        quiet = np.zeros_like(call.samples)
        begin, now = now, now + len(call.samples) / RATE
        is_caller = place % 2 == 0
        words_of_side[place % 2] += len(call.said.split())
        left.append(call.samples if is_caller else quiet)
        right.append(quiet if is_caller else call.samples)
        if is_caller:
            words = call.said.split()
            heard = " ".join(words[1::2]) if is_doubtful else call.said
            entries.append({"speaker": "caller", "at": now, "text": heard, "heard": heard, "begin_seconds": begin,
                            "end_seconds": now, "confidence": 0.2 if is_doubtful else 0.97})  # fmt: skip
        else:
            entries.append({"speaker": "agent", "at": now, "text": call.said})
    stereo = np.stack([np.concatenate(left), np.concatenate(right)], axis=1).astype("<i2")
    audio = layout.audio(call_id)
    audio.parent.mkdir(parents=True, exist_ok=True)
    audio.write_bytes(wav_header(RATE, stereo.nbytes) + stereo.tobytes())
    common = {"call_id": call_id, "agent": "telecom", "did": "+34912345678", "caller": "", "started_at": began}
    write_json(layout.transcript(call_id), {**common, "turns": entries})
    seconds = len(stereo) / RATE
    told = {"file": audio.name, "rate": RATE, "channels": ["caller", "agent"], "seconds": seconds, "seconds_lost": 0.0}
    metrics = {"duration": seconds, "total_turns": turns, "outcome": "caller_hung_up"}
    write_json(layout.metadata(call_id), {**common, "language": "es", "audio": told, "metrics": metrics})
    return WrittenCall(seconds, *words_of_side)


def write_calls(folder: Path, count: int, doubtful: int) -> list[WrittenCall]:
    """Write `count` calls, of which one of `doubtful` must be listened to again."""
    return [
        write_call(folder, f"{seed:04}", seed, TURNS, is_doubtful=seed % doubtful == 0, began=BEGUN + seed)
        for seed in track(range(count), "calls are made", console=Console(stderr=True), transient=True)
    ]


def batch_seconds(folder: Path, count: int, with_what: Equipment) -> tuple[float, int]:
    """Return the processor seconds of a batch over the calls in `folder`, and how many it transcribed again.

    Everything is loaded and warm when the time begins.
    """

    async def run() -> tuple[float, int]:
        warm = folder.with_name("warm")
        write_call(warm, "warm", 900, 2, is_doubtful=True, began=BEGUN)
        listener = InThisProcess(with_what)
        try:
            await _batch(warm, listener)
            began = time.process_time()
            report = await _batch(folder, listener)
            spent = time.process_time() - began
        finally:
            listener.close()
        if report.count(Outcome.PROCESSED) != count:
            raise RuntimeError(f"{report.as_json()}")
        return spent, report.retranscribed

    return asyncio.run(run())


def _speed(folder: Path, count: int, doubtful: int) -> dict[str, float]:
    """Return the figures of both over `count` calls, of which one of `doubtful` must be listened to again."""
    seconds = sum(call.seconds for call in write_calls(folder, count, doubtful))
    batch, retranscribed = batch_seconds(folder, count, equipment())
    plain = _plain_loop(folder)
    return {
        "recordings": float(count),
        "seconds_each": seconds / count,
        "retranscribed": float(retranscribed),
        "recordings_per_hour_core": 3600 * count / batch,
        "recordings_per_hour_core_plain_loop": 3600 * count / plain,
        "ratio_vs_plain_loop": plain / batch,
        "times_real_time": seconds / batch,
    }


def _plain_loop(folder: Path) -> float:
    """Return the processor seconds of the loop, its model loaded and warm."""
    ear = TinySecondEar()
    paths = sorted((folder / "audio").glob("*.wav"))
    listen_again(open_recording(paths[0]), ear, PREMIUM)
    began = time.process_time()
    for path in paths:
        heard = listen_again(open_recording(path), ear, PREMIUM)
        path.with_suffix(".json").write_text(json.dumps([turn.text for turn in heard.turns], ensure_ascii=False))
    spent = time.process_time() - began
    ear.close()
    return spent


async def growth(folder: Path, count: int, with_what: Equipment) -> dict[str, float]:
    """Return how many MiB this process gained from the tenth part of `count` short recordings to the last."""
    kinds = 10
    for seed in range(kinds):
        write_call(folder, f"{seed:04}", 500 + seed, 2, is_doubtful=seed % DOUBTFUL == 0, began=BEGUN + seed)
    for number in range(kinds, count):
        _copy(folder, f"{number % kinds:04}", f"{number:04}", BEGUN + number)
    resident: list[float] = []
    began = time.process_time()
    with Progress(*Progress.get_default_columns(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"memory over {count} recordings", total=count)

        def note(news: News) -> None:
            if isinstance(news, Done):
                if len(resident) == int(count * _WARM):
                    gc.collect()
                resident.append(_resident_mib())
                bar.advance(task)

        listener = InThisProcess(with_what)
        try:
            async with Database.open(f"sqlite+aiosqlite:///{folder / 'batch.db'}") as database:
                batch = Batch(Results(LocalRecordings(folder), database), listener, tell=note)
                report = await batch.run(unprocessed())
        finally:
            listener.close()
    if report.count(Outcome.PROCESSED) != count:
        raise RuntimeError(f"{report.as_json()}")
    gc.collect()
    return {
        "many": float(count),
        "many_processor_seconds": time.process_time() - began,
        "rss_mib": _resident_mib(),
        "rss_growth_mib": _resident_mib() - resident[int(count * _WARM)],
    }


def _copy(folder: Path, source: str, target: str, began: float) -> None:
    layout = RecordingLayout(folder)
    os.link(layout.audio(source), layout.audio(target))
    for path in (layout.transcript, layout.metadata):
        told = json.loads(path(source).read_text("utf-8"))
        write_json(path(target), {**told, "call_id": target, "started_at": began})


def equipment(ear: str = TINY, listening: ListeningSettings = PREMIUM) -> Equipment:
    """Return what the batch works with: an ear, and the words of the agent that ships with us."""
    return Equipment(ear=ear, listening=listening, agents={"telecom": AgentWords((_BANK,))})


async def _batch(folder: Path, listener: InThisProcess) -> BatchReport:
    async with Database.open(f"sqlite+aiosqlite:///{folder / 'batch.db'}") as database:
        return await Batch(Results(LocalRecordings(folder), database), listener).run(unprocessed())


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def table(results: Mapping[str, Any]) -> Table:
    """Show what `measure` found."""
    shown = Table("what", title=f"{results['recordings']:g} recordings of {results['seconds_each']:.0f} s, both sides")
    shown.add_column("measured", justify="right")
    for name, value in results.items():
        is_small = "ratio" in name or "rss" in name or "times" in name
        shown.add_row(name.replace("_", " "), f"{value:,.2f}" if is_small else f"{value:,.0f}")
    return shown


def main() -> None:
    """Measure and print, by hand."""
    parser = argparse.ArgumentParser(description=TITLE)
    parser.add_argument("--quick", action="store_true", help="smaller loads, only to see that it works")
    parser.add_argument("--whisper", action="store_true", help="also the Whisper adapter, beside faster_whisper")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    told = parser.parse_args()
    results = measure(quick=told.quick, whisper=told.whisper)
    Console(stderr=told.json).print(table(results))
    if told.json:
        sys.stdout.write(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()
