"""What we did to a configuration folder, and what was there before: `centralita/.journal/`, one JSON file per change.

A file's name carries its phase, because renaming is the one thing a disk does all at once:

    000007.prepared.json    written before anything is touched; found later, it means: cut in the middle
    000007.unproven.json    the files are new, Asterisk was not there to prove it
    000007.done.json        the files are new, and Asterisk has taken them
    000007.undone.json      the files are what they were before

The entries hold old files with their passwords: the folder is 0700, the files 0600.
"""

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal, get_args

from provisioning.applying.disk import Disk, sync_folder
from provisioning.applying.errors import JournalUnreadable
from provisioning.applying.file_state import FileChange, FileState
from provisioning.applying.standing import NOTHING, Standing

HOME: Final = "centralita"
FOLDER: Final = f"{HOME}/.journal"
_BEGUN: Final = ".centralita-begun"
_GONE: Final = ".centralita-gone"
"""A journal on its way in or out, beside the others' files: nothing in it counts."""
KEPT: Final = 20
"""Entries that stay; older ones are deleted."""

Phase = Literal["prepared", "unproven", "done", "undone"]
Kind = Literal["apply", "rollback"]

_NAME: Final = re.compile(r"(\d{6,})\.(prepared|unproven|done|undone)\.json")
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of the folder."""

    number: int
    kind: Kind
    at: str
    """When it began: ISO 8601, UTC."""
    changes: tuple[FileChange, ...] = field(repr=False)
    standing: Standing
    """What stands of ours when it is done."""
    former: Standing = NOTHING
    """What stood before."""
    back_to: int = -1
    """Of a rollback: applies up to this number are in force again."""
    phase: Phase = "prepared"

    @property
    def id(self) -> str:
        """The number as `rollback` takes it: "000007"."""
        return f"{self.number:06d}"

    @property
    def counts(self) -> bool:
        """True when the files are what this entry made them."""
        return self.phase in ("done", "unproven")


class Journal:
    """The entries of one configuration folder."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.folder: Final = disk.folder / FOLDER

    # -- reading ------------------------------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """Return what is written down, oldest first. Raises: JournalUnreadable."""
        try:
            found = [(path, match) for path in self.folder.iterdir() if (match := _NAME.fullmatch(path.name))]
        except FileNotFoundError:
            return []
        except OSError as exc:
            raise JournalUnreadable(f"cannot read {self.folder}: {exc.strerror}; run this as the user before") from exc
        by_number: dict[int, Entry] = {}
        for path, match in found:
            entry = _read(path)
            number, phase = int(match[1]), match[2]
            if entry.number != number or number in by_number:
                raise JournalUnreadable(f"{path} does not belong there: it says it is entry {entry.number}")
            by_number[number] = replace(entry, phase=_phase(phase))
        return [by_number[number] for number in sorted(by_number)]

    # -- writing ------------------------------------------------------------------------------------------------------

    def write(self, entry: Entry) -> None:
        """Put a new entry on the disk, complete or not at all. Raises: OSError."""
        self._make()
        path = self._path(entry)
        draft = path.with_suffix(".draft")
        with suppress(FileNotFoundError):
            draft.unlink()
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            self._disk.step("opened the journal's draft")
            json.dump(_as_json(entry), file)
            file.flush()
            os.fsync(file.fileno())
        self._disk.step("wrote the journal's draft")
        os.replace(draft, path)
        sync_folder(self.folder)
        self._disk.step("wrote the journal")

    def mark(self, entry: Entry, phase: Phase) -> Entry:
        """Give an entry its next phase, in one instant. Raises: OSError."""
        marked = replace(entry, phase=phase)
        self._disk.step(f"before marking {phase}")
        os.replace(self._path(entry), self._path(marked))
        sync_folder(self.folder)
        self._disk.step(f"marked {phase}")
        return marked

    def trim(self, entries: Sequence[Entry], kept: int = KEPT) -> None:
        """Delete the oldest entries. Raises: OSError."""
        for entry in entries[: max(0, len(entries) - kept)]:
            with suppress(FileNotFoundError):
                self._path(entry).unlink()

    def tidy(self) -> None:
        """Delete drafts that a cut left. Raises: OSError."""
        if self.folder.is_dir():
            for draft in self.folder.glob("*.draft"):
                draft.unlink()

    def copy_to(self, place: Path) -> None:
        """Keep a copy elsewhere, for its owner only. Raises: OSError."""
        if self.folder.is_dir():
            place.mkdir(0o700, parents=True, exist_ok=True)
            for path in sorted(self.folder.glob("*.json")):
                copied = place / path.name
                shutil.copyfile(path, copied)
                copied.chmod(0o600)

    def vanish(self, entries: Sequence[Entry], with_home: bool) -> None:
        """Leave no trace; `with_home` says that the folder around it is ours, too. Raises: OSError.

        Nothing but the journal in our folder: both go in one rename. Else the entries go oldest first, so that a cut
        leaves the newest to be believed.
        """
        self.tidy()
        home = self.folder.parent
        if with_home and self.folder.is_dir() and list(home.iterdir()) == [self.folder]:
            self._disk.step("before dropping the journal")
            os.rename(home, self._disk.folder / _GONE)
            sync_folder(self._disk.folder)
            self._disk.step("dropped the journal")
            self.sweep()
            return
        for entry in entries:
            self._disk.step(f"before forgetting {entry.id}")
            with suppress(FileNotFoundError):
                self._path(entry).unlink()
            sync_folder(self.folder)
        self._disk.step("forgot all entries")
        if self.folder.is_dir():
            self.folder.rmdir()
            sync_folder(home)
            self._disk.step("removed the journal")

    def sweep(self) -> None:
        """Delete what a cut left of a journal that was being made or dropped. Raises: OSError."""
        for name in (_BEGUN, _GONE):
            left = self._disk.folder / name
            if left.is_dir() and not left.is_symlink():
                self._disk.step(f"before sweeping {name}")
                shutil.rmtree(left)
                sync_folder(self._disk.folder)
                self._disk.step(f"swept {name}")

    def _make(self) -> None:
        """Make the journal's folder; one of ours around it appears together with it."""
        if self.folder.is_dir():
            return
        home = self.folder.parent
        begun = home if home.is_dir() else self._disk.folder / _BEGUN
        if begun != home:
            self._disk.make_folder(_BEGUN)
        self._disk.step("before making the journal")
        (begun / self.folder.name).mkdir(0o700)
        sync_folder(begun)
        if begun != home:
            self._disk.step("before giving the journal its place")
            os.rename(begun, home)
            sync_folder(home.parent)
        self._disk.step("made the journal")

    def _path(self, entry: Entry) -> Path:
        return self.folder / f"{entry.id}.{entry.phase}.json"


