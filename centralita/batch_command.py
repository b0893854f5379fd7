"""`centralita batch single | unprocessed | date-range | units`: the second listening of recordings.

Exit codes: 0 all done, 1 some failed, 2 the command line or the settings are wrong, 130 stopped before the end.
"""

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from centralita.command_line import AsJson, DatabaseUrl, SettingsPath
from centralita.second_listening import equipment_of
from centralita.settings import Settings, load_settings
from centralita.storehouse import opened_catalogue
from offline.batch.equipment import Equipment
from offline.batch.jobs import enqueue_processing
from offline.batch.listeners import open_listener
from offline.batch.newcomers import index_newcomers
from offline.batch.report import BatchReport, Done, Outcome
from offline.batch.results import Results
from offline.batch.runner import AtStage, Batch, Counted, News
from offline.batch.selection import Selection, between, chosen, one
from offline.batch.selection import unprocessed as unprocessed_ones
from offline.batch.unit_files import Installation, unit_files
from offline.retranscribe.port import SecondListeningError
from storage.jobs.open_queue import open_queue
from storage.recording_store.item import Artefact, Item
from vocabulary.errors import CentralitaError, ConfigurationError

SHOWN: Final = 50
"""Recordings named one by one on the screen; --json has them all."""

batch_app = typer.Typer(
    help="The second listening: transcribe again where it is worth it, correct, analyse.",
    no_args_is_help=True,
    add_completion=False,
)

