"""What a mind is asked and what it says: the words between a dialogue and whatever thinks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

EXPECTS: Final = "expects"
"""Key of a mind's memory where it says what its question asks for: {"kind": "open" | "yes_no" | "number" | "email" |
"spelling"} or {"kind": "digits", "max_digits": n}. Whoever keeps the memory reads it; a mind need not write it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One line of the conversation as a mind sees it."""

    role: Literal["caller", "agent", "tool"]
    text: str
    """For the agent: only what the caller really heard."""
    tool: str = ""
    """Name of the tool whose result this is."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as it is offered to a mind."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON Schema of the arguments object."""


@dataclass(frozen=True, slots=True)
class Thought:
    """What a mind is asked: everything it may know, so that minds keep no state between turns."""

    agent: str
    """Name of the agent."""
    language: str
    history: Sequence[Message]
    """Oldest first; the last one is what is to be answered (caller or tool)."""
    tools: Sequence[ToolSpec] = ()
    memory: Mapping[str, Any] = field(default_factory=dict)
    """What this mind asked to remember in this call (JSON values): slots, step of a script."""
    guidance: str = ""
    """What to mind in this answer beside the agent's persona, in its language: belongs behind the system prompt."""
    mood: str = "neutral"
    """Of the caller's last turn, for minds that read no prose: frustrated, confused, neutral, positive."""
    issues: Sequence[str] = ()
    """What goes wrong, for the same minds: repeated_question, user_frustrated, explicit_escalation, user_confused."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The answer's next letters."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolWish:
    """The mind wants a tool to be called; its result comes back as a `tool` message of a new `Thought`."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MemoryKept:
    """What the mind wants to find in `Thought.memory` next time; replaces the old memory."""

    memory: Mapping[str, Any]


MindEvent = TextDelta | ToolWish | MemoryKept
