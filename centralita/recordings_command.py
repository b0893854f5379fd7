"""`centralita recordings list | show | delete | restore | hold | retention | reindex`: what is kept of calls."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from centralita.command_line import AsJson, DatabaseUrl, SettingsPath
from centralita.privacy_command import add_recording_commands
from centralita.settings import Settings, load_settings
from centralita.storehouse import opened_catalogue, recordings_of
from storage.catalogue import Catalogue
from storage.database.recordings import IndexedRecording
from storage.hangup_notes import enter_hangups
from storage.metadata.files import metadata_json
from storage.reindex import ReindexReport, reindex
from storage.retention import RetentionPolicy, RetentionReport, apply_retention
from storage.search import SearchQuery, search
from vocabulary.errors import ConfigurationError

recordings_app = typer.Typer(help="What is kept of calls: find it, show it, delete it.", no_args_is_help=True)
add_recording_commands(recordings_app, recordings_of)

RecordingId = Annotated[str, typer.Argument(help="As `centralita recordings list` shows it: rec_ and the call's id.")]
Days = Annotated[float | None, typer.Option(help="Keep it so many days; without it, for ever.")]
Result = TypeVar("Result")
SHOWN_REPORTS: Final = 50
"""Files a reindex names one by one on the screen; --json has them all."""
_MB: Final = 1024 * 1024


def in_catalogue(
    settings: Path | None, database: str, work: Callable[[Catalogue, Settings], Awaitable[Result]]
) -> Result:
    """Do some work with the catalogue that a command's options name."""
    loaded = load_settings(settings)

    async def do() -> Result:
        async with opened_catalogue(loaded, database) as catalogue:
            return await work(catalogue, loaded)

    return asyncio.run(do())


