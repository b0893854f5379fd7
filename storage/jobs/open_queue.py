"""Which queue a database has."""

from storage.database.database import Database
from storage.jobs.queue import JobQueue
from storage.jobs.sqlite_queue import SqliteQueue


async def open_queue(database: Database) -> JobQueue:
    """Return the queue of `database`, with its tables made: procrastinate's on PostgreSQL, ours in SQLite.

    Raises: DatabaseUnavailable, ConfigurationError when PostgreSQL holds tables of another procrastinate.
    """
    queue: JobQueue
    if database.is_sqlite:
        queue = SqliteQueue(database)
    else:
        # Only here: most installations never need it, and it takes a fifth of a second to import
        from storage.jobs.procrastinate_queue import ProcrastinateQueue

        queue = ProcrastinateQueue(database)
    await queue.prepare()
    return queue
