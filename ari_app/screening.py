"""Whom we do not talk to: the block list, and the verdict on a caller's number. Pure; today comes from outside.

    default_country = "ES"              # of numbers without a country code
    anonymous = "allow"                 # or "block": callers who hide their number

    [[block]]
    number = "+34600111222"             # one number, with its country code
    reason = "insulta a las agentes"
    until = 2027-01-31                  # the last day; without it, for good

    [[block]]
    prefix = "+34807"                   # every number that begins so
    reason = "tarificación adicional"

A caller's number is a claim, not a proof: the list keeps pests away, it authenticates nobody.
"""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Final, Literal, Self

import phonenumbers
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from vocabulary.problems import Misconfigured, Problem, problems_of

_RESTRICTED: Final = 0x20
_NOT_AVAILABLE: Final = 0x40
_PRESENTATION: Final = 0x60
"""Bits 7 and 6 of Q.931 octet 3a, as Asterisk passes them in agi_callingpres."""
_ANONYMOUS_WORDS: Final = frozenset(
    {"", "anonymous", "unknown", "unavailable", "private", "restricted", "withheld", "asterisk",
     "anonimo", "anónimo", "desconocido", "privado", "oculto"}
)  # fmt: skip
"""What networks and gateways put where a number should be; "asterisk" is what Asterisk itself says for none."""
_LONGEST_CALLER_ID: Final = 64
_MEXICO_MOBILE: Final = re.compile(r"\+521([0-9]{10})")
"""Until August 2019 mobiles in Mexico were +52 1 and ten digits; carriers still send both, for the same telephone."""


class Verdict(Enum):
    """What the dialplan gets in CENTRALITA_SCREENED."""

    ALLOWED = "allowed"
    """A number we can read, and it is on no list."""
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    """No number, a hidden one, or none that anybody could call back; whether to talk to it is the dialplan's choice."""


@dataclass(frozen=True, slots=True)
class Screening:
    """What we think of a caller."""

    verdict: Verdict
    number: str = field(default="", repr=False)
    """In E.164 (+34600111222), or "" when there is none."""
    reason: str = ""
    """Why it is blocked or unknown."""


def normalised(caller: str, default_country: str) -> str:
    """Return a number in E.164, or "" for what is none; whatever the network sent, this raises nothing.

    Numbers with a country code but without its `+` are understood where the default country leaves no doubt.
    """
    text = caller.strip()
    if not text or len(text) > _LONGEST_CALLER_ID:
        return ""
    try:
        parsed = phonenumbers.parse(text, default_country)
        if not phonenumbers.is_valid_number(parsed) and text.isdigit():
            with_plus = _parsed_or_none(f"+{text}")
            parsed = with_plus if with_plus and phonenumbers.is_valid_number(with_plus) else parsed
    except phonenumbers.NumberParseException:
        return ""
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return _MEXICO_MOBILE.sub(r"+52\1", e164)


def _parsed_or_none(text: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None


def _country(value: str) -> str:
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f'"{value}" is no country; write it in two capitals, like "ES" or "MX"')
    return value


def _e164_or_nothing(value: str) -> str:
    if value and not re.fullmatch(r"\+[1-9][0-9]{4,14}", value):
        raise ValueError('write the number with + and country code, digits only, like "+34600111222"')
    return value and (normalised(value, "ES") or value)


def _prefix_or_nothing(value: str) -> str:
    if value and not re.fullmatch(r"\+[1-9][0-9]{0,13}", value):
        raise ValueError('write the prefix with + and country code, digits only, like "+34807"')
    return value


class Rule(BaseModel):
    """One number or prefix that is blocked."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    number: Annotated[str, AfterValidator(_e164_or_nothing)] = ""
    """E.164."""
    prefix: Annotated[str, AfterValidator(_prefix_or_nothing)] = ""
    """The first digits of E.164."""
    reason: str = Field(default="", max_length=200)
    until: datetime.date | None = None
    """The last day it holds; None: for good."""

    @model_validator(mode="after")
    def _number_or_prefix(self) -> Self:
        if bool(self.number) == bool(self.prefix):
            raise ValueError("a block has either a number or a prefix")
        return self

    def holds(self, today: datetime.date) -> bool:
        """True until its last day is over."""
        return self.until is None or today <= self.until

    @property
    def what(self) -> str:
        """The number, or the prefix with an asterisk: "+34807*"."""
        return self.number or f"{self.prefix}*"


class BlockListFile(BaseModel):
    """The file's content."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    default_country: Annotated[str, AfterValidator(_country)] = "ES"
    """ISO 3166, of numbers that come without a country code."""
    anonymous: Literal["allow", "block"] = "allow"
    """What happens to callers who hide their number."""
    anonymous_reason: str = Field(default="hidden number", max_length=200)
    block: list[Rule] = Field(default_factory=list)


