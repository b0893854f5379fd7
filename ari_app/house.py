"""What every call needs and none owns: Asterisk, engines, recordings, the live stream; and what an agent is like."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ari_app.call_file import CallFolder
from ari_app.client import AriClient
from ari_app.live import LiveStream
from ari_app.pbx_knowledge import NothingKnown, PbxKnowledge
from ari_app.speaking import Prompts, Voice
from audio_socket.leg import MediaServer
from conversation.dialogue_settings import DialogueSettings
from conversation.tools import ToolRunner
from conversation.turn_settings import TurnSettings
from engines.base import Ear, Mind, Mouth, VoiceDetector
from storage.recordings import RecordingLayout, RecordingWriter
from vocabulary.audio import NARROWBAND, AudioFormat
from vocabulary.speech import Correction


class Proofreading(Protocol):
    """Repairs known mishearings."""

    def correct(self, text: str) -> Correction: ...


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the dialplan; all empty: the priority after `Stasis()`."""

    context: str = ""
    extension: str = ""
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where a caller may be sent, and how the person there is rung."""

    target_id: str
    place: Place
    endpoint: str = ""
    """What to ring for a warm transfer: `PJSIP/200`, `Local/200@centralita-people`."""
    ring_seconds: int = 20
    queue: str = ""
    """Asterisk's name of the queue it leads to: nobody is sent into one where nobody is."""
    may_wait: bool = False
    """Into a queue where everybody is busy, callers are sent all the same."""


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """An agent as a call needs it."""

    name: str
    language: str
    voice: Voice
    mind: Mind
    proofreader: Proofreading
    dialogue: DialogueSettings
    turns: TurnSettings = field(default_factory=TurnSettings)
    targets: Mapping[str, Target] = field(default_factory=dict)
    fallback: Place = field(default_factory=Place)
    hints: tuple[str, ...] = ()
    """Words the ear should expect."""
    max_call_seconds: float = 1800.0
    """Then a person takes over."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long we wait for engines and tools, in seconds, before the caller hears something else."""

    stt: float = 4.0
    llm: float = 8.0
    """For the next piece of an answer."""
    tts: float = 2.0
    tool: float = 6.0
    patience: float = 1.8
    """Silence after the caller's turn before "one moment, please"."""


@dataclass(frozen=True, slots=True)
class House:
    """The services of one `calls` process."""

    ari: AriClient
    media: MediaServer
    ear: Ear
    mouth: Mouth
    voices: VoiceDetector
    prompts: Prompts
    tools: ToolRunner
    recordings: RecordingWriter
    layout: RecordingLayout
    live: LiveStream
    folder: CallFolder
    disk: ThreadPoolExecutor
    """One thread: small files are written in the order in which they were handed over."""
    audio: AudioFormat = NARROWBAND
    deadlines: Deadlines = field(default_factory=Deadlines)
    pbx: PbxKnowledge = field(default_factory=NothingKnown)


ReleaseReason = Literal["shutdown", "trouble", "dialogue"]
