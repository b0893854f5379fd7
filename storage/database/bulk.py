"""Many rows at once, by what each driver is best at: one prepared statement in SQLite, COPY in PostgreSQL.

Rows are tuples of what the driver takes as it is, JSON as text: nothing is asked of a value's type on its way, which is
most of what filling an index costs otherwise.
"""

from collections.abc import Sequence
from typing import Any, Final

import psycopg
from pydantic_core import to_json
from sqlalchemy import BigInteger, Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

_COPIED: Final = "COPY {into} ({columns}) FROM STDIN"
_INSERTED: Final = "INSERT INTO {into} ({columns}) VALUES ({values})"


def is_one_of(
    connection: AsyncConnection, column: ColumnElement[Any], values: Sequence[str] | Sequence[int]
) -> ColumnElement[bool]:
    """Return the condition that a column has one of many values: a single parameter, however many they are."""
    if connection.dialect.name == "sqlite":
        listed = func.json_each(to_json(values).decode()).table_valued("value")
        return column.in_(select(listed.c.value))
    kind = BigInteger() if values and isinstance(values[0], int) else Text()
    return column == func.any(bindparam(None, list(values), ARRAY(kind)))


async def add_rows(
    connection: AsyncConnection, into: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Add rows to a table in the connection's transaction. Raises: DBAPIError."""
    if not rows:
        return
    names = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        values = ", ".join("?" * len(columns))
        await connection.exec_driver_sql(_INSERTED.format(into=into, columns=names, values=values), list(rows))
        return
    statement = _COPIED.format(into=into, columns=names)
    raw: Any = await connection.get_raw_connection()
    driver: psycopg.AsyncConnection[Any] = raw.driver_connection
    try:
        async with driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for row in rows:
                await copy.write_row(row)
    except psycopg.OperationalError as exc:
        # The engine did not see it: what it says of any other statement, and without the rows
        raise OperationalError(statement, None, exc, connection_invalidated=driver.closed) from exc