Concurrent = Annotated[
    int,
    typer.Option(
        "--concurrent", min=1, max=64, envvar="BATCH_MAX_CONCURRENT", help="So many at a time, each in a process."
    ),
]
Again = Annotated[bool, typer.Option("--reprocess", help="Also what this version has done already.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Queue = Annotated[bool, typer.Option("--queue", help="Leave it to `centralita worker`.")]
Ear = Annotated[
    str | None,
    typer.Option("--ear", help='"tiny", or "whisper:" and the folder of a CTranslate2 model (default: offline.ear).'),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        min=0,
        max=1,
        help="Listen again above this estimated word error rate (default: offline.threshold).",
    ),
]


@dataclass(frozen=True, slots=True)
class _Wish:
    """What every mode takes."""

    settings: Path | None
    database: str
    concurrent: int
    again: bool
    dry_run: bool
    queue: bool
    as_json: bool
    ear: str | None
    threshold: float | None


@batch_app.command()
def single(
    recording_id: Annotated[str, typer.Option("--recording-id", help="As in the files' names; rec_ may be left out.")],
    again: Again = False,
    dry_run: DryRun = False,
    queue: Queue = False,
    ear: Ear = None,
    threshold: Threshold = None,
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Process one recording."""
    try:
        Item(recording_id.removeprefix("rec_"), Artefact.METADATA)
    except ValueError as exc:
        raise typer.BadParameter(f"--recording-id {recording_id!r}: {exc}") from exc
    _go(_Wish(settings, database, 1, again, dry_run, queue, as_json, ear, threshold), one(recording_id))


@batch_app.command()
def unprocessed(
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest first.")] = 100,
    concurrent: Concurrent = 1,
    dry_run: DryRun = False,
    queue: Queue = False,
    ear: Ear = None,
    threshold: Threshold = None,
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Process what has not been processed yet."""
    wish = _Wish(settings, database, concurrent, False, dry_run, queue, as_json, ear, threshold)
    _go(wish, unprocessed_ones(limit))


@batch_app.command("date-range")
@batch_app.command("date_range", hidden=True)
def date_range(
    start_date: Annotated[str, typer.Option("--start-date", help="First day, YYYY-MM-DD, UTC.")],
    end_date: Annotated[str, typer.Option("--end-date", help="Last day, YYYY-MM-DD, UTC.")],
    concurrent: Concurrent = 1,
    again: Again = False,
    dry_run: DryRun = False,
    queue: Queue = False,
    ear: Ear = None,
    threshold: Threshold = None,
    settings: SettingsPath = None,
    database: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Process the calls of some days; those this version has done are left alone unless --reprocess is given."""
    begin, end = _day(start_date, "--start-date"), _day(end_date, "--end-date")
    if end < begin:
        raise typer.BadParameter("--end-date lies before --start-date")
    wish = _Wish(settings, database, concurrent, again, dry_run, queue, as_json, ear, threshold)
    _go(wish, between(begin.timestamp(), (end + timedelta(days=1)).timestamp()))


@batch_app.command()
def units(
    to: Annotated[Path, typer.Option("--to", help="Folder for the files, such as /etc/systemd/system.")],
    user: Annotated[str, typer.Option(help="Who runs it.")] = "centralita",
    directory: Annotated[Path | None, typer.Option(help="Where it runs (default: here).")] = None,
    program: Annotated[Path | None, typer.Option(help="The centralita command (default: this one).")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Recordings a run.")] = 100,
    concurrent: Annotated[int, typer.Option(min=1, help="At a time.")] = 2,
    settings: SettingsPath = None,
) -> None:
    """Write the systemd service and timer, the worker's service, and lines for cron."""
    installation = Installation(
        program=(program or Path(sys.executable).with_name("centralita")).absolute(),
        directory=(directory or Path.cwd()).absolute(),
        user=user,
        settings=settings.absolute() if settings is not None else None,
        limit=limit,
        concurrent=concurrent,
    )
    try:
        to.mkdir(parents=True, exist_ok=True)
        for name, text in unit_files(installation).items():
            (to / name).write_text(text, "utf-8")
            typer.echo(f"{to / name}")
    except OSError as exc:
        raise ConfigurationError(f"--to {to}: {exc.strerror}") from exc
    typer.echo("then: systemctl daemon-reload && systemctl enable --now centralita-batch.timer", err=True)


def _day(day: str, option: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    except ValueError as exc:
        raise typer.BadParameter(f"{option}: {day!r} is no day; write it like 2026-01-20") from exc


@asynccontextmanager
async def opened_results(settings: Settings, database: str) -> AsyncIterator[Results]:
    """Open store and database for the second listening. Raises: DatabaseUnavailable, ConfigurationError."""
    async with opened_catalogue(settings, database) as catalogue:
        yield Results(catalogue.store, catalogue.database)


def _go(wish: _Wish, selection: Selection) -> None:
    """Run the batch, show what it did, and end with its exit code."""
    try:
        settings = load_settings(wish.settings)
        equipment = equipment_of(settings, wish.ear, wish.threshold)
        report = asyncio.run(
            _enqueue(wish, settings, selection) if wish.queue else _run(wish, settings, equipment, selection)
        )
    except CentralitaError as exc:
        if wish.as_json:
            typer.echo(json.dumps({"ok": False, "error": str(exc)}, ensure_ascii=False))
        else:
            typer.echo(f"centralita: {exc}", err=True)
        is_users = isinstance(exc, ConfigurationError | SecondListeningError)
        raise typer.Exit(2 if is_users else 1) from exc
    if wish.as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        _show(report)
    raise typer.Exit(report.exit_code)


async def _run(wish: _Wish, settings: Settings, equipment: Equipment, selection: Selection) -> BatchReport:
    bar = _Bar()
    async with opened_results(settings, wish.database) as results:
        listener = open_listener(equipment, wish.concurrent)
        try:
            batch = Batch(results, listener, again=wish.again, dry_run=wish.dry_run, tell=bar.tell)
            with bar.progress, _StoppedBySignals(batch.stop):
                return await batch.run(selection)
        finally:
            await asyncio.to_thread(listener.close)


async def _enqueue(wish: _Wish, settings: Settings, selection: Selection) -> BatchReport:
    """Leave the selection to the workers."""
    began = time.monotonic()
    report = BatchReport()
    again = str(time.time_ns()) if wish.again else ""
    async with opened_results(settings, wish.database) as results:
        if selection.query is not None:
            async for bad in index_newcomers(results, time.time(), takes_orphans=not wish.dry_run):
                report.add(Done(bad.recording_id, Outcome.FAILED, "index", bad.reason))
        queue = await open_queue(results.database)
        async for recording_id in chosen(results, selection):
            if selection.limit is not None and report.count(Outcome.QUEUED) >= selection.limit:
                break
            if wish.dry_run:
                report.add(Done(recording_id, Outcome.WOULD))
                continue
            enqueued = await enqueue_processing(queue, recording_id.removeprefix("rec_"), again=again)
            report.add(Done(recording_id, Outcome.QUEUED if enqueued.is_new else Outcome.ALREADY))
    report.seconds = time.monotonic() - began
    return report


class _StoppedBySignals:
    """While it lasts, the first SIGINT or SIGTERM asks to stop; a second one ends the process, which loses nothing."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, self._first)

    def __exit__(self, *_: object) -> None:
        self._let_go()

    def _first(self) -> None:
        self._let_go()
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, signal.SIG_DFL)
        typer.echo("stopping after the recordings in hand; once more ends it now", err=True)
        self._stop()

    def _let_go(self) -> None:
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(sign)


class _Bar:
    """The progress bar, on the terminal's error stream: what is printed can be piped."""

    def __init__(self) -> None:
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[at]}", style="dim"),
            console=Console(stderr=True),
        )
        self._task: TaskID = self.progress.add_task("second listening", total=None, at="")

    def tell(self, news: News) -> None:
        match news:
            case Counted(total):
                self.progress.update(self._task, total=total)
            case AtStage(recording_id, stage):
                self.progress.update(self._task, at=f"{recording_id} {stage.value}")
            case Done():
                self.progress.advance(self._task)


def _show(report: BatchReport) -> None:
    counted = ", ".join(f"{number} {outcome.value}" for outcome, number in report.counts.items())
    console = Console()
    again = f", {report.retranscribed} transcribed again" if report.count(Outcome.PROCESSED) else ""
    console.print(f"{counted or 'nothing to do'}{again}, {report.seconds:.1f} s")
    if report.is_interrupted:
        console.print("[yellow]stopped before the end[/]: the same command goes on")
    if report.stopped:
        console.print(f"[red]given up[/]: {report.stopped}", markup=True, highlight=False)
    failures = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    for told in report.named[:SHOWN]:
        if told.outcome is Outcome.WOULD:
            console.print(told.recording_id, markup=False, highlight=False)
        elif told.outcome is Outcome.FAILED:
            failures.print(f"  {told.recording_id}: {told.stage}: {told.reason}")
        else:
            failures.print(f"  {told.recording_id}: processed, but {'; '.join(told.problems)}")
    if len(report.named) > SHOWN or report.unnamed:
        failures.print(f"  and {len(report.named) - SHOWN + report.unnamed} more; --json names them")


def main(words: list[str] | None = None) -> Any:
    """Run the command; what is wrong by the user's hand is one clear line."""
    try:
        return batch_app(words, prog_name="centralita batch")
    except CentralitaError as error:
        sys.stderr.write(f"centralita: {error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
