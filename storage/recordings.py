"""Recordings: stereo WAV, caller left, agent right, written as it happens and readable after `kill -9`.

The loop only appends frames to a list. Twice a second a call hands half a second of both channels to one writer thread
for all calls, which interleaves them, appends them to the file and only then rewrites the sizes in its header: at every
moment the file is a valid WAV of what has been written, and a killed process loses less than a second.

What reaches the disk when: the kernel has everything at once (so it survives our death); `fsync` happens when a
recording is sealed, not before, because a disk that is asked twice a second by 400 calls does nothing else. A power cut
can therefore cost what the kernel had not written back yet (about 30 s with Linux's defaults).
"""

import json
import logging
import os
import re
import sys
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from vocabulary.audio import FRAMES_PER_SECOND, SAMPLE_BYTES, AudioFormat
from vocabulary.errors import CentralitaError

BATCH_FRAMES: Final = FRAMES_PER_SECOND // 2
"""Frames of both channels that travel to the writer together: half a second."""

WRITE_SECONDS: Final = 0.1
"""The writer looks for work this often; together with `BATCH_FRAMES` it bounds what a kill can cost."""

WRITER_NICENESS: Final = 5
"""The writer's: when both want the processor, the loop's frames go first; sound can wait for its disk."""

MAX_SKEW_FRAMES: Final = FRAMES_PER_SECOND
"""A channel further ahead than this is an error of ours: the other is filled with silence, so memory is bounded."""

MAX_WAITING_BYTES: Final = 64 * 1024 * 1024
"""Sound that may wait for a disk that hangs. Beyond it sound becomes silence: it is lost, but time stays right."""

CHANNELS: Final = 2
_HEADER_BYTES: Final = 44
_MAX_DATA_BYTES: Final = 0xFFFFFFFF - _HEADER_BYTES
"""WAV counts in 32 bits: after 18 hours at 16 kHz the header tells no more, though the sound is still written."""
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_SILENCE_CHUNK: Final = bytes(64 * 1024)

_logger = logging.getLogger(__name__)


class RecordingError(CentralitaError):
    """A recording cannot be written or gone on with."""


@dataclass(frozen=True, slots=True)
class RecordingLayout:
    """Where the files of a call lie."""

    root: Path

    def audio(self, call_id: str) -> Path:
        """Return the path of the stereo WAV. Raises: ValueError when the id is no plain name."""
        return self.root / "audio" / f"rec_{_checked(call_id)}.wav"

    def metadata(self, call_id: str) -> Path:
        """Return the path of what is known about the call. Raises: ValueError when the id is no plain name."""
        return self.root / "metadata" / f"rec_{_checked(call_id)}_metadata.json"

    def transcript(self, call_id: str) -> Path:
        """Return the path of what was said. Raises: ValueError when the id is no plain name."""
        return self.root / "transcripts" / f"rec_{_checked(call_id)}_transcript.json"


def _checked(call_id: str) -> str:
    if not _ID.fullmatch(call_id):
        raise ValueError("a call's id must be letters, digits, '.', '_' and '-' only")
    return call_id


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file so that whoever looks, also after a power cut, sees the old one or the new one, whole.

    Does file I/O, `fsync` included: not for the loop.

    Raises: OSError, TypeError for what JSON cannot say.
    """
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:  # also when cancelled: nothing half-made stays; raised again
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def read_json(path: Path) -> dict[str, Any]:
    """Return what `write_json` wrote. Raises: OSError, ValueError."""
    value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _sync_folder(folder: Path) -> None:
    """Make a new name in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def wav_header(rate: int, data_bytes: int) -> bytes:
    """Return the 44 bytes in front of stereo 16 bit sound."""
    data_bytes = min(data_bytes, _MAX_DATA_BYTES)
    block = CHANNELS * SAMPLE_BYTES
    return b"".join(
        (
            b"RIFF",
            (_HEADER_BYTES - 8 + data_bytes).to_bytes(4, "little"),
            b"WAVEfmt ",
            (16).to_bytes(4, "little"),
            (1).to_bytes(2, "little"),  # PCM
            CHANNELS.to_bytes(2, "little"),
            rate.to_bytes(4, "little"),
            (rate * block).to_bytes(4, "little"),
            block.to_bytes(2, "little"),
            (SAMPLE_BYTES * 8).to_bytes(2, "little"),
            b"data",
            data_bytes.to_bytes(4, "little"),
        )
    )


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that has been sealed."""

    path: Path
    rate: int
    """Hertz."""
    seconds: float
    seconds_lost: float
    """Silence in place of sound that the disk did not take."""
    error: str
    """Why writing failed, or ""."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of a recording with a name."""

    name: str
    seconds: float
    """From the recording's beginning."""


