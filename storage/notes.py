"""What calls promise to people: callbacks, appointments, cancellations, changed contacts. One file each, kept at once.

A note is durable when `keep` returns, and needs no database: a draft, synced, renamed, and the folder synced. Whoever
works on the database takes notes up and drops their files afterwards (`offline.notes`); a note's id is drawn at random,
so notes of several machines meet in one database and none is taken up twice.
"""

import asyncio
import json
import os
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from storage.customers import StoreUnavailable

CALLBACK: Final = "callback"
APPOINTMENT: Final = "appointment"
CANCELLATION: Final = "cancellation"
CONTACT: Final = "contact"
KINDS: Final = (CALLBACK, APPOINTMENT, CANCELLATION, CONTACT)
CHANGES: Final = (CANCELLATION, CONTACT)
"""Kinds that change a customer, whose id is in their details."""
_DRAFT: Final = ".part"


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that was promised or changed in a call."""

    note_id: str
    kind: str
    """One of `KINDS`."""
    at: float
    """Unix time."""
    details: Mapping[str, str] = field(repr=False)
    """What the tool was told: phone, datetime, reason, call_id…"""


@dataclass(frozen=True, slots=True)
class BadNote:
    """A file that is no note."""

    path: Path
    reason: str


class Notes:
    """A folder of notes that nobody has taken up yet; any number of processes may write and read it."""

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        """`folder` is made with its first note."""
        self.folder = folder
        self._now = now

    async def keep(self, kind: str, details: Mapping[str, str]) -> Note:
        """Keep a note; it is on the disk when this returns. Shielded: a caller who hangs up takes nothing back.

        Raises: StoreUnavailable when it cannot be written.
        """
        note = Note(f"{kind}-{secrets.token_hex(6)}", kind, self._now(), dict(details))
        await asyncio.shield(asyncio.to_thread(self.write, note))
        return note

    def write(self, note: Note) -> None:
        """Write one; does file I/O. Raises: StoreUnavailable."""
        content = {"id": note.note_id, "kind": note.kind, "at": note.at, "details": dict(note.details)}
        path = self._path(note.note_id)
        draft = path.with_name(f".{path.name}{_DRAFT}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
            with os.fdopen(handle, "w", encoding="utf-8") as opened:
                json.dump(content, opened, ensure_ascii=False)
                opened.flush()
                os.fsync(handle)
            draft.replace(path)
            _sync(self.folder)
        except OSError as exc:
            with suppress(OSError):
                draft.unlink()
            raise StoreUnavailable(f"{self.folder}: the note cannot be written: {exc.strerror}") from exc

    def waiting(self, kinds: Collection[str] = KINDS) -> tuple[list[Note], list[BadNote]]:
        """Return the notes nobody has taken up, the oldest first, and what is no note; does file I/O.

        Raises: StoreUnavailable when the folder cannot be read.
        """
        notes: list[Note] = []
        bad: list[BadNote] = []
        for path in self._files(kinds):
            try:
                notes.append(_read(path))
            except FileNotFoundError:
                continue  # taken up by another in this moment
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
                # The type only: what stands in it is somebody's
                bad.append(BadNote(path, f"is no note ({type(exc).__name__}); mend it or move it away"))
        return sorted(notes, key=lambda one: (one.at, one.note_id)), bad

    def drop(self, note_id: str) -> None:
        """Forget a note that is kept elsewhere by now; does file I/O. Raises: StoreUnavailable."""
        try:
            self._path(note_id).unlink(missing_ok=True)
        except OSError as exc:
            raise StoreUnavailable(f"{self.folder}: {note_id} cannot be removed: {exc.strerror}") from exc

    def _path(self, note_id: str) -> Path:
        return self.folder / f"{note_id}.json"

    def _files(self, kinds: Collection[str]) -> Iterator[Path]:
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return
        except OSError as exc:
            raise StoreUnavailable(f"{self.folder}: the notes cannot be read: {exc.strerror}") from exc
        for name in names:
            if name.endswith(".json") and name.partition("-")[0] in kinds:
                yield self.folder / name


def _read(path: Path) -> Note:
    content = json.loads(path.read_text(encoding="utf-8"))
    note = Note(
        str(content["id"]),
        str(content["kind"]),
        float(content["at"]),
        {str(key): str(value) for key, value in content["details"].items()},
    )
    if path.name != f"{note.note_id}.json" or note.kind not in KINDS:
        raise ValueError("named like another note")
    return note


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
