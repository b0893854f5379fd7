"""Whether our AGI server is alive: it is asked as Asterisk would ask it, and says its process id.

us → agi     agi_network: yes ⏎ agi_network_script: pulse ⏎ ⏎
agi → us     VERBOSE "pulse 4711" 3 ⏎
us → agi     200 result=1 ⏎
"""

import asyncio
import os
import re
from typing import Final

from ari_app.agi import Session
from vocabulary.errors import CentralitaError

SCRIPT: Final = "pulse"
_ENVIRONMENT: Final = b"agi_network: yes\nagi_network_script: pulse\n\n"
_PULSE: Final = re.compile(rb'^VERBOSE "?pulse ([0-9]{1,10})\b')
_ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
"""What may be listened on, and where that is asked."""


class AgiSilent(CentralitaError):
    """Nobody answers there, or somebody else does."""


class AgiBusy(CentralitaError):
    """Somebody is there, and closed the connection at once: too many sessions, or we are none of its peers."""


async def answer_pulse(session: Session) -> None:
    """What answers agi://…/pulse. Raises: AgiError."""
    await session.verbose(f"pulse {os.getpid()}")


async def feel_pulse(host: str, port: int, within_seconds: float) -> int:
    """Return the pid of the AGI server that listens on `host`.

    Raises: AgiSilent, AgiBusy.
    """
    where = _ANYWHERE.get(host, host)
    try:
        async with asyncio.timeout(within_seconds):
            reader, writer = await asyncio.open_connection(where, port)
            try:
                writer.write(_ENVIRONMENT)
                line = await reader.readline()
                writer.write(b"200 result=1\n")
                await writer.drain()
            finally:
                writer.close()
    except ConnectionResetError as exc:
        raise AgiBusy(f"agi://{where}:{port} closed the connection") from exc
    except (OSError, TimeoutError, ValueError) as exc:
        raise AgiSilent(f"nobody answers at agi://{where}:{port}") from exc
    if not line:
        raise AgiBusy(f"agi://{where}:{port} closed the connection")
    found = _PULSE.match(line)
    if found is None:
        raise AgiSilent(f"what answers at {where}:{port} is not our AGI server")
    return int(found[1])
