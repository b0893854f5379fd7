"""The tables of the jobs, as far as they are ours, and procrastinate's as far as we read them.

In SQLite everything is ours. In PostgreSQL procrastinate keeps the jobs (its schema is applied by
`procrastinate_schema`), and only the errors, which it has no place for, are in a table of ours.
They have a `MetaData` of their own because a database needs one half or the other, never both.
"""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects.postgresql import ENUM, JSONB

from storage.jobs.job import JobState

SQLITE_TABLES: Final = MetaData()
ERROR_TABLES: Final = MetaData()
PROCRASTINATE_TABLES: Final = MetaData()
"""Only to be read and written, never created: the schema is procrastinate's."""


class Seconds(TypeDecorator[datetime]):
    """A point in time as seconds since 1970: SQLite compares and sorts it as it is."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> float | None:
        return None if value is None else value.timestamp()

    def process_result_value(self, value: float | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value, UTC)


_WAITING: Final = text(f"state = '{JobState.WAITING.value}'")
_RUNNING: Final = text(f"state = '{JobState.RUNNING.value}'")
_KEYED: Final = text(f"key IS NOT NULL AND state <> '{JobState.CANCELLED.value}'")

JOBS: Final = Table(
    "jobs",
    SQLITE_TABLES,
    Column("id", Integer, primary_key=True),
    Column("queue", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("args", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("key", Text),
    Column("lock", Text),
    Column("run_at", Seconds),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("worker", Integer),
    Column("is_cancel_wanted", Boolean, nullable=False, server_default="0"),
    Column("changed_at", Seconds, nullable=False),
    Index("jobs_key", "key", unique=True, sqlite_where=_KEYED),
    # What `claim` walks: the first that is due is near the beginning
    Index("jobs_waiting", text("priority DESC"), "id", sqlite_where=_WAITING),
    Index("jobs_waiting_by_lock", "lock", text("priority DESC"), "id", sqlite_where=_WAITING),
    # A second belt: the database itself refuses two running jobs with one lock
    Index("jobs_running_lock", "lock", unique=True, sqlite_where=_RUNNING),
    Index("jobs_running", "worker", sqlite_where=_RUNNING),
    # None on `state` alone: SQLite would take it for `claim`, and sort all that waits each time
    sqlite_autoincrement=True,  # an id is never given twice, also when the last job was purged
)

WORKERS: Final = Table(
    "job_workers",
    SQLITE_TABLES,
    Column("id", Integer, primary_key=True),
    Column("beat", Integer, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)
"""Who works, and a number each counts up while it lives."""

ERRORS: Final = Table(
    "job_errors",
    ERROR_TABLES,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("job_id", BigInteger, nullable=False, index=True),
    Column("error", Text, nullable=False),
)
"""What was wrong, a row for each attempt that failed."""

PROCRASTINATE_STATUS: Final = ENUM(
    "todo",
    "doing",
    "succeeded",
    "failed",
    "cancelled",
    "aborting",
    "aborted",
    name="procrastinate_job_status",
    create_type=False,
)
PROCRASTINATE_JOBS: Final = Table(
    "procrastinate_jobs",
    PROCRASTINATE_TABLES,
    Column("id", BigInteger, primary_key=True),
    Column("queue_name", Text),
    Column("task_name", Text),
    Column("priority", Integer),
    Column("lock", Text),
    Column("queueing_lock", Text),
    Column("args", JSONB),
    Column("status", PROCRASTINATE_STATUS),
    Column("scheduled_at", DateTime(timezone=True)),
    Column("attempts", Integer),
    Column("abort_requested", Boolean),
    Column("worker_id", BigInteger),
)
PROCRASTINATE_WORKERS: Final = Table(
    "procrastinate_workers",
    PROCRASTINATE_TABLES,
    Column("id", BigInteger, primary_key=True),
    Column("last_heartbeat", DateTime(timezone=True)),
)
