"""`centralita did list | add | remove`: the numbers that ring here."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from centralita.telephony.options import DEFAULT_CONFIG, AsJson, ConfigPath, load, print_json
from provisioning.model.dids import Place, PlaceKind
from provisioning.model.editing import ConfigFile
from provisioning.model.numbers import e164
from provisioning.model.telephony import TelephonyReceptionConfig
from vocabulary.errors import ConfigurationError
from vocabulary.problems import nearest

did_app = typer.Typer(help="The numbers that ring here: who answers, and what if not.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="In E.164, like +525512345678.")]


@did_app.command("list")
def list_dids(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show every number: over which gateway or carrier it comes, who answers, where its callers go otherwise."""
    loaded = load(config)
    rows = [
        {
            "number": did.number,
            "label": did.label,
            "active": did.active,
            "trunk": trunk,
            "agent": did.agent or loaded.site.agent,
            "fallback": place_in_words(did.fallback or loaded.site.fallback),
        }
        for trunk, _, did in loaded.all_dids()
    ]
    if as_json:
        print_json({"dids": rows})
        return
    table = Table("number", "label", "", "over", "agent", "and if the agent cannot")
    for trunk, _, did in loaded.all_dids():
        mark = "[green]✓" if did.active else "[dim]off"
        otherwise = place_in_words(did.fallback or loaded.site.fallback) or "[red]missing"
        table.add_row(did.number, Text(did.label), mark, trunk, did.agent or loaded.site.agent, otherwise)
    Console().print(table if rows else "no numbers yet: centralita did add +525512345678 --trunk oficina")


@did_app.command("add")
def add_did(
    number: Number,
    trunk: Annotated[str, typer.Option(help="Gateway or carrier it comes over.")],
    label: Annotated[str, typer.Option(help="Name for people.")] = "",
    agent: Annotated[str, typer.Option(help="Who answers; without it the site's agent.")] = "",
    line: Annotated[int, typer.Option(help="Port of the gateway; 0: the next free one.")] = 0,
    fallback: Annotated[
        str, typer.Option(help="If the agent cannot: extension:200, queue:400, voicemail:200, external:+34…, busy.")
    ] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Add a number. Nothing rings differently before `centralita telephony apply`."""
    file = ConfigFile.open(config)
    loaded = file.checked()
    key = trunk_key(loaded, trunk)
    written = _number(number)
    if written in {did.number for _, _, did in loaded.all_dids()}:
        raise ConfigurationError(f"{written} is there already: see `centralita did list`")
    values: dict[str, Any] = {"number": written}
    values |= {"label": label} if label else {}
    values |= {"agent": agent} if agent else {}
    values |= {"line": line} if line else {}
    if fallback:
        values["fallback"] = place_of(fallback).model_dump(exclude_defaults=True)
    file.add_did(key, values)
    file.save()
    _done(as_json, written, f"added {written} over {trunk}; `centralita telephony apply` makes it ring")


@did_app.command("remove")
def remove_did(number: Number, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Remove a number."""
    file = ConfigFile.open(config)
    loaded = file.checked()
    written = _number(number)
    for trunk, position, did in loaded.all_dids():
        if did.number == written:
            file.remove_did(loaded.key_of(trunk), position)
            file.save()
            _done(as_json, written, f"removed {written} from {trunk}; `centralita telephony apply` takes it out")
            return
    raise ConfigurationError(f"there is no number {written}: see `centralita did list`")


def trunk_key(config: TelephonyReceptionConfig, trunk: str) -> str:
    """Return where a gateway or carrier stands in the file. Raises: ConfigurationError when there is none."""
    known = [*config.all_gateways(), *config.all_carriers()]
    if trunk not in known:
        raise ConfigurationError(f"there is no gateway or carrier {trunk!r}.{nearest(trunk, known)}")
    return config.key_of(trunk)


def place_of(text: str) -> Place:
    """Return the place of `kind:target`, like extension:200, external:+34910123456, dialplan:context,extension.

    Raises: ConfigurationError.
    """
    kind, _, rest = text.partition(":")
    fields: dict[PlaceKind, dict[str, str]] = {
        "external": {"number": rest},
        "announcement": {"prompt": rest},
        "dialplan": {"context": rest.partition(",")[0], "target": rest.partition(",")[2]},
        "busy": {},
    }
    try:
        return Place.model_validate({"kind": kind} | fields.get(kind, {"target": rest}))  # type: ignore[call-overload]
    except ValueError as exc:
        raise ConfigurationError(
            f"{text!r} is no place: say extension:200, queue:400, ring_group:600, voicemail:200, "
            "external:+34910123456, dialplan:context,extension, announcement:sound or busy"
        ) from exc


def place_in_words(place: Place | None) -> str:
    """Return a place as one word for tables, "" when there is none."""
    if place is None:
        return ""
    if place.kind == "dialplan":
        return f"dialplan:{place.context},{place.target}"
    target = place.number or place.target or place.prompt
    return f"{place.kind}:{target}" if target else place.kind


def _number(text: str) -> str:
    try:
        return e164(text)
    except ValueError as exc:
        raise ConfigurationError(str(exc)) from exc


def _done(as_json: bool, number: str, sentence: str) -> None:
    if as_json:
        print_json({"ok": True, "number": number})
    else:
        typer.echo(sentence)
