"""Which calls have new metadata since the last look, told by their folder's names and not by opening any file.

Metadata is written last, as a draft that is renamed, so a finished call, and one whose result was written anew, shows
as a name with another inode. A folder nobody has renamed in keeps its modification time, and costs one `stat`.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from storage.recording_store.item import Artefact, folder_of, item_of

GRANULARITY_NS: Final = 2_000_000_000
"""A folder's time tells of no change only when it is older than so much: two changes in one tick look like one."""


@dataclass(slots=True)
class Arrivals:
    """Looks at one folder of recordings."""

    root: Path
    now_ns: Callable[[], int] = time.time_ns
    listings: int = 0
    """How often the folder had to be listed."""
    _inodes: dict[str, int] = field(default_factory=dict)
    _quiet_since: int | None = None
    """The folder's time at the last look, if that can be believed."""

    def look(self) -> set[str]:
        """Return the calls whose metadata is new, or another file; at first all. Does file I/O. Raises: OSError."""
        folder = self.root / folder_of(Artefact.METADATA)
        try:
            changed_ns = os.stat(folder).st_mtime_ns
        except FileNotFoundError:
            self._inodes, self._quiet_since = {}, None
            return set()
        if changed_ns == self._quiet_since:
            return set()
        # Before the listing: what is renamed while it is made is seen now, or changes the time once more
        is_old = abs(self.now_ns() - changed_ns) > GRANULARITY_NS
        self.listings += 1
        with os.scandir(folder) as entries:
            inodes = {entry.name: entry.inode() for entry in entries if not entry.name.startswith(".")}
        known = self._inodes
        changed = [name for name, inode in inodes.items() if known.get(name) != inode]
        self._inodes, self._quiet_since = inodes, changed_ns if is_old else None
        items = (item_of(f"{folder.name}/{name}") for name in changed)
        return {item.call_id for item in items if item is not None}
