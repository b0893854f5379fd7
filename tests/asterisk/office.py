"""The words in which tests speak of calls: an office with a private Asterisk and the whole product beside it."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

import numpy as np

from ari_app.live_client import LiveUnreachable
from ari_app.live_events import LiveEvent, TurnTaken
from ari_app.rest import AriRest
from centralita.calls import ari_address
from centralita.demo.stage import CHECKOUT, Stage
from engines.base import SpeechRequest
from engines.speech.client import SpeechClient
from softphone import Phone
from softphone.codecs import ALAW, ULAW, Codec

E = TypeVar("E", bound=LiveEvent)
CALLER_VOICE = "es+m3"
BALANCE_CALLER = "600100200"
"""Ana García of the example customers: 45,50 euros, due on 15 February."""
TELECOM = "5551001"


@dataclass
class Office:
    """What a test needs of a stage, in the words of a call."""

    stage: Stage
    events: list[LiveEvent] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    @asynccontextmanager
    async def watching(cls, stage: Stage) -> AsyncIterator[Self]:
        """An office that hears the live events for as long as the block runs."""
        office = cls(stage)
        watching = asyncio.create_task(office._watch(), name="office watches")
        try:
            yield office
        finally:
            watching.cancel()

    async def voice(self, text: str, rate: int = 8000) -> bytes:
        """A synthetic caller says this."""
        request = SpeechRequest(text, rate, "es", CALLER_VOICE)
        async with SpeechClient(self.stage.settings.speech.socket) as speech:
            await speech.connected()
            return b"".join([piece.pcm async for piece in speech.mouth.speak(request)])

    async def phone(self, user: str = "caller", codecs: Sequence[Codec] = (ALAW, ULAW)) -> Phone:
        """A line: the anonymous caller's, or a person's, registered."""
        password = None if user == "caller" else self.stage.password(user)
        phone = await Phone.open(self.stage.asterisk.sip_address, user, password, codecs=codecs)
        if password:
            await phone.register()
        return phone

    async def tell(self, event: type[E], is_it: Callable[[E], bool] = lambda event: True, seconds: float = 45) -> E:
        """Wait until `calls` tells (or has told, since the last `forget`) of such an event."""
        async with asyncio.timeout(seconds):
            while True:
                for one in self.events:
                    if isinstance(one, event) and is_it(one):
                        return one
                self._news.clear()
                await self._news.wait()

    def forget(self) -> None:
        """Only what happens from now on counts."""
        self.events.clear()

    async def _watch(self) -> None:
        """Collect events for as long as the stage stands, over restarts of `calls`."""
        while True:
            with suppress(LiveUnreachable):
                async with self.stage.live().events() as events:
                    async for event in events:
                        if event.type != "heartbeat":
                            self.events.append(event)
                            self._news.set()
            await asyncio.sleep(0.05)

    async def asterisk_is_empty(self, seconds: float = 90) -> None:
        """Wait until no channel and no bridge is left in Asterisk."""
        async with AriRest(ari_address(self.stage.settings)) as ari, asyncio.timeout(seconds):
            while await ari.list_channels() or await ari.list_bridges():
                await asyncio.sleep(0.05)

    def recording(self, call_id: str) -> Path:
        return self.stage.settings.storage.local_path / "audio" / f"rec_{call_id}.wav"

    def log(self) -> str:
        """What the processes have said so far."""
        return (self.stage.folder / "centralita.log").read_text(encoding="utf-8")


def brief_agents(folder: Path) -> Path:
    """The example agents with a greeting that does not cost every test four seconds."""
    agents = folder / "agents"
    shutil.copytree(CHECKOUT / "agents", agents)
    telecom = agents / "telecom.toml"
    lines = telecom.read_text(encoding="utf-8").splitlines()
    brief = ['greeting = "Telecom Norte, le atiende Marta."' if line.startswith("greeting") else line for line in lines]
    telecom.write_text("\n".join(brief), encoding="utf-8")
    return agents


def strength(pcm: bytes, rate: int, hertz: float) -> float:
    """How much of the sound (0 to 1, of its energy) lies within 20 Hz of a tone."""
    sound = np.frombuffer(pcm, "<i2").astype(float)
    if not len(sound):
        return 0.0
    power = np.abs(np.fft.rfft(sound)) ** 2
    bins = np.fft.rfftfreq(len(sound), 1 / rate)
    return float(power[np.abs(bins - hertz) < 20].sum() / max(power.sum(), 1.0))


def agent(words: str) -> Callable[[TurnTaken], bool]:
    """We said this."""
    return lambda turn: turn.speaker == "agent" and words in turn.text


def caller(words: str) -> Callable[[TurnTaken], bool]:
    """The caller said this, as we understood it."""
    return lambda turn: turn.speaker == "caller" and words in turn.text


async def soon(condition: Callable[[], bool] | Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Wait until something outside our event loop is so; only for what tells nobody when it changes."""
    async with asyncio.timeout(seconds):
        while True:
            result = condition()
            if result is True or (not isinstance(result, bool) and await result):
                return
            await asyncio.sleep(0.02)
