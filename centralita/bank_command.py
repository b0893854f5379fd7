"""`centralita bank …`: the banks of corrections, the companies' own words, and what people taught them."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from centralita.bank_display import candidate_as_json, figures, show_bank, told
from centralita.command_line import AsJson, By, SettingsPath, done, print_json, telling, user
from centralita.profiles import BANKS
from centralita.settings import load_settings
from engines.correction.bank import Rule, Term
from engines.correction.exchange import as_toml, read_import, write_whole
from engines.correction.journal import (
    SUFFIX,
    Undone,
    standing,
)
from engines.correction.keeper import BankKeeper
from engines.correction.teaching import CONFIRMATIONS
from engines.correction.words import keys_of
from vocabulary.errors import ConfigurationError
from vocabulary.problems import nearest

bank_app = typer.Typer(
    help="Banks of corrections: what an ear mishears, the company's own words, and what people taught.",
    no_args_is_help=True,
)

Folder = Annotated[
    Path | None, typer.Option("--folder", "-f", help="Folder of the banks; else `banks` beside the agents' files.")
]
Name = Annotated[str, typer.Argument(help="The bank: the name of its file without .toml.")]
Contexts = Annotated[list[str] | None, typer.Option()]
Confirmations = Annotated[
    int, typer.Option(help="Conversations after which a candidate becomes a rule by itself.", min=1)
]


@bank_app.command("list")
def list_banks(
    name: Annotated[str, typer.Argument(help="A bank, to see what is in it; without one, all banks.")] = "",
    folder: Folder = None,
    settings: SettingsPath = None,
    as_json: AsJson = False,
) -> None:
    """Show the banks there are, or the rules and words of one."""
    with telling(as_json):
        place = _folder(folder, settings)
        if name:
            show_bank(_keeper(place, name).read().bank, as_json)
            return
        rows = [figures(_keeper(place, one)) for one in _names(place)]
    if as_json:
        print_json(rows)
        return
    table = Table("bank", "rules", "words", "candidates", box=None, pad_edge=False)
    for row in rows:
        table.add_row(row["bank"], str(row["rules"]), str(row["terms"]), str(row["candidates"]))
    Console().print(table if rows else f"there is no bank in {place}")


@bank_app.command()
def add(
    name: Name,
    heard: Annotated[str, typer.Argument(help="What the ear makes of it; with --kind, the word itself.")],
    meant: Annotated[str, typer.Argument(help='What was said; "-" takes the words away.')] = "",
    id: Annotated[str, typer.Option(help="The rule's name; else made from its words.")] = "",
    after: Contexts = None,
    before: Contexts = None,
    near: Contexts = None,
    not_after: Contexts = None,
    not_before: Contexts = None,
    not_near: Contexts = None,
    kind: Annotated[str, typer.Option(help="Add a word of the company's own, of this kind: product, street…")] = "",
    by: By = "",
    folder: Folder = None,
    settings: SettingsPath = None,
    as_json: AsJson = False,
) -> None:
    """Add a rule (contexts may be given several times), or with --kind a word of the company's own."""
    with telling(as_json):
        keeper = _keeper(_folder(folder, settings), name, may_be_new=True)
        if kind:
            if meant:
                raise ConfigurationError("a word is given alone: `centralita bank add NAME WORD --kind product`")
            count, what = keeper.add_terms([Term(" ".join(heard.split()), kind)], by=by or user()), heard
        else:
            if not meant:
                raise ConfigurationError('say what was meant, too ("-" takes the words away), or give --kind')
            rule = Rule(
                id=id or "-".join((*keys_of(heard), *keys_of(meant))) or "rule",
                heard=heard,
                meant="" if meant == "-" else meant,
                after=tuple(after or ()),
                before=tuple(before or ()),
                near=tuple(near or ()),
                not_after=tuple(not_after or ()),
                not_before=tuple(not_before or ()),
                not_near=tuple(not_near or ()),
            )
            count, what = keeper.add_rules([rule], by=by or user()), rule.id
    done(as_json, {"added": count, "what": what}, f"{'added' if count else 'known already'}: {what}")


