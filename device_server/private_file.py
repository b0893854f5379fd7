"""Files that only their owner and group may read, replaced as a whole or not at all."""

import os
import stat
from pathlib import Path


def replace_file(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write beside, flush to disk, rename, flush the folder: after a crash there is the old file or the new one.

    Raises: OSError.
    """
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names in `folder` survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_open_to_all(path: Path) -> bool:
    """True when everybody on this machine may read or write it.

    Raises: OSError.
    """
    return bool(path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH))
