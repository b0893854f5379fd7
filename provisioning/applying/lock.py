"""One at a time: a locked file in the configuration folder that says who is at it and since when.

The kernel gives the lock back when its owner dies, however it dies; the file that a killed owner leaves is taken over
by the next one and removed at its end.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from provisioning.applying.errors import ApplyError, FolderLocked

LOCK_NAME: Final = ".centralita-lock"
_ATTEMPTS: Final = 10
_PAUSE_SECONDS: Final = 0.03
"""Somebody who only looks holds the lock for an instant: that is no reason to refuse."""


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Who is changing the folder."""

    pid: int
    since: str
    """ISO 8601, UTC."""
    doing: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.doing}) since {self.since}"


@contextmanager
def locked(folder: Path, doing: str) -> Iterator[None]:
    """Hold the folder's lock. Raises: FolderLocked, ApplyError when the folder may not be written."""
    path = folder / LOCK_NAME
    descriptor = _take(path)
    try:
        said = {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds"), "doing": doing}
        # a full disk must not keep anybody from undoing: the lock holds without the words, too
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(said).encode(), 0)
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


def holder(folder: Path) -> LockHolder | None:
    """Return who holds the folder's lock, or None. Changes nothing."""
    try:
        descriptor = os.open(folder / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _said_by(descriptor)
    else:
        return None
    finally:
        os.close(descriptor)


def _take(path: Path) -> int:
    for attempt in range(_ATTEMPTS):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as exc:
            raise ApplyError(
                f"cannot write in {path.parent}: {exc.strerror}; run this as root or as its owner"
            ) from exc
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            said = _said_by(descriptor)
            os.close(descriptor)
            if attempt < _ATTEMPTS - 1:
                time.sleep(_PAUSE_SECONDS)
                continue
            who = str(said) if said else "another process"
            raise FolderLocked(f"{path.parent} is being changed by {who}: wait until it has finished") from None
        if _is_still_there(descriptor, path):
            return descriptor
        os.close(descriptor)  # its last owner removed the file between our two calls
    raise FolderLocked(f"{path.parent} is being changed by others all the time: try again")


def _is_still_there(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except OSError:
        return False


def _said_by(descriptor: int) -> LockHolder | None:
    try:
        said = json.loads(os.pread(descriptor, 4096, 0))
        return LockHolder(int(said["pid"]), str(said["since"]), str(said["doing"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
