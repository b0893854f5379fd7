"""What came of an apply or a rollback, for people and for programs; no secret in it."""

import json
from dataclasses import dataclass, field
from typing import Final, Literal

from provisioning.applying.changes import Changes
from provisioning.finding import Finding

Result = Literal["unchanged", "applied", "unproven", "refused", "taken-back", "trouble"]

SENTENCES: Final[dict[Result, str]] = {
    "unchanged": "no difference: nothing was written, nothing was reloaded",
    "applied": "the files are in place, and Asterisk has taken them",
    "unproven": "the files are in place; Asterisk was not asked and will read them when it starts",
    "refused": "nothing was written",
    "taken-back": "Asterisk did not take it: every file is as it was before, and Asterisk was reloaded with them",
    "trouble": "every file is as it was before, but Asterisk does not show what is in them: look at it now",
}


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """One apply, rollback or recovery."""

    result: Result
    changes: Changes = field(default_factory=Changes)
    findings: tuple[Finding, ...] = ()
    """Why it was refused or taken back, and what else is to be known."""
    checked: int = 0
    """Objects and priorities that were held against Asterisk."""
    reloads: tuple[str, ...] = ()
    """The commands that were given."""
    recovered: str = ""
    """What was done about an earlier apply that had been cut, or ""."""
    entry: str = ""
    """The journal's entry: `rollback` takes it."""
    digest: str = ""
    """Of the state that stands now."""
    notes: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """True when the folder and Asterisk are as they were asked to be."""
        return self.result in ("unchanged", "applied", "unproven")

    def __str__(self) -> str:
        parts = [self.recovered, SENTENCES[self.result], *self.notes]
        parts += [item.summary for item in self.changes.items] if self.is_good else []
        parts += [str(finding) for finding in self.findings]
        return "\n".join(part for part in parts if part)

    def as_json(self) -> dict[str, object]:
        """Return the fields by name."""
        return {
            "result": self.result,
            "message": SENTENCES[self.result],
            "changes": self.changes.as_json(),
            "findings": [finding.as_json() for finding in self.findings],
            "checked": self.checked,
            "reloads": list(self.reloads),
            "recovered": self.recovered,
            "entry": self.entry,
            "digest": self.digest,
            "notes": list(self.notes),
        }

    def json(self) -> str:
        """Return the JSON text."""
        return json.dumps(self.as_json(), ensure_ascii=False, indent=2)
