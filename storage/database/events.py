"""Events worth keeping: what happened in a call or after it, for webhooks, reports and people who ask later."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.tables import EVENTS


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    event_id: str
    """Given by whoever tells it, so that telling it twice keeps it once."""
    kind: str
    """Such as `call_ended`."""
    conversation_id: str
    at: float
    """Unix time."""
    data: dict[str, Any] = field(default_factory=dict, repr=False)
    """JSON; may hold a caller's words."""


async def keep(connection: AsyncConnection, event: Event) -> bool:
    """Keep an event; return False when it is kept already."""
    values = {name: getattr(event, name) for name in Event.__slots__}
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(EVENTS).values(values).on_conflict_do_nothing(index_elements=[EVENTS.c.event_id])
    return (await connection.execute(statement.returning(EVENTS.c.event_id))).first() is not None


async def of_conversation(connection: AsyncConnection, conversation_id: str) -> list[Event]:
    """Return a call's events in the order they happened."""
    wanted = select(EVENTS).where(EVENTS.c.conversation_id == conversation_id).order_by(EVENTS.c.at, EVENTS.c.event_id)
    return [Event(**row._mapping) for row in await connection.execute(wanted)]


async def since(connection: AsyncConnection, moment: float, limit: int = 1000) -> list[Event]:
    """Return up to `limit` events from a moment on, the oldest first."""
    wanted = select(EVENTS).where(EVENTS.c.at >= moment).order_by(EVENTS.c.at, EVENTS.c.event_id).limit(limit)
    return [Event(**row._mapping) for row in await connection.execute(wanted)]


async def forget(connection: AsyncConnection, conversation_id: str) -> None:
    """Delete a call's events."""
    await connection.execute(delete(EVENTS).where(EVENTS.c.conversation_id == conversation_id))
