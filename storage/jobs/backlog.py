"""How much waits to be done, for how long, and what was given up: for whoever asks how we are. Changes nothing."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, inspect, text

from storage.database.database import Database
from storage.jobs.job import JobState

_SQLITE_COUNTS: Final = text("SELECT state, count(*) FROM jobs GROUP BY state")
_SQLITE_OLDEST: Final = text(
    "SELECT :now - min(coalesce(run_at, changed_at)) FROM jobs"
    " WHERE state = 'waiting' AND (run_at IS NULL OR run_at <= :now)"
)
_POSTGRESQL_COUNTS: Final = text("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY status")
_POSTGRESQL_OLDEST: Final = text(
    "SELECT extract(epoch FROM now() - min(coalesce(job.scheduled_at, (SELECT max(event.at) FROM procrastinate_events"
    " AS event WHERE event.job_id = job.id)))) FROM procrastinate_jobs AS job"
    " WHERE job.status = 'todo' AND (job.scheduled_at IS NULL OR job.scheduled_at <= now())"
)
_POSTGRESQL_STATES: Final = {"todo": JobState.WAITING, "doing": JobState.RUNNING, "failed": JobState.DEAD}


@dataclass(frozen=True, slots=True)
class Backlog:
    """What stands in the queue."""

    waiting: int = 0
    running: int = 0
    dead: int = 0
    """Given up: a person must look."""
    oldest_due_seconds: float = 0.0
    """For how long the oldest that could be done has not been begun; a clock that went back makes it 0."""


async def backlog_of(database: Database, now: float) -> Backlog:
    """Return what stands in the queue; nothing while there are no tables yet. `now`: Unix time.

    Raises: DatabaseUnavailable.
    """
    is_sqlite = database.is_sqlite
    table = "jobs" if is_sqlite else "procrastinate_jobs"

    def is_there(connection: Connection) -> bool:
        return inspect(connection).has_table(table)

    async with database.read() as connection:
        if not await connection.run_sync(is_there):
            return Backlog()
        counts: dict[JobState, int] = {}
        for state, count in await connection.execute(_SQLITE_COUNTS if is_sqlite else _POSTGRESQL_COUNTS):
            known = JobState(state) if is_sqlite else _POSTGRESQL_STATES.get(state, JobState.DONE)
            counts[known] = counts.get(known, 0) + count
        asked = _SQLITE_OLDEST.bindparams(now=now) if is_sqlite else _POSTGRESQL_OLDEST
        oldest = (await connection.execute(asked)).scalar()
    waits = max(0.0, float(oldest or 0.0))
    waiting, running, dead = (counts.get(one, 0) for one in (JobState.WAITING, JobState.RUNNING, JobState.DEAD))
    return Backlog(waiting, running, dead, waits)
