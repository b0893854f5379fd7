"""How many recordings an hour one core listens to again, with each ear, beside a plain loop over `faster_whisper`.

Whisper has random weights in the shape of the real `tiny` model, made on the spot: they say nothing about words and all
about time. Each contestant's model is made to write as many tokens a window as were really said in it, or else whoever
cuts fewer windows would seem faster. Fallback is off for all, because nonsense triggers it at random. Time is processor
time of one thread. Needs the extras `espeak` and `whisper`.
"""

import gc
import importlib
import math
import os
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import soxr
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.wer_calls import RATE, known_call
from offline.retranscribe.call import listen_again
from offline.retranscribe.port import PREMIUM, STANDARD, ListeningSettings, SecondEar
from offline.retranscribe.recording import open_recording
from offline.retranscribe.tiny import TinySecondEar
from offline.retranscribe.whisper import WhisperSecondEar
from offline.testing.random_whisper import make_random_whisper
from storage.recordings import wav_header

TITLE: Final = "batch_ears: recordings an hour on one core, beside a plain loop over faster_whisper.transcribe"
RECORDINGS: Final = 6
MANY: Final = 1000
"""Recordings over which memory must stay flat."""
_WARM: Final = 0.1
"""Share of them after which growth is counted: buffers find their size first."""
_TURNS: Final = 6
_TOKENS_A_WORD: Final = 1.4
"""What Whisper's tokenizer makes of Spanish, about."""
_WINDOW_SECONDS: Final = 30
BEAM: Final = replace(PREMIUM, temperatures=(0.0,), compression_limit=1e9, likelihood_limit=-1e9)
"""Premium settings without the fallback to higher temperatures."""
_QUICK: Final = replace(BEAM, beam=1)
"""For memory: a beam takes its time and none of it."""


@dataclass(frozen=True, slots=True)
class MadeRecording:
    """A stereo recording whose sides take turns."""

    path: Path
    seconds: float
    words: int


def make_recording(path: Path, seed: int, turns: int = _TURNS) -> MadeRecording:
    """Write a call of `turns` turns, each of one or two sentences, while the other side is silent."""
    dice = random.Random(seed)
    left: list[np.ndarray] = []
    right: list[np.ndarray] = []
    words = 0
    for turn in range(turns):
        call = known_call(1000 * seed + turn, "test", sentences=dice.randint(1, 2))
        words += len(call.said.split())
        quiet = np.zeros_like(call.samples)
        left.append(quiet if turn % 2 else call.samples)
        right.append(call.samples if turn % 2 else quiet)
    stereo = np.stack([np.concatenate(left), np.concatenate(right)], axis=1).astype("<i2")
    path.write_bytes(wav_header(RATE, stereo.nbytes) + stereo.tobytes())
    return MadeRecording(path, len(stereo) / RATE, words)


