"""A job: what it is, how it stands, and what can be wrong with it.

JobError
├── LeaseLost       the job is no longer ours: another worker has it, or it was cancelled and finished
├── UnknownJob      there is no job with that id
├── JobNotMovable   the job's state does not allow what was asked
└── BadJob          what was to be enqueued cannot be a job
"""

import enum
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from vocabulary.errors import CentralitaError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""What JSON can say."""

DEFAULT_QUEUE: Final = "default"
MAX_ARGS_BYTES: Final = 256 * 1024
"""Arguments are ids and settings; what is larger belongs into a file or a table, and its name into the arguments."""
MAX_PRIORITY: Final = 1_000_000
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_MAX_LABEL: Final = 512
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""A NUL in JSON text; a backslash that is itself escaped, followed by "u0000", is none."""


class JobState(enum.Enum):
    """How a job stands, in the order of its life."""

    WAITING = "waiting"
    """For its time, its turn or a worker."""
    RUNNING = "running"
    """A worker has it."""
    DONE = "done"
    """Its handler returned."""
    DEAD = "dead"
    """Given up; it stays to be looked at and retried by a person."""
    CANCELLED = "cancelled"
    """A person called it off."""

    @property
    def is_final(self) -> bool:
        """True when nothing happens to it any more unless a person retries it."""
        return self in (JobState.DONE, JobState.DEAD, JobState.CANCELLED)


class JobError(CentralitaError):
    """Base of what can be wrong with a job; never raised itself."""


class LeaseLost(JobError):
    """The job is no longer this worker's: what it did must not be written down as the job's result."""

    def __init__(self, job_id: int) -> None:
        super().__init__(f"job {job_id} is no longer this worker's: it was silent for too long, or the job was ended")
        self.job_id = job_id


class UnknownJob(JobError):
    """There is no such job."""

    def __init__(self, job_id: int) -> None:
        super().__init__(f"there is no job {job_id}; `centralita jobs list` shows those there are")
        self.job_id = job_id


class JobNotMovable(JobError):
    """The job's state does not allow what was asked."""

    def __init__(self, job_id: int, state: JobState, wish: str) -> None:
        super().__init__(f"job {job_id} is {state.value} and cannot be {wish}")
        self.job_id = job_id
        self.state = state


class BadJob(JobError):
    """What was to be enqueued cannot be a job; the message names the field."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the database has it."""

    id: int
    kind: str
    """Which handler does it."""
    args: Mapping[str, Json] = field(repr=False)
    """What it needs; not shown in logs."""
    queue: str
    state: JobState
    priority: int
    """Higher goes first."""
    attempts: int
    """Runs that have ended without success, those whose worker died among them."""
    key: str | None = None
    """No two jobs have the same one, cancelled ones aside."""
    lock: str | None = None
    """Of jobs with the same one, one runs at a time, in order."""
    run_at: datetime | None = None
    """Not before then; None: at once. Aware."""
    worker: int | None = None
    """Who runs it."""
    error: str | None = None
    """What was wrong the last time; without anybody's words (`failure_text`)."""

    @property
    def attempt(self) -> int:
        """Number of the present or next run, from 1."""
        return self.attempts + 1


@dataclass(frozen=True, slots=True)
class Enqueued:
    """What `enqueue` did."""

    id: int
    is_new: bool
    """False: a job with that key was there already, and `id` is its."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is to be enqueued, checked."""

    kind: str
    args_json: str = field(repr=False)
    queue: str
    key: str | None
    lock: str | None
    run_at: datetime | None
    priority: int


def checked_job(
    kind: str,
    args: Mapping[str, Json],
    *,
    key: str | None,
    lock: str | None,
    run_at: datetime | None,
    priority: int,
    queue: str,
) -> NewJob:
    """Return the job as both databases can keep it.

    Raises: BadJob, naming the field.
    """
    for where, name in (("kind", kind), ("queue", queue)):
        if not _NAME.fullmatch(name):
            raise BadJob(f"{where}: 1 to 128 of letters, digits, '.', '_', ':' and '-', beginning with letter or digit")
    for where, label in (("key", key), ("lock", lock)):
        if label is not None and (not 0 < len(label) <= _MAX_LABEL or "\0" in label):
            raise BadJob(f"{where}: 1 to {_MAX_LABEL} characters, none of them NUL")
    if run_at is not None and run_at.tzinfo is None:
        raise BadJob("run_at: needs a time zone, e.g. datetime.now(UTC)")
    if abs(priority) > MAX_PRIORITY:
        raise BadJob(f"priority: between -{MAX_PRIORITY} and {MAX_PRIORITY}")
    return NewJob(kind, _json_of(args), queue, key, lock, run_at, priority)


def _json_of(args: Mapping[str, Json]) -> str:
    try:
        text = json.dumps(dict(args), ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except (TypeError, ValueError) as exc:
        # Not the exception's own text: it may quote the value
        raise BadJob("args: must be plain JSON (no NaN, no objects, no broken Unicode)") from exc
    if size > MAX_ARGS_BYTES:
        raise BadJob(
            f"args: {size} bytes are too many, at most {MAX_ARGS_BYTES}; put the data elsewhere and its id here"
        )
    if _NUL.search(text):
        raise BadJob("args: PostgreSQL's jsonb cannot keep a NUL character")
    return text


def seconds_of(after: float) -> float:
    """Return a waiting time that can be added to a date. Raises: ValueError when negative or not finite."""
    if not math.isfinite(after) or after < 0:
        raise ValueError("a waiting time must be finite and not negative")
    return min(after, 10 * 365 * 86400.0)
