"""What our last question asks for: it decides how long we wait before we take the caller's turn as ended."""

from dataclasses import dataclass
from enum import Enum


class Expectation(Enum):
    """The shape of the answer we hope for."""

    OPEN = "open"
    """Anything."""
    YES_NO = "yes_no"
    """A short answer, taken at once."""
    NUMBER = "number"
    """Digits said one by one or in groups, with pauses between them."""
    EMAIL = "email"
    """An e-mail address, said in pieces."""
    SPELLING = "spelling"
    """A name, letter by letter."""


@dataclass(frozen=True, slots=True)
class DigitEntry:
    """Keys pressed on the telephone are welcome, beside speech."""

    max_digits: int
    """The entry is complete when this many keys were pressed."""
    terminator: str = "#"
    """The key that ends the entry early; "" for none."""
    timeout_seconds: float = 4.0
    """After this long without a key the entry is taken as it is."""


Expected = Expectation | DigitEntry
"""What `TurnMachine.expect` is told."""
