"""The error bank: what ears hear wrong and people have put right, who confirmed it, and how it came to count.

An entry is a candidate until it has been confirmed often enough or promoted by hand; then it is active, and the next
call uses it. Undoing keeps the entry and its history, so that the same mistake does not come back by itself.
"""

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.tables import ERROR_BANK, ERROR_BANK_HISTORY


class BankState(Enum):
    """How much an entry counts, in the order of its life."""

    CANDIDATE = "candidate"
    """Seen, not used."""
    ACTIVE = "active"
    """Used in calls."""
    UNDONE = "undone"
    """Taken back by a person; confirmations no longer promote it."""


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One mistake and what was meant."""

    entry_id: str
    scope: str
    """An agent's name, or "" for all."""
    heard: str
    meant: str
    state: BankState
    confirmations: int
    created_at: float
    """Unix time, like `changed_at`."""
    changed_at: float

    def __repr__(self) -> str:
        return f"BankEntry({self.entry_id}, {self.state.value})"


@dataclass(frozen=True, slots=True)
class BankChange:
    """One line of an entry's history."""

    entry_id: str
    change: str
    """`confirmed`, or the state it got."""
    by: str
    at: float


def entry_id_of(scope: str, heard: str, meant: str) -> str:
    """Return the id of an entry: the same for the same words, on every machine."""
    return hashlib.sha256("\0".join((scope, heard, meant)).encode()).hexdigest()[:16]


async def confirm(
    connection: AsyncConnection, scope: str, heard: str, meant: str, *, by: str, now: float, promote_at: int
) -> BankEntry:
    """Note that somebody corrected `heard` to `meant`; with `promote_at` confirmations a candidate becomes active."""
    entry_id = entry_id_of(scope, heard, meant)
    dialect_insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    fresh = {
        "entry_id": entry_id,
        "scope": scope,
        "heard": heard,
        "meant": meant,
        "state": BankState.CANDIDATE.value,
        "confirmations": 1,
        "created_at": now,
        "changed_at": now,
    }
    # One statement, so that two people at once count as two.
    statement = dialect_insert(ERROR_BANK).values(fresh)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=[ERROR_BANK.c.entry_id],
            set_={"confirmations": ERROR_BANK.c.confirmations + 1, "changed_at": now},
        )
    )
    await _note(connection, entry_id, "confirmed", by, now)
    entry = await _found(connection, entry_id)
    if entry.state is BankState.CANDIDATE and entry.confirmations >= promote_at:
        return await set_state(connection, entry_id, BankState.ACTIVE, by=by, now=now)
    return entry


async def set_state(connection: AsyncConnection, entry_id: str, state: BankState, *, by: str, now: float) -> BankEntry:
    """Promote an entry, or take it back. Raises: KeyError for an unknown id."""
    changed = update(ERROR_BANK).where(ERROR_BANK.c.entry_id == entry_id).values(state=state.value, changed_at=now)
    await connection.execute(changed)
    entry = await _found(connection, entry_id)
    await _note(connection, entry_id, state.value, by, now)
    return entry


async def entries(
    connection: AsyncConnection, *, scope: str | None = None, state: BankState | None = None
) -> list[BankEntry]:
    """Return entries, of one scope or in one state if given, by what was heard."""
    wanted = select(ERROR_BANK).order_by(ERROR_BANK.c.heard, ERROR_BANK.c.meant, ERROR_BANK.c.scope)
    if scope is not None:
        wanted = wanted.where(ERROR_BANK.c.scope == scope)
    if state is not None:
        wanted = wanted.where(ERROR_BANK.c.state == state.value)
    return [_entry(row) for row in await connection.execute(wanted)]


async def history(connection: AsyncConnection, entry_id: str) -> list[BankChange]:
    """Return what happened to an entry, in order."""
    table = ERROR_BANK_HISTORY.c
    wanted = select(table.entry_id, table.change, table.by, table.at)
    rows = await connection.execute(wanted.where(table.entry_id == entry_id).order_by(table.number))
    return [BankChange(*row) for row in rows]


async def version(connection: AsyncConnection) -> tuple[int, float]:
    """Return something that differs after every change: what a running process compares before it reads all again."""
    row = (await connection.execute(select(func.count(), func.max(ERROR_BANK_HISTORY.c.number)))).one()
    return int(row[0]), float(row[1] or 0)


async def _found(connection: AsyncConnection, entry_id: str) -> BankEntry:
    row = (await connection.execute(select(ERROR_BANK).where(ERROR_BANK.c.entry_id == entry_id))).first()
    if row is None:
        raise KeyError(entry_id)
    return _entry(row)


def _entry(row: Row[Any]) -> BankEntry:
    values = dict(row._mapping)
    return BankEntry(**{**values, "state": BankState(values["state"])})


async def _note(connection: AsyncConnection, entry_id: str, change: str, by: str, now: float) -> None:
    values = {"entry_id": entry_id, "change": change, "by": by, "at": now}
    await connection.execute(insert(ERROR_BANK_HISTORY).values(values))
