"""What an entity is, and what its finders are told."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from vocabulary.speech import Speaker


class Kind(Enum):
    """What was named."""

    EMAIL = "email"
    PAYMENT_CARD = "payment_card"
    IBAN = "iban"
    CUSTOMER_ID = "customer_id"
    CONTRACT_ID = "contract_id"
    ORDER_ID = "order_id"
    INVOICE_ID = "invoice_id"
    CASE_ID = "case_id"
    """A ticket, an incident, a file, a reference."""
    NATIONAL_ID = "national_id"
    POSTAL_CODE = "postal_code"
    ADDRESS = "address"
    PHONE = "phone"
    MONEY = "money"
    DATE = "date"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a finder must know beside the words."""

    today: date
    """The day of the call where the caller is."""
    country: str
    """ISO 3166."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entity within one turn."""

    kind: Kind
    value: str
    """Written one way only: E.164, ISO 8601, "45.50 EUR", capitals for codes."""
    begin: int
    """Index of its first character in the turn's text."""
    end: int
    """Index behind its last character."""
    confidence: float
    """0 to 1: the rule's own estimate, not a calibrated probability."""
    granularity: str = ""
    """Of dates: day, weekend, week, month, year."""


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity of a call."""

    kind: Kind
    value: str
    text: str
    """The words it was read from; of payment cards only the last four digits."""
    turn: int
    """Index of its turn."""
    speaker: Speaker
    begin: int
    end: int
    confidence: float
    granularity: str = ""