@dataclass(slots=True)
class _Batch:
    """What a call hands to the writer: sound of both channels, or silence, and perhaps the end."""

    file: "_File"
    caller: list[bytes]
    agent: list[bytes]
    frames: int
    """Frames in `caller` and in `agent`, or of silence when they are empty."""
    bytes_waiting: int = 0
    sealed: "Future[Recording] | None" = None
    seconds_lost: float = 0.0
    """With `sealed`: for the report."""


class _File:
    """A recording's file; used by the writer thread only, once it has been handed over."""

    def __init__(self, path: Path, rate: int) -> None:
        self.path = path
        self.rate = rate
        self.data_bytes = 0
        self.error = ""
        self._handle = -1

    def reopen(self) -> None:
        """Find out how much sound the file holds, header or no header, and go on behind it.

        Sound is written before the header tells of it, so all whole samples behind the header are good.
        """
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise RecordingError(f"{self.path} cannot be opened: {error.strerror}") from error
        header = os.pread(handle, _HEADER_BYTES, 0)
        rate = int.from_bytes(header[24:28], "little")
        if header != wav_header(rate, int.from_bytes(header[40:44], "little")):
            os.close(handle)
            raise RecordingError(f"{self.path} is no recording of ours")
        self.rate = rate
        frame_bytes = AudioFormat(rate).frame_bytes * CHANNELS
        whole = (os.fstat(handle).st_size - _HEADER_BYTES) // frame_bytes
        self.data_bytes = whole * frame_bytes
        os.ftruncate(handle, _HEADER_BYTES + self.data_bytes)
        self._handle = handle
        self._write_header()

    def append(self, batch: _Batch) -> None:
        """Write a batch, sound first, then the header that tells of it."""
        if self.error:
            return
        try:
            if self._handle < 0:
                self._create()
            if batch.caller:
                stereo = np.empty((batch.frames * AudioFormat(self.rate).frame_samples, CHANNELS), dtype="<i2")
                stereo[:, 0] = np.frombuffer(b"".join(batch.caller), dtype="<i2")
                stereo[:, 1] = np.frombuffer(b"".join(batch.agent), dtype="<i2")
                self._write(stereo.data.cast("B"))
            else:
                left = batch.frames * AudioFormat(self.rate).frame_bytes * CHANNELS
                while left:
                    piece = memoryview(_SILENCE_CHUNK)[:left]
                    self._write(piece)
                    left -= len(piece)
            if batch.frames:
                self._write_header()
        except (OSError, ValueError) as error:
            # ValueError: frames that are not 20 ms long.
            self._fail(error)

    def seal(self, seconds_lost: float) -> Recording:
        """Make the file survive a power cut too, close it, and say what it is."""
        try:
            if self._handle < 0 and not self.error:
                self._create()
            if self._handle >= 0:
                os.fsync(self._handle)
                _sync_folder(self.path.parent)
        except OSError as error:
            self._fail(error)
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        seconds = self.data_bytes / (CHANNELS * SAMPLE_BYTES) / self.rate
        return Recording(self.path, self.rate, seconds, seconds_lost, self.error)

    def _create(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Never over an older recording: its name is its call's, and ids are never used twice.
        self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        self._write_header()

    def _write(self, data: memoryview) -> None:
        while len(data):
            taken = os.pwrite(self._handle, data, _HEADER_BYTES + self.data_bytes)
            self.data_bytes += taken
            data = data[taken:]

    def _write_header(self) -> None:
        os.pwrite(self._handle, wav_header(self.rate, self.data_bytes), 0)

    def _fail(self, error: OSError | ValueError) -> None:
        # Once a recording, not once a batch; the call itself goes on.
        self.error = str(error)
        _logger.error("recording cannot be written", extra={"path": str(self.path), "error": self.error})


class RecordingWriter:
    """The one thread that writes all recordings; start it before the first call, stop it after the last."""

    def __init__(self, max_waiting_bytes: int = MAX_WAITING_BYTES) -> None:
        self.max_waiting_bytes = max_waiting_bytes
        self._batches: deque[_Batch] = deque()
        """`append` and `popleft` of a deque are atomic, so the loop never waits for a lock."""
        self._bytes_put = 0
        """Only the loop changes it."""
        self._bytes_done = 0
        """Only the writer changes it."""
        self._wake = threading.Event()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)

    @property
    def bytes_waiting(self) -> int:
        """Sound handed over and not written yet."""
        return self._bytes_put - self._bytes_done

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end the thread; blocks until that is done, so call it when the calls are over."""
        self._is_stopping = True
        self._wake.set()
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def has_room(self, batch: _Batch) -> bool:
        """Return whether a batch may still be put; batches without sound always may."""
        return not batch.bytes_waiting or self.bytes_waiting + batch.bytes_waiting <= self.max_waiting_bytes

    def put(self, batch: _Batch) -> None:
        """Take a batch, whether there is room or not. For `CallRecorder` only."""
        self._bytes_put += batch.bytes_waiting
        self._batches.append(batch)
        if batch.sealed is not None:
            self._wake.set()

    def _run(self) -> None:
        if sys.platform == "linux":  # elsewhere it would be the whole process's
            os.nice(WRITER_NICENESS)
        while True:
            self._wake.wait(WRITE_SECONDS)
            self._wake.clear()
            is_last = self._is_stopping
            while self._batches:
                batch = self._batches.popleft()
                batch.file.append(batch)
                self._bytes_done += batch.bytes_waiting
                if batch.sealed is not None:
                    batch.sealed.set_result(batch.file.seal(batch.seconds_lost))
            if is_last:
                return


class CallRecorder:
    """One call's recording; `caller` and `agent` are called in the loop, once for every 20 ms of wall time each."""

    __slots__ = (
        "_agent",
        "_caller",
        "_file",
        "_format",
        "_frames_lost",
        "_frames_owed",
        "_frames_put",
        "_sealed",
        "_writer",
        "marks",
    )

    def __init__(self, path: Path, rate: int, writer: RecordingWriter) -> None:
        """Begin a recording; the writer makes the file, which must not exist."""
        self._begin(_File(path, rate), writer)

    def _begin(self, file: _File, writer: RecordingWriter) -> None:
        self._file = file
        self._format = AudioFormat(file.rate)
        self._writer = writer
        self._caller: list[bytes] = []
        self._agent: list[bytes] = []
        self._frames_put = file.data_bytes // (self._format.frame_bytes * CHANNELS)
        self._frames_lost = 0
        self._frames_owed = 0
        """Silence the file must get, in place of sound refused, before anything else."""
        self._sealed: Future[Recording] | None = None
        self.marks: list[Mark] = []
        """Named moments, in the order they were set."""

    @classmethod
    def reopen(cls, path: Path, writer: RecordingWriter) -> Self:
        """Go on with the recording of a process that died; then `fill_to` the time that has passed.

        Reads a header, so it does a little file I/O: a millisecond at worst on a healthy disk.

        Raises: RecordingError when there is no such file or it is not ours.
        """
        file = _File(path, 0)
        file.reopen()
        recorder = cls.__new__(cls)
        recorder._begin(file, writer)
        return recorder

    @property
    def path(self) -> Path:
        return self._file.path

    @property
    def rate(self) -> int:
        """Hertz."""
        return self._format.rate

    @property
    def seconds(self) -> float:
        """Length so far, of the channel that is further."""
        return (self._frames_put + max(len(self._caller), len(self._agent))) / FRAMES_PER_SECOND

    @property
    def seconds_lost(self) -> float:
        """Silence put in place of sound that the disk was too slow for."""
        return self._frames_lost / FRAMES_PER_SECOND

    def caller(self, frame: bytes) -> None:
        """Add the next 20 ms of the caller."""
        self._caller.append(frame)
        if len(self._caller) >= BATCH_FRAMES:
            self._hand_over()

    def agent(self, frame: bytes) -> None:
        """Add the next 20 ms of us."""
        self._agent.append(frame)
        if len(self._agent) >= BATCH_FRAMES:
            self._hand_over()

    def mark(self, name: str) -> Mark:
        """Give this moment a name; return it. Marks are the caller's to keep, best in the metadata."""
        mark = Mark(name, self.seconds)
        self.marks.append(mark)
        return mark

    def fill_to(self, seconds: float) -> None:
        """Fill both channels with silence up to `seconds` from the recording's beginning, by the wall.

        For the time without a leg: between the end of one and the beginning of the next. Does nothing, beyond making
        both channels equally long, when the recording is that long already.
        """
        self._level()
        missing = round(seconds * FRAMES_PER_SECOND) - self._frames_put
        if missing > 0:
            self._put(_Batch(self._file, [], [], missing))

    def close(self) -> "Future[Recording]":
        """Seal the recording; the future (`asyncio.wrap_future`) is done when it lies on the disk."""
        if self._sealed is None:
            self._level()
            self._sealed = Future()
            self._put(_Batch(self._file, [], [], 0, sealed=self._sealed, seconds_lost=self.seconds_lost))
        return self._sealed

    def _hand_over(self) -> None:
        """Send to the writer what both channels have; level them when one is far behind."""
        if self._sealed is not None:
            # A leg may outlive its recording by a few frames.
            self._caller, self._agent = [], []
            return
        frames = min(len(self._caller), len(self._agent))
        if frames >= BATCH_FRAMES:
            self._put_sound(frames)
        elif max(len(self._caller), len(self._agent)) - frames > MAX_SKEW_FRAMES:
            self._level()

    def _level(self) -> None:
        """Make both channels equally long and send all they have."""
        frames = max(len(self._caller), len(self._agent))
        silence = self._format.silence
        for channel in (self._caller, self._agent):
            channel += [silence] * (frames - len(channel))
        if frames:
            self._put_sound(frames)

    def _put_sound(self, frames: int) -> None:
        caller, self._caller = self._caller[:frames], self._caller[frames:]
        agent, self._agent = self._agent[:frames], self._agent[frames:]
        self._put(_Batch(self._file, caller, agent, frames, frames * self._format.frame_bytes * CHANNELS))

    def _put(self, batch: _Batch) -> None:
        """Hand a batch to the writer; when too much is waiting, owe silence of its length instead."""
        self._frames_put += batch.frames
        if not self._writer.has_room(batch):
            if not self._frames_lost:
                _logger.error("disk too slow, sound is lost", extra={"path": str(self._file.path)})
            self._frames_lost += batch.frames
            self._frames_owed += batch.frames
            return
        if self._frames_owed:
            self._writer.put(_Batch(self._file, [], [], self._frames_owed))
            self._frames_owed = 0
        self._writer.put(batch)
