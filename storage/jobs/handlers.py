"""What does the jobs: a handler for every kind, how often it is tried and how long it may take; and how a run fails.

A handler takes a `JobRun` and returns when the job is done. It may be called again for a job it has done before (its
worker may die between the work and the note that it is done), so what it writes must either carry the job's key or be
written together with `JobRun.complete`. It must not block the loop: heavy work goes to a thread or a process.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.jobs.job import Job, JobError, Json, seconds_of
from storage.jobs.queue import JobQueue
from storage.jobs.retry_schedule import RetrySchedule
from vocabulary.errors import ConfigurationError

DEFAULT_TIMEOUT_SECONDS: Final = 3600.0


class GiveUp(JobError):
    """A handler's word that trying again is useless: the job is dead at once. The message must quote nobody."""


class TryLater(JobError):
    """A handler's word that it is to be tried again in `seconds`; this counts as an attempt."""

    retryable = True

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds_of(seconds)


class JobTimedOut(JobError):
    """A handler took longer than its kind may."""

    retryable = True


class NoHandler(JobError):
    """This worker knows no handler for the job's kind."""

    retryable = True


class JobRun:
    """One run of one job, as its handler sees it."""

    def __init__(self, job: Job, queue: JobQueue) -> None:
        self.job: Final = job
        self.is_completed = False
        """`complete` was called; whether its transaction was committed is another question."""
        self._queue = queue

    @property
    def args(self) -> Mapping[str, Json]:
        return self.job.args

    async def complete(self, tx: AsyncConnection) -> None:
        """Mark the job done in the handler's transaction: its results and this are committed together, or neither is.

        Raises: LeaseLost when the job was given to another worker; let it pass, so that the results are rolled back.
        """
        await self._queue.complete(self.job, tx=tx)
        self.is_completed = True


Handler: TypeAlias = Callable[[JobRun], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Duty:
    """A handler and what is allowed to it."""

    handler: Handler
    schedule: RetrySchedule = RetrySchedule()  # noqa: RUF009 - frozen
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS


class Handlers:
    """The handlers of a worker, by kind."""

    def __init__(self) -> None:
        self._duties: dict[str, Duty] = {}

    def add(
        self,
        kind: str,
        handler: Handler,
        *,
        schedule: RetrySchedule | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> None:
        """Let `handler` do the jobs of `kind`. Raises: ConfigurationError when another does already."""
        if kind in self._duties:
            raise ConfigurationError(f"jobs: two handlers for {kind}")
        self._duties[kind] = Duty(handler, schedule or RetrySchedule(), timeout_seconds)

    def of(self, kind: str) -> Duty:
        """Return who does jobs of `kind`. Raises: NoHandler."""
        try:
            return self._duties[kind]
        except KeyError:
            raise NoHandler(f"this worker knows no handler for {kind}: an older version?") from None

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(sorted(self._duties))


def delay_after_failure(error: BaseException, attempt: int, schedule: RetrySchedule, chance: float) -> float | None:
    """Return in how many seconds the job is tried again after attempt number `attempt` ended so; None: never."""
    if isinstance(error, GiveUp):
        return None
    delay = schedule.delay_after(attempt, chance)
    return error.seconds if isinstance(error, TryLater) and delay is not None else delay
