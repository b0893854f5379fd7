"""What has been taken, on disk: written before a one-time file leaves, so that being killed cannot forget it."""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from device_server.errors import BadLedger, LedgerInUse
from device_server.private_file import replace_file
from device_server.shelf import Key, Taking

_VERSION: Final = 1


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    device: str
    file: str
    edition: int
    is_done: bool
    at: float
    client: str


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Annotated[int, Field(ge=1, le=_VERSION)]
    takings: tuple[_Row, ...]


class Ledger:
    """One file, kept by one process at a time; a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: int | None = None

    def __enter__(self) -> "Ledger":
        """Raises: LedgerInUse; BadLedger when the folder cannot be written."""
        try:
            lock = os.open(
                self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError as exc:
            raise BadLedger(f"{self._path}: cannot be kept there: {exc.strerror}") from exc
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise LedgerInUse(f"{self._path}: another device server is running with it; stop that one first") from None
        self._lock = lock
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def load(self) -> dict[Key, Taking]:
        """Return what was kept; nothing when there is no file yet.

        Raises: BadLedger.
        """
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as exc:
            raise BadLedger(f"{self._path}: cannot be read: {exc.strerror}") from exc
        try:
            document = _Document.model_validate_json(text)
        except ValidationError as exc:
            raise BadLedger(
                f"{self._path}: is damaged; without it, files already taken would be served again. "
                "Give every device a new token, or remove this file if serving them again is right"
            ) from exc
        return {
            (row.device, row.file): Taking(row.edition, is_done=row.is_done, at=row.at, client=row.client)
            for row in document.takings
        }

    def save(self, takings: Mapping[Key, Taking]) -> None:
        """Keep `takings`; when this returns they are on disk.

        Raises: OSError.
        """
        rows = [
            {
                "device": device,
                "file": file,
                "edition": taking.edition,
                "is_done": taking.is_done,
                "at": taking.at,
                "client": taking.client,
            }
            for (device, file), taking in sorted(takings.items())
        ]
        replace_file(self._path, json.dumps({"version": _VERSION, "takings": rows}, indent=1).encode())