@bank_app.command()
def remove(
    name: Name,
    what: Annotated[str, typer.Argument(help="A rule's id, or a word of the company's own.")],
    by: By = "",
    folder: Folder = None,
    settings: SettingsPath = None,
    as_json: AsJson = False,
) -> None:
    """Take a rule or a word away; `undo` brings it back."""
    with telling(as_json):
        entry = _keeper(_folder(folder, settings), name).remove(what, by=by or user())
    done(as_json, {"removed": what, "entry": entry}, f"removed: {what} (entry {entry})")


@bank_app.command("import")
def import_file(
    name: Name,
    file: Annotated[
        Path,
        typer.Argument(help=".toml: a bank; .tsv or .csv: heard, meant; .txt: the company's own words, one a line."),
    ],
    kind: Annotated[str, typer.Option(help="Of the words of a .txt file.")] = "term",
    by: By = "",
    folder: Folder = None,
    settings: SettingsPath = None,
    as_json: AsJson = False,
) -> None:
    """Add everything a file holds; all of it, or nothing when something is wrong in it."""
    with telling(as_json):
        bank = read_import(file, kind)
        keeper = _keeper(_folder(folder, settings), name, may_be_new=True)
        rules = keeper.add_rules(bank.rules, by=by or user()) if bank.rules else 0
        terms = keeper.add_terms(bank.terms, by=by or user()) if bank.terms else 0
    done(as_json, {"rules": rules, "terms": terms}, f"{rules} rules and {terms} words are new")


@bank_app.command()
def export(
    name: Name,
    file: Annotated[Path | None, typer.Argument(help="Where to; else to the terminal.")] = None,
    folder: Folder = None,
    settings: SettingsPath = None,
) -> None:
    """Write a bank, with what it was taught, as one bank file."""
    with telling(as_json=False):
        content = as_toml(_keeper(_folder(folder, settings), name).read().bank)
        if file is None:
            typer.echo(content, nl=False)
            return
        try:
            write_whole(file, content)
        except OSError as error:
            raise ConfigurationError(f"{file}: cannot be written: {error.strerror}") from error
    typer.echo(f"written: {file}")


@bank_app.command()
def stats(
    name: Annotated[str, typer.Argument(help="A bank; without one, all.")] = "",
    folder: Folder = None,
    settings: SettingsPath = None,
    as_json: AsJson = False,
) -> None:
    """Count what is in the banks, and what they were taught."""
    with telling(as_json):
        place = _folder(folder, settings)
        rows = [figures(_keeper(place, one)) for one in ([name] if name else _names(place))]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        table = Table("", "", title=row["bank"], box=None, show_header=False, title_justify="left")
        for key, value in row.items():
            if key != "bank":
                counted = isinstance(value, dict)
                shown = ", ".join(f"{one} {count}" for one, count in value.items()) if counted else str(value)
                table.add_row(key.replace("_", " "), shown)
        Console().print(table)


@bank_app.command()
def correct(
    name: Name,
    heard: Annotated[str, typer.Argument(help="The transcript as it is.")],
    meant: Annotated[str, typer.Argument(help="The same as it should be; the same text when it is right.")],
    conversation: Annotated[
        str, typer.Option(help="Where it was said: the same conversation confirms a candidate only once.")
    ] = "",
    confirmations: Confirmations = CONFIRMATIONS,
    by: By = "",
    folder: Folder = None,
    settings: SettingsPath = None,
    as_json: AsJson = False,
) -> None:
    """Correct a transcript: what differs is learned, and holds from the next call on once it is confirmed."""
    with telling(as_json):
        keeper = _keeper(_folder(folder, settings), name, confirmations=confirmations, may_be_new=True)
        taught = keeper.correct_transcript(heard, meant, by=by or user(), conversation=conversation)
    if as_json:
        promoted = [rule.id for rule in taught.promoted]
        shown = [candidate_as_json(one) for one in taught.candidates]
        print_json({"ok": True, "candidates": shown, "promoted": promoted})
        return
    for one in taught.candidates:
        held = "a rule" if one.is_rule else f"seen in {one.conversations} of {confirmations} conversations"
        typer.echo(f"{one.id}: {one.heard} → {one.meant or '(nothing)'}: {held}")
    if not taught.candidates:
        typer.echo("nothing new was learned")


