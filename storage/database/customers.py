"""`storage.customers.Customers` in the database, and the callbacks, appointments and cancellations that calls note."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, Final, TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.customers import Customer, StoreUnavailable, phone_tail
from storage.database.database import Database, DatabaseUnavailable
from storage.database.tables import CALLBACKS, CUSTOMER_PHONES, CUSTOMERS

_PLAIN: Final = tuple(one.name for one in fields(Customer) if one.name != "phones")

Changed = TypeVar("Changed")


class DatabaseCustomers:
    """`Customers` for all calls of the process, and for other processes too."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        """`now` gives Unix time."""
        self._database = database
        self._now = now

    async def add(self, customers: Iterable[Customer]) -> int:
        """Add customers whose ids are not there yet; return how many: what `read_seed` gives, at the first start."""
        added = 0
        async with self._database.begin() as connection:
            known = set((await connection.execute(select(CUSTOMERS.c.customer_id))).scalars())
            for one in customers:
                if one.customer_id not in known:
                    known.add(one.customer_id)
                    added += 1
                    await connection.execute(insert(CUSTOMERS).values({name: getattr(one, name) for name in _PLAIN}))
                    await _put_phones(connection, one.customer_id, one.phones)
        return added

    async def by_id(self, customer_id: str) -> Customer | None:
        """Return the customer with this id, or None. Raises: StoreUnavailable."""
        try:
            async with self._database.read() as connection:
                return await _find(connection, customer_id.strip())
        except (DatabaseUnavailable, SQLAlchemyError) as exc:
            raise _unavailable() from exc

    async def by_phone(self, phone: str) -> Customer | None:
        """Return the customer with this number, or None; prefixes of countries do not matter.

        Raises: StoreUnavailable.
        """
        tail = phone_tail(phone)
        if not tail:
            return None
        wanted = select(CUSTOMER_PHONES.c.customer_id).where(CUSTOMER_PHONES.c.tail == tail)
        try:
            async with self._database.read() as connection:
                found = (await connection.execute(wanted.order_by(CUSTOMER_PHONES.c.customer_id).limit(1))).scalar()
                return None if found is None else await _find(connection, found)
        except (DatabaseUnavailable, SQLAlchemyError) as exc:
            raise _unavailable() from exc

    async def change_contact(self, customer_id: str, *, phone: str = "", email: str = "") -> Customer:
        """Change what is given and return the customer; a new phone takes the place of the first.

        Raises: KeyError for an unknown id, StoreUnavailable.
        """

        async def change(connection: AsyncConnection) -> Customer:
            customer = await _known(connection, customer_id)
            if email:
                changed = update(CUSTOMERS).where(CUSTOMERS.c.customer_id == customer_id).values(email=email)
                await connection.execute(changed)
            if phone:
                await _put_phones(connection, customer_id, (phone, *customer.phones[1:]))
            return await _known(connection, customer_id)

        return await self._change(change)

    async def cancel(self, customer_id: str, reason: str) -> str:
        """Mark the service as cancelled and return the cancellation's id.

        Raises: KeyError for an unknown id, StoreUnavailable.
        """

        async def change(connection: AsyncConnection) -> str:
            await _known(connection, customer_id)
            changed = update(CUSTOMERS).where(CUSTOMERS.c.customer_id == customer_id).values(status="cancelled")
            await connection.execute(changed)
            return await self._note(connection, "cancellation", {"customer_id": customer_id, "reason": reason})

        return await self._change(change)

    async def note(self, kind: str, details: Mapping[str, str]) -> str:
        """Keep a callback or an appointment, and return its id.

        Raises: KeyError for an unknown customer, StoreUnavailable.
        """

        async def change(connection: AsyncConnection) -> str:
            if (customer_id := details.get("customer_id")) is not None:
                await _known(connection, customer_id)
            return await self._note(connection, kind, details)

        return await self._change(change)

    async def noted(self, *, state: str = "open") -> list[dict[str, Any]]:
        """Return callbacks and the like in a state, the oldest first, as JSON values."""
        async with self._database.read() as connection:
            wanted = select(CALLBACKS).where(CALLBACKS.c.state == state).order_by(CALLBACKS.c.created_at)
            return [dict(row._mapping) for row in await connection.execute(wanted)]

    async def settle(self, callback_id: str) -> bool:
        """Mark a callback as done; return False when there is none that is open."""
        async with self._database.begin() as connection:
            statement = update(CALLBACKS).where(CALLBACKS.c.callback_id == callback_id, CALLBACKS.c.state == "open")
            done = await connection.execute(statement.values(state="done").returning(CALLBACKS.c.callback_id))
            return done.first() is not None

    async def _note(self, connection: AsyncConnection, kind: str, details: Mapping[str, str]) -> str:
        callback_id = f"{kind}-{secrets.token_hex(6)}"
        values = {"callback_id": callback_id, "kind": kind, "created_at": self._now(), "state": "open"}
        await connection.execute(insert(CALLBACKS).values({**values, "details": dict(details)}))
        return callback_id

    async def _change(self, change: Callable[[AsyncConnection], Awaitable[Changed]]) -> Changed:
        """Do it in a transaction; shielded, because a caller who hangs up cancels the tool, not half of it."""

        async def do() -> Changed:
            try:
                async with self._database.begin() as connection:
                    return await change(connection)
            except (DatabaseUnavailable, SQLAlchemyError) as exc:
                raise _unavailable() from exc

        return await asyncio.shield(asyncio.ensure_future(do()))


async def _find(connection: AsyncConnection, customer_id: str) -> Customer | None:
    row = (await connection.execute(select(CUSTOMERS).where(CUSTOMERS.c.customer_id == customer_id))).first()
    if row is None:
        return None
    phones = select(CUSTOMER_PHONES.c.phone).where(CUSTOMER_PHONES.c.customer_id == customer_id)
    numbers = (await connection.execute(phones.order_by(CUSTOMER_PHONES.c.position))).scalars()
    return Customer(**row._mapping, phones=tuple(numbers))


async def _known(connection: AsyncConnection, customer_id: str) -> Customer:
    customer = await _find(connection, customer_id)
    if customer is None:
        raise KeyError(customer_id)
    return customer


async def _put_phones(connection: AsyncConnection, customer_id: str, phones: Iterable[str]) -> None:
    await connection.execute(delete(CUSTOMER_PHONES).where(CUSTOMER_PHONES.c.customer_id == customer_id))
    rows = [
        {"customer_id": customer_id, "position": position, "phone": phone, "tail": phone_tail(phone)}
        for position, phone in enumerate(phones)
    ]
    if rows:
        await connection.execute(insert(CUSTOMER_PHONES), rows)


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable("the database of customers does not answer")
