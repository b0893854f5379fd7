"""The door: callers on the block list are turned away before anybody answers, also where no dialplan asks our AGI.

A list that is broken, slow or gone lets callers in by the last good list, and by none before there was one.
"""

import asyncio
import datetime
import logging
from collections.abc import Callable
from typing import Final, Protocol

from ari_app.agi_entry import BlockLists
from ari_app.blocklist_file import today
from ari_app.errors import AriError
from ari_app.events import Channel
from ari_app.screening import Screening, Verdict

logger = logging.getLogger(__name__)

_ASK_SECONDS: Final = 0.5
"""A caller waits so long, unanswered, for Asterisk to tell whether the number is hidden."""
_PRESENTATION: Final = "CALLERID(num-pres)"
_RESTRICTED: Final = 0x20
_NOT_AVAILABLE: Final = 0x43


class Variables(Protocol):
    """Where a channel's variables are read: `AriClient`."""

    async def variable(self, channel_id: str, variable: str) -> str | None:
        """Read a channel variable or function."""
        ...


class Door:
    """Who may come in."""

    def __init__(
        self, lists: BlockLists, variables: Variables, local_date: Callable[[], datetime.date] = today
    ) -> None:
        self._lists = lists
        self._variables = variables
        self._local_date = local_date

    async def turned_away(self, channel: Channel) -> Screening | None:
        """Return why a caller is turned away, or None for all others; never raises."""
        try:
            blocked = await self._lists.current()
            # Only a list that wants no hidden numbers makes the caller wait for one more question
            presentation = await self._presentation(channel) if blocked.content.anonymous == "block" else 0
            screening = blocked.screen(channel.caller.number, self._local_date(), presentation)
        except Exception:  # whatever is wrong with a list, callers come in
            logger.exception("caller not screened", extra={"channel_id": channel.id})
            return None
        return screening if screening.verdict is Verdict.BLOCKED else None

    async def _presentation(self, channel: Channel) -> int:
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                told = await self._variables.variable(channel.id, _PRESENTATION) or ""
        except (AriError, TimeoutError):
            return 0
        return presentation_of(told)


def presentation_of(words: str) -> int:
    """Return the bits for Asterisk's words of a presentation (main/callerid.c: prohib_passed_screen, unavailable …)."""
    if words.startswith("prohib"):
        return _RESTRICTED
    return _NOT_AVAILABLE if words == "unavailable" else 0
