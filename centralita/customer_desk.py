"""The customers of running calls: asked of the database with a deadline, changed by notes.

Nothing here waits for the database but a question, and that no longer than its deadline. A change is a note
(`storage.notes`): durable at once, laid over what the database answers until the worker has taken it up.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from centralita.settings import Settings
from centralita.storehouse import begin_customers, database_url
from storage.customers import Customer, Customers, FileCustomers, changed, phone_tail
from storage.database.beside import DatabaseBeside
from storage.database.customers import DatabaseCustomers
from storage.notes import CANCELLATION, CHANGES, CONTACT, Note, Notes

_NOBODY: Final = ""
_OF_THE_TOOL: Final = 0.8


class CustomerDesk:
    """`Customers` of a database that others write to."""

    def __init__(self, database: DatabaseBeside, notes: Notes, *, seconds: float) -> None:
        """A question gets `seconds` to be answered."""
        self._database = database
        self._notes = notes
        self._seconds = seconds

    async def by_id(self, customer_id: str) -> Customer | None:
        """Return the customer with this id, or None. Raises: StoreUnavailable."""
        # Notes first: one that is taken up in between is in the database's answer
        pending = await self._pending()
        return _with(pending, await self._by_id(customer_id))

    async def by_phone(self, phone: str) -> Customer | None:
        """Return the customer with this number, or None; prefixes of countries do not matter.

        Raises: StoreUnavailable.
        """
        tail = phone_tail(phone)
        if not tail:
            return None
        pending = await self._pending()
        if customer_id := _new_owner(pending, tail):
            found = _with(pending, await self._by_id(customer_id))
            if found is not None and _has(found, tail):
                return found
        found = await self._database.ask(lambda one: DatabaseCustomers(one).by_phone(phone), self._seconds)
        found = _with(pending, found)
        return found if found is not None and _has(found, tail) else None

    async def change_contact(self, customer_id: str, *, phone: str = "", email: str = "") -> Customer:
        """Change what is given and return the customer; a new phone takes the place of the first.

        Raises: KeyError for an unknown id, StoreUnavailable.
        """
        customer = await self._known(customer_id)
        note = await self._notes.keep(CONTACT, {"customer_id": customer_id, "phone": phone, "email": email})
        return changed(customer, note.kind, note.details)

    async def cancel(self, customer_id: str, reason: str) -> str:
        """Mark the service as cancelled and return the cancellation's id.

        Raises: KeyError for an unknown id, StoreUnavailable.
        """
        await self._known(customer_id)
        return (await self._notes.keep(CANCELLATION, {"customer_id": customer_id, "reason": reason})).note_id

    async def _known(self, customer_id: str) -> Customer:
        customer = await self.by_id(customer_id)
        if customer is None:
            raise KeyError(customer_id)
        return customer

    async def _by_id(self, customer_id: str) -> Customer | None:
        return await self._database.ask(lambda one: DatabaseCustomers(one).by_id(customer_id), self._seconds)

    async def _pending(self) -> list[Note]:
        """Changes nobody has taken up: a folder that is empty, mostly; read beside the loop."""
        return (await asyncio.to_thread(self._notes.waiting, CHANGES))[0]


def _with(pending: list[Note], customer: Customer | None) -> Customer | None:
    if customer is not None:
        for note in pending:
            if note.details.get("customer_id") == customer.customer_id:
                customer = changed(customer, note.kind, note.details)
    return customer


def _new_owner(pending: list[Note], tail: str) -> str:
    """Return who has this number since a note that waits; "" for nobody."""
    for note in reversed(pending):
        if note.kind == CONTACT and phone_tail(note.details.get("phone", "")) == tail:
            return note.details.get("customer_id", _NOBODY)
    return _NOBODY


def _has(customer: Customer, tail: str) -> bool:
    return any(phone_tail(phone) == tail for phone in customer.phones)


def notes_of(settings: Settings) -> Notes:
    """Return where calls leave what they note."""
    return Notes(settings.storage.notes)


@asynccontextmanager
async def opened_customers(settings: Settings, in_thread: Callable[[], None]) -> AsyncIterator[Customers]:
    """Give the customers of the settings, to be asked by calls; waits for no database."""
    storage = settings.storage
    if storage.customers_in == "file":
        yield FileCustomers(storage.customers, storage.customers_journal)
        return
    beside = DatabaseBeside(
        database_url(settings), prepare=lambda database: begin_customers(settings, database), in_thread=in_thread
    )
    async with beside as database:
        # Below the tool's own deadline, whose end says less
        seconds = min(storage.customers_seconds, _OF_THE_TOOL * settings.mind.tool_seconds)
        yield CustomerDesk(database, notes_of(settings), seconds=seconds)
