"""The state of a dialogue: who has to act, and everything that survives a crash of the process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from conversation.expectation import Expectation, Expected
from conversation.expectation_json import expectation_from_json, expectation_to_json
from conversation.history import History
from conversation.orders import Transfer
from conversation.understanding import Understanding

_STORED_VERSION: Final = 1


class DialogueState(Enum):
    """Who has to act."""

    LISTENING = "listening"
    """The caller."""
    THINKING = "thinking"
    """The mind."""
    WORKING = "working"
    """A tool; the mind goes on with its result."""
    TRANSFERRING = "transferring"
    """The person we are ringing."""
    ENDED = "ended"
    """Nobody; every further fact is answered with nothing."""


@dataclass(slots=True)
class KeptState:
    """What a dialogue knows beyond the turn at hand."""

    memory: Mapping[str, Any]
    """What the mind asked to remember, JSON values."""
    state: DialogueState = DialogueState.LISTENING
    history: History = field(default_factory=History)
    expectation: Expected = Expectation.OPEN
    """What our last question asks for."""
    last_speech_id: int = 0
    last_thought_id: int = 0
    last_tool_number: int = 0
    misses: int = 0
    """Turns not understood, in a row."""
    is_person_offered: bool = False
    """We asked whether a person is wanted, and the answer is still to come."""
    transfer: Transfer | None = None
    """Under way."""
    understanding: Understanding = field(default_factory=Understanding)
    """What the caller's turns told beyond their words."""

    def to_json(self, agent: str) -> dict[str, Any]:
        """Return everything as JSON values."""
        transfer = self.transfer
        return {
            "version": _STORED_VERSION,
            "agent": agent,
            "state": self.state.value,
            "history": self.history.to_json(),
            "memory": dict(self.memory),
            "expectation": expectation_to_json(self.expectation),
            "last_speech_id": self.last_speech_id,
            "last_thought_id": self.last_thought_id,
            "last_tool_number": self.last_tool_number,
            "misses": self.misses,
            "is_person_offered": self.is_person_offered,
            "transfer": None if transfer is None else [transfer.target_id, transfer.kind, transfer.summary],
            "understanding": self.understanding.to_json(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "KeptState":
        """Return what `to_json` stored. Raises: ValueError, KeyError or TypeError for anything else."""
        if stored["version"] != _STORED_VERSION:
            raise ValueError("stored by another version")
        return cls(
            memory=dict(stored["memory"]),
            state=DialogueState(stored["state"]),
            history=History.from_json(stored["history"]),
            expectation=expectation_from_json(stored["expectation"]),
            last_speech_id=int(stored["last_speech_id"]),
            last_thought_id=int(stored["last_thought_id"]),
            last_tool_number=int(stored["last_tool_number"]),
            misses=int(stored["misses"]),
            is_person_offered=bool(stored["is_person_offered"]),
            transfer=None if stored["transfer"] is None else Transfer(*stored["transfer"]),
            # Absent in what an older release left behind.
            understanding=Understanding.from_json(stored["understanding"])
            if "understanding" in stored
            else Understanding(),
        )
