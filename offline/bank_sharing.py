"""One bank on several machines: each tells the database what its journal holds, and writes down what the others told.

The journals stay the truth, and nothing waits for the database: `centralita bank` writes the journal here, running
calls follow it within a second, and whoever shares the database has it a few seconds later. Sharing again changes
nothing.
Bank files (.toml) are people's, and go from machine to machine as other files of theirs do.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engines.correction.journal import SUFFIX, entry_as_json, entry_of, journal_of
from engines.correction.keeper import BankKeeper
from engines.correction.replica import SharedEntry, shared
from storage.database import bank_entries
from storage.database.bank_entries import BankEntry
from storage.database.database import Database
from vocabulary.errors import ConfigurationError

logger = logging.getLogger(__name__)

_Stamp = tuple[int, int, int]


@dataclass(slots=True)
class BankSharing:
    """The banks of one folder."""

    folder: Path
    database: Database
    _seen: dict[str, tuple[_Stamp, tuple[int, int] | None]] = field(default_factory=dict)
    """How journal and database stood when a bank was last found equal in both."""
    _told: set[str] = field(default_factory=set)

    async def share(self) -> int:
        """Go round once; return how many entries were new, here or there.

        A bank that cannot be read is told once and keeps the others from nothing. Raises: DatabaseUnavailable.
        """
        async with self.database.read() as connection:
            stamps = await bank_entries.stamps(connection)
        new = 0
        for name, stamp in (await asyncio.to_thread(_banks, self.folder)).items():
            stand = (stamp, stamps.get(name))
            if self._seen.get(name) == stand:
                continue
            try:
                new += await self._share(name)
            except (ConfigurationError, OSError) as error:
                self._tell(f"{name}: {error}", "bank not shared", name)
            else:
                self._seen[name] = stand
        return new

    async def _share(self, name: str) -> int:
        path = self.folder / f"{name}.toml"
        mine = shared(await asyncio.to_thread(journal_of(path).read))
        async with self.database.read() as connection:
            there = await bank_entries.entries_of(connection, name)
        known, here = {one.entry_id for one in there}, {one.entry_id for one in mine}
        new = 0
        if lacking := [_row(one) for one in mine if one.entry_id not in known]:
            async with self.database.begin() as connection:
                new += await bank_entries.add(connection, name, lacking)
        if told := self._readable(name, [one for one in there if one.entry_id not in here]):
            added, set_aside = await asyncio.to_thread(BankKeeper(path).take_over, told)
            new += added
            for entry_id in set_aside:
                self._tell(f"{name}: {entry_id}", "correction of another machine contradicts this bank", name)
        return new

    def _readable(self, name: str, rows: Sequence[BankEntry]) -> list[SharedEntry]:
        found = []
        for row in rows:
            try:
                found.append(SharedEntry(row.entry_id, row.undoes, entry_of(row.entry)))
            except ValueError:
                self._tell(f"{name}: {row.entry_id}", "correction of a newer program not taken over", name)
        return found

    def _tell(self, what: str, message: str, bank: str) -> None:
        if what not in self._told:  # once; none of the words, which are somebody's
            self._told.add(what)
            logger.warning(message, extra={"bank": bank})


def _row(one: SharedEntry) -> BankEntry:
    entry = one.entry
    return BankEntry(one.entry_id, one.undoes, entry.what, entry.at.timestamp(), entry.by, entry_as_json(entry))


def _banks(folder: Path) -> dict[str, _Stamp]:
    """Return the banks there are here, and how their journals stand; does file I/O."""
    try:
        files = os.listdir(folder)
    except OSError:
        return {}
    names = {file.removesuffix(SUFFIX).removesuffix(".toml") for file in files if file.endswith((SUFFIX, ".toml"))}
    return {name: _stamp_of(folder / f"{name}{SUFFIX}") for name in names if not name.startswith(".")}


def _stamp_of(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_mtime_ns, found.st_size