@recordings_app.command("list")
def list_recordings(
    conversation: Annotated[str, typer.Option(help="The call's id.")] = "",
    agent: Annotated[str, typer.Option(help="The agent's name.")] = "",
    since: Annotated[str, typer.Option("--from", help="Begun on this day (YYYY-MM-DD, UTC) or later.")] = "",
    until: Annotated[str, typer.Option("--to", help="Begun on this day or before.")] = "",
    processed: Annotated[
        bool | None, typer.Option("--processed/--unprocessed", help="By the second listening.")
    ] = None,
    sentiment: Annotated[str, typer.Option(help="Such as frustrated.")] = "",
    intent: Annotated[str, typer.Option(help="Such as billing_inquiry.")] = "",
    text: Annotated[str, typer.Option(help="Words that were all said; factur* is any word that begins so.")] = "",
    deleted: Annotated[bool, typer.Option("--deleted", help="The deleted ones.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    before: Annotated[int | None, typer.Option(help="The last `number` of the page before.")] = None,
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Find recordings, newest first."""
    query = SearchQuery(
        conversation=conversation,
        agent=agent,
        since=_midnight(since, "--from"),
        until=_midnight(until, "--to", days=1),
        processed=processed,
        sentiment=sentiment,
        intent=intent,
        text=text,
        deleted=deleted,
        limit=limit,
        before=before,
    )

    async def work(catalogue: Catalogue, _: Settings) -> list[IndexedRecording]:
        async with catalogue.database.read() as connection:
            return await search(connection, query, catalogue.sealing)

    found = in_catalogue(settings, database, work)
    if as_json:
        typer.echo(json.dumps({"recordings": [asdict(one) for one in found]}, ensure_ascii=False))
        return
    Console().print(_listing(found, limit) if found else "no recordings")


@recordings_app.command()
def show(recording_id: RecordingId, settings: SettingsPath = None, database: DatabaseUrl = "") -> None:
    """Print a recording's metadata as JSON."""
    metadata = in_catalogue(settings, database, lambda catalogue, _: catalogue.read(recording_id))
    typer.echo(json.dumps(metadata_json(metadata), ensure_ascii=False, indent=2))


@recordings_app.command()
def delete(
    recording_id: RecordingId,
    permanent: Annotated[bool, typer.Option("--permanent", help="Sound, words, metadata, key: for good.")] = False,
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
) -> None:
    """Delete a recording so that it can be restored, or with --permanent for good."""

    async def work(catalogue: Catalogue, _: Settings) -> None:
        if permanent:
            await catalogue.delete_permanently(recording_id)
        else:
            await catalogue.delete(recording_id)

    in_catalogue(settings, database, work)
    how = "for good" if permanent else f"undo it with: centralita recordings restore {recording_id}"
    typer.echo(f"{recording_id}: deleted, {how}")


@recordings_app.command()
def restore(recording_id: RecordingId, settings: SettingsPath = None, database: DatabaseUrl = "") -> None:
    """Undo a deletion that was not permanent."""
    in_catalogue(settings, database, lambda catalogue, _: catalogue.restore(recording_id))
    typer.echo(f"{recording_id}: restored")


@recordings_app.command()
def readmit(recording_id: RecordingId, settings: SettingsPath = None, database: DatabaseUrl = "") -> None:
    """Keep a recording again that was deleted for good: say so before its files come back from a backup."""
    was_deleted = in_catalogue(settings, database, lambda catalogue, _: catalogue.readmit(recording_id))
    told = "may come back; put its files in their folders" if was_deleted else "was not deleted for good"
    typer.echo(f"{recording_id}: {told}")


@recordings_app.command()
def hold(
    recording_id: RecordingId,
    release: Annotated[bool, typer.Option("--release", help="Let it go.")] = False,
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
) -> None:
    """Put a recording under legal hold: neither retention nor a permanent deletion touches it."""
    in_catalogue(settings, database, lambda catalogue, _: catalogue.hold(recording_id, is_held=not release))
    typer.echo(f"{recording_id}: {'no longer held' if release else 'held'}")


@recordings_app.command()
def retention(
    audio_days: Days = None,
    transcript_days: Days = None,
    metadata_days: Days = None,
    deleted_days: Days = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Remove what is older than it may be; exit code 1 when something could not be removed."""
    policy = RetentionPolicy(audio_days, transcript_days, metadata_days, deleted_days)

    async def work(catalogue: Catalogue, _: Settings) -> RetentionReport:
        return await apply_retention(catalogue, policy, time.time(), dry_run=dry_run)

    report = in_catalogue(settings, database, work)
    if as_json:
        removals = [{**asdict(one), "kind": one.kind.value} for one in report.removals]
        shown = {
            "dry_run": dry_run,
            "removals": removals,
            "held": report.held,
            "failed": [{"recording_id": one, "reason": reason} for one, reason in report.failed],
            "freed_mb": round(report.freed_bytes / _MB, 1),
            "from_the_future": report.from_the_future,
        }
        typer.echo(json.dumps(shown, ensure_ascii=False))
    else:
        _tell_retention(report, dry_run=dry_run)
    raise typer.Exit(1 if report.failed else 0)


@recordings_app.command("reindex")
def rebuild(settings: SettingsPath = None, database: DatabaseUrl = "", as_json: AsJson = False) -> None:
    """Rebuild the index from the files; exit code 1 when some could not be used."""
    bar = Progress(
        TextColumn("reading metadata"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )

    async def work(catalogue: Catalogue, loaded: Settings) -> ReindexReport:
        with bar:
            task = bar.add_task("", total=None)
            await enter_hangups(catalogue, time.time())
            return await reindex(
                catalogue.database,
                loaded.storage.local_path,
                store=catalogue.store,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )

    try:
        report = in_catalogue(settings, database, work)
    except FileNotFoundError as exc:
        raise ConfigurationError(f"storage.local_path: {exc}") from exc
    if as_json:
        figures = {name: getattr(report, name) for name in ("files", "indexed", "older", "removed", "reported_count")}
        reported = [{"path": str(one.path), "reason": one.reason} for one in report.reported]
        typer.echo(json.dumps({**figures, "seconds": round(report.seconds, 2), "reported": reported}))
    else:
        _tell_reindex(report)
    raise typer.Exit(1 if report.reported_count else 0)


def _tell_reindex(report: ReindexReport) -> None:
    typer.echo(
        f"{report.files} files, {report.indexed} indexed ({report.older} in an older schema),"
        f" {report.removed} rows of files that are gone removed, {report.files_per_second:,.0f} files a second"
    )
    for one in report.reported[:SHOWN_REPORTS]:
        typer.echo(f"  {one.path}: {one.reason}", err=True)
    if report.reported_count > SHOWN_REPORTS:
        typer.echo(f"  and {report.reported_count - SHOWN_REPORTS} more; --json names them", err=True)


def _tell_retention(report: RetentionReport, *, dry_run: bool) -> None:
    table = Table("recording", "goes" if dry_run else "gone", "age, days", "MB")
    for one in report.removals:
        table.add_row(one.recording_id, one.kind.value, f"{one.age_days:.1f}", f"{one.size_bytes / _MB:.1f}")
    if report.removals:
        Console().print(table)
    typer.echo(
        f"{report.looked_at} recordings, {len(report.removals)} removals {'due' if dry_run else 'done'}"
        f" ({report.freed_bytes / _MB:.1f} MB), {len(report.held)} kept by a legal hold"
    )
    if report.from_the_future:
        typer.echo(f"{report.from_the_future} are kept since a moment to come: check this machine's clock", err=True)
    for recording_id, reason in report.failed:
        typer.echo(f"  {recording_id}: {reason}", err=True)


def _listing(found: list[IndexedRecording], limit: int) -> Table:
    table = Table("recording", "begun (UTC)", "seconds", "agent", "processed", "sentiment", "intent", "outcome")
    for one in found:
        begun = datetime.fromtimestamp(one.started_at, UTC).strftime("%Y-%m-%d %H:%M:%S")
        done = "yes" if one.processed else "no"
        row = (one.recording_id, begun, f"{one.duration_seconds:.0f}", one.agent, done)
        table.add_row(*row, one.sentiment, one.intent, one.outcome)
    if len(found) == limit:
        table.caption = f"next page: --before {found[-1].number}"
    return table


def _midnight(day: str, option: str, days: int = 0) -> float | None:
    """Return when a day begins, in Unix time, or so many days later; None when none is given."""
    if not day:
        return None
    try:
        midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    except ValueError as exc:
        raise ConfigurationError(f"{option}: {day!r} is no day; write it like 2026-01-20") from exc
    return (midnight + timedelta(days=days)).timestamp()
