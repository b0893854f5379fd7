"""`centralita customers import | export | list | show | add | remove`: whom the agents' tools know."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncConnection

from centralita.command_line import AsJson, DatabaseUrl, Personal, SettingsPath, done, print_json, telling
from centralita.settings import Settings, load_settings
from centralita.storehouse import begin_customers, database_url
from storage.customer_files import as_csv, as_toml, read_customers
from storage.customers import Customer
from storage.database import customers
from storage.database.database import Database
from storage.privacy.masking import masked_email, masked_name, masked_phone
from vocabulary.errors import ConfigurationError

customers_app = typer.Typer(
    help="Whom the agents' tools know: import them from files, see them, change them.", no_args_is_help=True
)

CustomerId = Annotated[str, typer.Argument(help="The customer's id.")]
Field = Annotated[str | None, typer.Option()]
Answer = TypeVar("Answer")


@customers_app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help=".toml like the example, or .csv with the fields' names on top.")],
    replace_all: Annotated[
        bool, typer.Option("--replace", help="Whoever is not in the file goes; else they stay as they are.")
    ] = False,
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Enter everybody a file holds, in place of those with the same ids; all of them, or none if one is wrong."""

    async def work(connection: AsyncConnection) -> dict[str, int]:
        before = {one.customer_id: one for one in await customers.listed(connection)}
        if replace_all:
            await customers.remove_all(connection)
        for one in found.values():
            await customers.put(connection, one)
        known = before.keys() & found.keys()
        return {
            "new": len(found) - len(known),
            "changed": sum(before[one] != found[one] for one in known),
            "removed": len(before.keys() - found.keys()) if replace_all else 0,
        }

    with telling(as_json):
        found = read_customers(file)
        report = _change(settings, database, work, is_fresh=True)
    done(as_json, report, ", ".join(f"{count} {what}" for what, count in report.items()))


@customers_app.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="Where to, .toml or .csv; else to the terminal.")] = None,
    form: Annotated[Literal["toml", "csv"], typer.Option("--format", help="On the terminal.")] = "toml",
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
) -> None:
    """Write everybody, in full, as `import` reads it; the file is for its owner's eyes only."""
    with telling(as_json=False):
        if file is not None and file.suffix not in (".toml", ".csv"):
            raise ConfigurationError(f"{file}: name it .toml or .csv")
        everybody = _ask(settings, database, customers.listed)
        write = as_csv if (file.suffix == ".csv" if file is not None else form == "csv") else as_toml
        if file is None:
            typer.echo(write(everybody), nl=False)
            return
        _write(file, write(everybody))
    typer.echo(f"{len(everybody)} customers in {file}")


