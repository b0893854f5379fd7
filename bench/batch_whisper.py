"""The whole batch with the Whisper adapter, beside a plain loop over `faster_whisper.transcribe` on the same files.

The model has random weights in the shape of the real `tiny` one, made on the spot: its words mean nothing, its time is
the real one's. Each contestant's model writes as many tokens a window as were really said in it, or else whoever cuts
fewer windows would seem faster. Fallback to higher temperatures is off for both: nonsense triggers it at random, and
each time costs the whole window again, up to five times. The loop hears both sides of every file, because it does not
know which needs it; the batch does what it always does, once with a third of the calls doubtful and once with all of
them. Time is processor time. Memory is watched with the smallest model, over short calls: what grows does not depend
on the weights.
"""

import asyncio
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench import batch
from bench.batch_ears import BEAM, MadeRecording, made_model, plain_loop_seconds
from offline.batch.equipment import WHISPER
from offline.retranscribe.call import listen_again
from offline.retranscribe.recording import open_recording
from offline.retranscribe.whisper import WhisperSecondEar
from offline.testing.random_whisper import make_random_whisper
from vocabulary.speech import Speaker

RECORDINGS: Final = 6
QUICK: Final = 3
_WINDOW_SECONDS: Final = 30
_WORDS_OF_SHORT: Final = 12
"""Of the model over whose recordings memory is watched."""


def measure(*, quick: bool) -> dict[str, float]:
    """Return recordings per hour and core of both, their ratio, and how much memory the batch gained (MiB)."""
    with tempfile.TemporaryDirectory(prefix="bench-batch-whisper-") as name:
        folder = Path(name)
        count, size = (QUICK, "nano") if quick else (RECORDINGS, "tiny")
        calls = batch.write_calls(folder / "third" / "calls", count, batch.DOUBTFUL)
        batch.write_calls(folder / "all" / "calls", count, 1)
        made = [
            MadeRecording(path, call.seconds, call.caller_words + call.agent_words)
            for path, call in zip(sorted((folder / "third/calls/audio").glob("*.wav")), calls, strict=True)
        ]
        windows = _windows_of_the_caller(made, folder)
        plain_windows = 2 * sum(math.ceil(one.seconds / _WINDOW_SECONDS) for one in made)
        ear = WHISPER + str(made_model(folder, size, sum(call.caller_words for call in calls), windows))
        third, retranscribed = batch.batch_seconds(folder / "third" / "calls", count, batch.equipment(ear, BEAM))
        every, _ = batch.batch_seconds(folder / "all" / "calls", count, batch.equipment(ear, BEAM))
        model = made_model(folder, size, sum(one.words for one in made), plain_windows)
        plain = plain_loop_seconds(made, model, has_vad=False)
        nano = make_random_whisper(folder / "short", words_a_window=_WORDS_OF_SHORT)
        many = 40 if quick else batch.MANY
        grown = asyncio.run(batch.growth(folder / "memory", many, batch.equipment(WHISPER + str(nano), BEAM)))
    hour = 3600 * count
    return {
        "recordings_whisper": float(count),
        "doubtful_whisper": float(sum(seed % batch.DOUBTFUL == 0 for seed in range(count))),
        "retranscribed_whisper": float(retranscribed),
        "recordings_per_hour_core_whisper": hour / third,
        "recordings_per_hour_core_whisper_all_doubtful": hour / every,
        "recordings_per_hour_core_faster_whisper": hour / plain,
        "ratio_vs_faster_whisper": plain / third,
        "ratio_vs_faster_whisper_all_doubtful": plain / every,
        "windows_all_doubtful": float(windows),
        "windows_faster_whisper": float(plain_windows),
        "many_whisper": grown["many"],
        "many_processor_seconds_whisper": grown["many_processor_seconds"],
        "rss_mib_whisper": grown["rss_mib"],
        "rss_growth_mib_whisper": grown["rss_growth_mib"],
    }


def _windows_of_the_caller(made: Sequence[MadeRecording], folder: Path) -> int:
    """Return how many windows the second ear makes of the caller's sides."""
    ear = WhisperSecondEar(make_random_whisper(folder / "probe", words_a_window=2))
    for one in made:
        listen_again(open_recording(one.path), ear, BEAM, (Speaker.CALLER,))
    ear.close()
    return ear.windows_heard
