"""Jobs whose handlers a worker's fence has ended, and that are perhaps still that worker's in the database.

Nobody else gives them back as long as the worker's beat comes back in time. A machine without a processor to spare
looks like a job that holds its worker up, so the first times a job is given back as if it had not been taken; one that
meets the fence again and again is counted like one that fails, until its attempts are spent.
"""

from collections import Counter
from typing import Final

from storage.database.database import DatabaseUnavailable
from storage.jobs.job import Job, LeaseLost
from storage.jobs.queue import JobQueue

FORGIVEN: Final = 2
"""Endings of one job, in one worker's life, that are no attempt."""
_REASON: Final = "its worker could not send its beat in time and ended it, again and again"


class FencedJobs:
    """The jobs of one worker."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self._jobs: list[Job] = []
        self._endings: Counter[int] = Counter()

    def __bool__(self) -> bool:
        """Whether any is still to be given back."""
        return bool(self._jobs)

    def add(self, job: Job) -> None:
        """Note that the fence ended a job."""
        self._jobs.append(job)
        self._endings[job.id] += 1

    def drop(self) -> None:
        """Leave all to the others, who have taken them; what was counted stays."""
        self._jobs.clear()

    async def give_back(self) -> None:
        """Give all back; those that others have taken meanwhile stay theirs.

        Until this has succeeded nothing may be claimed: a job that was given back without counting looks the same when
        it is taken anew, and would be given back under its handler's hands.

        Raises: DatabaseUnavailable; then the rest is kept for the next time.
        """
        while self._jobs:
            job = self._jobs.pop(0)
            try:
                if self._endings[job.id] <= FORGIVEN:
                    await self._queue.release(job)
                else:
                    await self._queue.fail(job, _REASON, retry_after=0.0)
            except LeaseLost:
                continue
            except DatabaseUnavailable:
                self._jobs.insert(0, job)
                raise
