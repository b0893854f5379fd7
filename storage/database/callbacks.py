"""What calls noted for people to do, once it is in the database: callbacks, appointments, cancellations."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.tables import CALLBACKS
from storage.notes import CONTACT, Note


class CallbackState(Enum):
    """How far a callback is."""

    OPEN = "open"
    """Somebody has to do it."""
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Callback:
    """Something that was promised in a call."""

    callback_id: str
    kind: str
    """One of `storage.notes.KINDS`."""
    created_at: float
    """Unix time, like `settled_at`."""
    state: CallbackState
    details: Mapping[str, str] = field(repr=False)
    settled_at: float | None = None
    settled_by: str = ""


async def keep(connection: AsyncConnection, note: Note) -> bool:
    """Enter a note as a callback; return False when it is there already, however it stands by now."""
    dialect_insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    is_done = note.kind == CONTACT
    values = {
        "callback_id": note.note_id,
        "kind": note.kind,
        "created_at": note.at,
        "state": (CallbackState.DONE if is_done else CallbackState.OPEN).value,
        "details": dict(note.details),
        "settled_at": note.at if is_done else None,
        "settled_by": "",
    }
    statement = dialect_insert(CALLBACKS).values(values).on_conflict_do_nothing()
    return (await connection.execute(statement.returning(CALLBACKS.c.callback_id))).first() is not None


async def listed(
    connection: AsyncConnection,
    *,
    states: Collection[CallbackState] = tuple(CallbackState),
    kinds: Collection[str] = (),
    ids: Collection[str] | None = None,
    limit: int | None = None,
) -> list[Callback]:
    """Return callbacks in these states, of these kinds (none: all), with these ids if given; the oldest first."""
    wanted = select(CALLBACKS).where(CALLBACKS.c.state.in_([state.value for state in states]))
    if ids is not None:
        wanted = wanted.where(CALLBACKS.c.callback_id.in_(ids))
    if kinds:
        wanted = wanted.where(CALLBACKS.c.kind.in_(kinds))
    rows = await connection.execute(wanted.order_by(CALLBACKS.c.created_at, CALLBACKS.c.callback_id).limit(limit))
    return [Callback(**{**row._mapping, "state": CallbackState(row.state)}) for row in rows]


async def settle(
    connection: AsyncConnection, callback_id: str, state: CallbackState, *, by: str, now: float
) -> CallbackState | None:
    """Settle an open callback; return how it stood before: None when there is none, and only `OPEN` was changed."""
    found = CALLBACKS.c.callback_id == callback_id
    statement = update(CALLBACKS).where(found, CALLBACKS.c.state == CallbackState.OPEN.value)
    values = {"state": state.value, "settled_at": now, "settled_by": by}
    if (await connection.execute(statement.values(values).returning(CALLBACKS.c.callback_id))).first() is not None:
        return CallbackState.OPEN
    before = (await connection.execute(select(CALLBACKS.c.state).where(found))).scalar()
    return None if before is None else CallbackState(before)


async def forget(connection: AsyncConnection, before: float, *, dry_run: bool = False) -> int:
    """Remove what was settled before this moment (Unix time), or with `dry_run` only count it; return how many."""
    old = (CALLBACKS.c.state != CallbackState.OPEN.value) & (CALLBACKS.c.settled_at < before)
    if dry_run:
        counted = await connection.execute(select(func.count()).select_from(CALLBACKS).where(old))
        return int(counted.scalar_one())
    return len((await connection.execute(delete(CALLBACKS).where(old).returning(CALLBACKS.c.callback_id))).all())