def measure(*, quick: bool) -> dict[str, float]:
    """Return recordings per hour and core for each contestant, the ratios, and how memory grew (MiB)."""
    with tempfile.TemporaryDirectory(prefix="batch-ears-") as name:
        folder = Path(name)
        made = [make_recording(folder / f"rec_{seed}.wav", seed) for seed in range(2 if quick else RECORDINGS)]
        short = [make_recording(folder / f"short_{seed}.wav", 500 + seed, 1) for seed in range(5 if quick else 20)]
        results = {"recordings": float(len(made)), "seconds_each": sum(one.seconds for one in made) / len(made)}
        results |= _tiny(made)
        results |= _whisper(made, folder, "nano" if quick else "tiny")
        results["many"] = float(MANY // 50 if quick else MANY)
        results |= _growth(short, folder, int(results["many"]))
    return {name: round(value, 3) for name, value in results.items()}


def _tiny(made: Sequence[MadeRecording]) -> dict[str, float]:
    ear = TinySecondEar()
    try:
        careful = _processor_seconds(partial(_listen, ear=ear, settings=PREMIUM), made)
        quick = _processor_seconds(partial(_listen, ear=ear, settings=STANDARD), made)
    finally:
        ear.close()
    hour = 3600 * len(made)
    return {"recordings_per_hour_core": hour / careful, "recordings_per_hour_core_standard": hour / quick}


def _listen(one: MadeRecording, ear: SecondEar, settings: ListeningSettings) -> None:
    listen_again(open_recording(one.path), ear, settings)


def _whisper(made: Sequence[MadeRecording], folder: Path, size: str) -> dict[str, float]:
    words = sum(one.words for one in made)
    probe = WhisperSecondEar(make_random_whisper(folder / "probe", words_a_window=2))
    for one in made:
        _listen(one, probe, BEAM)
    own_windows = probe.windows_heard
    probe.close()
    plain_windows = 2 * sum(math.ceil(one.seconds / _WINDOW_SECONDS) for one in made)
    ear = WhisperSecondEar(made_model(folder, size, words, own_windows))
    own = _processor_seconds(partial(_listen, ear=ear, settings=BEAM), made)
    ear.close()
    plain = plain_loop_seconds(made, made_model(folder, size, words, plain_windows), has_vad=False)
    # With its own VAD the loop joins a side's speech as we do: about as many windows as ours.
    filtered = plain_loop_seconds(made, made_model(folder, size, words, own_windows), has_vad=True)
    hour = 3600 * len(made)
    return {
        "recordings_per_hour_core_whisper": hour / own,
        "recordings_per_hour_core_plain_loop": hour / plain,
        "recordings_per_hour_core_plain_loop_vad": hour / filtered,
        "ratio_vs_plain_loop": plain / own,
        "ratio_vs_plain_loop_vad": filtered / own,
        "windows": float(own_windows),
        "windows_plain_loop": float(plain_windows),
    }


def made_model(folder: Path, size: str, words: int, windows: int) -> Path:
    """Return a model that writes, over `windows` windows, about the tokens of `words` words."""
    each = min(400, max(1, round(words * _TOKENS_A_WORD / windows)))
    path = folder / f"{size}-{each}"
    return path if path.exists() else make_random_whisper(path, size=size, words_a_window=each)


def plain_loop_seconds(made: Sequence[MadeRecording], model: Path, *, has_vad: bool) -> float:
    """Return the processor seconds of what one writes first: both sides of every file, one after the other.

    In its favour: no word times (ours have them), no time stamps to decode, one pass.
    """
    library = importlib.import_module("faster_whisper")
    whisper = library.WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True)

    def listen(one: MadeRecording) -> None:
        for side in open_recording(one.path).sides.values():
            wide = soxr.resample(side.astype(np.float32) / 32768, RATE, 16000).astype(np.float32)
            segments, _ = whisper.transcribe(
                wide, language="es", beam_size=5, temperature=0.0, condition_on_previous_text=False,
                without_timestamps=True, vad_filter=has_vad,
            )  # fmt: skip
            list(segments)

    try:
        return _processor_seconds(listen, made)
    finally:
        whisper.model.unload_model()


def _processor_seconds(listen: Callable[[MadeRecording], None], made: Sequence[MadeRecording]) -> float:
    """Return processor seconds for all, after one that does not count."""
    listen(made[0])
    began = time.process_time()
    for one in track(made, "listening", console=Console(stderr=True), transient=True):
        listen(one)
    return time.process_time() - began


def _growth(made: Sequence[MadeRecording], folder: Path, count: int) -> dict[str, float]:
    """Return how much memory each ear's process gained over `count` recordings, and the worse of both."""
    growth: dict[str, float] = {}
    tiny = TinySecondEar()
    whisper = WhisperSecondEar(make_random_whisper(folder / "nano", words_a_window=12))
    ears: tuple[tuple[str, SecondEar], ...] = (("tiny", tiny), ("whisper", whisper))
    for name, ear in ears:
        begin = 0.0
        for place in track(range(count), f"memory, {name}", console=Console(stderr=True), transient=True):
            if place == int(count * _WARM):
                gc.collect()
                begin = _resident_mib()
            _listen(made[place % len(made)], ear, _QUICK)
        gc.collect()
        growth[f"rss_growth_mib_{name}"] = _resident_mib() - begin
        ear.close()
    return growth | {"rss_growth_mib": max(growth.values())}


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def table(results: Mapping[str, Any]) -> Table:
    """Show what `measure` found."""
    shown = Table("what", title=f"{results['recordings']:g} recordings of {results['seconds_each']:.0f} s, both sides")
    shown.add_column("measured", justify="right")
    for name, value in results.items():
        shown.add_row(name.replace("_", " "), f"{value:,.2f}" if "ratio" in name or "rss" in name else f"{value:,.0f}")
    return shown
