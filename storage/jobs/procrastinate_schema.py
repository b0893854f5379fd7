"""procrastinate's tables in our PostgreSQL: made when missing, migrated when our procrastinate is newer.

procrastinate keeps no version in the database, so the name of its last migration is kept as the comment of its table.
Many processes may start at once: one does it, inside one transaction, under a lock.
"""

from importlib import resources
from typing import Any, Final

import psycopg
from procrastinate.schema import SchemaManager
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from vocabulary.errors import ConfigurationError

_LOCK: Final = 6311002
"""Number of the advisory lock for this purpose."""
_MARK: Final = "centralita: "

_FOUND: Final = text(
    "SELECT coalesce(obj_description(oid, 'pg_class'), '') FROM pg_class"
    " WHERE relname = 'procrastinate_jobs' AND relnamespace = current_schema()::regnamespace"
)
"""Its comment, or no row. Not `to_regclass`, which may tell from a cache that was filled before we waited our turn."""

_OURS: Final = """
CREATE UNIQUE INDEX IF NOT EXISTS centralita_jobs_key_v1 ON procrastinate_jobs (queueing_lock)
    WHERE status NOT IN ('cancelled', 'aborted');
CREATE TABLE IF NOT EXISTS job_errors (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    job_id bigint NOT NULL,
    error text NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_job_errors_job_id ON job_errors (job_id);
"""
"""procrastinate's own unique index knows keys of waiting jobs only; ours keeps a key taken while the job is kept."""


def migrations() -> tuple[str, ...]:
    """Return the names of procrastinate's migrations, oldest first."""
    folder = resources.files("procrastinate.sql.migrations")
    return tuple(sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql")))


async def is_current(connection: AsyncConnection) -> bool:
    """Tell whether the tables are there and as our procrastinate wants them."""
    comment: str | None = (await connection.execute(_FOUND)).scalar_one_or_none()
    return comment == _MARK + migrations()[-1]


async def apply(connection: AsyncConnection) -> None:
    """Make or migrate the tables in the connection's transaction.

    Raises: ConfigurationError when there are tables of a procrastinate that is not ours, or of a newer one.
    """
    await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    known = migrations()
    comment: str | None = (await connection.execute(_FOUND)).scalar_one_or_none()
    if comment is None:
        await _run(connection, SchemaManager.get_schema())
    elif comment != _MARK + known[-1]:
        last = comment.removeprefix(_MARK)
        if last not in known or not comment.startswith(_MARK):
            raise ConfigurationError(
                "storage.database: it holds tables of another procrastinate, or of a newer version; "
                "give Centralita a database of its own, or update it"
            )
        for name in known[known.index(last) + 1 :]:
            file = resources.files("procrastinate.sql.migrations") / name
            await _run(connection, file.read_text(encoding="utf-8"))
    await _run(connection, _OURS)
    await _run(connection, f"COMMENT ON TABLE procrastinate_jobs IS '{_MARK}{known[-1]}'")


async def _run(connection: AsyncConnection, statements: str) -> None:
    """Run a script of many statements: only the driver itself takes one, and only without parameters."""
    raw: Any = await connection.get_raw_connection()
    driver: psycopg.AsyncConnection[Any] = raw.driver_connection
    await driver.execute(statements.encode())
