"""The AGI entry: screens a caller and chooses the agent, for a PBX that asks before it gives us the call.

    AGI(agi://127.0.0.1:4573/entry,${EXTEN})

The dialplan gets CENTRALITA_SCREENED (allowed, blocked, unknown), CENTRALITA_DID and CENTRALITA_AGENT, and decides.
"""

import datetime
import logging
import re
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from ari_app.agi import Session
from ari_app.agi_protocol import AgiRequest
from ari_app.blocklist_file import today
from ari_app.screening import BlockList

logger = logging.getLogger(__name__)

AGENT: Final = "CENTRALITA_AGENT"
SCREENED: Final = "CENTRALITA_SCREENED"
DID: Final = "CENTRALITA_DID"

_NOT_DIALLED: Final = re.compile(r"[^0-9+*#]")
"""The dialplan puts these values into expressions and Goto: nothing but what can be dialled goes in."""
_LONGEST_DID: Final = 32


class BlockLists(Protocol):
    """Where the list in force comes from: `WatchedBlockList`."""

    async def current(self) -> BlockList:
        """Return it, soon."""
        ...


class EntryScreen:
    """What answers agi://…/entry."""

    def __init__(
        self,
        lists: BlockLists,
        agents: Mapping[str, str],
        default_agent: str,
        local_date: Callable[[], datetime.date] = today,
    ) -> None:
        """`agents` by DID as the dialplan passes it; `default_agent` has the others, "" leaves them to the dialplan."""
        self._lists = lists
        self._agents = dict(agents)
        self._default_agent = default_agent
        self._local_date = local_date

    async def run(self, session: Session) -> None:
        """Screen one caller. Raises: AgiError."""
        request = session.request
        did = dialled_number(request)
        screening = (await self._lists.current()).screen(request.caller, self._local_date(), request.presentation)
        agent = self.agent_for(did)
        await session.set_variable(DID, did)
        await session.set_variable(AGENT, agent)
        # Last: the dialplan takes an empty one for "nobody screened", also when we died in between
        await session.set_variable(SCREENED, screening.verdict.value)
        await session.verbose(f"centralita: {screening.verdict.value}, agent {agent or 'none'}")
        logger.info(
            "caller screened",
            extra={
                "verdict": screening.verdict.value,
                "reason": screening.reason,
                "agent": agent,
                "did": did,
                "pii.caller": screening.number,
            },
        )

    def agent_for(self, did: str) -> str:
        """Return who answers a number; with and without its `+` are the same."""
        bare = did.removeprefix("+")
        return self._agents.get(did) or self._agents.get(bare) or self._agents.get(f"+{bare}") or self._default_agent


def dialled_number(request: AgiRequest) -> str:
    """Return the number that was dialled: AGI()'s first argument, else what the network told, else the extension."""
    first = request.arguments[0] if request.arguments else ""
    number = first or request.known("dnid") or request.known("extension")
    return _NOT_DIALLED.sub("", number)[:_LONGEST_DID]
