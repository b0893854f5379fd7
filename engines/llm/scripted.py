"""A mind that thinks what it was told to: for tests of everything around a mind."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from engines.base import EngineHealth
from vocabulary.thought import MindEvent, TextDelta, Thought

Answer = str | Exception | Sequence[MindEvent | Exception]
"""A text, an error, or events in their order (an exception among them breaks the stream there)."""


class ScriptedMind:
    """Gives one answer of its list per thought, in order; then says nothing more."""

    def __init__(self, answers: Sequence[Answer], *, delay_seconds: float = 0.0) -> None:
        """Keep the answers; `delay_seconds` passes before the first event of each."""
        self._answers = iter(answers)
        self._delay_seconds = delay_seconds
        self.thoughts: list[Thought] = []
        """Every thought so far, oldest first."""

    async def think(self, thought: Thought) -> AsyncIterator[MindEvent]:
        """Stream the list's next answer.

        Raises: whatever exception the list holds here.
        """
        self.thoughts.append(thought)
        answer = next(self._answers, "")
        if self._delay_seconds:
            await asyncio.sleep(self._delay_seconds)
        if isinstance(answer, str):
            answer = [TextDelta(answer)] if answer else []
        for event in [answer] if isinstance(answer, Exception) else answer:
            if isinstance(event, Exception):
                raise event
            yield event

    async def health(self) -> EngineHealth:
        """Always ready."""
        return EngineHealth("llm:scripted", is_ready=True, detail="thinks what a test told it to")
