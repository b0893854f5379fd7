"""`centralita pbx …` and `centralita blocklist …`: what the PBX is doing, and whom it shall not put through to us."""

import asyncio
import contextlib
import datetime
import json
import logging
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ari_app.agi import AgiLimits, AgiServer
from ari_app.agi_entry import EntryScreen
from ari_app.agi_pulse import SCRIPT, answer_pulse
from ari_app.ami import AmiAddress, AmiUnreachable, AmiWatch
from ari_app.ami_calls import CallOver
from ari_app.ami_fields import DeviceState
from ari_app.ami_queues import Queue
from ari_app.ami_state import Change, DeviceChanged, Lost, Missed, QueueChanged, Synced
from ari_app.blocklist_file import WatchedBlockList, change_file, read_block_list, today
from ari_app.screening import Rule, Verdict, normalised
from centralita.child import tell_ready
from centralita.command_line import AsJson, SettingsPath, telling
from centralita.logs import set_up_logging
from centralita.settings import load_settings
from vocabulary.errors import CentralitaError, ConfigurationError
from vocabulary.secret import SecretRef

pbx_app = typer.Typer(
    help="What the PBX is doing, by its manager interface (AMI): telephones, queues, ends of calls; and our AGI entry.",
    no_args_is_help=True,
)
blocklist_app = typer.Typer(help="Callers who are refused before anybody answers.", no_args_is_help=True)

Host = Annotated[str | None, typer.Option(help="Address of Asterisk's manager interface; else that of [ami].")]
Port = Annotated[int | None, typer.Option(help="Its TCP port.", min=1, max=65535)]
User = Annotated[str | None, typer.Option(help="User: a section of manager.conf.")]
Password = Annotated[
    str | None,
    typer.Option(help='Where that user\'s secret is kept: "env:NAME" or "file:PATH"; never the secret itself.'),
]
BlockListPath = Annotated[
    Path | None,
    typer.Option(
        "--blocklist",
        "-b",
        help="File of the block list; else CENTRALITA_BLOCKLIST, agi.blocklist of the settings, blocklist.toml.",
    ),
]
DEFAULT_BLOCKLIST = Path("blocklist.toml")
"""In the current folder."""
_WAIT_SECONDS = 10.0


# -- the PBX ----------------------------------------------------------------------------------------------------------


