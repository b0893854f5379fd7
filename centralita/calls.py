"""`python -m centralita.calls`: the process that holds the calls.

It carries the voices, so nothing in it computes a model: ears and mouths live in `speech`, the voice detector's network
runs in a thread of its own. Restarted after a crash it takes its callers back (`ari_app.switchboard`).
"""

import argparse
import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop

from ari_app.ami import AmiAddress
from ari_app.blocklist_file import WatchedBlockList
from ari_app.call_file import CallFolder
from ari_app.client import AriClient
from ari_app.door import Door
from ari_app.house import AgentProfile, Deadlines, House
from ari_app.live import LiveStream
from ari_app.pbx_knowledge import NothingKnown, PbxKnowledge
from ari_app.pbx_watch import PbxWatch
from ari_app.rest import AriAddress, RestLimits
from ari_app.switchboard import Switchboard
from audio_socket.server import AudioSocketServer
from centralita.agents import Agent
from centralita.child import is_spare, tell_ready, wait_until_needed
from centralita.customer_desk import notes_of, opened_customers
from centralita.logs import set_up_logging
from centralita.profiles import profiles_of, rehearsed, script_mind
from centralita.secret import kept_token
from centralita.settings import Settings, load_settings
from centralita.steady import allow_many_files, avoid_pauses, step_back
from centralita.toolbox import CustomerTools
from engines.base import Ear, Mind, Mouth, SpeechRequest, VoiceDetector
from engines.correction.live import refresher
from engines.speech.client import SpeechClient
from engines.tts.prompts import PromptCache
from engines.vad.detector import VadSettings, voice_detector
from engines.vad.webrtc import WebrtcDetector
from storage.recordings import RecordingLayout, RecordingWriter
from vocabulary.audio import AudioFormat
from vocabulary.errors import CentralitaError, ConfigurationError

logger = logging.getLogger(__name__)

_BANKS_SECONDS = 1.0
_WARM_AGAIN_SECONDS = 5.0
_MOUTH_SECONDS = 2.0
"""A mouth that is not there by then is done without: what an earlier run rendered is on disk."""


@dataclass(frozen=True, slots=True)
class Engines:
    """Ear and mouth in use, and how to make the mind of a set of agents."""

    ear: Ear
    mouth: Mouth
    connected: Callable[[], Awaitable[None]]
    """Returns when the mouth can be asked."""
    make_mind: Callable[[Mapping[str, Agent]], Mind] = script_mind


@asynccontextmanager
async def speech_engines(settings: Settings) -> AsyncIterator[Engines]:
    """The engines of the `speech` process."""
    async with SpeechClient(settings.speech.socket) as client:
        yield Engines(client.ear, client.mouth, client.connected)


EnginesOf = Callable[[Settings], contextlib.AbstractAsyncContextManager[Engines]]


