"""The few things we do to a disk, each safe against a cut: stage, put, remove, make and remove folders.

`step` is called with a name before and after every operation: a test stops the process there, or fills the disk.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from provisioning.applying.errors import ApplyError
from provisioning.applying.file_state import ABSENT, FileState
from provisioning.applying.planning import Owner

_STAGED: Final = ".{}.centralita-new"
"""Asterisk's wildcards skip hidden files, and the name tells where it came from."""
_FOLDER_MODE: Final = 0o750

Step = Callable[[str], None]


def no_step(name: str) -> None:
    """Do nothing between two operations."""


class Disk:
    """Files below one configuration folder, by relative path."""

    def __init__(self, folder: Path, step: Step = no_step) -> None:
        """Raises: ApplyError when there is no such folder."""
        if not folder.is_dir():
            raise ApplyError(f"there is no folder {folder}: where is Asterisk's configuration?")
        self.folder = folder.resolve()
        self.step = step

    @property
    def owner(self) -> Owner:
        """The configuration folder's owner and group."""
        info = self.folder.stat()
        return Owner(info.st_uid, info.st_gid)

    # -- reading ------------------------------------------------------------------------------------------------------

    def read(self, ours: Iterable[str], hosts: Iterable[str]) -> dict[str, FileState]:
        """Return the state of files of ours and of somebody else.

        Raises: ApplyError for what is no plain file, may not be read, or (of ours) is behind a symbolic link.
        """
        for path in ours:
            self._refuse_links(path)
        return {path: self._state(path) for path in (*ours, *hosts)}

    def _refuse_links(self, path: str) -> None:
        place = self.folder
        for part in Path(path).parts:
            place = place / part
            if place.is_symlink():
                raise ApplyError(f"{place} is a symbolic link: our files are plain files in plain folders, remove it")

    def _state(self, path: str) -> FileState:
        target = self.target(path)
        try:
            with open(target, "rb") as file:
                info = os.fstat(file.fileno())
                if not stat.S_ISREG(info.st_mode):
                    raise ApplyError(f"{target} is no plain file")
                return FileState(file.read(), stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid)
        except FileNotFoundError:
            return ABSENT
        except IsADirectoryError:
            raise ApplyError(f"{target} is a folder, and a file is needed there") from None
        except OSError as exc:
            raise ApplyError(f"cannot read {target}: {exc.strerror}; run this as root or as Asterisk's user") from exc

    def target(self, path: str) -> Path:
        """Return where a file really is: a link (FreePBX has some) stays a link, the file behind it is written."""
        place = self.folder / path
        return place.resolve() if place.is_symlink() else place

    # -- writing ------------------------------------------------------------------------------------------------------

    def stage(self, path: str, state: FileState) -> None:
        """Write a file's new content beside it, complete and on the disk, without touching the file.

        Raises: OSError.
        """
        if state.content is None:
            raise ValueError("nothing to stage")
        target = self.target(path)
        staged = staged_beside(target)
        self.step(f"before staging {path}")
        with suppress(FileNotFoundError):
            staged.unlink()
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            self.step(f"opened the staged {path}")
            middle = len(state.content) // 2
            _write_all(descriptor, state.content[:middle])
            self.step(f"wrote half of the staged {path}")
            _write_all(descriptor, state.content[middle:])
            _give_to(descriptor, state, staged)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _copy_attributes(target, staged)
        self.step(f"staged {path}")

    def put(self, path: str) -> None:
        """Let the staged content take the file's place, in one instant. Raises: OSError."""
        target = self.target(path)
        self.step(f"before putting {path}")
        os.replace(staged_beside(target), target)
        self.step(f"put {path}")
        sync_folder(target.parent)

    def remove(self, path: str) -> None:
        """Delete a file. Raises: OSError."""
        target = self.target(path)
        self.step(f"before removing {path}")
        with suppress(FileNotFoundError):
            target.unlink()
        self.step(f"removed {path}")
        sync_folder(target.parent)

    def unstage(self, path: str) -> None:
        """Delete what `stage` left. Raises: OSError."""
        with suppress(FileNotFoundError, NotADirectoryError):
            staged_beside(self.target(path)).unlink()

    def make_folder(self, path: str) -> None:
        """Make a folder with the configuration folder's owner; harmless when it is there. Raises: OSError."""
        place = self.folder / path
        self._refuse_links(path)
        if place.is_dir():
            return
        self.step(f"before making {path}/")
        place.mkdir(_FOLDER_MODE)
        owner = self.owner
        if (place.stat().st_uid, place.stat().st_gid) != (owner.uid, owner.gid):
            os.chown(place, owner.uid, owner.gid)
        place.chmod(_FOLDER_MODE)
        sync_folder(place.parent)
        self.step(f"made {path}/")

    def remove_folder(self, path: str) -> bool:
        """Remove a folder if it is empty; return whether it is gone. Raises: OSError."""
        self.step(f"before removing {path}/")
        try:
            (self.folder / path).rmdir()
        except FileNotFoundError:
            return True
        except OSError as exc:
            if exc.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                return False
            raise
        sync_folder((self.folder / path).parent)
        self.step(f"removed {path}/")
        return True


def staged_beside(target: Path) -> Path:
    """Return where `stage` writes the new content of a file."""
    return target.with_name(_STAGED.format(target.name))


def sync_folder(folder: Path) -> None:
    """Make names in a folder survive a power cut, where the file system can."""
    with _opened(folder) as descriptor, suppress(OSError):
        os.fsync(descriptor)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _give_to(descriptor: int, state: FileState, staged: Path) -> None:
    info = os.fstat(descriptor)
    if (info.st_uid, info.st_gid) != (state.uid, state.gid):
        try:
            os.fchown(descriptor, state.uid, state.gid)
        except PermissionError as exc:
            raise PermissionError(
                exc.errno,
                f"cannot give the file to user {state.uid}, group {state.gid} (run this as root)",
                str(staged),
            ) from exc
    os.fchmod(descriptor, state.mode)


def _copy_attributes(target: Path, staged: Path) -> None:
    """Keep what else hangs on somebody's file, like an SELinux label or an access list."""
    try:
        names = os.listxattr(target)
    except OSError:
        return
    for name in names:
        with suppress(OSError):
            os.setxattr(staged, name, os.getxattr(target, name))
