"""The pulse of `calls` over a real live stream."""

import asyncio
import os
from contextlib import aclosing

from ari_app.live import LiveStream
from ari_app.live_client import LiveAddress
from centralita.pulse import pulse_of_calls
from provisioning.free_ports import free_tcp_port


async def test_it_is_felt_from_the_start_and_over_a_restart() -> None:
    port = free_tcp_port()
    async with asyncio.timeout(20), aclosing(pulse_of_calls(LiveAddress(port, "word"))) as pulse:
        waiting = asyncio.ensure_future(anext(pulse))  # before `calls` is up
        async with LiveStream("word", port=port):
            assert await waiting == os.getpid()
            assert await anext(pulse) == os.getpid()  # the first heartbeat after the snapshot
        waiting = asyncio.ensure_future(anext(pulse))
        async with LiveStream("word", port=port):
            assert await waiting == os.getpid()
