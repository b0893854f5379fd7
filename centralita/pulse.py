"""The signs of life of `calls`, as `up` hears them: the heartbeat of its live stream.

It is the very heartbeat by which `guard` judges. What `guard` takes for dead and relieves of its callers must not be
left running by `up`.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Final

from ari_app.live_client import LiveAddress, LiveClient, LiveError
from ari_app.live_events import BadLiveMessage, Heartbeat, Snapshot

_RECONNECT_SECONDS: Final = 0.25


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
