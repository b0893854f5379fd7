"""Where the wrapped keys of calls are kept: a port, and a folder of small files.

Keys lie apart from what they open, because whoever deletes a key wants no copy of it to live on beside a copy of the
recording: back up the keys for as long as deleted calls may come back, and no longer.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Final, Protocol

from storage.encryption.data_key import DataKey, WrappedKey, unwrap, wrap
from storage.encryption.errors import KeyErased, KeyMissing
from storage.encryption.master_key import MasterKeys

_ERASED: Final = "erased"
_serial: Final = count()


class KeyShelf(Protocol):
    """A place for wrapped keys."""

    def load(self, call_id: str) -> WrappedKey | None:
        """Return the call's key, or None when it never had one. Does I/O. Raises: KeyErased, KeyMissing."""

    def add(self, call_id: str, key: WrappedKey) -> bool:
        """Keep the key unless there is one already; return whether it was kept. Does I/O. Raises: OSError."""

    def replace(self, call_id: str, key: WrappedKey) -> None:
        """Put this key in place of the call's. Does I/O. Raises: KeyErased, OSError."""

    def erase(self, call_id: str) -> bool:
        """Delete the key and remember that it was deleted; return whether there was one. Does I/O."""

    def call_ids(self) -> list[str]:
        """Return the calls that have a key. Does I/O."""


class FolderShelf:
    """One file a call, for our eyes only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, call_id: str) -> Path:
        return self._folder / f"rec_{call_id}_key.json"

    def load(self, call_id: str) -> WrappedKey | None:
        path = self._path(call_id)
        try:
            value = json.loads(path.read_text(encoding="ascii"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise KeyMissing(f"{path} is damaged: restore it from a backup of the keys") from error
        if isinstance(value, dict) and value.get(_ERASED):
            raise KeyErased(f"the key of call {call_id} has been deleted")
        try:
            return WrappedKey.from_json(value if isinstance(value, dict) else {})
        except ValueError as error:
            raise KeyMissing(f"{path} holds {error}: restore it from a backup of the keys") from error

    def add(self, call_id: str, key: WrappedKey) -> bool:
        with self._alone():
            if self._path(call_id).exists():
                return False
            self._write(call_id, key.as_json())
            return True

    def replace(self, call_id: str, key: WrappedKey) -> None:
        with self._alone():
            self.load(call_id)  # one that was erased meanwhile must not come back
            self._write(call_id, key.as_json())

    def erase(self, call_id: str) -> bool:
        with self._alone():
            had_one = self._path(call_id).exists()
            self._write(call_id, {_ERASED: True})
            for draft in self._folder.glob(f".{call_id}.*.part"):  # a killed process may have left the key there
                draft.unlink(missing_ok=True)
            return had_one

    def call_ids(self) -> list[str]:
        names = (path.name for path in self._folder.glob("rec_*_key.json"))
        found = (name.removeprefix("rec_").removesuffix("_key.json") for name in names)
        return sorted(call_id for call_id in found if self._has_key(call_id))

    def _has_key(self, call_id: str) -> bool:
        try:
            return self.load(call_id) is not None
        except (KeyErased, KeyMissing):
            return False

    def _write(self, call_id: str, value: Mapping[str, object]) -> None:
        draft = self._folder / f".{call_id}.{os.getpid()}.{next(_serial)}.part"
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(json.dumps(value))
                file.flush()
                os.fsync(handle)
            draft.replace(self._path(call_id))
        except BaseException:  # also when cancelled: nothing half-made stays; raised again
            draft.unlink(missing_ok=True)
            raise
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process and one thread at a time change keys: a key that is being erased must not be written back."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class KeyRing:
    """The keys of calls: made when first wanted, opened by the master key, erased on request. All methods do I/O."""

    def __init__(self, shelf: KeyShelf, masters: MasterKeys) -> None:
        self._shelf = shelf
        self._masters = masters

    def for_writing(self, call_id: str) -> DataKey:
        """Return the call's key, made now if it has none.

        The key is safe on the disk before anything is encrypted with it.

        Raises: KeyErased, KeyMissing (damaged), WrongMasterKey, OSError.
        """
        wrapped = self._shelf.load(call_id)
        if wrapped is None:
            key = DataKey.new(call_id)
            if self._shelf.add(call_id, wrap(key, self._masters)):
                return key
            wrapped = self._shelf.load(call_id)
        if wrapped is None:
            raise KeyMissing(f"the key of call {call_id} disappeared while it was made")
        return unwrap(call_id, wrapped, self._masters)

    def for_reading(self, call_id: str) -> DataKey:
        """Return the call's key. Raises: KeyErased, KeyMissing, WrongMasterKey."""
        wrapped = self._shelf.load(call_id)
        if wrapped is None:
            raise KeyMissing(f"there is no key for call {call_id}: restore it from a backup of the keys")
        return unwrap(call_id, wrapped, self._masters)

    def erase(self, call_id: str) -> bool:
        """Delete the call's key: no copy of its encrypted files can be read from now on, wherever it lies."""
        return self._shelf.erase(call_id)

    def rewrap(self) -> int:
        """Wrap all keys by the current master key; return how many were not. Stopped in the middle, go on again.

        Raises: WrongMasterKey when one was wrapped by a master key that is not known here.
        """
        changed = 0
        for call_id in self._shelf.call_ids():
            wrapped = self._load_unless_erased(call_id)
            if wrapped is not None and wrapped.master != self._masters.current.name:
                with suppress(KeyErased):
                    self._shelf.replace(call_id, wrap(unwrap(call_id, wrapped, self._masters), self._masters))
                    changed += 1
        return changed

    def _load_unless_erased(self, call_id: str) -> WrappedKey | None:
        try:
            return self._shelf.load(call_id)
        except KeyErased:
            return None