class BlockList:
    """The rules, ready to be asked; never changes."""

    def __init__(self, content: BlockListFile | None = None) -> None:
        """Without content nobody is blocked."""
        self.content = content or BlockListFile()
        self._numbers = _first_of((rule.number, rule) for rule in self.content.block if rule.number)
        self._prefixes = _first_of((rule.prefix, rule) for rule in self.content.block if rule.prefix)
        self._prefix_lengths = sorted({len(prefix) for prefix in self._prefixes}, reverse=True)

    def __len__(self) -> int:
        return len(self.content.block)

    def screen(self, caller: str, today: datetime.date, presentation: int = 0) -> Screening:
        """Judge a caller by the number the network claims; `presentation` as Asterisk passes it. Never raises."""
        content = self.content
        number = normalised(caller, content.default_country)
        rule = self._rule_for(number, today)
        if rule is not None:
            return Screening(Verdict.BLOCKED, number, rule.reason or "on the block list")
        is_hidden = presentation & _PRESENTATION in (_RESTRICTED, _NOT_AVAILABLE)
        if is_hidden or caller.strip().lower() in _ANONYMOUS_WORDS:
            if content.anonymous == "block":
                return Screening(Verdict.BLOCKED, number, content.anonymous_reason)
            return Screening(Verdict.UNKNOWN, number, "the caller hides the number")
        if not number:
            return Screening(Verdict.UNKNOWN, "", "not a telephone number")
        return Screening(Verdict.ALLOWED, number)

    def _rule_for(self, number: str, today: datetime.date) -> Rule | None:
        if not number:
            return None
        exact = [rule for rule in self._numbers.get(number, ()) if rule.holds(today)]
        if exact:
            return exact[0]
        for length in self._prefix_lengths:
            for rule in self._prefixes.get(number[:length], ()):
                if rule.holds(today):
                    return rule
        return None


def _first_of(pairs: Iterable[tuple[str, Rule]]) -> dict[str, list[Rule]]:
    """Collect the rules of one key; two for one number (one that is over, one that holds) are no mistake."""
    rules: dict[str, list[Rule]] = {}
    for key, rule in pairs:
        rules.setdefault(key, []).append(rule)
    return rules


def block_list_of(data: dict[str, object], source: str, text: str = "") -> BlockList:
    """Check the content of a file; `text` is the file itself, to name lines.

    Raises: Misconfigured, with everything that is wrong.
    """
    try:
        return BlockList(BlockListFile.model_validate(data))
    except ValidationError as exc:
        found = problems_of(exc, BlockListFile, source)
        raise Misconfigured([_with_line(problem, text) for problem in found]) from exc


def _with_line(problem: Problem, text: str) -> Problem:
    line = _line_of(problem.key, text)
    return Problem(f"{problem.source}:{line}", problem.key, problem.message) if line else problem


def _line_of(key: str, text: str) -> int:
    """Find the line a key like "block.2.until" stands in; its block's header when it is missing; 0: unknown."""
    parts = key.split(".")
    lines = text.splitlines()
    if parts[0] != "block" or len(parts) < 2 or not parts[1].isdigit():
        return next((i for i, line in enumerate(lines, 1) if re.match(rf"\s*{re.escape(parts[0])}\s*=", line)), 0)
    headers = [i for i, line in enumerate(lines, 1) if re.match(r"\s*\[\[\s*block\s*\]\]", line)]
    index = int(parts[1])
    if index >= len(headers):
        return 0
    end = headers[index + 1] - 1 if index + 1 < len(headers) else len(lines)
    if len(parts) > 2:
        for i in range(headers[index], end):
            if re.match(rf"\s*{re.escape(parts[2])}\s*=", lines[i]):
                return i + 1
    return headers[index]