@bank_app.command()
def candidates(
    name: Name,
    every: Annotated[bool, typer.Option("--all", help="Also those that are rules by now.")] = False,
    folder: Folder = None,
    settings: SettingsPath = None,
    as_json: AsJson = False,
) -> None:
    """Show what was corrected and is no rule yet, the most confirmed first."""
    with telling(as_json):
        found = [one for one in _keeper(_folder(folder, settings), name).read().candidates if every or not one.is_rule]
    if as_json:
        print_json([candidate_as_json(one) for one in found])
        return
    table = Table("candidate", "heard", "meant", "seen", "refuted", "", box=None, pad_edge=False)
    for one in found:
        note = "a rule" if one.is_rule else "was taken back" if one.is_declined else ""
        table.add_row(
            one.id, Text(one.heard), Text(one.meant or "(nothing)"), str(one.conversations), str(one.refuted), note
        )
    Console().print(table if found else "there is no candidate")


@bank_app.command()
def promote(
    name: Name,
    candidate: Annotated[str, typer.Argument(help="Its id, as `candidates` shows it.")],
    by: By = "",
    folder: Folder = None,
    settings: SettingsPath = None,
    as_json: AsJson = False,
) -> None:
    """Make a candidate a rule now."""
    with telling(as_json):
        rule = _keeper(_folder(folder, settings), name).promote(candidate, by=by or user())
    done(as_json, {"rule": rule.model_dump(exclude_defaults=True)}, f"holds from now on: {rule.heard} → {rule.meant}")


@bank_app.command()
def undo(
    name: Name,
    entry: Annotated[int, typer.Argument(help="Its number, as `history` shows it; else the last.", min=0)] = 0,
    by: By = "",
    folder: Folder = None,
    settings: SettingsPath = None,
    as_json: AsJson = False,
) -> None:
    """Take something back that was taught or changed; the history keeps both."""
    with telling(as_json):
        undone = _keeper(_folder(folder, settings), name).undo(entry, by=by or user())
    done(as_json, {"undone": undone.model_dump(mode="json")}, f"undone: {told(undone)}")


@bank_app.command()
def history(name: Name, folder: Folder = None, settings: SettingsPath = None, as_json: AsJson = False) -> None:
    """Show everything that was ever taught or changed, the oldest first."""
    with telling(as_json):
        entries = _keeper(_folder(folder, settings), name).history()
    counting = {number for number, _ in standing(entries)}
    if as_json:
        rows = [
            {"entry": number, "counts": number in counting, **entry.model_dump(mode="json", exclude_defaults=False)}
            for number, entry in enumerate(entries, 1)
        ]
        print_json(rows)
        return
    table = Table("entry", "when", "who", "what", "", box=None, pad_edge=False)
    for number, entry in enumerate(entries, 1):
        note = "" if number in counting or isinstance(entry, Undone) else "undone"
        table.add_row(str(number), f"{entry.at:%Y-%m-%d %H:%M}", Text(entry.by), Text(told(entry)), note)
    Console().print(table if entries else "nothing was taught or changed")


def _folder(folder: Path | None, settings: Path | None) -> Path:
    return folder or load_settings(settings).agents.folder / BANKS


def _names(folder: Path) -> list[str]:
    files = {file.name.removesuffix(".toml") for file in folder.glob("*.toml")}
    return sorted(files | {file.name.removesuffix(SUFFIX) for file in folder.glob(f"*{SUFFIX}")})


def _keeper(folder: Path, name: str, *, confirmations: int = CONFIRMATIONS, may_be_new: bool = False) -> BankKeeper:
    """Return the bank's keeper. Raises: ConfigurationError when there is no such bank, or no such folder."""
    if not name or Path(name).name != name or name.startswith("."):
        raise ConfigurationError(f"{name!r} is no name of a bank")
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: there is no such folder; name it with --folder")
    if not may_be_new and name not in _names(folder):
        raise ConfigurationError(f"there is no bank {folder / name}.toml.{nearest(name, _names(folder))}")
    return BankKeeper(folder / f"{name}.toml", confirmations=confirmations)
