"""Taking up what calls noted: each note becomes one row, changes its customer once, and only then leaves its folder.

Killed between the two, the next round finds the row and drops the file. While a database is down, the files wait.
"""

import asyncio
import logging
from dataclasses import dataclass, field

from storage.database.customers import take_up
from storage.database.database import Database
from storage.notes import Notes

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class NoteTaker:
    """Brings one folder's notes into one database; several may, at once."""

    notes: Notes
    database: Database
    _told: set[str] = field(default_factory=set)

    async def take_up(self) -> int:
        """Take up what waits, the oldest first; return how many notes are new to the database.

        Raises: DatabaseUnavailable, StoreUnavailable.
        """
        waiting, bad = await asyncio.to_thread(self.notes.waiting)
        for one in bad:
            if one.path.name not in self._told:  # once: it is a file to mend, not an event
                self._told.add(one.path.name)
                logger.warning("note not taken up", extra={"file": one.path.name, "reason": one.reason})
        new = 0
        for note in waiting:
            async with self.database.begin() as connection:
                new += await take_up(connection, note)
            await asyncio.to_thread(self.notes.drop, note.note_id)
        return new
