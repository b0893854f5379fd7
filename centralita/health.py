"""`centralita health`: is everything there that a call needs, and if not, what is to be done."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from ari_app.agi_pulse import AgiBusy, AgiSilent, feel_pulse
from ari_app.ami import AmiWatch
from ari_app.blocklist_file import read_block_list
from ari_app.errors import AriError
from ari_app.live_client import LiveAddress, LiveClient
from ari_app.rest import AriRest
from centralita.calls import ami_address, ari_address, events_token
from centralita.health_storage import storage_health
from centralita.process_ids import is_running
from centralita.profiles import profiles_of
from centralita.settings import Settings
from centralita.up import read_report
from engines.base import EngineHealth
from engines.speech.client import SpeechClient
from engines.vad.detector import VadSettings, voice_detector
from engines.vad.webrtc import WebrtcDetector
from vocabulary.errors import CentralitaError, ConfigurationError
from vocabulary.problems import Misconfigured

_PATIENCE_SECONDS: Final = 3.0


async def health_of(settings: Settings) -> list[EngineHealth]:
    """Ask every part; none of them keeps the others waiting."""
    asked: tuple[Callable[[Settings], Awaitable[list[EngineHealth]]], ...] = (
        *(_asterisk, _calls, _speech, _mind),
        *(_agi, _ami, _block_list, storage_health),
    )
    answers = await asyncio.gather(*(ask(settings) for ask in asked))
    return [*(one for answer in answers for one in answer), _guard(settings), _voice(settings)]


async def _asterisk(settings: Settings) -> list[EngineHealth]:
    name = "asterisk"
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), AriRest(ari_address(settings)) as ari:
            version = await ari.version()
    except (AriError, TimeoutError, CentralitaError) as error:
        detail = f"{error or 'no answer'}; check [asterisk] in the settings, ari.conf and http.conf"
        return [EngineHealth(name, is_ready=False, detail=detail)]
    return [EngineHealth(name, is_ready=True, model=version, device=settings.asterisk.ari_url)]


async def _calls(settings: Settings) -> list[EngineHealth]:
    name = "calls"
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            address = LiveAddress(settings.events.port, events_token(settings), settings.events.host)
            async with LiveClient(address).events(kinds=("heartbeat",)) as events:
                snapshot = await anext(events)
    except (CentralitaError, TimeoutError, StopAsyncIteration) as error:
        detail = f"{error or 'no answer'}; is `centralita up` running?"
        return [EngineHealth(name, is_ready=False, detail=detail)]
    calls = len(getattr(snapshot, "calls", ()))
    return [EngineHealth(name, is_ready=True, model=f"{calls} calls", device=f"pid {getattr(snapshot, 'pid', 0)}")]


async def _agi(settings: Settings) -> list[EngineHealth]:
    """Calls are taken without it, but nobody screens them before the dialplan's choice."""
    name, agi = "agi", settings.agi
    if not agi.enabled:
        return []
    try:
        pid = await feel_pulse(agi.host, agi.port, _PATIENCE_SECONDS)
    except (AgiSilent, AgiBusy) as error:
        return [EngineHealth(name, is_ready=False, detail=f"{error}; is `centralita up` running?")]
    return [EngineHealth(name, is_ready=True, model=f"agi://{agi.host}:{agi.port}/entry", device=f"pid {pid}")]


async def _ami(settings: Settings) -> list[EngineHealth]:
    """Asked by a connection of our own: calls are taken without it, but into queues nobody has looked at."""
    name = "ami"
    if not settings.ami.enabled:
        return []
    try:
        async with AmiWatch(ami_address(settings)) as watch:
            await watch.wait_synced(_PATIENCE_SECONDS)
            queues = len(watch.state.queues)
    except CentralitaError as error:
        detail = f"{error}; check [ami] in the settings and manager.conf"
        return [EngineHealth(name, is_ready=False, detail=detail)]
    return [
        EngineHealth(name, is_ready=True, model=f"{queues} queues", device=f"{settings.ami.host}:{settings.ami.port}")
    ]


async def _block_list(settings: Settings) -> list[EngineHealth]:
    name, path = "block list", settings.agi.blocklist
    if path is None:
        return []
    try:
        rules = len(await asyncio.to_thread(read_block_list, path))
    except Misconfigured as error:
        return [EngineHealth(name, is_ready=False, detail=f"{error}; the last good one stays in force")]
    return [EngineHealth(name, is_ready=True, model=f"{rules} rules", device=str(path))]


def _guard(settings: Settings) -> EngineHealth:
    """Calls are taken without it, but nobody would notice when `calls` hangs."""
    name = "guard"
    status = next((one for one in read_report(settings.run.state_folder) if one.name == name), None)
    if status is None or status.pid is None or not status.is_ready or not is_running(status.pid):
        return EngineHealth(name, is_ready=False, detail="not running; is `centralita up` running?")
    return EngineHealth(name, is_ready=True, device=f"pid {status.pid}")


async def _speech(settings: Settings) -> list[EngineHealth]:
    async with SpeechClient(settings.speech.socket) as client:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await client.connected()
                return list(await client.health())
        except TimeoutError:
            detail = f"nobody answers at {settings.speech.socket}; is `centralita up` running?"
            return [EngineHealth("speech", is_ready=False, detail=detail)]


async def _mind(settings: Settings) -> list[EngineHealth]:
    try:
        minds = {id(profile.mind): profile.mind for profile in profiles_of(settings).values()}
    except ConfigurationError as error:
        return [EngineHealth("agents", is_ready=False, detail=str(error))]
    return [await mind.health() for mind in minds.values()]


def _voice(settings: Settings) -> EngineHealth:
    if settings.voice.detector == "webrtc":
        return WebrtcDetector().health()
    default = VadSettings()
    detector = voice_detector(VadSettings(model_path=settings.voice.model or default.model_path))
    try:
        settle = getattr(detector, "settle", None)
        if settle is not None:
            settle()
        return detector.health()
    finally:
        close = getattr(detector, "close", None)
        if close is not None:
            close()
