"""Silero behind a gate: the model runs in one thread beside the loop, once for the callers of all calls that speak.

The loop only cuts frames into chunks and reads the last verdict, which is therefore one or two frames old. Calls on
which the gate hears nothing cost no model time.
"""

import logging
import os
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from engines.base import EngineHealth
from engines.vad.silero_batch import CHUNK_SAMPLES, Model, VoiceMemory, load_model, probabilities
from engines.vad.webrtc import WebrtcDetector, WebrtcTrack

logger = logging.getLogger(__name__)

_GATE_FRAMES: Final = 15
"""The gate stays open for 0.3 s after the last frame it let pass: it misses the quiet ends of words."""
_PRE_ROLL_FRAMES: Final = 4
"""Sound from before the gate opened: the model needs some to find its feet."""
_MOST_WAITING: Final = 4
"""Chunks of one caller in the queue; when the thread is that late, the gate alone decides."""
_GATHER_SECONDS: Final = 0.008
"""Time for other callers' chunks to arrive, so that one run serves many; well below a frame."""
_LARGEST_BATCH: Final = 128
_NICENESS: Final = 5
"""The thread's: when both want the processor, the loop's frames go first, and verdicts come a little later."""


class SileroTrack:
    """One caller: a gate, a chunk being filled, and the model's last word."""

    def __init__(self, detector: "SileroDetector", gate: WebrtcTrack, rate: int) -> None:
        self._detector = detector
        self._gate = gate
        self._chunk_bytes = CHUNK_SAMPLES * 2 * (rate // 8000)
        self._pending = b""
        """Sound that waits to fill a chunk, while the gate is open."""
        self._before: deque[bytes] = deque(maxlen=_PRE_ROLL_FRAMES)
        """The latest sound while it is shut."""
        self._open_frames = 0
        self._pre_roll_bytes = _PRE_ROLL_FRAMES * (rate // 50) * 2
        self._is_voice = False
        self.memory = VoiceMemory(rate)
        """Touched by the model's thread only."""
        self.asked = 0
        """Chunks sent; written by the loop."""
        self.answered = 0
        """Chunks judged; written by the model's thread."""
        self.probability = 0.0
        """The latest judgement, 0 to 1."""

    def is_voice(self, frame: bytes) -> bool:
        """Judge the next 20 ms frame, by what the model knew of the frames before it."""
        is_passed = self._gate.is_voice(frame)
        if is_passed:
            if not self._open_frames:
                self._pending = b"".join(self._before)
            self._open_frames = _GATE_FRAMES
        elif not self._open_frames:
            self._before.append(frame)
            return False
        else:
            self._open_frames -= 1
            if not self._open_frames:
                self._shut(frame)
                return False
        self._pending += frame
        detector = self._detector
        if not detector.is_ready or self.asked - self.answered > _MOST_WAITING:
            self._pending = self._pending[-self._pre_roll_bytes :]
            return is_passed
        while len(self._pending) >= self._chunk_bytes:
            self.asked += 1
            detector.judge(self, self._pending[: self._chunk_bytes])
            self._pending = self._pending[self._chunk_bytes :]
        # Hysteresis: a voice that has begun may sink below the threshold on its consonants.
        self._is_voice = self.probability >= (detector.release_threshold if self._is_voice else detector.threshold)
        return self._is_voice

    def _shut(self, frame: bytes) -> None:
        self._is_voice = False
        self._before.clear()
        self._before.append(self._pending + frame)
        self._pending = b""
        if self._detector.is_ready:
            self.asked += 1
            self._detector.judge(self, None)

    def close(self) -> None:
        """Chunks still on their way are judged into the void."""
        self._gate.close()


class SileroDetector:
    """Voice detection by Silero 6 at 8 kHz; until its model is loaded, and if it cannot be, the gate serves alone."""

    def __init__(
        self,
        model_path: Path,
        *,
        gate: WebrtcDetector,
        threshold: float = 0.35,
        release_threshold: float = 0.2,
        load: Callable[[Path], Model] = load_model,
    ) -> None:
        """Start the model's thread; `threshold` begins a voice, `release_threshold` (not above it) ends it."""
        self.threshold = threshold
        self.release_threshold = release_threshold
        self.is_ready = False
        self.runs = 0
        """Runs of the model so far; much below `judged` when calls are many."""
        self.judged = 0
        """Chunks judged so far."""
        self._path = model_path
        self._gate = gate
        self._load = load
        self._failure = ""
        self._queue: queue.SimpleQueue[tuple[SileroTrack, bytes | None] | threading.Event | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="silero", daemon=True)
        self._thread.start()

    def open(self, rate: int) -> SileroTrack:
        """Begin listening to one more caller; `rate` is 8000 or 16000."""
        return SileroTrack(self, self._gate.open(rate), rate)

    def judge(self, track: SileroTrack, chunk: bytes | None) -> None:
        """Queue a chunk for the model, or None: this caller fell silent, forget the sound before."""
        self._queue.put((track, chunk))

    def settle(self) -> None:
        """Wait until everything queued so far has been judged; for tests and recordings, never on the loop."""
        done = threading.Event()
        self._queue.put(done)
        done.wait()

    def health(self) -> EngineHealth:
        """Ready always, because the gate is; the detail says if the model is not."""
        detail = self._failure or ("" if self.is_ready else "silero is loading; webrtcvad serves alone until then")
        return EngineHealth("vad:silero", is_ready=True, model=self._path.name, detail=detail)

    def close(self) -> None:
        """Stop the thread; tracks that go on are served by their gates."""
        self.is_ready = False
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        if sys.platform == "linux":  # elsewhere it would be the whole process's
            os.nice(_NICENESS)
        try:
            model = self._load(self._path)
            self.is_ready = True
            while self._serve(model):
                pass
        except Exception as exc:  # noqa: BLE001 - onnxruntime's errors have no common root, and calls must go on
            self.is_ready = False
            logger.warning("silero gave up, webrtcvad serves alone", extra={"error": type(exc).__name__})
            self._failure = (
                f"{self._path} could not be used ({type(exc).__name__}); webrtcvad serves alone. "
                f"Fetch it again: python scripts/get_silero.py --out {self._path.parent}"
            )
            self._drain()

    def _serve(self, model: Model) -> bool:
        """Wait for work and do all there is; False when told to stop."""
        items = [self._queue.get()]
        if isinstance(items[0], tuple):
            time.sleep(_GATHER_SECONDS)
        while not self._queue.empty():
            items.append(self._queue.get())
        work = [item for item in items if isinstance(item, tuple)]
        controls = [item for item in items if not isinstance(item, tuple)]
        try:
            while work:
                work = self._run_once(model, work)
        except Exception:  # not swallowed: raised again once those who wait are sure to be answered
            for control in controls:
                self._queue.put(control)
            raise
        for control in controls:
            if control is not None:
                control.set()
        return None not in controls

    def _run_once(
        self, model: Model, work: list[tuple[SileroTrack, bytes | None]]
    ) -> list[tuple[SileroTrack, bytes | None]]:
        """Judge the first chunk of every caller in `work`; return what is left for the next run."""
        batch: dict[SileroTrack, bytes] = {}
        later = []
        for track, chunk in work:
            if track in batch or len(batch) >= _LARGEST_BATCH:
                later.append((track, chunk))
            elif chunk is None:
                track.memory.forget()
                track.probability = 0.0
                track.answered += 1
            else:
                batch[track] = chunk
        if batch:
            judgements = probabilities(model, [(track.memory, chunk) for track, chunk in batch.items()])
            self.runs += 1
            self.judged += len(batch)
            for track, judgement in zip(batch, judgements.tolist(), strict=True):
                track.probability = judgement
                track.answered += 1
        return later

    def _drain(self) -> None:
        """Without a model: only answer those who wait, until told to stop."""
        while (item := self._queue.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
