"""One database, opened from its URL: SQLite by default, PostgreSQL by psycopg.

    async with Database.open("sqlite+aiosqlite:///data/centralita.db") as database:
        async with database.begin() as connection:
            await connection.execute(...)

SQLite runs in WAL mode with synchronous=FULL, so what a transaction committed survives a power cut; it has one writer,
so `begin` takes the writer's place at once (BEGIN IMMEDIATE) instead of failing half way, and waits for it up to
`BUSY_SECONDS`. `read` never waits for a writer, in either database.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from storage.database.json_text import json_text
from storage.database.migrating import head_of, newest, upgrade
from storage.database.tables import METADATA
from vocabulary.errors import CentralitaError, ConfigurationError

T = TypeVar("T")

SQLITE: Final = "sqlite+aiosqlite"
POSTGRESQL: Final = "postgresql+psycopg"
_SQLITE_TROUBLE: Final = (
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_FULL",
    "SQLITE_IOERR",
    "SQLITE_CANTOPEN",
    "SQLITE_READONLY",
    "SQLITE_NOMEM",
)
"""The disk's or another writer's doing, as opposed to a wrong statement."""
BUSY_SECONDS: Final = 10.0
"""How long a SQLite writer waits for the one before it."""
IDLE_SECONDS: Final = 180.0
"""How long a PostgreSQL transaction may wait for its program: one that was suspended does not hold up the others for
ever. Longer than the files of a result take to a bucket that answers at all."""
POOL_SIZE: Final = 5
"""Connections kept open; twice as many may be open at a busy moment."""


class DatabaseUnavailable(CentralitaError):
    """The database cannot be reached, or does not answer; a moment later it may."""

    retryable = True


class DatabaseTooNew(CentralitaError):
    """The tables were made by a newer version of this program."""


class Database:
    """A database and its pool of connections; one object for a process."""

    def __init__(self, engine: AsyncEngine, plain: Engine | None = None) -> None:
        """For `open` only."""
        self.engine = engine
        self._plain = plain
        """The same SQLite file without asyncio, for `run`."""
        self._to_call: dict[int, dict[Callable[[], None], None]] = {}
        """What to call after the commit, by the identity of the connection that `begin` gave."""

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def url(self) -> URL:
        """Where it is; printing it hides the password."""
        return self.engine.url

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, migrate: bool = True) -> AsyncIterator[Self]:
        """Open the database at `url`, bring its tables up to date unless told not to, and close it at the end.

        A SQLite file and its folder are made when they are missing. SQLite stands on `sqlite+aiosqlite:///PATH`,
        PostgreSQL on `postgresql+psycopg://USER:PASSWORD@HOST/NAME`.

        Raises: ConfigurationError for any other URL, DatabaseUnavailable, DatabaseTooNew.
        """
        engine = _engine(_checked(url))
        plain = _plain_engine(engine.url) if engine.dialect.name == "sqlite" else None
        database = cls(engine, plain)
        try:
            try:
                if migrate:
                    await database._migrate()
                else:
                    async with engine.connect():
                        pass
            except OperationalError as exc:
                # Only the driver's own word: SQLAlchemy's text would show statements and their values.
                raise DatabaseUnavailable(f"the database {_shown(engine.url)} cannot be used: {exc.orig}") from exc
            yield database
        finally:
            await engine.dispose()
            if plain is not None:
                plain.dispose()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection inside a transaction: committed at the end, rolled back when the block raises.

        Raises: DatabaseUnavailable when the database cannot be reached or the connection is lost.
        """
        calls: dict[Callable[[], None], None] = {}
        with self._translated():
            async with self.engine.begin() as connection:
                self._to_call[id(connection)] = calls
                try:
                    yield connection
                finally:
                    del self._to_call[id(connection)]
        for call in calls:
            call()

    def after_commit(self, connection: AsyncConnection, call: Callable[[], None]) -> None:
        """Let `call` be called once, when the transaction of a connection from `begin` is committed, and only then.

        A connection that is not from this object's `begin` is left alone, and nothing is called.
        """
        self._to_call.get(id(connection), {})[call] = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection for reading only: one consistent view, and nothing written in it is kept.

        Raises: DatabaseUnavailable.
        """
        with self._translated():
            async with self.engine.execution_options(centralita_reads=True).connect() as connection:
                yield connection

    async def run(self, act: Callable[[Connection], T]) -> T:
        """Return what `act` does with a connection inside a transaction: for a few statements that belong together.

        In SQLite they run in one thread in one go, where each of them would otherwise be handed over several times.
        `act` must only talk to the database. Should the caller be cancelled, the transaction may be committed or not.

        Raises: DatabaseUnavailable.
        """
        if self._plain is None:
            async with self.begin() as connection:
                return await connection.run_sync(act)
        with self._translated():
            return await asyncio.to_thread(_run_plain, self._plain, act)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as exc:
            if _is_unavailable(exc):
                raise DatabaseUnavailable(f"the database {_shown(self.url)} is not available: {exc.orig}") from exc
            raise

    async def _migrate(self) -> None:
        """Make or change the tables; two processes that start together do it once."""
        async with self.engine.connect() as connection:
            found = await connection.run_sync(head_of)
        if found == newest():
            return
        async with self.engine.begin() as connection:
            await connection.run_sync(_migrate_alone)


def _migrate_alone(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # SQLite's writer lock is held already; here is PostgreSQL's, for this purpose alone, until the commit.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(6311001)")
    try:
        upgrade(connection)
    except LookupError as exc:
        raise DatabaseTooNew(f"{exc}: update Centralita, or give it another database") from exc


async def create_tables(database: Database) -> None:
    """Make every table of `METADATA` that is missing, without migrations: for tests of a table not yet in one."""
    async with database.begin() as connection:
        await connection.run_sync(METADATA.create_all)


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError("storage.database: not a database URL") from None
    if parsed.drivername in ("sqlite", "postgresql", "postgres"):
        parsed = parsed.set(drivername=SQLITE if parsed.drivername == "sqlite" else POSTGRESQL)
    if parsed.drivername not in (SQLITE, POSTGRESQL):
        raise ConfigurationError(
            f"storage.database: {parsed.drivername} is not supported; write {SQLITE}:///PATH or {POSTGRESQL}://…"
        )
    if parsed.drivername == SQLITE and parsed.database in (None, "", ":memory:"):
        raise ConfigurationError(f"storage.database: SQLite needs a file, as in {SQLITE}:///data/centralita.db")
    return parsed


def _engine(url: URL) -> AsyncEngine:
    if url.drivername == POSTGRESQL:
        server = create_async_engine(
            url, pool_size=POOL_SIZE, pool_pre_ping=True, hide_parameters=True, json_serializer=json_text
        )
        event.listen(server.sync_engine, "connect", _prepare_postgresql)
        return server
    try:
        Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise DatabaseUnavailable(f"the folder of {url.database} cannot be made: {exc.strerror}") from exc
    engine = create_async_engine(
        url,
        pool_size=POOL_SIZE,
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,
        json_serializer=json_text,
    )
    _listen(engine.sync_engine)
    return engine


def _plain_engine(url: URL) -> Engine:
    """Return an engine that opens nothing before it is used."""
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        pool_size=POOL_SIZE,
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,
        json_serializer=json_text,
    )
    _listen(engine)
    return engine


def _run_plain(engine: Engine, act: Callable[[Connection], T]) -> T:
    with engine.begin() as connection:
        return act(connection)


def _listen(engine: Engine) -> None:
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # The driver would begin transactions of its own, late and only before some statements; ours begin in `begin`.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={round(BUSY_SECONDS * 1000)}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-32768",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_postgresql(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = {round(IDLE_SECONDS * 1000)}")
    cursor.close()
    connection.commit()  # or the pool's rollback takes it back


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get("centralita_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _is_unavailable(error: DBAPIError) -> bool:
    """Whether the database, not the statement, is to blame."""
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_name(error.orig).startswith(_SQLITE_TROUBLE)
    state: Any = getattr(error.orig, "sqlstate", None)
    # 08 connection lost, 53 out of resources (disk full), 57 shut down, 40 lost against another transaction; a server
    # that was never reached has no state to tell.
    return state is None or str(state)[:2] in ("08", "53", "57", "40")


def _sqlite_name(error: sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", ""))


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)
