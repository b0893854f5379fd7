"""What commands have in common: options of the same name and meaning, and how done and undone things are told."""

import contextlib
import getpass
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from vocabulary.errors import CentralitaError

__all__ = ["AsJson", "By", "DatabaseUrl", "Personal", "SettingsPath", "done", "print_json", "telling", "user"]

SettingsPath = Annotated[
    Path | None, typer.Option("--settings", "-s", help="Settings file (default: CENTRALITA_CONFIG, centralita.toml).")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
DatabaseUrl = Annotated[
    str, typer.Option("--database", help="Database URL (default: as the settings say; else beside the recordings).")
]
By = Annotated[str, typer.Option(help="Who does it, for the history; else the user logged in.")]
Personal = Annotated[
    bool, typer.Option("--personal", help="Names, telephones and e-mails in full; else only enough to tell them apart.")
]


def user() -> str:
    """Return who is logged in; "" in a container whose user has no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def print_json(value: object) -> None:
    """Print one JSON value on one line."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def done(as_json: bool, found: Mapping[str, object], told: str) -> None:
    """Tell what was done: `{"ok": true}` and `found`, or the line `told`."""
    if as_json:
        print_json({"ok": True, **found})
    else:
        typer.echo(told)


@contextlib.contextmanager
def telling(
    as_json: bool, *, code: int = 1, way_out: Callable[[CentralitaError], str] = lambda error: ""
) -> Iterator[None]:
    """Say in one line what could not be done, with the way out that its user may not know, and end with `code`."""
    try:
        yield
    except CentralitaError as error:
        told = f"{error}{way_out(error)}"
        if as_json:
            print_json({"ok": False, "error": told})
        else:
            typer.echo(f"centralita: {told}", err=True)
        raise typer.Exit(code) from error
