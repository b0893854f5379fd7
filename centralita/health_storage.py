"""The half of `centralita health` that is about after the call: database, worker, jobs, disk, bucket, uploads.

Calls are taken without any of these, and nothing is lost; but somebody must act before the disk is full. Every part has
its deadline, and none makes or changes anything.
"""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from centralita.process_ids import is_running
from centralita.settings import Settings
from centralita.storehouse import database_url, recordings_of
from centralita.up import read_report
from engines.base import EngineHealth
from storage.database.database import Database
from storage.database.migrating import head_of, newest
from storage.jobs.backlog import Backlog, backlog_of
from storage.recording_store.both import BothRecordings
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.item import Artefact, Item
from storage.recording_store.waiting import UploadsWaiting, uploads_waiting
from vocabulary.errors import CentralitaError

PATIENCE_SECONDS: Final = 3.0
_SCAN_SECONDS: Final = 2.0
LATE_SECONDS: Final = 3600.0
"""A job that could have been done for so long is done by nobody."""
UNSENT_SECONDS: Final = 6 * 3600.0
"""So long S3 may be away before somebody must look."""
LEAST_BYTES: Final = 1024**3
"""Free on a disk: below that, somebody must make room."""
_CALL_HOUR_BYTES: Final = 8000 * 2 * 2 * 3600
"""Of one hour of one call: stereo, 16 bit, 8 kHz."""
_PROBE: Final = Item("centralita-health", Artefact.METADATA)
"""Asked for in the bucket, and never there."""
Ask = Callable[[Settings], Awaitable[list[EngineHealth]]]


async def storage_health(settings: Settings) -> list[EngineHealth]:
    """Ask every part; none keeps the others waiting."""
    asked: tuple[tuple[str, Ask], ...] = (
        ("database", _database),
        ("worker", _worker),
        ("disk", _disk),
        ("bucket", _bucket),
        ("uploads", _uploads),
    )
    answers = await asyncio.gather(*(_in_time(name, ask, settings) for name, ask in asked))
    return [one for answer in answers for one in answer]


async def _in_time(name: str, ask: Ask, settings: Settings) -> list[EngineHealth]:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await ask(settings)
    except TimeoutError:
        return [EngineHealth(name, is_ready=False, detail=f"no answer within {PATIENCE_SECONDS:g} s{_WAY_OUT[name]}")]
    except DBAPIError as error:  # a file that is no database, or a broken one
        said = str(error.orig).splitlines()[:1]
        return [EngineHealth(name, is_ready=False, detail=f"{''.join(said)}{_WAY_OUT[name]}")]
    except (CentralitaError, OSError) as error:
        return [EngineHealth(name, is_ready=False, detail=f"{error}{_WAY_OUT[name]}")]


_WAY_OUT: Final = {
    "database": "; calls go on, and nothing is lost: check storage.database, and that its server runs",
    "worker": "",
    "disk": "; check storage.local_path",
    "bucket": "; calls go on and uploads wait: check storage.s3_* and that the server runs",
    "uploads": "; check storage.local_path",
}


async def _database(settings: Settings) -> list[EngineHealth]:
    """The database, and what stands in its queue."""
    url = database_url(settings)
    parsed = make_url(url)
    kind, shown = parsed.get_backend_name(), parsed.render_as_string(hide_password=True)
    if kind == "sqlite" and not await asyncio.to_thread(Path(str(parsed.database)).exists):
        detail = "not made yet: `centralita worker` or `centralita batch` makes it"
        return [EngineHealth("database", is_ready=True, model=kind, device=shown, detail=detail)]
    async with Database.open(url, migrate=False) as database:
        async with database.read() as connection:
            found = await connection.run_sync(head_of)
        backlog = await backlog_of(database, time.time())
    stale = found is not None and found != newest()
    detail = f"tables of version {found}; the next start brings them to {newest()}" if stale else ""
    return [
        EngineHealth("database", is_ready=True, model=kind, device=shown, detail=detail),
        jobs_health(backlog, works=settings.offline.worker),
    ]


def jobs_health(backlog: Backlog, *, works: bool) -> EngineHealth:
    """Say whether somebody must look at the queue. `works`: this machine is to run a worker."""
    shown = f"{backlog.waiting} waiting, {backlog.running} running"
    problems = []
    if backlog.dead:
        problems.append(f"{backlog.dead} given up: see `centralita jobs dead`, then `centralita jobs retry --dead`")
    if backlog.oldest_due_seconds > LATE_SECONDS:
        who = "is `centralita up` running?" if works else "run `centralita worker` here or on another machine"
        problems.append(f"the oldest has waited {told_time(backlog.oldest_due_seconds)}: {who}")
    return EngineHealth("jobs", is_ready=not problems, model=shown, detail="; ".join(problems))


async def _worker(settings: Settings) -> list[EngineHealth]:
    if not settings.offline.worker:
        return []
    status = next((one for one in read_report(settings.run.state_folder) if one.name == "worker"), None)
    if status is None or status.pid is None or not status.is_ready or not is_running(status.pid):
        detail = "not running; is `centralita up` running? Recordings wait on the disk"
        return [EngineHealth("worker", is_ready=False, detail=detail)]
    return [EngineHealth("worker", is_ready=True, device=f"pid {status.pid}")]


async def _disk(settings: Settings) -> list[EngineHealth]:
    return [await asyncio.to_thread(_free, settings.storage.local_path)]


def _free(folder: Path) -> EngineHealth:
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    return disk_health(place, shutil.disk_usage(place).free)


def disk_health(place: Path, free_bytes: int) -> EngineHealth:
    """Say whether somebody must make room."""
    hours = free_bytes / _CALL_HOUR_BYTES
    shown = f"{free_bytes / 1024**3:.1f} GiB free, {hours:,.0f} hours of calls"
    if free_bytes < LEAST_BYTES:
        detail = "make room: `centralita recordings retention` removes what is old, another disk takes more"
        return EngineHealth("disk", is_ready=False, model=shown, device=str(place), detail=detail)
    return EngineHealth("disk", is_ready=True, model=shown, device=str(place))


async def _bucket(settings: Settings) -> list[EngineHealth]:
    store = recordings_of(settings)
    both = store.inner if isinstance(store, EncryptedRecordings) else store
    if not isinstance(both, BothRecordings):
        return []
    await both.remote.head(_PROBE)
    where = f"s3://{settings.storage.s3_bucket}"
    return [EngineHealth("bucket", is_ready=True, model=settings.storage.s3_endpoint or "Amazon", device=where)]


async def _uploads(settings: Settings) -> list[EngineHealth]:
    if settings.storage.backend == "local":
        return []
    root = settings.storage.local_path
    return [uploads_health(await asyncio.to_thread(uploads_waiting, root, time.time(), _SCAN_SECONDS))]


def uploads_health(waiting: UploadsWaiting) -> EngineHealth:
    """Say whether somebody must see to the uploads."""
    shown = f"{'' if waiting.is_whole else 'more than '}{waiting.calls} calls wait"
    if waiting.calls and waiting.oldest_seconds > UNSENT_SECONDS:
        detail = f"the oldest for {told_time(waiting.oldest_seconds)}: `centralita recordings upload` says why"
        return EngineHealth("uploads", is_ready=False, model=shown, detail=detail)
    return EngineHealth("uploads", is_ready=True, model=shown)


def told_time(seconds: float) -> str:
    """Return a length of time as people say it."""
    hours = seconds / 3600
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.0f} days"
