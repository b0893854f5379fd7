"""The ports between a call and the machines that hear, think and speak.

Every adapter passes `tests/loopback/engines/test_engine_contracts.py`. Cancelling the awaiting task cancels the work; a
deadline is the caller's (`asyncio.timeout`), so an adapter never invents its own. Errors:

EngineError
├── EngineUnavailable   not running, or the connection broke            retryable
├── EngineBusy          bounded queue is full: try another or say so    retryable
├── EngineFailed        it ran and broke on this input
└── BadEngineAnswer     it answered, but not what its contract promises
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from vocabulary.errors import CentralitaError
from vocabulary.speech import SpokenPiece, Transcript
from vocabulary.thought import MindEvent, Thought


class EngineError(CentralitaError):
    """Base of what can go wrong in an engine; never raised itself."""

    def __init__(self, engine: str, reason: str) -> None:
        super().__init__(f"{engine}: {reason}")
        self.engine = engine
        self.reason = reason


class EngineUnavailable(EngineError):
    """The engine is not running or cannot be reached."""

    retryable = True


class EngineBusy(EngineError):
    """The engine's queue is full."""

    retryable = True


class EngineFailed(EngineError):
    """The engine ran and broke on this input."""


class BadEngineAnswer(EngineError):
    """The engine answered something its contract does not allow."""


@dataclass(frozen=True, slots=True)
class EngineHealth:
    """What `centralita health` shows of one engine."""

    engine: str
    """The port and the adapter, like `stt:tiny`."""
    is_ready: bool
    model: str = ""
    device: str = "cpu"
    detail: str = ""
    """For people: what is missing and what to do about it."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A piece of the caller's speech, with a little silence around it."""

    pcm: bytes
    """Mono 16 bit little endian."""
    rate: int
    """Hertz."""
    language: str = "es"
    hints: tuple[str, ...] = ()
    """Words likely in this agent's calls (names, products); an ear may ignore them."""


class Ear(Protocol):
    """Speech to text."""

    async def transcribe(self, utterance: Utterance) -> Transcript:
        """Return the words, or `NOT_UNDERSTOOD` for what is no speech of ours.

        Raises: EngineError.
        """
        ...

    async def health(self) -> EngineHealth: ...


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """One sentence to be spoken."""

    text: str
    rate: int
    """Hertz of the sound wanted."""
    language: str = "es"
    voice: str = ""
    """The adapter's own name for a voice; "" is its default for the language."""
    speed: float = 1.0
    """1 is the voice's normal speed."""


class Mouth(Protocol):
    """Text to speech."""

    def speak(self, request: SpeechRequest) -> AsyncIterator[SpokenPiece]:
        """Yield the sentence's sound piece by piece, the first as early as possible.

        Raises: EngineError.
        """
        ...

    async def health(self) -> EngineHealth: ...


class Mind(Protocol):
    """What to say next."""

    def think(self, thought: Thought) -> AsyncIterator[MindEvent]:
        """Stream the answer; closing the iterator stops the thinking.

        Raises: EngineError.
        """
        ...

    async def health(self) -> EngineHealth: ...


class VoiceDetector(Protocol):
    """Is this frame a voice? One object for all calls; called from the loop, so it answers in microseconds."""

    def open(self, rate: int) -> "VoiceTrack":
        """Begin listening to one more caller."""
        ...

    def health(self) -> EngineHealth: ...


class VoiceTrack(Protocol):
    """The voice detector's state for one caller."""

    def is_voice(self, frame: bytes) -> bool:
        """Judge the next 20 ms frame; may lag one frame behind when a model runs beside the loop."""
        ...

    def close(self) -> None: ...
