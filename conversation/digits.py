"""Keys pressed on the telephone, gathered into one entry."""

from typing import Final, Literal

from conversation.decisions import DigitsEntered
from conversation.expectation import DigitEntry

KEYS: Final = frozenset("0123456789*#ABCD")


class DigitCollector:
    """Gathers keys until the terminator, the length or a pause ends the entry; counts time in frames."""

    def __init__(self, uninvited: DigitEntry, frames_per_second: int) -> None:
        """`uninvited` rules entries that nobody asked for."""
        self._uninvited = uninvited
        self._rules = uninvited
        self._frames_per_second = frames_per_second
        self._digits = ""
        self.due: int | None = None
        """The frame at which the entry ends by itself; None while no key has been pressed."""

    @property
    def is_collecting(self) -> bool:
        """True from the first key to the end of the entry."""
        return self.due is not None

    def expect(self, rules: DigitEntry | None) -> None:
        """Change the rules; keys already pressed stay: people type before the question is over."""
        self._rules = rules or self._uninvited

    def press(self, key: str, now: int) -> DigitsEntered | None:
        """Take one key; return the entry when it is complete."""
        if key not in KEYS:
            return None  # flash and the like: telephones send more than they have keys
        if key == self._rules.terminator:
            return self._end("terminator")
        self._digits += key
        if len(self._digits) >= self._rules.max_digits:
            return self._end("length")
        self.due = now + max(1, round(self._rules.timeout_seconds * self._frames_per_second))
        return None

    def timed_out(self) -> DigitsEntered:
        """Return what has been pressed so far; called when `due` is reached."""
        return self._end("timeout")

    def _end(self, ended_by: Literal["terminator", "length", "timeout"]) -> DigitsEntered:
        entry = DigitsEntered(self._digits, ended_by)
        self._digits = ""
        self.due = None
        return entry
