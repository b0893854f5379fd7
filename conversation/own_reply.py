"""What we are saying, as far as turn-taking cares: is it playing, held, interruptible, a question?"""

from typing import Final

_NEARLY_OVER_SECONDS: Final = 1.5
"""People answer a question over its last few words, once they know where it leads."""


class OwnReply:
    """Our reply: nothing, playing, or held while we find out what the caller wants."""

    __slots__ = ("_remaining_seconds", "is_held", "is_interruptible", "is_playing", "is_question")

    def __init__(self) -> None:
        self.is_playing = False
        """Its sound goes out; False while it is held."""
        self.is_held = False
        """Stopped, and may be resumed."""
        self.is_interruptible = True
        self.is_question = False
        self._remaining_seconds: float | None = None

    def start(self, *, is_interruptible: bool, is_question: bool) -> None:
        """Begin, or learn more about a reply that has begun: sentences are known one by one."""
        self.is_playing, self.is_held = True, False
        self.is_interruptible, self.is_question = is_interruptible, is_question

    def hold(self) -> None:
        """Stop the sound, keep the rest."""
        self.is_playing, self.is_held = False, True
        self._remaining_seconds = None

    def held_with(self, remaining_seconds: float) -> None:
        """Learn how much was left unplayed when the sound stopped."""
        self._remaining_seconds = remaining_seconds

    def resume(self) -> None:
        """Go on playing what was held."""
        self.is_playing, self.is_held = True, False

    def end(self) -> None:
        """All was played, or the rest is dropped for good."""
        self.is_playing = self.is_held = False

    @property
    def may_be_answered(self) -> bool:
        """True when a "sí" over the held reply answers it and is no backchannel.

        That is so over the last words of a question: there the caller knows what is asked. In the middle of a long
        reply that only ends in a question, "sí" still means "go on". When nobody said how much was left we take it for
        an answer: an answer lost costs the caller more than a question cut short.
        """
        remaining = self._remaining_seconds
        return self.is_question and (remaining is None or remaining <= _NEARLY_OVER_SECONDS)
