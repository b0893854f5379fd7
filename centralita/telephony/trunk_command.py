"""`centralita trunk presets | list | add | remove | verify`: the carriers' trunks."""

import asyncio
import json
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from centralita.telephony.asking_around import ask_trunk, registrations
from centralita.telephony.did_command import trunk_key
from centralita.telephony.options import DEFAULT_CONFIG, AsJson, ConfigPath, load, print_json, store_of
from centralita.telephony.workshop import USUAL_COMMAND, AsteriskCommand, AsteriskConf, control
from provisioning.applying.control import AsteriskControl
from provisioning.carriers import filled, preset_named, presets
from provisioning.model.editing import ConfigFile
from provisioning.model.numbers import written
from provisioning.model.secrets import sip_secret
from provisioning.model.telephony import TelephonyReceptionConfig
from provisioning.probing import ConsoleTestCall, Row, VerifyReport, judged_call
from provisioning.probing.call_test import may_be_rung
from provisioning.rendering.names import endpoint_id
from vocabulary.errors import ConfigurationError

trunk_app = typer.Typer(help="Carriers' trunks: known ones, yours, and whether they work.", no_args_is_help=True)

TrunkId = Annotated[str, typer.Argument(help="As the config calls it.")]
_STYLE = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@trunk_app.command("presets")
def list_presets(
    name: Annotated[str, typer.Argument(help="Only this one, with every fact and its source.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show the carriers we know facts of: where each was read, when, and what nobody has verified."""
    chosen = {name: preset_named(name)} if name else dict(presets())
    if as_json:
        rows = {
            key: {
                "label": preset.label,
                "facts": {
                    field: {
                        "value": fact.shown(), "source": fact.source, "read_on": fact.read_on.isoformat(),
                        "verified": fact.verified,
                    }
                    for field, fact in preset.all_facts()
                },
            }
            for key, preset in chosen.items()
        }  # fmt: skip
        print_json({"presets": rows})
        return
    if name:
        table = Table("what", "value", "source", "read on", "")
        for field, fact in chosen[name].all_facts():
            mark = "[green]✓" if fact.verified else "[yellow]unverified"
            table.add_row(field, Text(fact.shown()), Text(fact.source), fact.read_on.isoformat(), mark)
    else:
        table = Table("preset", "carrier", "facts", "verified", "oldest read on")
        for key, preset in chosen.items():
            facts = [fact for _, fact in preset.all_facts()]
            verified = sum(fact.verified for fact in facts)
            oldest = min((fact.read_on for fact in facts), default=None)
            table.add_row(key, preset.label, str(len(facts)), str(verified), oldest.isoformat() if oldest else "")
    Console().print(table)


@trunk_app.command("list")
def list_trunks(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Show the carriers of the config; passwords only as where they are kept."""
    loaded = filled(load(config))
    if as_json:
        print_json({"carriers": {key: one.model_dump(mode="json") for key, one in loaded.all_carriers().items()}})
        return
    table = Table("carrier", "server", "knows us by", "travels by", "numbers")
    for key, one in loaded.all_carriers().items():
        how = f"user {one.user}" if one.auth_type == "register" else "our address"
        by = one.transport.upper() + (" + SRTP" if one.srtp else "")
        table.add_row(f"{key}\n[dim]{one.label}", one.host, how, by, "\n".join(did.number for did in one.dids[:8]))
    Console().print(table if loaded.all_carriers() else "no carriers: centralita trunk add, or telephony new")


@trunk_app.command("add")
def add_trunk(
    name: Annotated[str, typer.Argument(help="Lowercase, like telnyx or operador.")],
    preset: Annotated[str, typer.Option(help="See `centralita trunk presets`.")] = "",
    host: Annotated[str, typer.Option(help="The carrier's SIP server.")] = "",
    user: Annotated[str, typer.Option(help="Our account there.")] = "",
    password: Annotated[
        str, typer.Option(help='Where the password is: env:NAME or file:PATH; "ask" asks and keeps it in secrets/.')
    ] = "",
    by_ip: Annotated[bool, typer.Option("--by-ip", help="The carrier knows us by our address.")] = False,
    signalling: Annotated[list[str] | None, typer.Option(help="Address its calls come from; may be repeated.")] = None,
    transport: Annotated[Literal["udp", "tcp", "tls"] | None, typer.Option(help="How SIP travels.")] = None,
    srtp: Annotated[bool, typer.Option("--srtp", help="Encrypt the sound; only with TLS.")] = False,
    caller_id: Annotated[str, typer.Option(help="Our number, shown to people we call.")] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Add a carrier's trunk to the config. Nothing changes in Asterisk before `centralita telephony apply`."""
    file = ConfigFile.open(config)
    values: dict[str, Any] = {}
    if preset:
        preset_named(preset)
        values["preset"] = preset
    given = {"host": host, "user": user, "transport": transport or "", "outbound_caller_id": caller_id}
    values |= {key: value for key, value in given.items() if value}
    values |= {"auth_type": "ip_auth"} if by_ip else {}
    values |= {"signalling": list(signalling)} if signalling else {}
    values |= {"srtp": True} if srtp else {}
    if password == "ask":
        store_of(config).keep(sip_secret(name), typer.prompt("password", hide_input=True))
        values["password"] = f"file:secrets/{sip_secret(name)}"
    elif password:
        if not password.startswith(("env:", "file:")):
            raise ConfigurationError(
                '--password: a command line is seen by everybody: use env:NAME, file:PATH or "ask"'
            )
        values["password"] = password
    file.add_table(f"carriers.{name}", values)
    loaded = file.save()
    missing = preset_named(preset).missing(loaded.carriers[name], f"carriers.{name}") if preset else []
    if as_json:
        print_json({"ok": True, "carrier": name, "missing": [one.as_json() for one in missing]})
        return
    typer.echo(f"added {name}; now its numbers: centralita did add +… --trunk {name}")
    for one in missing:
        typer.echo(f"· {one.subject}: {one.message}")


@trunk_app.command("remove")
def remove_trunk(name: TrunkId, config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Remove a carrier or a gateway and its numbers from the config."""
    file = ConfigFile.open(config)
    file.remove_table(trunk_key(file.checked(), name))
    file.save()
    if as_json:
        print_json({"ok": True, "removed": name})
    else:
        typer.echo(f"removed {name}; `centralita telephony apply` takes it out of Asterisk")


@trunk_app.command("verify")
def verify_trunk(
    name: TrunkId,
    call: Annotated[str, typer.Option(help="Place a real call to this number (E.164): it rings, and may cost.")] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    asterisk: AsteriskCommand = USUAL_COMMAND,
    asterisk_conf: AsteriskConf = None,
    as_json: AsJson = False,
) -> None:
    """Ask the other end of a trunk or gateway: names against the preset, OPTIONS, registration, a test call.

    Exit code 1 when something fails.
    """
    loaded = filled(load(config))
    console_of_asterisk = control(asterisk, asterisk_conf)
    report = asyncio.run(ask_trunk(loaded, name, registrations(console_of_asterisk)))
    if call:
        row = asyncio.run(_test_call(loaded, name, call, console_of_asterisk))
        report = VerifyReport(report.trunk, (*report.rows, row))
    show_rows(report, as_json)
    raise typer.Exit(1 if report.status == "fail" else 0)


def show_rows(report: VerifyReport, as_json: bool) -> None:
    """Print the rows of a verification."""
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
        return
    table = Table("", "asked", "found", "what to do")
    for row in report.rows:
        table.add_row(Text(row.status, style=_STYLE[row.status]), Text(row.check), Text(row.reason), Text(row.advice))
    Console().print(table)


async def _test_call(config: TelephonyReceptionConfig, trunk: str, number: str, asterisk: AsteriskControl) -> Row:
    refusal = may_be_rung(number)
    if refusal:
        raise ConfigurationError(f"--call {number}: {refusal}")
    carrier = config.all_carriers().get(trunk)
    country = (carrier.country if carrier else None) or config.site.country or ""
    dialled = number
    if carrier is not None:
        dialled = written(number, carrier.number_format, country, carrier.dial_prefix, carrier.local_digits)

    async def console(command: str) -> str:
        return await asyncio.to_thread(asterisk.cli, command)

    return judged_call(await ConsoleTestCall(console).place(endpoint_id(trunk), dialled, seconds=30))
