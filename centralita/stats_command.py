"""`centralita stats`: what is kept, and how far the second listening is, as the API tells it."""

import json

import typer
from rich.console import Console
from rich.table import Table

from centralita.command_line import AsJson, DatabaseUrl, SettingsPath
from centralita.recordings_command import in_catalogue
from centralita.settings import Settings
from storage.catalogue import Catalogue
from storage.stats import ProcessingStats, StorageStats, processing_stats, storage_stats


def stats(settings: SettingsPath = None, database: DatabaseUrl = "", as_json: AsJson = False) -> None:
    """Show what is kept and how much of it has been processed."""

    async def work(catalogue: Catalogue, loaded: Settings) -> tuple[ProcessingStats, StorageStats]:
        async with catalogue.database.read() as connection:
            backend = loaded.storage.backend
            return await processing_stats(connection, backend), await storage_stats(connection, backend)

    processing, kept = in_catalogue(settings, database, work)
    if as_json:
        typer.echo(json.dumps({"processing": processing, "storage": kept}))
        return
    table = Table("", "", show_header=False)
    for place, one in kept["storage"].items():
        table.add_row(f"recordings, {place}", f"{one['total_recordings']} ({one['total_size_mb']} MB)")
    queue = processing["processing_queue"]
    table.add_row("processed", f"{queue['processed']} ({queue['processing_rate']:.0%})")
    table.add_row("pending", str(queue["pending"]))
    table.add_row("deleted, restorable", str(kept["deleted"]))
    table.add_row("under legal hold", str(kept["legal_hold"]))
    table.add_row("hours of sound", f"{kept['total_duration_seconds'] / 3600:.1f}")
    if kept["unreadable_files"]:
        table.add_row("[red]unreadable files", f"{kept['unreadable_files']} (centralita recordings reindex)")
    Console().print(table)