@pbx_app.command()
def devices(
    settings: SettingsPath = None,
    host: Host = None,
    port: Port = None,
    user: User = None,
    password: Password = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is no telephone: queues, hints.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what every telephone and trunk is doing."""
    with _telling(as_json):
        watch = asyncio.run(_once(_address(settings, host, port, user, password)))
    known = {name: state for name, state in sorted(watch.state.devices.items()) if everything or "/" in name}
    if as_json:
        typer.echo(json.dumps({"devices": {name: state.name for name, state in known.items()}}))
        return
    table = Table("device", "state", box=None, pad_edge=False)
    for name, state in known.items():
        table.add_row(Text(name), Text(_in_words(state), style=_STYLES.get(state, "yellow")))
    Console().print(table if known else "no devices; is the module res_manager_devicestate loaded?")


@pbx_app.command()
def queues(
    settings: SettingsPath = None,
    host: Host = None,
    port: Port = None,
    user: User = None,
    password: Password = None,
    as_json: AsJson = False,
) -> None:
    """Show every queue: its members, who is free, who waits, and whether it can take one more call."""
    with _telling(as_json):
        watch = asyncio.run(_once(_address(settings, host, port, user, password)))
    there, now = list(watch.state.queues), time.time()
    if as_json:
        typer.echo(json.dumps({"queues": [_queue_json(queue, now) for queue in there]}, ensure_ascii=False))
        return
    table = Table("queue", "takes a call", "waiting", "free", "members", box=None, pad_edge=False)
    for queue in there:
        free = queue.available(now)
        members = ", ".join(
            f"{one.name} ({'paused' if one.is_paused else _in_words(one.status)})" for one in queue.members
        )
        takes = Text("yes", style="green") if queue.can_take_a_call(now) else Text("no", style="red")
        waiting = str(len(queue.waiting))
        table.add_row(Text(queue.name), takes, waiting, f"{len(free)} of {len(queue.members)}", Text(members))
    Console().print(table if there else "no queues")


@pbx_app.command()
def watch(
    settings: SettingsPath = None,
    host: Host = None,
    port: Port = None,
    user: User = None,
    password: Password = None,
    as_json: AsJson = False,
) -> None:
    """Follow telephones, queues and ends of calls until Ctrl-C, also over a restart of Asterisk."""
    with contextlib.suppress(KeyboardInterrupt), _telling(as_json):
        asyncio.run(_follow(_address(settings, host, port, user, password), as_json))


@pbx_app.command()
def agi(
    settings: SettingsPath = None,
    blocklist: BlockListPath = None,
    port: Annotated[int | None, typer.Option(help="TCP port; else that of [agi].", min=1, max=65535)] = None,
) -> None:
    """Serve agi://HOST:PORT/entry until Ctrl-C: screens callers and chooses the agent (docs/agi-and-ami.md)."""
    loaded = load_settings(settings)
    set_up_logging(loaded.run.log_level, shows_numbers=loaded.run.log_numbers)
    if blocklist is not None:
        read_block_list(blocklist)  # a file that is broken from the start is told to whoever names it
    lists = WatchedBlockList(blocklist or loaded.agi.blocklist or DEFAULT_BLOCKLIST)
    screen = EntryScreen(lists, loaded.agents.by_did, loaded.agents.default)
    host = loaded.agi.host
    server = AgiServer(
        {"entry": screen.run, SCRIPT: answer_pulse},
        host=host,
        port=port or loaded.agi.port,
        limits=AgiLimits(peers=(*loaded.agi.peers, host)),
    )
    asyncio.run(_serve(server, host, lists))


async def _serve(server: AgiServer, host: str, lists: WatchedBlockList) -> None:
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    async with server:
        await lists.current()  # says in the log what is wrong with it, before the first caller
        sys.stderr.write(f"serving agi://{host}:{server.port}/entry\n")
        tell_ready()
        try:
            await told_to_stop.wait()
        finally:
            await lists.close()


async def _once(address: AmiAddress) -> AmiWatch:
    async with AmiWatch(address) as watching:
        await watching.wait_synced(_WAIT_SECONDS)
        return watching


async def _follow(address: AmiAddress, as_json: bool) -> None:
    async with AmiWatch(address) as watching:
        changes = watching.changes()
        await watching.wait_synced(_WAIT_SECONDS)
        async for change in changes:
            typer.echo(json.dumps(as_json_object(change), ensure_ascii=False) if as_json else as_line(change))


def as_json_object(change: Change) -> dict[str, object]:
    """Return a change as one JSON object with its "type"."""
    match change:
        case DeviceChanged(device=device, state=state, before=before):
            told: dict[str, object] = {"device": device, "state": state.name, "before": before and before.name}
        case QueueChanged(queue=queue):
            told = _queue_json(queue, time.time())
        case CallOver():
            told = {
                "linkedid": change.linkedid,
                "channel": change.channel,
                "number": change.number,
                "cause": change.cause,
                "cause_text": change.cause_text,
                "ended_by": change.ended_by,
                "result": change.result,
                "dialled": [{"device": one.device, "status": one.status} for one in change.dialled],
            }
        case Synced(devices=device_count, queues=queue_count, calls=call_count):
            told = {"devices": device_count, "queues": queue_count, "calls": call_count}
        case Lost(reason=reason):
            told = {"reason": reason}
        case Missed(changes=missed):
            told = {"changes": missed}
    return {"type": _TYPES[type(change)], **told}


_TYPES = {
    DeviceChanged: "device_changed",
    QueueChanged: "queue_changed",
    CallOver: "call_over",
    Synced: "synced",
    Lost: "lost",
    Missed: "missed",
}


def as_line(change: Change) -> str:
    """Return a change as a line for people."""
    match change:
        case DeviceChanged(device=device, state=state):
            return f"device  {device}: {_in_words(state)}"
        case QueueChanged(queue=queue):
            free = len(queue.available(time.time()))
            return f"queue   {queue.name}: {free} of {len(queue.members)} free, {len(queue.waiting)} waiting"
        case CallOver():
            result = f", {change.result}" if change.result else ""
            cause = f"cause {change.cause} {change.cause_text}".rstrip()
            return f"call    {change.number or change.channel}: over, {cause}{result}, by {change.ended_by}"
        case Synced(devices=device_count, queues=queue_count, calls=call_count):
            return f"synced  {device_count} devices, {queue_count} queues, {call_count} calls"
        case Lost(reason=reason):
            return f"lost    {reason}; trying again"
        case Missed(changes=missed):
            return f"missed  {missed} changes"


def _queue_json(queue: Queue, now: float) -> dict[str, object]:
    return {
        "queue": queue.name,
        "strategy": queue.strategy,
        "can_take_a_call": queue.can_take_a_call(now),
        "members": [
            {
                "interface": one.interface,
                "name": one.name,
                "state": one.status.name,
                "is_paused": one.is_paused,
                "paused_reason": one.paused_reason,
                "is_available": one.is_available(now),
            }
            for one in queue.members
        ],
        "waiting": [{"channel": one.channel, "number": one.number, "position": one.position} for one in queue.waiting],
    }


_STYLES = {DeviceState.NOT_INUSE: "green", DeviceState.UNAVAILABLE: "red", DeviceState.INVALID: "red"}
_WORDS = {DeviceState.NOT_INUSE: "free", DeviceState.INUSE: "in use", DeviceState.RINGINUSE: "rings while in use",
          DeviceState.ONHOLD: "on hold", DeviceState.UNAVAILABLE: "not there"}  # fmt: skip


def _in_words(state: DeviceState) -> str:
    return _WORDS.get(state, state.name.lower())


def _address(
    settings: Path | None, host: str | None, port: int | None, user: str | None, password: str | None
) -> AmiAddress:
    """What the command line says, and for the rest [ami] of the settings. Raises: ConfigurationError."""
    ami = load_settings(settings).ami
    try:
        secret = SecretRef.parse(password) if password is not None else ami.password
    except ValueError as exc:
        raise ConfigurationError(f"--password: {exc}") from exc
    return AmiAddress(user or ami.user, secret.resolve(), host or ami.host, port or ami.port)


# -- the block list ---------------------------------------------------------------------------------------------------


@blocklist_app.command("list")
def list_blocked(blocklist: BlockListPath = None, settings: SettingsPath = None, as_json: AsJson = False) -> None:
    """Show who is blocked."""
    with _telling(as_json):
        content = read_block_list(_list_path(blocklist, settings)).content
    if as_json:
        typer.echo(content.model_dump_json())
        return
    table = Table("blocked", "until", "reason", box=None, pad_edge=False)
    for rule in content.block:
        until = "for good" if rule.until is None else f"{rule.until}{'' if rule.holds(today()) else ' (over)'}"
        table.add_row(Text(rule.what), until, Text(rule.reason))
    Console().print(table if content.block else "nobody is blocked")
    Console().print(f"hidden numbers: {content.anonymous}; country of numbers without one: {content.default_country}")


@blocklist_app.command()
def add(
    number: Annotated[str, typer.Argument(help='A number, or the beginning of numbers with an asterisk: "+34807*".')],
    reason: Annotated[str, typer.Option(help="Why; shown in the list and in the log.")] = "",
    until: Annotated[
        datetime.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day it holds; else for good.")
    ] = None,
    blocklist: BlockListPath = None,
    settings: SettingsPath = None,
    as_json: AsJson = False,
) -> None:
    """Block a number, or all numbers that begin so; an older entry for the same is replaced."""
    with _telling(as_json):
        path = _list_path(blocklist, settings)
        what = _what(number, path)
        last_day = until.date() if until is not None else None
        try:
            if what.endswith("*"):
                rule = Rule(prefix=what.removesuffix("*"), reason=reason, until=last_day)
            else:
                rule = Rule(number=what, reason=reason, until=last_day)
        except ValidationError as exc:
            told = "; ".join(error["msg"].removeprefix("Value error, ") for error in exc.errors(include_url=False))
            raise ConfigurationError(f"{number!r}: {told}") from exc
        replaced = change_file(path, add=rule)
    done = "replaced" if replaced else "added"
    typer.echo(json.dumps({"ok": True, "blocked": rule.what, "done": done}) if as_json else f"{done}: {rule.what}")


@blocklist_app.command()
def remove(
    number: str, blocklist: BlockListPath = None, settings: SettingsPath = None, as_json: AsJson = False
) -> None:
    """Block a number, or a beginning of numbers ("+34807*"), no longer."""
    with _telling(as_json):
        path = _list_path(blocklist, settings)
        what = _what(number, path)
        if not change_file(path, remove=what):
            raise ConfigurationError(f"{what} is not on the list {path}")
    typer.echo(json.dumps({"ok": True, "unblocked": what}) if as_json else f"removed: {what}")


@blocklist_app.command()
def check(
    number: Annotated[str, typer.Argument(help="As the network presents it; empty for a hidden one.")],
    blocklist: BlockListPath = None,
    settings: SettingsPath = None,
    as_json: AsJson = False,
) -> None:
    """Say what would happen to a caller today; exit code 1 when blocked."""
    with _telling(as_json, code=2):
        screening = read_block_list(_list_path(blocklist, settings)).screen(number, today())
    verdict, reason = screening.verdict.value, screening.reason
    if as_json:
        typer.echo(json.dumps({"verdict": verdict, "number": screening.number, "reason": reason}, ensure_ascii=False))
    else:
        typer.echo(f"{screening.number or number or 'hidden'}: {verdict}{f' ({reason})' if reason else ''}")
    raise typer.Exit(1 if screening.verdict is Verdict.BLOCKED else 0)


def _list_path(blocklist: Path | None, settings: Path | None) -> Path:
    """Return the list that `up` screens by with these settings, or the one that was named. Raises: Misconfigured."""
    return blocklist or load_settings(settings).agi.blocklist or DEFAULT_BLOCKLIST


def _what(number: str, blocklist: Path) -> str:
    """Return a number in E.164, or a beginning with its asterisk. Raises: ConfigurationError."""
    if number.endswith("*"):
        return number
    country = read_block_list(blocklist).content.default_country
    e164 = normalised(number, country)
    if not re.fullmatch(r"\+[1-9][0-9]{4,14}", e164):
        raise ConfigurationError(f"{number!r} is no telephone number; write it like +34600111222, or +34807* for many")
    return e164


@contextlib.contextmanager
def _telling(as_json: bool, code: int = 1) -> Iterator[None]:
    """Say in one line what could not be done, and end with an exit code."""
    logging.disable(logging.CRITICAL)  # the line is all that is wanted here
    try:
        with telling(as_json, code=code, way_out=_way_out):
            yield
    finally:
        logging.disable(logging.NOTSET)


def _way_out(error: CentralitaError) -> str:
    return "; is `enabled = yes` in manager.conf?" if isinstance(error, AmiUnreachable) else ""
