"""Events worth keeping: what happened in a call or after it, for webhooks, reports and people who ask later.

With encryption on their data are written by the call's seal.
"""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.tables import EVENTS
from storage.encryption.words import Seal, Sealing

EVENT_PLACE: Final = "events.data"


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


async def keep(connection: AsyncConnection, event: Event, seal: Seal | None = None) -> bool:
    """Keep an event; return False when it is kept already."""
    values = {name: getattr(event, name) for name in Event.__slots__}
    if seal is not None:
        values["data"] = seal.value(EVENT_PLACE, event.data)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(EVENTS).values(values).on_conflict_do_nothing(index_elements=[EVENTS.c.event_id])
    return (await connection.execute(statement.returning(EVENTS.c.event_id))).first() is not None


async def of_conversation(
    connection: AsyncConnection, conversation_id: str, sealing: Sealing | None = None
) -> list[Event]:
    """Return a call's events in the order they happened; without `sealing` encrypted data as they lie there.

    Raises: KeyErased, KeyMissing, WrongMasterKey, CiphertextDamaged.
    """
    wanted = select(EVENTS).where(EVENTS.c.conversation_id == conversation_id).order_by(EVENTS.c.at, EVENTS.c.event_id)
    return [await _opened(Event(**row._mapping), sealing) for row in await connection.execute(wanted)]


async def since(
    connection: AsyncConnection, moment: float, limit: int = 1000, sealing: Sealing | None = None
) -> list[Event]:
    """Return up to `limit` events from a moment on, the oldest first. Raises: as `of_conversation`."""
    wanted = select(EVENTS).where(EVENTS.c.at >= moment).order_by(EVENTS.c.at, EVENTS.c.event_id).limit(limit)
    return [await _opened(Event(**row._mapping), sealing) for row in await connection.execute(wanted)]


async def _opened(one: Event, sealing: Sealing | None) -> Event:
    if sealing is None:
        return one
    data = await asyncio.to_thread(sealing.open_value, EVENT_PLACE, one.data)
    return replace(one, data=cast(dict[str, Any], data))


async def forget(connection: AsyncConnection, conversation_id: str) -> None:
    """Delete a call's events."""
    await connection.execute(delete(EVENTS).where(EVENTS.c.conversation_id == conversation_id))
