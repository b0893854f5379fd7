"""The `centralita` command."""

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from centralita.command_line import AsJson, SettingsPath
from centralita.later import LaterGroup
from centralita.logs import set_up_logging, tell_crashes_without_words
from centralita.settings import load_settings, settings_file
from vocabulary.errors import CentralitaError

app = typer.Typer(
    cls=LaterGroup,
    help="An AI call centre that lives inside your own Asterisk. / Un centro de llamadas con IA dentro de su Asterisk.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command()
def up(settings: SettingsPath = None) -> None:
    """Run everything on this machine: `speech`, `calls`, `guard` and `worker`, supervised, until Ctrl-C."""
    from centralita.up import supervisor_of

    loaded = load_settings(settings)
    set_up_logging(loaded.run.log_level)
    asyncio.run(supervisor_of(loaded, settings or settings_file(None, {})).run())


@app.command()
def health(settings: SettingsPath = None, as_json: AsJson = False) -> None:
    """Say what is ready and what is missing, for calls and after them; exit code 1 when a person must act."""
    from centralita.health import health_of

    logging.disable(logging.CRITICAL)  # its own report is all that is wanted here
    parts = asyncio.run(health_of(load_settings(settings)))
    is_ready = all(part.is_ready for part in parts)
    if as_json:
        shown = {
            part.engine: {
                "is_ready": part.is_ready,
                "model": part.model,
                "device": part.device,
                "detail": part.detail,
            }
            for part in parts
        }
        typer.echo(json.dumps({"is_ready": is_ready, "parts": shown}, ensure_ascii=False))
    else:
        table = Table("part", "", "model", "where", "detail")
        for part in parts:
            table.add_row(part.engine, "[green]✓" if part.is_ready else "[red]✗", part.model, part.device, part.detail)
        Console().print(table)
    raise typer.Exit(0 if is_ready else 1)


@app.command()
def run(
    folder: Annotated[Path, typer.Option(help="Where the private Asterisk keeps its files.")] = Path("run"),
    sip_port: Annotated[int, typer.Option(help="SIP port; 0 takes a free one.")] = 0,
) -> None:
    """A private Asterisk and the whole product, for a softphone of your own on this machine."""
    from centralita.demo.stage import run_for_a_softphone

    asyncio.run(run_for_a_softphone(folder, sip_port))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where recordings, transcripts and pictures go.")] = Path("demo-out"),
    as_json: AsJson = False,
) -> None:
    """Three real calls through a real Asterisk, with synthetic Spanish callers: hear, read and see them."""
    from centralita.demo.show import show

    raise typer.Exit(asyncio.run(show(out, as_json=as_json)))


def main() -> None:
    """Run the command; what goes wrong by the user's hand is one clear line, not a traceback."""
    tell_crashes_without_words()
    try:
        app()
    except CentralitaError as error:
        sys.stderr.write(f"centralita: {error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
