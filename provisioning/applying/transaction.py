"""All files or none: journal first, then every new content beside its file, then one rename after the other.

A cut at any point leaves a `prepared` entry behind, from which the old files come back. A full disk shows while the
contents are staged, before any file is touched.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from provisioning.applying.disk import Disk, Step, no_step
from provisioning.applying.errors import ApplyError, DiskTrouble
from provisioning.applying.file_state import FileChange, FileState
from provisioning.applying.journal import HOME, KEPT, Entry, Journal, Kind, Phase, standing_of
from provisioning.applying.planning import folders_above, undo_plan
from provisioning.applying.standing import Standing
from provisioning.finding import Finding


class Transaction:
    """The changes of one configuration folder, under its lock."""

    def __init__(self, folder: Path, step: Step = no_step) -> None:
        """Raises: ApplyError when there is no such folder."""
        self.disk = Disk(folder, step)
        self.journal = Journal(self.disk)

    def entries(self) -> list[Entry]:
        """Return the journal, oldest first. Raises: JournalUnreadable."""
        return self.journal.entries()

    def standing(self) -> Standing:
        """Return what stands of ours. Raises: JournalUnreadable."""
        return standing_of(self.entries())

    def read(self, changes: Iterable[FileChange]) -> dict[str, FileState]:
        """Return the present state of the files that changes are about. Raises: ApplyError."""
        changes = list(changes)
        hosts = {change.path for change in changes if change.is_host}
        return self.disk.read({change.path for change in changes} - hosts, hosts)

    # -- forward ------------------------------------------------------------------------------------------------------

    def do(
        self,
        kind: Kind,
        at: str,
        changes: tuple[FileChange, ...],
        standing: Standing,
        back_to: int = -1,
        hollow: bool = False,
    ) -> Entry:
        """Write the changes, journal first. The entry stays `prepared` until `close`.

        `hollow` leaves an empty file in the place of a host that shall go: when a root file is missing, Asterisk keeps
        all that it knows from it, so it has to read an empty one first. `close` removes it.

        Raises: DiskTrouble when the disk refuses; the files are then as they were.
        """
        entries = self.entries()
        former = standing_of(entries)
        made = self._folders_to_make(changes)
        needed = {HOME, *(folder for path in standing.files for folder in folders_above(path))}
        kept = tuple(folder for folder in dict.fromkeys((*former.folders, *made)) if folder in needed)
        standing = replace(standing, folders=kept)
        number = entries[-1].number + 1 if entries else 1
        entry = Entry(number, kind, at, changes, standing, former, back_to)
        try:
            self.journal.write(entry)
        except OSError as exc:
            self._forget_failed_start()
            raise DiskTrouble(f"nothing was changed: the journal cannot be written: {_said(exc)}") from exc
        try:
            self._perform(changes, hollow)
            for folder in reversed(former.folders):
                if folder not in needed:
                    self.disk.remove_folder(folder)
        except OSError as exc:
            self._undo_after(exc, entry)
            raise DiskTrouble(f"nothing was changed, the old files are back: {_said(exc)}") from exc
        return entry

    def close(self, entry: Entry, phase: Phase) -> Entry:
        """Give the entry its end, and forget what is too old. Raises: DiskTrouble."""
        try:
            self._remove_hollow(entry, back=phase == "undone")
            if phase == "undone":
                for folder in reversed(entry.standing.folders):
                    if folder not in entry.former.folders and folder != HOME:
                        self.disk.remove_folder(folder)
            entry = self.journal.mark(entry, phase)
            with suppress(OSError):
                self.journal.trim(self.entries(), KEPT)
        except OSError as exc:
            raise DiskTrouble(
                f"the files are written, and the journal does not say so ({_said(exc)}): "
                "the next command brings the old ones back; free the disk and try again"
            ) from exc
        return entry

    # -- backward -----------------------------------------------------------------------------------------------------

    def undo(self, entry: Entry, overwrite: bool = False, hollow: bool = False) -> list[Finding]:
        """Bring back what was there before an entry; `close` it as undone afterwards.

        Returns what stands in the way: files that a person changed since; then nothing was done.
        Raises: DiskTrouble.
        """
        steps, conflicts = undo_plan(entry.changes, self.read(entry.changes), overwrite)
        if conflicts:
            return conflicts
        try:
            for change in entry.changes:
                self.disk.unstage(change.path)
            self._perform(steps, hollow)
        except OSError as exc:
            raise DiskTrouble(
                f"the old files could not all be brought back: {_said(exc)}; free the disk (or repair the permissions) "
                "and run the same command again: the journal still has them"
            ) from exc
        return []

    def leave_no_trace(self, archive: Path | None = None) -> bool:
        """Remove the journal when nothing of ours stands; return whether it is gone. Raises: DiskTrouble."""
        entries = self.entries()
        if any(entry.phase == "prepared" for entry in entries) or not standing_of(entries).is_empty:
            return False
        was_there = self.journal.folder.is_dir()
        made_by_us = was_there and all(HOME in entry.standing.folders for entry in entries[-1:])
        try:
            if archive is not None and entries:
                self.journal.copy_to(archive)
            self.journal.vanish(entries, made_by_us)
            if made_by_us:
                self.disk.remove_folder(HOME)
        except OSError as exc:
            raise DiskTrouble(f"our files are gone, but not all of the journal: {_said(exc)}") from exc
        return was_there

    def clean(self) -> None:
        """Remove what cuts leave that is of no use to anybody. Raises: DiskTrouble."""
        try:
            self.journal.sweep()
            self.journal.tidy()
        except OSError as exc:
            raise DiskTrouble(f"what an earlier cut left cannot be removed: {_said(exc)}") from exc
        self.leave_no_trace()

    def cut_entry(self) -> Entry | None:
        """Return the entry of an apply that was cut in the middle, or None."""
        return next((entry for entry in reversed(self.entries()) if entry.phase == "prepared"), None)

    # -- how ----------------------------------------------------------------------------------------------------------

    def _perform(self, changes: Sequence[FileChange], hollow: bool) -> None:
        if hollow:
            changes = [_hollow(change) for change in changes]
        written = [change for change in changes if change.after.exists]
        for change in written:
            if not change.is_host:
                for folder in folders_above(change.path):
                    self.disk.make_folder(folder)
            self.disk.stage(change.path, change.after)
        # ours first: a block must not name what is not there yet; and ours go last for the same reason
        for change in sorted(written, key=lambda change: change.is_host):
            self.disk.put(change.path)
        for change in sorted(changes, key=lambda change: not change.is_host):
            if not change.after.exists:
                self.disk.remove(change.path)

    def _undo_after(self, trouble: OSError, entry: Entry) -> None:
        try:
            conflicts = self.undo(entry, overwrite=True)
            if not conflicts:
                self.close(entry, "undone")
        except ApplyError as exc:
            raise DiskTrouble(f"{_said(trouble)}; then {exc}") from trouble
        if conflicts:
            raise DiskTrouble(f"{_said(trouble)}; then {'; '.join(map(str, conflicts))}") from trouble
        self.leave_no_trace()

    def _remove_hollow(self, entry: Entry, back: bool) -> None:
        ends = {change.path: change.before if back else change.after for change in entry.changes if change.is_host}
        for path, state in self.disk.read((), ends).items():
            if state.content == b"" and not ends[path].exists:
                self.disk.remove(path)

    def _forget_failed_start(self) -> None:
        """After a journal that could not be written: no draft, and no folder if it was the first."""
        with suppress(OSError, ApplyError):
            self.clean()

    def _folders_to_make(self, changes: Iterable[FileChange]) -> list[str]:
        wanted: dict[str, None] = {HOME: None}
        for change in changes:
            if change.after.exists and not change.is_host:
                wanted |= dict.fromkeys(folders_above(change.path))
        return [folder for folder in wanted if not (self.disk.folder / folder).exists()]


def _hollow(change: FileChange) -> FileChange:
    if change.is_host and change.before.exists and not change.after.exists:
        return replace(change, after=replace(change.before, content=b""))
    return change


def texts_after(tree: Mapping[str, str], changes: Iterable[FileChange]) -> dict[str, str]:
    """Return a folder's texts as they will be."""
    merged = dict(tree)
    for change in changes:
        if change.after.exists:
            merged[change.path] = change.after.text
        else:
            merged.pop(change.path, None)
    return merged


def _said(exc: OSError) -> str:
    return f"{exc.strerror or exc}{f' ({exc.filename})' if exc.filename else ''}"
