"""`centralita telephony …`: one config file into Asterisk, checked before, proven after, undone in one command."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.status import Status
from rich.syntax import Syntax

from centralita.telephony.asking import AtTheTerminal
from centralita.telephony.asking_around import ask_all
from centralita.telephony.doctor import examine
from centralita.telephony.interview import Language, first_config
from centralita.telephony.options import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigPath,
    EtcPath,
    etc_folder,
    load,
    print_json,
    show_findings,
    store_of,
)
from centralita.telephony.trunk_command import show_rows
from centralita.telephony.workshop import (
    USUAL_COMMAND,
    AsteriskCommand,
    AsteriskConf,
    Prepared,
    checked,
    control,
    known_agents,
    prepare,
)
from provisioning.applying import apply as applying
from provisioning.applying.apply import Ways
from provisioning.applying.report import ApplyReport
from provisioning.applying.status import history as history_of
from provisioning.applying.status import status as status_of
from provisioning.carriers import filled
from provisioning.finding import has_errors
from provisioning.model.editing import ConfigFile
from provisioning.model.loading import json_schema
from provisioning.model.secrets import sip_secret
from provisioning.rendered import redacted
from vocabulary.errors import ConfigurationError

telephony_app = typer.Typer(
    help="Gateways, carriers, numbers and dialplan from one file: check, render, diff, apply, rollback.\n\n"
    "Begin with `centralita telephony new`; nothing is written into Asterisk before `apply`.",
    no_args_is_help=True,
)

OverwriteByHand = Annotated[
    bool, typer.Option("--overwrite-hand-changes", help="Replace what a person changed in files of ours.")
]
Offline = Annotated[
    bool, typer.Option("--offline", help="Write although no Asterisk runs: it reads the files when it starts.")
]


@telephony_app.command("new")
def new(
    config: ConfigPath = DEFAULT_CONFIG,
    language: Annotated[Language | None, typer.Option("--lang", help="es or en; without it, as LANG says.")] = None,
) -> None:
    """Ask a few questions and write a first config. / Hace unas preguntas y escribe una primera configuración."""
    if config.exists():
        raise ConfigurationError(f"{config} is there already: change it with an editor, or name another with --config")
    spoken: Language = language or ("en" if os.environ.get("LANG", "es").lower().startswith("en") else "es")
    agents = tuple(sorted(known_agents())) or ("telecom",)
    answers = first_config(AtTheTerminal(Console()), spoken, agents)
    file = ConfigFile.open(config)
    for key, values in answers.tables.items():
        file.add_table(key, values)
    for key, dids in answers.dids.items():
        for did in dids:
            file.add_did(key, did)
    store = store_of(config)
    for name, password in answers.passwords.items():
        store.keep(name, password)
    file.save()
    typer.echo(f"{config} → centralita telephony check · diff · apply")


@telephony_app.command("schema")
def schema() -> None:
    """Print the JSON Schema of the config, for editors."""
    typer.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))


@telephony_app.command("check")
def check(
    config: ConfigPath = DEFAULT_CONFIG,
    etc: EtcPath = None,
    asterisk: AsteriskCommand = USUAL_COMMAND,
    asterisk_conf: AsteriskConf = None,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with the config and with Asterisk's whole folder as it would be; needs no Asterisk.

    Exit code 1 when an error forbids `apply`.
    """
    prepared = checked(prepare(config, etc, control(asterisk, asterisk_conf)))
    is_ok = show_findings(prepared.findings, as_json, {"config": str(config), "folder": str(prepared.folder)})
    if is_ok and not as_json:
        where = f"{prepared.folder}, {len(prepared.present)} files" if prepared.present else "no folder of Asterisk's"
        typer.echo(f"{config} is right ({where}): centralita telephony diff · apply")
    raise typer.Exit(0 if is_ok else 1)


