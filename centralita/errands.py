"""What a worker does every few seconds besides recordings: it takes up what calls noted, and shares banks."""

import asyncio
import logging
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from centralita.customer_desk import notes_of
from centralita.profiles import BANKS
from centralita.settings import Settings
from centralita.storehouse import begin_customers
from offline.bank_sharing import BankSharing
from offline.note_taking import NoteTaker
from storage.database.database import Database
from vocabulary.errors import CentralitaError

logger = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 2.0
"""An empty folder and banks that nobody changed cost well under a millisecond."""


class Errands:
    """One worker's; several workers may run the same errands at once."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        taker = NoteTaker(notes_of(settings), database)
        sharing = BankSharing(settings.agents.folder / BANKS, database)
        self._errands = {
            "customers": self._begin_customers,
            "notes": taker.take_up,
            "banks": sharing.share,
        }
        self._down: set[str] = set()
        self._has_begun = False

    async def run(self) -> int:
        """Do each once; return how much was new. What is down is told once, until it is up again, and stops nothing."""
        new = 0
        for name, errand in self._errands.items():
            try:
                new += await errand()
            except (CentralitaError, SQLAlchemyError, OSError) as error:
                if name not in self._down:
                    self._down.add(name)
                    # The database's own message may quote a row
                    reason = str(error) if isinstance(error, CentralitaError) else type(error).__name__
                    logger.warning("errand not done", extra={"errand": name, "reason": reason})
            else:
                self._down.discard(name)
        return new

    async def run_for_ever(self) -> None:
        """Run them again and again."""
        while True:
            if new := await self.run():
                logger.info("notes and corrections taken up", extra={"new": new})
            await asyncio.sleep(PAUSE_SECONDS)

    async def _begin_customers(self) -> int:
        if not self._has_begun:
            await begin_customers(self._settings, self._database)
            self._has_begun = True
        return 0
