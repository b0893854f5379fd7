"""What a check found: where, what is wrong, and what to do about it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["error", "warning", "notice"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check has to say. An error forbids `apply`; a warning and a notice do not."""

    severity: Severity
    code: str
    """Stable, for scripts: "unknown-option", "dangling-reference"."""
    message: str
    """What is wrong and what would be right; never a secret."""
    file: str = ""
    """Relative to Asterisk's configuration folder, or our own config file."""
    line: int = 0
    """1-based; 0: the file as a whole."""
    subject: str = ""
    """The object or key it is about: "endpoint centralita-gw-oficina", "gateways.oficina.ip"."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.severity, self.subject, self.message) if part)

    def as_json(self) -> dict[str, str | int]:
        """Return the fields by name."""
        return asdict(self)


def has_errors(findings: Iterable[Finding]) -> bool:
    """True when something forbids going on."""
    return any(finding.severity == "error" for finding in findings)