@telephony_app.command("render")
def render(
    config: ConfigPath = DEFAULT_CONFIG,
    etc: EtcPath = None,
    out: Annotated[Path | None, typer.Option(help="Write the files below this folder (0640, with passwords).")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the files that would be written, passwords as ***; or write them somewhere to look at."""
    prepared = _rendered(prepare(config, etc, None), as_json)
    assert prepared.rendered is not None
    if out is not None:
        for path, text in prepared.rendered.files.items():
            target = out / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "w", encoding="utf-8") as file:
                file.write(text)
    shown = {path: redacted(text) for path, text in prepared.rendered.files.items()}
    if as_json:
        print_json({"ok": True, "files": shown, "includes": dict(prepared.rendered.includes)})
        return
    console = Console()
    for path, text in shown.items():
        console.rule(str(out / path) if out else path)
        console.print(Syntax(text, "ini", background_color="default") if console.is_terminal else text, markup=False)
    for host, files in prepared.rendered.includes.items():
        typer.echo(f"; {host} takes in {', '.join(files)}")


@telephony_app.command("diff")
def diff(config: ConfigPath = DEFAULT_CONFIG, etc: EtcPath = None, as_json: AsJson = False) -> None:
    """Show what `apply` would change, passwords as ***. Exit code 0: nothing, 3: something."""
    prepared = _rendered(prepare(config, etc, None), as_json)
    assert prepared.rendered is not None
    changes = applying.diff(prepared.rendered, prepared.folder)
    if as_json:
        print_json({"ok": True, "changes": changes.as_json()})
    else:
        text = str(changes)
        console = Console()
        console.print(Syntax(text, "diff", background_color="default") if console.is_terminal else text, markup=False)
    raise typer.Exit(3 if changes.items else 0)


@telephony_app.command("apply")
def apply(
    config: ConfigPath = DEFAULT_CONFIG,
    etc: EtcPath = None,
    asterisk: AsteriskCommand = USUAL_COMMAND,
    asterisk_conf: AsteriskConf = None,
    offline: Offline = False,
    overwrite: OverwriteByHand = False,
    as_json: AsJson = False,
) -> None:
    """Write, reload once, and prove in Asterisk that everything is there; else everything is put back by itself.

    Exit code 1 when nothing was changed because of errors, or Asterisk did not take it.
    """
    console_of_asterisk = control(asterisk, asterisk_conf)
    prepared = _rendered(prepare(config, etc, console_of_asterisk), as_json)
    assert prepared.rendered is not None
    ways = Ways(offline=offline, overwrite_hand_changes=overwrite)
    with _waiting("writing, reloading, reading back …", as_json):
        report = applying.apply(
            prepared.rendered, prepared.folder, console_of_asterisk, checks=prepared.checks, ways=ways
        )
    show_report(report, as_json)


@telephony_app.command("rollback")
def rollback(
    to: Annotated[
        str | None, typer.Option(help="Back to this entry of `history`; without it, before the last.")
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
    etc: EtcPath = None,
    asterisk: AsteriskCommand = USUAL_COMMAND,
    asterisk_conf: AsteriskConf = None,
    offline: Offline = False,
    overwrite: OverwriteByHand = False,
    as_json: AsJson = False,
) -> None:
    """Undo the last apply: every file as it was, byte for byte, and Asterisk reloaded with them."""
    ways = Ways(offline=offline, overwrite_hand_changes=overwrite)
    with _waiting("putting back, reloading, reading back …", as_json):
        report = applying.rollback(_folder(config, etc), control(asterisk, asterisk_conf), to, ways=ways)
    show_report(report, as_json)


@telephony_app.command("recover")
def recover(
    config: ConfigPath = DEFAULT_CONFIG,
    etc: EtcPath = None,
    asterisk: AsteriskCommand = USUAL_COMMAND,
    asterisk_conf: AsteriskConf = None,
    as_json: AsJson = False,
) -> None:
    """If an apply was cut in the middle (a power cut), bring the old files back; harmless otherwise.

    Made for the moment before Asterisk starts: `ExecStartPre` of its systemd unit.
    """
    done = applying.recover(_folder(config, etc), control(asterisk, asterisk_conf))
    if as_json:
        print_json({"ok": True, "recovered": done})
    else:
        typer.echo(done or "nothing was cut")


@telephony_app.command("status")
def status(
    config: ConfigPath = DEFAULT_CONFIG,
    etc: EtcPath = None,
    asterisk: AsteriskCommand = USUAL_COMMAND,
    asterisk_conf: AsteriskConf = None,
    as_json: AsJson = False,
) -> None:
    """Say what stands in Asterisk's folder: since when, proven or not, changed by hand, or cut in the middle."""
    found = status_of(_folder(config, etc), control(asterisk, asterisk_conf))
    if as_json:
        print_json({"ok": found.is_intact, **found.as_json()})
    else:
        typer.echo(str(found))
    raise typer.Exit(0 if found.is_intact else 1)


@telephony_app.command("history")
def history(config: ConfigPath = DEFAULT_CONFIG, etc: EtcPath = None, as_json: AsJson = False) -> None:
    """List every apply and rollback; `rollback --to` takes an entry's name."""
    past = history_of(_folder(config, etc))
    if as_json:
        print_json({"history": [one.as_json() for one in past]})
        return
    for one in past:
        typer.echo(str(one))
    if not past:
        typer.echo("nothing was applied yet")


@telephony_app.command("test")
def ask_trunks(
    config: ConfigPath = DEFAULT_CONFIG,
    asterisk: AsteriskCommand = USUAL_COMMAND,
    asterisk_conf: AsteriskConf = None,
    as_json: AsJson = False,
) -> None:
    """Ask the other end of every gateway and carrier: names, SIP OPTIONS, registration; with the reason when it fails.

    Exit code 1 when one fails.
    """
    with _waiting("asking …", as_json):
        reports = ask_all(filled(load(config)), control(asterisk, asterisk_conf))
    is_ok = all(report.status != "fail" for report in reports)
    if as_json:
        print_json({"ok": is_ok, "trunks": [report.as_json() for report in reports]})
    else:
        for report in reports:
            typer.echo(f"{report.trunk}: {report.status}")
            show_rows(report, as_json=False)
    raise typer.Exit(0 if is_ok else 1)


@telephony_app.command("doctor")
def doctor(
    config: ConfigPath = DEFAULT_CONFIG,
    etc: EtcPath = None,
    asterisk: AsteriskCommand = USUAL_COMMAND,
    asterisk_conf: AsteriskConf = None,
    as_json: AsJson = False,
) -> None:
    """Look at everything at once: config, folder, Asterisk, gateways and carriers; say what to do about each."""
    with _waiting("examining …", as_json):
        findings = examine(config, etc, control(asterisk, asterisk_conf))
    is_ok = show_findings(findings, as_json)
    if is_ok and not as_json:
        typer.echo("nothing forbids taking calls")
    raise typer.Exit(0 if is_ok else 1)


@telephony_app.command("keep-secrets")
def keep_secrets(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Move passwords out of the config into `secrets/` beside it (0600); the config then only says where they are."""
    file = ConfigFile.open(config)
    loaded = file.checked()
    store = store_of(config)
    moved: list[str] = []
    passwords = {name: one.password.plain for name, one in loaded.all_gateways().items()}
    passwords |= {name: one.password.plain for name, one in loaded.all_carriers().items()}
    for name, password in passwords.items():
        if password:
            store.keep(sip_secret(name), password)
            file.put(f"{loaded.key_of(name)}.password", f"file:secrets/{sip_secret(name)}")
            moved.append(f"{loaded.key_of(name)}.password")
    if moved:
        file.save()
    if as_json:
        print_json({"ok": True, "moved": moved})
    else:
        typer.echo(f"moved: {', '.join(moved)}" if moved else "no password stands in the config")


def show_report(report: ApplyReport, as_json: bool) -> None:
    """Print what came of an apply and leave with its exit code."""
    if as_json:
        print_json({"ok": report.is_good, **report.as_json()})
    else:
        typer.echo(str(report), err=not report.is_good)
    raise typer.Exit(0 if report.is_good else 1)


def _rendered(prepared: Prepared, as_json: bool) -> Prepared:
    """Go on with a config that can be rendered; else say why not and leave with 1."""
    if prepared.rendered is None or has_errors(prepared.findings):
        show_findings(prepared.findings, as_json)
        raise typer.Exit(1)
    return prepared


def _folder(config: Path, etc: Path | None) -> Path:
    return etc if etc is not None else etc_folder(load(config), None)


def _waiting(text: str, as_json: bool) -> Status:
    console = Console(stderr=True, quiet=as_json or not Console(stderr=True).is_terminal)
    return console.status(text)
