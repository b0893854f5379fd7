"""One call as it is performed: the play's hands and ears while it lasts, and all that is known of it afterwards."""

import asyncio
import wave
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from ari_app.live_events import CallEnded, CallStarted, LiveEvent, TransferChanged
from centralita.demo.callers import PhoneSound, Saying, Speaker, telephone
from centralita.demo.scenarios import Scenario
from centralita.demo.sound import StereoRecording, Track
from engines.base import EngineError, Mouth
from softphone.call import SoftphoneError
from softphone.phone import Phone
from storage.recordings import RecordingLayout, read_json

_RING_SECONDS: Final = 1.5
"""A colleague lets it ring for so long."""
_SCENE_SECONDS: Final = 60.0
_WAIT_SECONDS: Final = 25.0
_RECORDS_SECONDS: Final = 5.0


@dataclass(slots=True)
class Performance:
    """What is known of one call."""

    scenario: Scenario
    trouble: str = ""
    """Why the play could not be played to its end; empty when it was."""
    call_id: str = ""
    started_at: float = 0.0
    """Unix time; the call's own seconds count from here."""
    events: list[LiveEvent] = field(default_factory=list)
    sayings: list[Saying] = field(default_factory=list)
    caller_sound: PhoneSound | None = None
    colleague_sound: PhoneSound | None = None
    caller_hung_up_first: bool | None = None
    colleague_hung_up_first: bool | None = None
    transcript: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    recording: StereoRecording | None = None
    files: dict[str, str] = field(default_factory=dict)
    """Kind of file, and its name in the output folder."""

    @property
    def turns(self) -> list[dict[str, Any]]:
        """The transcript's turns."""
        turns: list[dict[str, Any]] = self.transcript.get("turns", [])
        return turns

    @property
    def latencies(self) -> list[dict[str, float]]:
        """Every answer's latency by stage, in milliseconds."""
        return [turn["latency"] for turn in self.turns if "latency" in turn]

    @property
    def ending(self) -> str:
        """How the product says it ended."""
        return next((event.ending for event in self.events if isinstance(event, CallEnded)), "")

    def transfer_at(self, state: str) -> float | None:
        """Seconds into the call at which the transfer reached this state."""
        times = (event.at for event in self.events if isinstance(event, TransferChanged) and event.state == state)
        at = next(times, None)
        return None if at is None else at - self.started_at

    def said_by(self, name: str) -> list[Saying]:
        return [saying for saying in self.sayings if saying.speaker == name]

    def track(self, sound: PhoneSound | None, side: str) -> Track:
        """What a telephone `sent` or `heard`, on the call's clock."""
        if sound is None:
            return Track.of_pcm(b"", 8000)
        return Track.of_pcm(sound.sent if side == "sent" else sound.heard, sound.rate, sound.began_at - self.started_at)

    def read_records(self, layout: RecordingLayout) -> None:
        """Take what the product wrote. Raises: OSError, ValueError when it is not there or not whole."""
        self.transcript = read_json(layout.transcript(self.call_id))
        self.metadata = read_json(layout.metadata(self.call_id))
        self.recording = StereoRecording.read(layout.audio(self.call_id))


Listener = Callable[[Scenario, LiveEvent | Saying | str], None]
"""Told of everything that happens in a call; a text is about the telephones themselves."""


class LiveScene:
    """Plays one scenario on real telephones."""

    def __init__(self, scenario: Scenario, server: tuple[str, int], mouth: Mouth, listener: Listener) -> None:
        self.performance = Performance(scenario)
        self._scenario = scenario
        self._server = server
        self._mouth = mouth
        self._listener = listener
        self._connected = asyncio.Event()
        self._ended = asyncio.Event()
        self._caller_phone: Phone | None = None
        self._colleague_phone: Phone | None = None
        self._caller: Speaker | None = None
        self._colleague: Speaker | None = None

    async def prepare(self, stack: AsyncExitStack, password: str | None) -> None:
        """Put the telephones on the table; `password` is the colleague's."""
        scenario = self._scenario
        self._caller_phone = await stack.enter_async_context(telephone(self._server, "caller"))
        if scenario.colleague is not None and password is not None:
            phone = telephone(self._server, scenario.colleague.number, password)
            self._colleague_phone = await stack.enter_async_context(phone)

    async def perform(self) -> None:
        """Play it; what goes wrong on the telephones ends this call only, and is noted."""
        performance = self.performance
        try:
            async with asyncio.timeout(_SCENE_SECONDS):
                await self._scenario.play(self)
        except (TimeoutError, ConnectionError, SoftphoneError, EngineError) as error:
            performance.trouble = str(error) or "the call took too long"
        finally:
            for speaker in (self._caller, self._colleague):
                if speaker is not None:
                    await speaker.call.hang_up()
        if performance.call_id:
            try:
                async with asyncio.timeout(_RECORDS_SECONDS):
                    await self._ended.wait()
            except TimeoutError:
                performance.trouble = performance.trouble or "the product did not end its part of the call"

    def collect(self) -> Performance:
        """Take what the telephones kept. Only when all calls are over: it computes, and others' sound would wait."""
        performance = self.performance
        if self._caller is not None:
            performance.caller_sound = self._caller.sound()
            performance.caller_hung_up_first = self._caller.hung_up_first
        if self._colleague is not None:
            performance.colleague_sound = self._colleague.sound()
            performance.colleague_hung_up_first = self._colleague.hung_up_first
        return performance

    def take(self, event: LiveEvent) -> None:
        """An event of this call."""
        performance = self.performance
        performance.events.append(event)
        match event:
            case CallStarted():
                performance.call_id, performance.started_at = event.call_id, event.at
            case TransferChanged(state="connected"):
                self._connected.set()
            case CallEnded():
                self._ended.set()
            case _:
                pass
        self._listener(self._scenario, event)

    # ── what the play asks for ──

    async def call(self) -> Speaker:
        assert self._caller_phone is not None
        who = self._scenario.caller
        self._listener(self._scenario, f"{who.name} rings {self._scenario.did}")
        call = await self._caller_phone.call(self._scenario.did, caller_number=who.number)
        call.media.start_sending()
        self._caller = Speaker(who, call, self._mouth, self._note)
        return self._caller

    async def colleague_answers(self) -> Speaker:
        assert self._colleague_phone is not None
        assert self._scenario.colleague is not None
        who = self._scenario.colleague
        async with asyncio.timeout(_WAIT_SECONDS):
            call = await self._colleague_phone.incoming()
        call.ring()
        self._listener(self._scenario, f"extension {who.number} rings")
        await asyncio.sleep(_RING_SECONDS)
        await call.answer()
        self._listener(self._scenario, f"extension {who.number} answers")
        self._colleague = Speaker(who, call, self._mouth, self._note)
        return self._colleague

    async def connected(self) -> None:
        async with asyncio.timeout(_WAIT_SECONDS):
            await self._connected.wait()

    def _note(self, saying: Saying) -> None:
        self.performance.sayings.append(saying)
        self._listener(self._scenario, saying)


def save_phone_sound(sound: PhoneSound, path: Path) -> None:
    """Write a stereo WAV: what the telephone sent left, what it heard right. Does file I/O."""
    sides = [np.frombuffer(pcm, "<i2") for pcm in (sound.sent, sound.heard)]
    length = max(map(len, sides))
    padded = [np.pad(side, (0, length - len(side))) for side in sides]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(sound.rate)
        file.writeframes(np.stack(padded, axis=1).astype("<i2").tobytes())
