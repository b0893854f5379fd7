"""How many calls wait to be brought to S3, told in a bounded time: dates of files are compared, nothing is read."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from storage.recording_store.item import Artefact, folder_of, item_of
from storage.recording_store.upload_ledger import UploadLedger


@dataclass(frozen=True, slots=True)
class UploadsWaiting:
    """What is not in the bucket as it is here."""

    calls: int = 0
    oldest_seconds: float = 0.0
    """For how long the oldest of them has not changed; a clock that went back makes it 0."""
    is_whole: bool = True
    """False: the time was up before all were looked at, so there may be more."""


def uploads_waiting(root: Path, now: float, patience_seconds: float) -> UploadsWaiting:
    """Look at finished calls' metadata that are younger than their receipts; takes `patience_seconds` at most.

    `root`: the recordings' folder; `now`: Unix time. Does file I/O. Raises: OSError, not for a folder not made yet.
    """
    ledger = UploadLedger(root)
    until = time.monotonic() + patience_seconds
    calls, oldest = 0, now
    try:
        entries = os.scandir(root / folder_of(Artefact.METADATA))
    except FileNotFoundError:
        return UploadsWaiting()
    with entries:
        for entry in entries:
            item = item_of(f"{folder_of(Artefact.METADATA)}/{entry.name}")
            if item is None:
                continue
            if time.monotonic() > until:
                return UploadsWaiting(calls, max(0.0, now - oldest), is_whole=False)
            try:
                changed = entry.stat().st_mtime
            except FileNotFoundError:
                continue
            if changed > _written(ledger.path(item.call_id)):
                calls += 1
                oldest = min(oldest, changed)
    return UploadsWaiting(calls, max(0.0, now - oldest))


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
