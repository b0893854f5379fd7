"""How a configuration folder stands, without changing anything."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from provisioning.applying.control import AsteriskControl, silence_of
from provisioning.applying.disk import Disk
from provisioning.applying.file_state import FileState
from provisioning.applying.journal import Entry, Journal, standing_of
from provisioning.applying.lock import LockHolder, holder
from provisioning.applying.planning import hand_changes, paths_of
from provisioning.finding import Finding
from provisioning.rendered import Rendered

Stands = Literal["never applied", "applied", "cut"]
DiskHolds = Literal["the old state", "the new state", "a mixture of both", "changes by hand"]


@dataclass(frozen=True, slots=True)
class Status:
    """What stands, since when, and whether it is still what we wrote."""

    state: Stands
    at: str = ""
    """When the present state was applied (or the cut one begun): ISO 8601, UTC."""
    digest: str = ""
    entry: str = ""
    is_proven: bool = False
    """False for files written while Asterisk did not run."""
    by_hand: tuple[Finding, ...] = ()
    """What a person changed in our files and blocks since."""
    disk_holds: DiskHolds | None = None
    """After a cut: which files are there. The next command brings the old ones back."""
    lock: LockHolder | None = None
    silence: str = ""
    """Why Asterisk gives no answer, or ""."""

    @property
    def is_intact(self) -> bool:
        """True when nothing was cut, and nobody changed what is ours."""
        return self.state != "cut" and not self.by_hand

    def __str__(self) -> str:
        if self.state == "never applied":
            parts = ["nothing of ours stands in this folder"]
        elif self.state == "applied":
            proof = "proven in Asterisk" if self.is_proven else "not proven: Asterisk was not there"
            parts = [f"entry {self.entry}, applied at {self.at}, {proof}, digest {self.digest[:12]}"]
        elif self.lock is not None:
            parts = [f"entry {self.entry}, begun at {self.at}, is being applied right now"]
        else:
            parts = [
                f"entry {self.entry}, begun at {self.at}, was cut in the middle: the files are {self.disk_holds}; "
                "the next apply, rollback or recover brings the old ones back"
            ]
        parts += [str(finding) for finding in self.by_hand]
        parts += [f"locked by {self.lock}"] if self.lock else []
        parts += [self.silence] if self.silence else []
        return "\n".join(parts)

    def as_json(self) -> dict[str, object]:
        """Return the fields by name."""
        return {
            "state": self.state,
            "at": self.at,
            "digest": self.digest,
            "entry": self.entry,
            "is_proven": self.is_proven,
            "is_intact": self.is_intact,
            "by_hand": [finding.as_json() for finding in self.by_hand],
            "disk_holds": self.disk_holds,
            "lock": {"pid": self.lock.pid, "since": self.lock.since, "doing": self.lock.doing} if self.lock else None,
            "asterisk": self.silence or "running",
        }

    def json(self) -> str:
        """Return the JSON text."""
        return json.dumps(self.as_json(), ensure_ascii=False, indent=2)


@dataclass(frozen=True, slots=True)
class Past:
    """One line of the history."""

    entry: str
    """What `rollback` takes."""
    at: str
    kind: str
    phase: str
    """done, unproven, undone, prepared (cut)."""
    digest: str
    paths: tuple[str, ...]
    """The files it touched."""

    def __str__(self) -> str:
        return f"{self.entry} {self.at} {self.kind} {self.phase} {self.digest[:12] or '-'} {', '.join(self.paths)}"

    def as_json(self) -> dict[str, object]:
        """Return the fields by name."""
        return {
            "entry": self.entry,
            "at": self.at,
            "kind": self.kind,
            "phase": self.phase,
            "digest": self.digest,
            "paths": list(self.paths),
        }


def status(folder: Path, asterisk: AsteriskControl | None = None) -> Status:
    """Return how the folder stands. Changes nothing, needs no lock.

    Raises: ApplyError, JournalUnreadable.
    """
    disk = Disk(folder)
    # who holds the lock is asked first: what it has written since is then no cut
    lock = holder(disk.folder)
    entries = Journal(disk).entries()
    silence = silence_of(asterisk) if asterisk is not None else ""
    cut = next((entry for entry in reversed(entries) if entry.phase == "prepared"), None)
    if cut is not None:
        return Status(
            "cut", cut.at, cut.former.digest, cut.id, disk_holds=disk_holds(cut, _present(disk, cut)),
            lock=lock, silence=silence,
        )  # fmt: skip
    newest = next((entry for entry in reversed(entries) if entry.counts), None)
    standing = standing_of(entries)
    if newest is None or standing.is_empty:
        return Status("never applied", lock=lock, silence=silence)
    nothing = Rendered({}, {})
    by_hand = hand_changes(nothing, standing, disk.read(*paths_of(nothing, standing)))
    return Status(
        "applied", newest.at, standing.digest, newest.id, newest.phase == "done", tuple(by_hand),
        lock=lock, silence=silence,
    )  # fmt: skip


def history(folder: Path) -> tuple[Past, ...]:
    """Return the journal, oldest first. Raises: ApplyError, JournalUnreadable."""
    return _past(Journal(Disk(folder)).entries())


def disk_holds(entry: Entry, present: dict[str, FileState]) -> DiskHolds:
    """Return which state the files of an entry are in. Pure."""
    old = [present[change.path].content == change.before.content for change in entry.changes]
    new = [present[change.path].content == change.after.content for change in entry.changes]
    if all(old):
        return "the old state"
    if all(new):
        return "the new state"
    return "a mixture of both" if all(a or b for a, b in zip(old, new, strict=True)) else "changes by hand"


def _present(disk: Disk, entry: Entry) -> dict[str, FileState]:
    hosts = {change.path for change in entry.changes if change.is_host}
    return disk.read({change.path for change in entry.changes} - hosts, hosts)


def _past(entries: Sequence[Entry]) -> tuple[Past, ...]:
    return tuple(
        Past(
            entry.id, entry.at, entry.kind, entry.phase, entry.standing.digest,
            tuple(change.path for change in entry.changes),
        )
        for entry in entries
    )  # fmt: skip
