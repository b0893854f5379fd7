"""Customers as tools see them, and a store of them without a database: a TOML file and a journal of what calls changed.

The TOML file is never written. Every change is one JSON line, appended with one write and made durable before the
caller hears of it; after a crash the journal is replayed, and a line that was cut short is left out. Callbacks
and appointments are no customers' matter: they are notes (`storage.notes`).
"""

import asyncio
import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from vocabulary.errors import CentralitaError, ConfigurationError

_PHONE_TAIL: Final = 9
"""Digits compared: callers are presented with and without their country's prefix."""


class StoreUnavailable(CentralitaError):
    """The store could not be read or written."""

    retryable = True


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer."""

    customer_id: str
    name: str
    phones: tuple[str, ...] = ()
    """As dialled; spaces and signs do not matter."""
    email: str = ""
    plan: str = ""
    balance: str = "0.00"
    """What is owed, with two decimals."""
    currency: str = "euros"
    due_date: str = ""
    """ISO 8601, or ""."""
    status: str = "active"
    """active, suspended or cancelled."""
    line_status: str = "ok"
    """ok or fault_in_area."""
    router_model: str = ""
    permanence_until: str = ""
    """ISO 8601: until when the contract binds; "" for never."""


class Customers(Protocol):
    """What tools need of a store; every method raises StoreUnavailable."""

    async def by_id(self, customer_id: str) -> Customer | None: ...

    async def by_phone(self, phone: str) -> Customer | None: ...

    async def change_contact(self, customer_id: str, *, phone: str = "", email: str = "") -> Customer:
        """Change what is given and return the customer; a new phone takes the place of the first."""
        ...

    async def cancel(self, customer_id: str, reason: str) -> str:
        """Mark the service as cancelled and return the cancellation's id."""
        ...


