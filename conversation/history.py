"""What was said in one call, line by line; of our own words only what the caller heard.

A sentence of ours gets its place when it is ordered, and its words when it is known what came through.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from vocabulary.thought import Message


@dataclass(slots=True)
class _Line:
    """One line; ours is empty until it is heard."""

    role: Literal["caller", "agent", "tool"]
    text: str
    tool: str = ""
    speech_id: int = 0


class History:
    """The lines, oldest first."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []

    def messages(self) -> tuple[Message, ...]:
        """Return the lines as a mind sees them; what nobody heard is not among them."""
        return tuple(Message(line.role, line.text, line.tool) for line in self._lines if line.text)

    def caller_said(self, text: str) -> None:
        """The caller's words, or keys."""
        self._lines.append(_Line("caller", text))

    def tool_said(self, tool: str, text: str) -> None:
        """What a tool returned."""
        self._lines.append(_Line("tool", text, tool))

    def tool_said_before_caller(self, tool: str, text: str) -> None:
        """What a tool returned when the caller had gone on: it belongs to what came before their last words."""
        last_words = max((at for at, line in enumerate(self._lines) if line.role == "caller"), default=0)
        self._lines.insert(last_words, _Line("tool", text, tool))

    def sentence_ordered(self, speech_id: int) -> None:
        """A sentence of ours takes its place."""
        self._lines.append(_Line("agent", "", speech_id=speech_id))

    def sentence_heard(self, speech_id: int, text: str) -> None:
        """So much came through of a sentence; one we do not know changes nothing."""
        for line in reversed(self._lines):
            if line.speech_id == speech_id:
                line.text = text
                break

    def forget_unheard(self, speech_id: int) -> None:
        """A sentence will not be spoken after all; what was heard of it stays."""
        self._lines = [line for line in self._lines if line.speech_id != speech_id or line.text]

    def forget_unanswered(self) -> None:
        """Drop what followed our last sentence: it will be asked for again."""
        while self._lines and self._lines[-1].role != "agent":
            self._lines.pop()

    def last_request(self) -> str:
        """Return the last words of the caller's that were more than one; "" when there are none."""
        return next((line.text for line in reversed(self._lines) if _is_request(line)), "")

    def to_json(self) -> list[list[Any]]:
        """Return the lines as JSON values."""
        return [[line.role, line.text, line.tool, line.speech_id] for line in self._lines]

    @classmethod
    def from_json(cls, stored: Sequence[Sequence[Any]]) -> "History":
        """Return what `to_json` stored. Raises: ValueError or TypeError for anything else."""
        history = cls()
        history._lines = [_Line(role, text, tool, speech_id) for role, text, tool, speech_id in stored]
        return history


def _is_request(line: _Line) -> bool:
    return line.role == "caller" and len(line.text.split()) > 1
