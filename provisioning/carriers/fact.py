"""One thing known of a carrier: its value, where it was read, when, and whether a source really says it."""

from dataclasses import dataclass
from datetime import date

FactValue = bool | int | float | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A value with its provenance."""

    value: FactValue
    source: str
    """Who says it: the title of a page, or where else it comes from."""
    url: str
    """Address of the page, or "" when there is none."""
    read_on: date
    """When it was read there."""
    verified: bool
    """False: from memory, second hand, or the sources disagree; the user is told to compare."""
    note: str = ""
    """What the value alone does not say."""

    def shown(self) -> str:
        """Return the value as people write it."""
        if isinstance(self.value, tuple):
            return ", ".join(self.value)
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)

    def provenance(self) -> str:
        """Return source, address, date and doubt in one line."""
        where = f"{self.source} <{self.url}>" if self.url else self.source
        doubt = "" if self.verified else ", unverified"
        return f"{where}, read {self.read_on.isoformat()}{doubt}"
