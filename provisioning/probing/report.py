"""What a verification says: one row a question, each with its reason and what to do."""

from dataclasses import asdict, dataclass
from typing import Literal

Status = Literal["ok", "warn", "fail"]
_WORST: tuple[Status, ...] = ("ok", "warn", "fail")


@dataclass(frozen=True, slots=True)
class Row:
    """The answer to one question."""

    check: str
    """What was asked, stable for scripts: "names", "options 192.0.2.1", "registration"."""
    status: Status
    reason: str
    """What was found; never a secret."""
    advice: str = ""
    """What to do; "" when nothing is to be done."""

    def __str__(self) -> str:
        return f"{self.status:4} {self.check}: {self.reason}" + (f". {self.advice}" if self.advice else "")


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """Everything asked about one trunk or gateway."""

    trunk: str
    rows: tuple[Row, ...]

    @property
    def status(self) -> Status:
        """The worst of its rows."""
        return max((row.status for row in self.rows), key=_WORST.index, default="ok")

    def as_json(self) -> dict[str, object]:
        """Return trunk, status and rows."""
        return {"trunk": self.trunk, "status": self.status, "rows": [asdict(row) for row in self.rows]}