def standing_of(entries: Sequence[Entry]) -> Standing:
    """Return what stands of ours, entries that were taken back or cut aside."""
    counting = [entry for entry in entries if entry.counts]
    if counting:
        return counting[-1].standing
    return entries[0].former if entries else NOTHING


def applied_now(entries: Sequence[Entry]) -> list[Entry]:
    """Return the applies that have not been taken back, oldest first."""
    stack: list[Entry] = []
    for entry in entries:
        if not entry.counts:
            continue
        if entry.kind == "apply":
            stack.append(entry)
        else:
            stack = [applied for applied in stack if applied.number <= entry.back_to]
    return stack


def _read(path: Path) -> Entry:
    try:
        said = json.loads(path.read_text("ascii"))
        if said["format"] != _FORMAT:
            raise ValueError("written by another version")
        return Entry(
            int(said["number"]),
            "rollback" if said["kind"] == "rollback" else "apply",
            str(said["at"]),
            tuple(_change(change) for change in said["changes"]),
            Standing.from_json(said["standing"]),
            Standing.from_json(said["former"]),
            int(said["back_to"]),
        )
    except OSError as exc:
        raise JournalUnreadable(f"cannot read {path}: {exc.strerror}; run this as the user before") from exc
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise JournalUnreadable(
            f"{path} is damaged ({type(exc).__name__}): keep it, and restore it from a copy"
        ) from exc


def _change(said: Mapping[str, object]) -> FileChange:
    before, after = said["before"], said["after"]
    return FileChange(str(said["path"]), _state(before), _state(after), bool(said["is_host"]))


def _state(said: object) -> FileState:
    if said is not None and not isinstance(said, dict):
        raise TypeError("not a file")
    return FileState.from_json(said)


def _as_json(entry: Entry) -> dict[str, object]:
    return {
        "format": _FORMAT,
        "number": entry.number,
        "kind": entry.kind,
        "at": entry.at,
        "back_to": entry.back_to,
        "standing": entry.standing.as_json(),
        "former": entry.former.as_json(),
        "changes": [
            {
                "path": change.path,
                "is_host": change.is_host,
                "before": change.before.as_json(),
                "after": change.after.as_json(),
            }
            for change in entry.changes
        ],
    }


def _phase(text: str) -> Phase:
    for phase in get_args(Phase):
        if phase == text:
            return phase  # type: ignore[no-any-return] # get_args forgets the type
    raise ValueError(text)
