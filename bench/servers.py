"""What is put under load: the whole `calls` process with a scripted Asterisk around it, or the floor, each on one core.

Both take callers one by one (`take_callers`) and let the latest go again (`let_go`), so that one process can be asked
with how many it still keeps time.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID, uuid4

from ari_app.live_client import LiveAddress, LiveClient, LiveUnreachable
from ari_app.live_events import TurnTaken
from ari_app.scripted import ScriptedAri
from bench.load import Load
from bench.voices import Voices
from centralita.child import READY_VARIABLE
from provisioning.free_ports import free_tcp_port

_START_SECONDS: Final = 30.0
_LEG_SECONDS: Final = 15.0
_TOKEN: Final = "bench"
_ROOT: Final = Path(__file__).resolve().parent.parent
_AGENT: Final = "telecom"
_STATE_FOLDERS: Final = ("run", "data", "agents/banks")
_EVENT_KINDS: Final = ("heartbeat", "turn")
"""What `guard` watches, and what the product itself thinks of its latency."""


class Server(Protocol):
    """Something that answers callers."""

    pid: int

    async def take_callers(self, count: int) -> None:
        """Have so many more callers. Raises: TimeoutError when one is not answered."""
        ...

    async def let_go(self, count: int) -> None:
        """End the latest so many calls."""
        ...


class FloorServer:
    """The talking floor: a leg needs no call around it."""

    def __init__(self, pid: int, port: int, load: Load) -> None:
        self.pid = pid
        self._port = port
        self._load = load

    async def take_callers(self, count: int) -> None:
        """Connect legs, spread over time as callers are."""
        for _ in range(count):
            self._load.connect(self._port, uuid4())
            await asyncio.sleep(0.005)

    async def let_go(self, count: int) -> None:
        """Close the latest legs."""
        self._load.leave(count)


class CallsServer:
    """The `calls` process and the scripted Asterisk that hands it callers."""

    def __init__(self, pid: int, ari: ScriptedAri, load: Load, *, call_seconds: float) -> None:
        """`call_seconds` pass between one new caller and the next: opening a call is work, too."""
        self.pid = pid
        self.own_latencies_ms: list[float] = []
        """What the product says of each turn: our share beside the silence it chose and the engines."""
        self._ari = ari
        self._load = load
        self._call_seconds = call_seconds
        self._callers: list[str] = []
        self._legs = 0
        self._requests_seen = 0

    async def take_callers(self, count: int) -> None:
        """Let callers in and connect the media legs that are asked for."""
        wanted = self._legs + count
        ringing = asyncio.create_task(self._ring(count))
        try:
            async with asyncio.timeout(count * self._call_seconds + _LEG_SECONDS):
                while self._legs < wanted:
                    async with self._ari.changed:
                        await self._ari.changed.wait()
                    self._connect_legs()
        finally:
            ringing.cancel()

    async def let_go(self, count: int) -> None:
        """Hang up; `calls` closes the media connections of calls that are over."""
        for channel_id in self._callers[-count:]:
            self._ari.end(channel_id)
            await asyncio.sleep(self._call_seconds / 2)
        del self._callers[-count:]
        self._legs -= count

    async def listen_in(self, address: LiveAddress) -> None:
        """Watch the live stream until cancelled, as `guard` and a dashboard do."""
        with contextlib.suppress(LiveUnreachable):
            async with LiveClient(address).events(_EVENT_KINDS) as events:
                async for event in events:
                    if isinstance(event, TurnTaken) and event.latency is not None:
                        self.own_latencies_ms.append(event.latency.own_ms)

    async def _ring(self, count: int) -> None:
        for _ in range(count):
            channel_id = f"bench-{uuid4().hex[:12]}"
            self._callers.append(channel_id)
            self._ari.call_in(channel_id, _AGENT, "100")
            await asyncio.sleep(self._call_seconds)

    def _connect_legs(self) -> None:
        requests = self._ari.requests
        for request in requests[self._requests_seen :]:
            if request.path == "/channels/externalMedia":
                asked = {**(request.body or {}), **request.query}
                port = int(asked["external_host"].rpartition(":")[2])
                self._load.connect(port, UUID(asked["data"]))
                self._legs += 1
        self._requests_seen = len(requests)


@contextlib.asynccontextmanager
async def floor_server(load: Load, voices: Voices, folder: Path, core: int) -> AsyncIterator[FloorServer]:
    """Run the floor."""
    port = free_tcp_port()
    answer = folder / "answer.pcm"
    answer.write_bytes(voices.answer)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.talking_floor", str(port), str(answer), str(core), cwd=_ROOT
    )
    try:
        await _until_listening(port)
        yield FloorServer(process.pid, port, load)
    finally:
        await _end(process)


@contextlib.asynccontextmanager
async def calls_server(
    load: Load, voices: Voices, folder: Path, core: int, *, detector: str, max_calls: int, call_seconds: float
) -> AsyncIterator[CallsServer]:
    """Run `calls`; `detector` is the setting `voice.detector`."""
    answer = folder / "answer.pcm"
    answer.write_bytes(voices.answer)
    events_port = free_tcp_port()
    async with ScriptedAri() as ari:
        settings = _write_settings(folder, ari.address.url, events_port, detector, max_calls)
        process = await _start_calls(settings, answer, core)
        server = CallsServer(process.pid, ari, load, call_seconds=call_seconds)
        listening = asyncio.create_task(server.listen_in(LiveAddress(events_port, _TOKEN)))
        try:
            yield server
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await _end(process)


def _write_settings(folder: Path, ari_url: str, events_port: int, detector: str, max_calls: int) -> Path:
    for name in _STATE_FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(_ROOT / "agents" / f"{_AGENT}.toml", folder / "agents")
    shutil.copytree(_ROOT / "agents" / "banks", folder / "agents" / "banks", dirs_exist_ok=True)
    (folder / "customers.toml").write_text("")
    path = folder / "centralita.toml"
    model = _ROOT / ".cache" / "silero" / "silero_vad.onnx"
    path.write_text(
        f"""
[asterisk]
ari_url = "{ari_url}"
ari_user = "user"
ari_password = "env:CENTRALITA_ARI_PASSWORD"

[audio_socket]
max_calls = {max_calls}

[voice]
detector = "{detector}"
model = "{model}"

[agents]
default = "{_AGENT}"

[storage]
customers = "customers.toml"

[events]
port = {events_port}
token = "env:CENTRALITA_EVENTS_TOKEN"

[run]
log_level = "warning"
"""
    )
    return path


async def _start_calls(settings: Path, answer: Path, core: int) -> asyncio.subprocess.Process:
    ready, tell = os.pipe()
    log = (settings.parent / "calls.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.calls_under_load", "--settings", str(settings), "--answer", str(answer), "--core", str(core)),
        cwd=_ROOT,
        pass_fds=(tell,),
        stderr=log,
        env=os.environ
        | {READY_VARIABLE: str(tell), "CENTRALITA_ARI_PASSWORD": "secret", "CENTRALITA_EVENTS_TOKEN": _TOKEN},
    )
    os.close(tell)
    log.close()
    try:
        async with asyncio.timeout(_START_SECONDS):
            line = await asyncio.to_thread(os.read, ready, 16)
    finally:
        os.close(ready)
    if not line:
        said = (settings.parent / "calls.log").read_text(errors="replace")
        raise RuntimeError(f"the `calls` process ended before it was ready:\n{said}")
    return process


async def _until_listening(port: int) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(5.0):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
