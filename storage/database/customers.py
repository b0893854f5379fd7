"""Customers in the database: looked up by tools while calls run, changed by commands and by what calls noted."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.customers import Customer, StoreUnavailable, changed, phone_tail, replayed
from storage.database import callbacks
from storage.database.database import Database, DatabaseUnavailable
from storage.database.tables import CUSTOMER_PHONES, CUSTOMERS, MILESTONES
from storage.notes import CHANGES, KINDS, Note

_PLAIN: Final = tuple(one.name for one in fields(Customer) if one.name != "phones")
_BEGUN: Final = "customers.begun"
"""The milestone after which the file of customers is asked for nothing any more."""

Answer = TypeVar("Answer")


class DatabaseCustomers:
    """The customers of one database, for questions; changes are transactions of their own (below)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_id(self, customer_id: str) -> Customer | None:
        """Return the customer with this id, or None. Raises: StoreUnavailable."""
        return await self._read(lambda connection: find(connection, customer_id.strip()))

    async def by_phone(self, phone: str) -> Customer | None:
        """Return the customer with this number, or None; prefixes of countries do not matter.

        Raises: StoreUnavailable.
        """
        tail = phone_tail(phone)
        if not tail:
            return None
        wanted = select(CUSTOMER_PHONES.c.customer_id).where(CUSTOMER_PHONES.c.tail == tail)

        async def look(connection: AsyncConnection) -> Customer | None:
            found = (await connection.execute(wanted.order_by(CUSTOMER_PHONES.c.customer_id).limit(1))).scalar()
            return None if found is None else await find(connection, found)

        return await self._read(look)

    async def _read(self, question: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
        try:
            async with self._database.read() as connection:
                return await question(connection)
        except (DatabaseUnavailable, SQLAlchemyError) as exc:
            raise StoreUnavailable("the database of customers does not answer") from exc


async def begin(database: Database, seed: Path, journal: Path, *, now: float) -> int:
    """Enter the customers of the file, as its journal leaves them, unless the database has customers of its own.

    Done once in a database's life, by whoever comes first: an example that somebody removed does not come back. What
    the journal noted becomes callbacks. Returns how many customers were entered; 0 without a file.

    Raises: DatabaseUnavailable, ConfigurationError for a file that is wrong, StoreUnavailable for a journal that cannot
    be read.
    """
    async with database.read() as connection:
        if (await connection.execute(select(MILESTONES.c.name).where(MILESTONES.c.name == _BEGUN))).first():
            return 0
    if not await asyncio.to_thread(seed.exists):
        return 0
    customers, changes = await asyncio.to_thread(replayed, seed, journal)
    async with database.begin() as connection:
        if not await own(connection, now=now):
            return 0
        for one in customers.values():
            await put(connection, one)
        for change in changes:
            if change.get("kind") in KINDS:
                await callbacks.keep(connection, _old_note(change, now))
        return len(customers)


async def own(connection: AsyncConnection, *, now: float) -> bool:
    """Note that this database's customers are its own from here on; return False when it was so already."""
    dialect_insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = dialect_insert(MILESTONES).values(name=_BEGUN, at=now).on_conflict_do_nothing()
    return (await connection.execute(statement.returning(MILESTONES.c.name))).first() is not None


async def find(connection: AsyncConnection, customer_id: str) -> Customer | None:
    """Return the customer with this id, or None."""
    row = (await connection.execute(select(CUSTOMERS).where(CUSTOMERS.c.customer_id == customer_id))).first()
    if row is None:
        return None
    phones = select(CUSTOMER_PHONES.c.phone).where(CUSTOMER_PHONES.c.customer_id == customer_id)
    numbers = (await connection.execute(phones.order_by(CUSTOMER_PHONES.c.position))).scalars()
    return Customer(**row._mapping, phones=tuple(numbers))


async def put(connection: AsyncConnection, customer: Customer) -> bool:
    """Enter a customer, in the place of one with the same id; return whether the id is new."""
    values = {name: getattr(customer, name) for name in _PLAIN}
    statement = update(CUSTOMERS).where(CUSTOMERS.c.customer_id == customer.customer_id).values(values)
    is_known = (await connection.execute(statement.returning(CUSTOMERS.c.customer_id))).first() is not None
    if not is_known:
        await connection.execute(insert(CUSTOMERS).values(values))
    await connection.execute(delete(CUSTOMER_PHONES).where(CUSTOMER_PHONES.c.customer_id == customer.customer_id))
    rows = [
        {"customer_id": customer.customer_id, "position": position, "phone": phone, "tail": phone_tail(phone)}
        for position, phone in enumerate(customer.phones)
    ]
    if rows:
        await connection.execute(insert(CUSTOMER_PHONES), rows)
    return not is_known


async def remove(connection: AsyncConnection, customer_id: str) -> bool:
    """Remove a customer; return False when there is none of that id."""
    await connection.execute(delete(CUSTOMER_PHONES).where(CUSTOMER_PHONES.c.customer_id == customer_id))
    statement = delete(CUSTOMERS).where(CUSTOMERS.c.customer_id == customer_id).returning(CUSTOMERS.c.customer_id)
    return (await connection.execute(statement)).first() is not None


async def remove_all(connection: AsyncConnection) -> None:
    """Remove every customer."""
    await connection.execute(delete(CUSTOMER_PHONES))
    await connection.execute(delete(CUSTOMERS))


async def listed(
    connection: AsyncConnection, *, text: str = "", after: str = "", limit: int | None = None
) -> list[Customer]:
    """Return customers by id: those whose id or name holds `text`, behind the id `after`."""
    wanted = select(CUSTOMERS).where(CUSTOMERS.c.customer_id > after).order_by(CUSTOMERS.c.customer_id)
    if text:
        # Case is left to the database's lower(); % and _ are letters like others
        sought = text.lower()
        lower = func.lower
        wanted = wanted.where(
            lower(CUSTOMERS.c.name).contains(sought, autoescape=True)
            | lower(CUSTOMERS.c.customer_id).contains(sought, autoescape=True)
        )
    rows = (await connection.execute(wanted.limit(limit) if limit is not None else wanted)).all()
    phones: dict[str, list[str]] = {}
    numbers = select(CUSTOMER_PHONES.c.customer_id, CUSTOMER_PHONES.c.phone).order_by(CUSTOMER_PHONES.c.position)
    if limit is not None:
        numbers = numbers.where(CUSTOMER_PHONES.c.customer_id.in_([row.customer_id for row in rows]))
    for customer_id, phone in await connection.execute(numbers):
        phones.setdefault(customer_id, []).append(phone)
    return [Customer(**row._mapping, phones=tuple(phones.get(row.customer_id, ()))) for row in rows]


async def take_up(connection: AsyncConnection, note: Note) -> bool:
    """Keep a note, and change the customer it is about; return False for one that was taken up before.

    All in the connection's transaction, so a note is kept and done, or neither. A changed contact needs nobody's hand;
    everything else stays open until somebody settles it.
    """
    if not await callbacks.keep(connection, note):
        return False
    if note.kind in CHANGES:
        customer_id = note.details.get("customer_id", "")
        # PostgreSQL has many writers; SQLite's one holds the whole file already
        mine = select(CUSTOMERS.c.customer_id).where(CUSTOMERS.c.customer_id == customer_id).with_for_update()
        await connection.execute(mine)
        customer = await find(connection, customer_id)
        if customer is not None:
            await put(connection, changed(customer, note.kind, note.details))
    return True


def _old_note(change: Mapping[str, Any], now: float) -> Note:
    """A line of the journal as a note; its moment, which people see, is kept among the details."""
    details = {str(key): str(value) for key, value in change.items() if key not in ("id", "kind")}
    return Note(str(change["id"]), str(change["kind"]), now, details)
