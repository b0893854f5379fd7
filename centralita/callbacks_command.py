"""`centralita callbacks list | done | cancel | forget`: what callers were promised, and what has become of it."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from centralita.command_line import AsJson, By, DatabaseUrl, Personal, SettingsPath, print_json, telling, user
from centralita.command_line import done as tell_done
from centralita.customer_desk import notes_of
from centralita.settings import load_settings
from centralita.storehouse import database_url
from offline.note_taking import NoteTaker
from storage.database import callbacks
from storage.database.callbacks import Callback, CallbackState
from storage.database.database import Database, DatabaseUnavailable
from storage.notes import KINDS, Notes
from storage.privacy.masking import masked_email, masked_name, masked_phone
from vocabulary.errors import ConfigurationError

callbacks_app = typer.Typer(
    help="What callers were promised: callbacks, appointments, cancellations; see them, settle them.",
    no_args_is_help=True,
)

Ids = Annotated[list[str], typer.Argument(help="As `centralita callbacks list` shows them.")]
_MASKS: Final = {"phone": masked_phone, "email": masked_email, "name": masked_name}
_HIDDEN: Final = ("reason",)
"""A caller's own words, which may hold anything; when to call is needed, whoever looks on."""


@callbacks_app.command("list")
def list_callbacks(
    state: Annotated[
        list[CallbackState] | None, typer.Option("--state", help="May be given several times; else only open ones.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="However they stand.")] = False,
    kind: Annotated[list[str] | None, typer.Option("--kind", help=f"One of {', '.join(KINDS)}.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    personal: Personal = False,
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Show what is to be done, the oldest first, also what the database has not got yet, or cannot be asked for."""
    states = tuple(CallbackState) if every else tuple(state or (CallbackState.OPEN,))
    with telling(as_json):
        if unknown := set(kind or ()) - set(KINDS):
            raise ConfigurationError(f"--kind {min(unknown)}: is none; there are {', '.join(KINDS)}")
        loaded = load_settings(settings)
        found, trouble = asyncio.run(
            _found(notes_of(loaded), database_url(loaded, database), states, kind or KINDS, limit)
        )
    if as_json:
        rows = [_as_json(one, personal=personal) for one in found]
        print_json({"callbacks": rows, "personal": personal, "database": trouble or "ok"})
    else:
        Console().print(_table(found, personal=personal) if found else "no callbacks")
        if trouble:
            typer.echo(f"only what waits on this machine: {trouble}", err=True)
    raise typer.Exit(1 if trouble else 0)


@callbacks_app.command()
def done(
    ids: Ids, by: By = "", settings: SettingsPath = None, database: DatabaseUrl = "", as_json: AsJson = False
) -> None:
    """Say that they have been done."""
    _settle(ids, CallbackState.DONE, by, settings, database, as_json)


@callbacks_app.command()
def cancel(
    ids: Ids, by: By = "", settings: SettingsPath = None, database: DatabaseUrl = "", as_json: AsJson = False
) -> None:
    """Say that they are not to be done."""
    _settle(ids, CallbackState.CANCELLED, by, settings, database, as_json)


@callbacks_app.command()
def forget(
    days: Annotated[float, typer.Option(min=0, help="Settled so long ago, or longer.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell how many.")] = False,
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Remove what was settled long ago, with the telephones and names in it; what is open stays."""

    async def work(url: str) -> int:
        async with Database.open(url) as opened, opened.begin() as connection:
            return await callbacks.forget(connection, time.time() - days * 86400, dry_run=dry_run)

    with telling(as_json):
        count = asyncio.run(work(database_url(load_settings(settings), database)))
    told = f"{count} {'would be forgotten' if dry_run else 'forgotten'}"
    tell_done(as_json, {"forgotten": count, "dry_run": dry_run}, told)


async def _found(
    notes: Notes, url: str, states: Sequence[CallbackState], kinds: Sequence[str], limit: int
) -> tuple[list[Callback], str]:
    """Return callbacks of database and folder, each once, and why the database is not among them ("": it is)."""
    # The folder first: what is taken up in between is in the database's answer
    waiting = [
        Callback(note.note_id, note.kind, note.at, CallbackState.OPEN, note.details)
        for note in notes.waiting(kinds)[0]
        if CallbackState.OPEN in states
    ]
    trouble = ""
    kept: list[Callback] = []
    taken: list[Callback] = []
    try:
        async with Database.open(url) as database, database.read() as connection:
            kept = await callbacks.listed(connection, states=states, kinds=kinds, limit=limit)
            taken = await callbacks.listed(connection, ids=[one.callback_id for one in waiting])
    except DatabaseUnavailable as error:
        trouble = str(error)
    known = {one.callback_id for one in taken}
    every = kept + [one for one in waiting if one.callback_id not in known]
    return sorted(every, key=lambda one: (one.created_at, one.callback_id))[:limit], trouble


def _settle(
    ids: Sequence[str], state: CallbackState, by: str, settings: Path | None, database: str, as_json: bool
) -> None:
    with telling(as_json):
        loaded = load_settings(settings)

        async def work() -> None:
            async with Database.open(database_url(loaded, database)) as opened:
                await NoteTaker(notes_of(loaded), opened).take_up()
                async with opened.begin() as connection:
                    for one in ids:
                        before = await callbacks.settle(connection, one, state, by=by or user(), now=time.time())
                        if before is None:
                            raise ConfigurationError(f"there is no callback {one!r}; none was settled")
                        if before not in (CallbackState.OPEN, state):
                            raise ConfigurationError(f"{one} is {before.value} already; none was settled")

        asyncio.run(work())
    tell_done(as_json, {"settled": list(ids), "state": state.value}, f"{', '.join(ids)}: {state.value}")


def _details(one: Callback, *, personal: bool) -> dict[str, str]:
    if personal:
        return dict(one.details)
    return {
        key: _MASKS[key](value) if key in _MASKS else value for key, value in one.details.items() if key not in _HIDDEN
    }


def _as_json(one: Callback, *, personal: bool) -> dict[str, Any]:
    return {
        "id": one.callback_id,
        "kind": one.kind,
        "created_at": one.created_at,
        "state": one.state.value,
        "settled_at": one.settled_at,
        "settled_by": one.settled_by,
        "details": _details(one, personal=personal),
    }


def _table(found: Sequence[Callback], *, personal: bool) -> Table:
    table = Table("callback", "noted", "state", "what", box=None, pad_edge=False)
    for one in found:
        noted = datetime.fromtimestamp(one.created_at).astimezone().strftime("%Y-%m-%d %H:%M")
        stands = one.state.value + (f" ({one.settled_by})" if one.settled_by else "")
        details = _details(one, personal=personal)
        what = ", ".join(f"{key} {value}" for key, value in details.items() if value and key != "call_id")
        table.add_row(Text(one.callback_id, no_wrap=True), noted, stands, Text(what))
    return table
