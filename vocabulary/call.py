"""A call, its ends and its turns."""

from dataclasses import dataclass
from enum import Enum


class Ending(Enum):
    """Why our part of a call was over."""

    CALLER_HUNG_UP = "caller_hung_up"
    AGENT_HUNG_UP = "agent_hung_up"
    """The dialogue came to its end and we said goodbye."""
    TRANSFERRED = "transferred"
    """A person has the caller now."""
    FELL_BACK = "fell_back"
    """We could not go on; the dialplan's fallback has the caller now."""
    ABANDONED = "abandoned"
    """Nobody answered our "are you still there?"."""
    FAILED = "failed"
    """Something of ours broke and even the fallback could not be reached."""


@dataclass(frozen=True, slots=True)
class CallIdentity:
    """Who calls whom; fixed from the first event on."""

    call_id: str
    """Ours, unique for ever; also names the recording."""
    channel_id: str
    """Asterisk's id of the caller's channel."""
    agent: str
    """Name of the agent's file, without `.toml`."""
    did: str
    """The number that was dialled, or "" if the dialplan passed none."""
    caller: str
    """The caller's number as presented, or ""."""


@dataclass(frozen=True, slots=True)
class Hangup:
    """How the caller's telephone call ended, as the PBX saw it."""

    cause: int
    """Q.850: 16 normal, 17 busy …; 0: not told."""
    text: str
    """The PBX's words for the cause."""
    by: str
    """caller, callee (the person they were handed to), pbx (we, the dialplan, the console) or unknown."""


@dataclass(frozen=True, slots=True)
class TurnLatency:
    """Where the time went between the caller's last sound and our first, in milliseconds."""

    silence_ms: float
    """Waiting to be sure that the caller had finished: chosen, not suffered."""
    stt_ms: float
    """From the end of the turn to its words (0 when they were ready before)."""
    llm_ms: float
    """From the words to the first sentence of the answer."""
    tts_ms: float
    """From that sentence to its first sound."""
    own_ms: float
    """What is left: ours."""
    total_ms: float
    """From the caller's last sound to our first frame."""
