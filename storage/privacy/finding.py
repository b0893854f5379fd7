"""What was found that identifies somebody, and where in the text it stands."""

from dataclasses import dataclass, field
from enum import Enum


class PiiKind(Enum):
    """What identifies a person; the value is the word put in its place."""

    PHONE = "PHONE"
    EMAIL = "EMAIL"
    CARD = "CARD"
    """13 to 19 digits whose Luhn sum is right."""
    IBAN = "IBAN"
    """With the right remainder by 97."""
    NIF = "NIF"
    """Spain, citizens: 8 digits and their letter."""
    NIE = "NIE"
    """Spain, residents: X, Y or Z, 7 digits and their letter."""
    CURP = "CURP"
    """Mexico, everybody: 18 characters, the last a check digit."""
    RFC = "RFC"
    """Mexico, taxpayers: 12 or 13 characters, the last a check character."""
    IDENTIFIER = "IDENTIFIER"
    """Has the shape of one of these, but its check characters do not fit: misheard, or mistyped."""
    NUMBER = "NUMBER"
    """Seven digits or more of no known kind, or six dictated one by one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One of them. The text itself is not in its `repr`."""

    kind: PiiKind
    start: int
    """Character the finding begins at."""
    end: int
    """Character behind it."""
    value: str = field(repr=False)
    """What was understood, without separators: "612345678"."""
