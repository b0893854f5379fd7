"""All the rules together. Pure: facts in, findings out, worst first."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from provisioning.finding import Finding, Severity
from provisioning.security.dialplan_rules import dialplan_rules
from provisioning.security.facts import AuditFacts
from provisioning.security.file_rules import file_rules
from provisioning.security.interface_rules import interface_rules
from provisioning.security.log_rules import log_rules
from provisioning.security.password_rules import password_rules
from provisioning.security.sip_rules import sip_rules

Rules = Callable[[AuditFacts], Iterator[Finding]]

RULES: Final[tuple[Rules, ...]] = (
    interface_rules,
    password_rules,
    file_rules,
    sip_rules,
    dialplan_rules,
    log_rules,
)
_RANK: Final[dict[Severity, int]] = {"error": 0, "warning": 1, "notice": 2}


def audit(facts: AuditFacts) -> list[Finding]:
    """Return everything found; each message says what is wrong and what to do.

    error: somebody can get in or call at your cost · warning: a door more than needed · notice: worth knowing.
    """
    found = dict.fromkeys(finding for rules in RULES for finding in rules(facts))
    return sorted(found, key=lambda one: (_RANK[one.severity], one.code, one.file, one.line))


def audit_json(findings: Sequence[Finding]) -> str:
    """Return the findings as JSON text, with how many there are of each severity."""
    counted = {severity: sum(1 for one in findings if one.severity == severity) for severity in _RANK}
    said = {"count": counted, "findings": [one.as_json() for one in findings]}
    return json.dumps(said, ensure_ascii=False, indent=2)


def audit_text(findings: Iterable[Finding]) -> str:
    """Return the findings for people, one line each."""
    lines = [str(one) for one in findings]
    return "\n".join(lines) if lines else "nothing found"
