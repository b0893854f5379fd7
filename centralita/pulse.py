"""The signs of life of `calls` and `agi`, as `up` hears them.

Of `calls` it is the heartbeat of its live stream, by which `guard` judges too. What `guard` takes for dead and relieves
of its callers must not be left running by `up`. `agi` is asked as Asterisk would ask it.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Final

from ari_app.agi_pulse import AgiBusy, AgiSilent, feel_pulse
from ari_app.live_client import LiveAddress, LiveClient, LiveError
from ari_app.live_events import BadLiveMessage, Heartbeat, Snapshot

_RECONNECT_SECONDS: Final = 0.25
_AGI_SECONDS: Final = 1.0
"""Between two questions to `agi`, and the patience for an answer."""


async def pulse_of_calls(address: LiveAddress) -> AsyncGenerator[int, None]:
    """Yield the pid of the `calls` that serves the live stream, with each of its heartbeats; never ends by itself."""
    client = LiveClient(address)
    while True:
        # Whatever is wrong with the stream, it is then silent: that is all there is to say here
        with contextlib.suppress(LiveError, BadLiveMessage):
            async with client.events(kinds=(Heartbeat.type,)) as events:
                async for event in events:
                    if isinstance(event, Snapshot | Heartbeat):
                        yield event.pid
        await asyncio.sleep(_RECONNECT_SECONDS)


async def pulse_of_agi(host: str, port: int) -> AsyncGenerator[int, None]:
    """Yield the pid of the `agi` that answers there, about once a second; never ends by itself."""
    pid: int | None = None
    while True:
        try:
            pid = await feel_pulse(host, port, _AGI_SECONDS)
        except AgiBusy:  # it has no room for our question: busy is not dead
            pass
        except AgiSilent:
            pid = None
        if pid is not None:
            yield pid
        await asyncio.sleep(_AGI_SECONDS)