class FileCustomers:
    """`Customers` in two files; one object for all calls of the process."""

    def __init__(self, seed: Path, journal: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Nothing is read before the first question.

        `seed` is the TOML file, `journal` the file of changes (made when needed, in an existing or new folder).
        """
        self._seed = seed
        self._journal = journal
        self._now = now
        self._lock = asyncio.Lock()
        self._customers: dict[str, Customer] | None = None
        self._changes = 0

    async def by_id(self, customer_id: str) -> Customer | None:
        """Return the customer with this id, or None.

        Raises: StoreUnavailable, ConfigurationError for a seed that is wrong.
        """
        return (await self._loaded()).get(customer_id.strip())

    async def by_phone(self, phone: str) -> Customer | None:
        """Return the customer with this telephone number, or None; prefixes of countries do not matter.

        Raises: StoreUnavailable, ConfigurationError for a seed that is wrong.
        """
        tail = phone_tail(phone)
        if not tail:
            return None
        customers = (await self._loaded()).values()
        return next((one for one in customers if any(phone_tail(known) == tail for known in one.phones)), None)

    async def change_contact(self, customer_id: str, *, phone: str = "", email: str = "") -> Customer:
        """Change what is given and return the customer.

        Raises: KeyError for an unknown id, StoreUnavailable.
        """
        await self._write("contact", {"customer_id": customer_id, "phone": phone, "email": email})
        return (await self._loaded())[customer_id]

    async def cancel(self, customer_id: str, reason: str) -> str:
        """Mark the service as cancelled and return the cancellation's id.

        Raises: KeyError for an unknown id, StoreUnavailable.
        """
        return await self._write("cancellation", {"customer_id": customer_id, "reason": reason})

    async def _loaded(self) -> dict[str, Customer]:
        async with self._lock:
            return await self._load()

    async def _load(self) -> dict[str, Customer]:
        if self._customers is not None:
            return self._customers
        customers, self._changes = await asyncio.to_thread(self._read)
        self._customers = customers
        return customers

    async def _write(self, kind: str, details: Mapping[str, str]) -> str:
        async with self._lock:
            customers = await self._load()
            if (customer_id := details.get("customer_id")) is not None and customer_id not in customers:
                raise KeyError(customer_id)
            number = self._changes + 1
            change = {"id": f"{kind}-{number:06}", "kind": kind, "at": self._now().isoformat(), **details}
            # Shielded: a caller who hangs up cancels the tool, not half a line.
            await asyncio.shield(asyncio.to_thread(self._append, change))
            self._changes = number
            _enter(customers, change)
            return str(change["id"])

    def _read(self) -> tuple[dict[str, Customer], int]:
        customers, changes = replayed(self._seed, self._journal)
        return customers, len(changes)

    def _append(self, change: Mapping[str, Any]) -> None:
        line = (json.dumps(change, ensure_ascii=False) + "\n").encode()
        try:
            self._journal.parent.mkdir(parents=True, exist_ok=True)
            journal = os.open(self._journal, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
            try:
                size = os.fstat(journal).st_size
                if size and os.pread(journal, 1, size - 1) != b"\n":
                    line = b"\n" + line  # the line before was cut short
                os.write(journal, line)
                os.fsync(journal)
            finally:
                os.close(journal)
        except OSError as exc:
            raise StoreUnavailable(f"the journal of customers cannot be written: {exc.strerror}") from exc


def read_seed(path: Path) -> dict[str, Customer]:
    """Read the TOML file: one `[customers.ID]` each.

    Raises: ConfigurationError, naming the key.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigurationError(f"{path}: cannot be read: {exc.strerror}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"{path}: is not valid TOML: {exc}") from exc
    known = {field.name for field in fields(Customer)} - {"customer_id"}
    customers: dict[str, Customer] = {}
    for customer_id, values in data.get("customers", {}).items():
        for key, value in values.items():
            if key not in known:
                there_are = ", ".join(sorted(known))
                raise ConfigurationError(f"{path}: customers.{customer_id}.{key}: is not known; there are {there_are}")
            if not (isinstance(value, str | date) or (key == "phones" and isinstance(value, list))):
                raise ConfigurationError(f"{path}: customers.{customer_id}.{key}: must be a text in quotation marks")
        if "name" not in values:
            raise ConfigurationError(f"{path}: customers.{customer_id}.name: is required and missing")
        told: dict[str, Any] = {key: tuple(value) if key == "phones" else str(value) for key, value in values.items()}
        customers[customer_id] = Customer(customer_id=customer_id, **told)
    return customers


def replayed(seed: Path, journal: Path) -> tuple[dict[str, Customer], list[dict[str, Any]]]:
    """Return the customers as seed and journal leave them, and the journal's lines; does file I/O.

    Raises: StoreUnavailable, ConfigurationError for a seed that is wrong.
    """
    customers = read_seed(seed)
    changes: list[dict[str, Any]] = []
    try:
        lines = journal.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return customers, changes
    except OSError as exc:
        raise StoreUnavailable(f"the journal of customers cannot be read: {exc.strerror}") from exc
    for line in lines:
        try:
            change = json.loads(line)
        except ValueError:
            continue  # cut short by a crash, so nobody was told that it was done
        _enter(customers, change)
        changes.append(change)
    return customers, changes


def changed(customer: Customer, kind: str, details: Mapping[str, Any]) -> Customer:
    """Return the customer after a change; a second time it changes nothing. Other kinds change no customer."""
    match kind:
        case "cancellation":
            return replace(customer, status="cancelled")
        case "contact":
            phones = (str(details["phone"]), *customer.phones[1:]) if details.get("phone") else customer.phones
            return replace(customer, phones=phones, email=str(details.get("email") or customer.email))
        case _:
            return customer


def _enter(customers: dict[str, Customer], change: Mapping[str, Any]) -> None:
    customer = customers.get(str(change.get("customer_id", "")))
    if customer is not None:
        customers[customer.customer_id] = changed(customer, str(change.get("kind")), change)


def phone_tail(phone: str) -> str:
    """Return the digits by which telephone numbers are compared; "" when there are none."""
    return re.sub(r"\D", "", phone)[-_PHONE_TAIL:]
