"""Our answer to one turn of the caller's: how far it has come; gone with the turn."""

from dataclasses import dataclass, field

from conversation.orders import HangUp, Transfer
from conversation.sentences import SentenceCutter


@dataclass(slots=True)
class OwnAnswer:
    """From the caller's words to the end of what we say to them; it may take several thoughts, with tools between."""

    cutter: SentenceCutter = field(default_factory=SentenceCutter)
    """Holds the letters of the sentence the mind is writing."""
    thinking_id: int | None = None
    """The thought under way; None when no mind is at work."""
    has_spoken: bool = False
    """The mind said something."""
    has_spoken_this_thought: bool = False
    """The same, since it was last asked."""
    has_asked: bool = False
    """The last sentence was a question."""
    has_asked_for_patience: bool = False
    retries: int = 0
    """Thoughts that broke off before they said anything."""
    rounds: int = 0
    """Thoughts about what tools returned."""
    has_tool_answers: bool = False
    """A wish was refused, or fulfilled, before this thought was over: the mind must hear of it."""
    ending: Transfer | HangUp | None = None
    """What the mind wants after its last word."""

    def think(self, thought_id: int) -> None:
        """Another thought begins."""
        self.thinking_id = thought_id
        self.cutter = SentenceCutter()
        self.has_tool_answers = False
        self.has_spoken_this_thought = False
