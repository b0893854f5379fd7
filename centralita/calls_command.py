"""`centralita calls list | watch | hangup | transfer`: see the calls there are, and step in."""

import asyncio
import contextlib
import json
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ari_app.json_shape import to_json_object
from ari_app.live_client import LiveAddress, LiveClient, LiveUnreachable
from ari_app.live_events import HangUpCall, LiveCommand, Snapshot, TransferCall
from centralita.call_board import CallBoard
from centralita.calls import events_token
from centralita.command_line import AsJson, SettingsPath, telling
from centralita.settings import Settings, load_settings
from vocabulary.errors import CentralitaError

calls_app = typer.Typer(help="The calls there are: see them, end them, hand them over.", no_args_is_help=True)

CallId = Annotated[str, typer.Argument(help="As `centralita calls list` shows it.")]
_RETRY_SECONDS = 0.5
_DRAWINGS_PER_SECOND = 5


@calls_app.command("list")
def list_calls(settings: SettingsPath = None, as_json: AsJson = False) -> None:
    """Show the calls there are right now."""
    client = _client(load_settings(settings))
    with telling(as_json, way_out=_way_out):
        snapshot = asyncio.run(_snapshot(client))
    if as_json:
        typer.echo(json.dumps({"calls": to_json_object(snapshot.calls)}, ensure_ascii=False))
        return
    Console().print(_listing(snapshot) if snapshot.calls else "no calls")


@calls_app.command()
def watch(settings: SettingsPath = None, as_json: AsJson = False) -> None:
    """Follow all calls live until Ctrl-C; with --json, or into a pipe, one event a line, as it comes."""
    client = _client(load_settings(settings))
    is_for_eyes = Console().is_terminal and not as_json
    with contextlib.suppress(KeyboardInterrupt), telling(as_json, way_out=_way_out):
        asyncio.run(_draw_events(client) if is_for_eyes else _print_events(client))


@calls_app.command()
def hangup(call_id: CallId, settings: SettingsPath = None, as_json: AsJson = False) -> None:
    """End a call."""
    _command(HangUpCall(call_id), settings, as_json)


@calls_app.command()
def transfer(
    call_id: CallId,
    target: Annotated[str, typer.Argument(help="Id of a transfer target in the agent's file, never a number.")],
    settings: SettingsPath = None,
    as_json: AsJson = False,
) -> None:
    """Hand a caller over to a person."""
    _command(TransferCall(call_id, target), settings, as_json)


def _client(settings: Settings) -> LiveClient:
    return LiveClient(LiveAddress(settings.events.port, events_token(settings), settings.events.host))


def _command(command: LiveCommand, settings: SettingsPath, as_json: bool) -> None:
    client = _client(load_settings(settings))
    with telling(as_json, way_out=_way_out):
        asyncio.run(client.command(command))
    typer.echo(json.dumps({"ok": True}) if as_json else "done")


def _way_out(error: CentralitaError) -> str:
    return "; is `centralita up` running?" if isinstance(error, LiveUnreachable) else ""


def _listing(snapshot: Snapshot) -> Table:
    """The calls for a terminal of 80 columns: whatever has to be cut, the id is there to be copied."""
    table = Table(box=None, pad_edge=False)
    table.add_column("call", no_wrap=True, min_width=max(len(call.call_id) for call in snapshot.calls))
    for column in ("agent", "caller", "state", "since", "turns"):
        table.add_column(column, no_wrap=True)
    for call in snapshot.calls:
        seconds = max(0.0, snapshot.at - call.started_at)
        # Text, never markup: a caller's name may contain brackets
        told = (call.call_id, call.agent, call.caller or "?", call.state, f"{seconds:.0f} s", str(call.turns))
        table.add_row(*(Text(one) for one in told))
    return table


async def _snapshot(client: LiveClient) -> Snapshot:
    async with client.events(kinds=("heartbeat",)) as events:
        async for event in events:
            if isinstance(event, Snapshot):
                return event
    raise LiveUnreachable("calls said nothing")


async def _print_events(client: LiveClient) -> None:
    async with client.events() as events:
        async for event in events:
            typer.echo(event.to_json())


async def _draw_events(client: LiveClient) -> None:
    board = CallBoard()
    # Drawn on our own beat, not per event: two hundred calls would draw a thousand times a second
    with Live(board.draw(time.time()), auto_refresh=False, screen=True) as screen:
        following = asyncio.create_task(_follow(client, board), name="follow calls")
        try:
            while not following.done():
                screen.update(board.draw(time.time()), refresh=True)
                await asyncio.wait([following], timeout=1 / _DRAWINGS_PER_SECOND)
            await following
        finally:
            following.cancel()


async def _follow(client: LiveClient, board: CallBoard) -> None:
    """Keep the board true, also over a restart of `calls`. Raises: LiveForbidden."""
    while True:
        try:
            async with client.events() as events:
                async for event in events:
                    board.take(event)
        except LiveUnreachable:
            board.lost()
        await asyncio.sleep(_RETRY_SECONDS)
