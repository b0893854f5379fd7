"""What machines tell each other of their banks of corrections: every journal's entries, in one order, never changed.

The journals beside the bank files are the truth (docs/decisions/0016); this is how their entries get around, and where
they can be searched and counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.tables import BANK_ENTRIES

_AT_A_TIME = 500
"""Rows of one statement; both databases limit the parameters of one."""


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One entry of a bank's journal."""

    entry_id: str
    """The same on every machine."""
    undoes: str
    """The entry it takes back, or ""."""
    what: str
    """Its kind: sighting, rule, undone…"""
    at: float
    """Unix time."""
    by: str
    entry: Mapping[str, Any] = field(repr=False)
    """As the journal has it."""


async def add(connection: AsyncConnection, bank: str, entries: Sequence[BankEntry]) -> int:
    """Add what is not there yet, in this order; return how many entries were new."""
    if connection.dialect.name == "postgresql":
        # Numbers must become visible in their order: an undoing is never read without what it undoes
        await connection.exec_driver_sql("SELECT pg_advisory_xact_lock(6311002)")
    dialect_insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = 0
    for start in range(0, len(entries), _AT_A_TIME):
        rows = [
            {"bank": bank, "entry_id": one.entry_id, "undoes": one.undoes, "what": one.what, "at": one.at,
             "by": one.by, "entry": dict(one.entry)}
            for one in entries[start : start + _AT_A_TIME]
        ]  # fmt: skip
        statement = dialect_insert(BANK_ENTRIES).values(rows).on_conflict_do_nothing()
        new += len((await connection.execute(statement.returning(BANK_ENTRIES.c.number))).all())
    return new


async def entries_of(connection: AsyncConnection, bank: str) -> list[BankEntry]:
    """Return everything that was told of a bank, the oldest first."""
    table = BANK_ENTRIES.c
    wanted = select(table.entry_id, table.undoes, table.what, table.at, table.by, table.entry)
    rows = await connection.execute(wanted.where(table.bank == bank).order_by(table.number))
    return [BankEntry(*row) for row in rows]


async def stamps(connection: AsyncConnection) -> dict[str, tuple[int, int]]:
    """Return, for every bank that was told of, something that differs after every addition."""
    table = BANK_ENTRIES.c
    rows = await connection.execute(select(table.bank, func.count(), func.max(table.number)).group_by(table.bank))
    return {bank: (count, last) for bank, count, last in rows}
