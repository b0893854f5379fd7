"""What the dialogue wants done. Orders are carried out one after the other, in the order they were given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from conversation.expectation import Expectation, Expected
from vocabulary.thought import Thought

TransferKind = Literal["blind", "warm"]


@dataclass(frozen=True, slots=True)
class AskMind:
    """Start thinking; a thinking that is still under way is stopped, nobody wants its answer any more."""

    thought_id: int
    """Goes back with everything the mind says."""
    thought: Thought


@dataclass(frozen=True, slots=True)
class Say:
    """Speak one sentence, after those that wait to be spoken."""

    speech_id: int
    """Goes back with what was heard of it; ascending within a call."""
    text: str
    is_interruptible: bool = True
    """False: let it end, whatever the caller says meanwhile."""
    expectation: Expected = Expectation.OPEN
    """What the caller is expected to answer; the last sentence of a reply decides."""
    is_rehearsed: bool = False
    """One of the agent's fixed sentences: its sound was made beforehand and needs no engine."""


@dataclass(frozen=True, slots=True)
class CallTool:
    """Have a tool do something; comes back, itself, with the outcome."""

    number: int
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the caller over, after everything before has been spoken."""

    target_id: str
    kind: TransferKind
    summary: str = ""
    """One sentence for the person who takes the call."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call, after everything before has been spoken."""


@dataclass(frozen=True, slots=True)
class FallBack:
    """We cannot go on: the agent's fallback in the dialplan takes the caller, after everything before was spoken."""

    reason: str
    """For the log: constant words, nothing the caller said."""


Order = AskMind | Say | CallTool | Transfer | HangUp | FallBack
