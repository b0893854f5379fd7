"""How a call ended, told after its files were written: a note beside them, which `worker` enters into the metadata.

A caller who was handed on is beyond our sight; the PBX tells of the end perhaps an hour later. `calls` may not change
the metadata then: it holds no lock against the second listening, and the file may be encrypted, or in a bucket only.
So it leaves `hangups/rec_<id>_hangup.json`, and whoever has the catalogue enters it under the catalogue's lock and
removes the note. Dying in between changes nothing: the same is entered again. A note names causes, never words.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import JsonValue, TypeAdapter, ValidationError

from storage.catalogue import Catalogue, RecordingUnknown
from storage.metadata.schema import RecordingMetadata
from storage.recording_store.both import BothRecordings
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.errors import RecordingErased
from storage.recording_store.local import LocalRecordings, sync_folder
from storage.recording_store.port import RecordingStore
from storage.recordings import write_json
from vocabulary.errors import CentralitaError

FOLDER: Final = "hangups"
_BEFORE: Final = "rec_"
_AFTER: Final = "_hangup.json"
PATIENCE_SECONDS: Final = 86400.0
"""A note whose recording nobody knows is dropped after so long: it was deleted, or its disk never took it."""
_SHAPE: Final[TypeAdapter[dict[str, JsonValue]]] = TypeAdapter(dict[str, JsonValue])


@dataclass(frozen=True, slots=True)
class HangupNote:
    """One note, as it lies there."""

    call_id: str
    path: Path
    hangup: dict[str, JsonValue] | None
    """As the metadata's `hangup`; None when the note cannot be read."""
    stamp: tuple[int, int, int]
    """Changes when the note is written anew."""

    @property
    def written_at(self) -> float:
        """Unix time."""
        return self.stamp[0] / 1e9


@dataclass(slots=True)
class Entered:
    """What became of the notes."""

    entered: list[str] = field(default_factory=list)
    """Call ids whose metadata have their end now."""
    dropped: list[str] = field(default_factory=list)
    """Of recordings that were deleted, or that nobody knows."""
    waiting: dict[str, str] = field(default_factory=dict)
    """Why a note could not be entered yet, by call id."""


class HangupNotes:
    """The folder of notes beside the recordings. All methods do file I/O: not for the loop."""

    def __init__(self, root: Path) -> None:
        """`root`: the folder of recordings."""
        self._folder = root / FOLDER

    def leave(self, call_id: str, hangup: Mapping[str, JsonValue]) -> None:
        """Write a note, safe from a power cut when it returns. Raises: OSError."""
        write_json(self._folder / f"{_BEFORE}{call_id}{_AFTER}", hangup)

    def all(self) -> list[HangupNote]:
        """Return what lies there, the oldest first. Raises: OSError."""
        found = [note for path in self._folder.glob(f"{_BEFORE}*{_AFTER}") if (note := _read(path)) is not None]
        return sorted(found, key=lambda note: note.stamp)

    def remove(self, note: HangupNote) -> None:
        """Remove a note unless it has been written anew. Raises: OSError."""
        with contextlib.suppress(FileNotFoundError):
            if _stamp(note.path) == note.stamp:
                note.path.unlink()
                sync_folder(self._folder)


def notes_of(store: RecordingStore) -> HangupNotes | None:
    """Return the notes beside a store's files; None for a bucket alone, beside which no call is taken."""
    if isinstance(store, BothRecordings | EncryptedRecordings):
        return HangupNotes(store.local.root) if store.local is not None else None
    return HangupNotes(store.root) if isinstance(store, LocalRecordings) else None


async def enter_hangups(catalogue: Catalogue, now: float) -> Entered:
    """Enter every note into its recording's metadata, under the catalogue's lock, and remove it. `now`: Unix time.

    What is wrong with one keeps no other waiting. Done twice, or by two at once, the metadata are the same.
    Raises: OSError when the folder cannot be read.
    """
    result = Entered()
    notes = notes_of(catalogue.store)
    for note in await asyncio.to_thread(notes.all) if notes is not None else ():
        assert notes is not None
        try:
            if note.hangup is not None:
                await catalogue.change(f"rec_{note.call_id}", partial(_with_end, hangup=note.hangup))
                result.entered.append(note.call_id)
            else:
                result.dropped.append(note.call_id)
        except RecordingErased:
            result.dropped.append(note.call_id)
        except RecordingUnknown as error:
            if now - note.written_at < PATIENCE_SECONDS:
                result.waiting[note.call_id] = str(error)
                continue
            result.dropped.append(note.call_id)
        except CentralitaError as error:
            result.waiting[note.call_id] = str(error)
            continue
        await asyncio.to_thread(notes.remove, note)
    return result


def _with_end(metadata: RecordingMetadata, hangup: dict[str, JsonValue]) -> RecordingMetadata:
    return metadata.model_copy(update={"hangup": hangup})


def _read(path: Path) -> HangupNote | None:
    call_id = path.name.removeprefix(_BEFORE).removesuffix(_AFTER)
    try:
        stamp = _stamp(path)
        data = path.read_bytes()
    except FileNotFoundError:  # somebody else has just entered it
        return None
    try:
        return HangupNote(call_id, path, _SHAPE.validate_python(json.loads(data)), stamp)
    except (ValueError, ValidationError):
        return HangupNote(call_id, path, None, stamp)


def _stamp(path: Path) -> tuple[int, int, int]:
    stat = os.stat(path)
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