async def serve(settings: Settings, engines_of: EnginesOf = speech_engines) -> None:
    """Hold calls until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    async with AsyncExitStack() as stack:
        house, profiles = await _open_house(stack, settings, await stack.enter_async_context(engines_of(settings)))
        allow_many_files()
        avoid_pauses()
        switchboard = Switchboard(
            house,
            lambda name, did: _chosen(profiles, settings, name, did),
            max_calls=settings.audio_socket.max_calls,
            door=_door(stack, settings, house.ari),
        )
        serving = asyncio.create_task(switchboard.serve(), name="switchboard")
        ready = asyncio.create_task(_say_when_ready(house), name="ready")
        banks = asyncio.create_task(_follow_banks(profiles), name="banks")
        stopping = asyncio.create_task(told_to_stop.wait(), name="stop")
        try:
            await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
            await switchboard.close()
        finally:
            for task in (serving, ready, banks, stopping):
                task.cancel()
            await asyncio.gather(serving, ready, banks, stopping, return_exceptions=True)


async def _follow_banks(profiles: Mapping[str, AgentProfile]) -> None:
    """Let calls go on with what people taught the banks, within a second; files are read beside the loop."""
    refresh = refresher(profile.proofreader for profile in profiles.values())
    while True:
        await asyncio.sleep(_BANKS_SECONDS)
        await asyncio.to_thread(refresh)


async def _open_house(
    stack: AsyncExitStack, settings: Settings, engines: Engines
) -> tuple[House, dict[str, AgentProfile]]:
    profiles = profiles_of(settings, engines.make_mind)
    audio = AudioFormat(settings.audio_socket.rate)
    prompts = PromptCache(engines.mouth, settings.run.state_folder / "prompts", engine=settings.speech.mouth)
    needed = rehearsed(profiles, audio.rate)
    # What is on disk is ready at once; the rest is made as soon as the mouth answers.
    warming = asyncio.create_task(_keep_warm(engines, prompts, needed), name="prompts")
    stack.callback(warming.cancel)
    disk = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="disk", initializer=step_back))
    media = await stack.enter_async_context(
        AudioSocketServer(
            settings.audio_socket.host,
            settings.audio_socket.port,
            max_connections=2 * settings.audio_socket.max_calls,
            identify_seconds=settings.audio_socket.identify_seconds,
        )
    )
    live = await stack.enter_async_context(
        LiveStream(events_token(settings), host=settings.events.host, port=settings.events.port)
    )
    ari = await stack.enter_async_context(
        AriClient(ari_address(settings), RestLimits(deadline_seconds=settings.asterisk.request_seconds))
    )
    house = House(
        ari=ari,
        media=media,
        ear=engines.ear,
        mouth=engines.mouth,
        voices=_voices(stack, settings),
        prompts=prompts,
        tools=CustomerTools(await stack.enter_async_context(opened_customers(settings, step_back)), notes_of(settings)),
        recordings=stack.enter_context(RecordingWriter()),
        layout=RecordingLayout(settings.storage.local_path),
        live=live,
        folder=CallFolder(settings.run.state_folder / "calls"),
        disk=disk,
        audio=audio,
        deadlines=Deadlines(
            stt=settings.speech.transcribe_seconds,
            llm=settings.mind.first_words_seconds,
            tts=settings.speech.first_sound_seconds,
            tool=settings.mind.tool_seconds,
            patience=settings.mind.patience_seconds,
        ),
        pbx=await _pbx(stack, settings),
    )
    return house, profiles


async def _pbx(stack: AsyncExitStack, settings: Settings) -> PbxKnowledge:
    """What AMI tells, if it is wanted; nothing that is wrong with it keeps callers from being answered."""
    if not settings.ami.enabled:
        return NothingKnown()
    try:
        address = ami_address(settings)
    except ConfigurationError as error:
        logger.error("calls go on without AMI", extra={"reason": str(error)})
        return NothingKnown()
    return await stack.enter_async_context(PbxWatch(address, in_thread=step_back))


def _door(stack: AsyncExitStack, settings: Settings, ari: AriClient) -> Door | None:
    if settings.agi.blocklist is None:
        return None
    lists = WatchedBlockList(settings.agi.blocklist)
    stack.push_async_callback(lists.close)
    return Door(lists, ari)


def _chosen(profiles: Mapping[str, AgentProfile], settings: Settings, name: str, did: str) -> AgentProfile | None:
    """The dialplan names the agent; where it does not, the number dialled does, or the default."""
    return profiles.get(name or settings.agents.by_did.get(did, settings.agents.default))


def _voices(stack: AsyncExitStack, settings: Settings) -> VoiceDetector:
    voice = settings.voice
    if voice.detector == "webrtc":
        return WebrtcDetector()
    default = VadSettings()
    detector = voice_detector(
        VadSettings(
            model_path=voice.model or default.model_path,
            threshold=voice.threshold,
            release_threshold=max(0.01, voice.threshold - voice.hysteresis),
        )
    )
    close = getattr(detector, "close", None)
    if close is not None:
        stack.callback(close)
    return detector


async def _keep_warm(engines: Engines, prompts: PromptCache, needed: Sequence[SpeechRequest]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_MOUTH_SECONDS):
            await engines.connected()
    while missing := await prompts.warm(needed):
        logger.info("prompts not ready yet", extra={"missing": len(missing)})
        await asyncio.sleep(_WARM_AGAIN_SECONDS)


async def _say_when_ready(house: House) -> None:
    while True:
        with contextlib.suppress(CentralitaError):
            await house.ari.wait_connected(5.0)
            tell_ready()
            logger.info("ready for calls")
            return
        logger.warning("Asterisk does not answer; trying on")


def ari_address(settings: Settings) -> AriAddress:
    """Where Asterisk is. Raises: ConfigurationError when the password cannot be had."""
    asterisk = settings.asterisk
    return AriAddress(asterisk.ari_url, asterisk.ari_user, asterisk.ari_password.resolve(), asterisk.app)


def ami_address(settings: Settings) -> AmiAddress:
    """Where Asterisk's manager interface is. Raises: ConfigurationError when the secret cannot be had."""
    ami = settings.ami
    return AmiAddress(ami.user, ami.password.resolve(), ami.host, ami.port)


def events_token(settings: Settings) -> str:
    """The word that opens the live stream: the one configured, else one made once and kept in the state folder."""
    if settings.events.token is not None:
        return settings.events.token.resolve()
    return kept_token(settings.run.state_folder / "events.token")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the settings and serve; a spare waits in between until it is needed."""
    parser = argparse.ArgumentParser(prog="python -m centralita.calls", description="Hold the calls.")
    parser.add_argument("--settings", type=Path, default=None, help="settings file (default: centralita.toml)")
    found = parser.parse_args(arguments)
    spare = is_spare()
    wait_until_needed()
    try:
        settings = load_settings(found.settings)
        set_up_logging(settings.run.log_level, shows_numbers=settings.run.log_numbers)
        if spare:
            logger.warning("taking over")
        uvloop.run(serve(settings))
    except ConfigurationError as error:
        raise SystemExit(f"centralita: {error}") from None


if __name__ == "__main__":
    main()