@customers_app.command("list")
def list_customers(
    text: Annotated[str, typer.Option(help="Only those with this in their name or id.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    after: Annotated[str, typer.Option(help="The last id of the page before.")] = "",
    personal: Personal = False,
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Show customers by their ids, as much of them as tells them apart."""
    with telling(as_json):
        found = _ask(
            settings, database, lambda connection: customers.listed(connection, text=text, after=after, limit=limit)
        )
    shown = found if personal else [_masked(one) for one in found]
    if as_json:
        print_json({"customers": [asdict(one) for one in shown], "personal": personal})
        return
    table = Table("customer", "name", "telephones", "e-mail", "plan", "owes", "status", box=None, pad_edge=False)
    for one in shown:
        owes = f"{one.balance} {one.currency}"
        row = (one.customer_id, one.name, ", ".join(one.phones), one.email, one.plan, owes, one.status)
        table.add_row(*(Text(cell) for cell in row))
    if len(found) == limit:
        table.caption = f"next page: --after {found[-1].customer_id}"
    Console().print(table if found else "no customers")


@customers_app.command()
def show(
    customer_id: CustomerId,
    personal: Personal = False,
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Show one customer."""
    with telling(as_json):
        found = _ask(settings, database, lambda connection: customers.find(connection, customer_id))
        if found is None:
            raise _nobody(customer_id)
    one = found if personal else _masked(found)
    if as_json:
        print_json({"ok": True, "customer": asdict(one), "personal": personal})
        return
    table = Table("", "", box=None, show_header=False, pad_edge=False)
    for name, value in asdict(one).items():
        table.add_row(name, Text(", ".join(value) if isinstance(value, tuple) else value))
    Console().print(table)


@customers_app.command()
def add(
    customer_id: CustomerId,
    name: Field = None,
    phone: Annotated[list[str] | None, typer.Option(help="May be given several times; all of them anew.")] = None,
    email: Field = None,
    plan: Field = None,
    balance: Field = None,
    currency: Field = None,
    due_date: Field = None,
    status: Field = None,
    line_status: Field = None,
    router_model: Field = None,
    permanence_until: Field = None,
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Enter a customer, or change what is given of one who is known."""
    given = {
        "name": name, "phones": tuple(phone) if phone is not None else None, "email": email, "plan": plan,
        "balance": balance, "currency": currency, "due_date": due_date, "status": status,
        "line_status": line_status, "router_model": router_model, "permanence_until": permanence_until,
    }  # fmt: skip
    values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}

    async def work(connection: AsyncConnection) -> bool:
        known = await customers.find(connection, customer_id)
        if known is None and not name:
            raise ConfigurationError(f"there is no customer {customer_id!r} yet: a new one needs --name")
        return await customers.put(connection, replace(known or Customer(customer_id, ""), **values))

    with telling(as_json):
        if not customer_id.strip() or customer_id != customer_id.strip():
            raise ConfigurationError("a customer's id is a text without spaces around it")
        is_new = _change(settings, database, work)
    done(as_json, {"customer_id": customer_id, "is_new": is_new}, f"{'new' if is_new else 'changed'}: {customer_id}")


@customers_app.command()
def remove(
    customer_id: CustomerId, settings: SettingsPath = None, database: DatabaseUrl = "", as_json: AsJson = False
) -> None:
    """Remove a customer; what calls noted for them stays."""
    with telling(as_json):
        if not _change(settings, database, lambda connection: customers.remove(connection, customer_id)):
            raise _nobody(customer_id)
    done(as_json, {"removed": customer_id}, f"removed: {customer_id}")


def _masked(one: Customer) -> Customer:
    return replace(
        one,
        name=masked_name(one.name),
        phones=tuple(map(masked_phone, one.phones)),
        email=masked_email(one.email),
    )


def _nobody(customer_id: str) -> ConfigurationError:
    return ConfigurationError(f"there is no customer {customer_id!r}; `centralita customers list` shows who there is")


def _ask(settings: Path | None, database: str, question: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
    loaded = _loaded(settings)

    async def ask() -> Answer:
        async with Database.open(database_url(loaded, database)) as opened:
            await begin_customers(loaded, opened)
            async with opened.read() as connection:
                return await question(connection)

    return asyncio.run(ask())


def _change(
    settings: Path | None,
    database: str,
    change: Callable[[AsyncConnection], Awaitable[Answer]],
    *,
    is_fresh: bool = False,
) -> Answer:
    """Do it in one transaction; with `is_fresh` a new database does not get the settings' file first."""
    loaded = _loaded(settings)

    async def do() -> Answer:
        async with Database.open(database_url(loaded, database)) as opened:
            if not is_fresh:
                await begin_customers(loaded, opened)
            async with opened.begin() as connection:
                await customers.own(connection, now=time.time())
                return await change(connection)

    return asyncio.run(do())


def _loaded(settings: Path | None) -> Settings:
    """Return the settings. Raises: ConfigurationError where customers are not in a database."""
    loaded = load_settings(settings)
    if loaded.storage.customers_in == "file":
        raise ConfigurationError(
            f'storage.customers_in is "file": edit {loaded.storage.customers}, or set it to "database"'
        )
    return loaded


def _write(file: Path, content: str) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(handle)
        part.replace(file)
    except OSError as exc:
        part.unlink(missing_ok=True)
        raise ConfigurationError(f"{file}: cannot be written: {exc.strerror}") from exc
