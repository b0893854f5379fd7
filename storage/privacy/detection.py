"""Everything in a text that identifies somebody; pure, and without a model."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from storage.privacy.dictated import dictated_emails, dictated_numbers
from storage.privacy.finding import Finding, PiiKind
from storage.privacy.written import written_findings

_TECHNICAL: Final = re.compile(
    r"(?<!\w)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?!\w)"  # UUIDs: ours
    r"|\[[A-Z]+(?::[a-z2-7]+)?\]"  # what has been taken out already
    r"|(?<!\w)\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?(?!\w)",  # moments
    re.IGNORECASE,
)
_RANK: Final = {kind: place for place, kind in enumerate(PiiKind)}


def find_pii(text: str) -> tuple[Finding, ...]:
    """Return the findings from left to right; they do not overlap. Where two do, the wider one stays."""
    hidden = _TECHNICAL.sub(lambda found: "\0" * len(found[0]), text)
    return _apart((*written_findings(hidden), *dictated_numbers(hidden), *dictated_emails(hidden)))


def find_pii_in_turns(texts: Sequence[str]) -> list[tuple[Finding, ...]]:
    """Return the findings of each text of one speaker's, in the order they were said.

    A number may be dictated over several turns ("seis uno dos", "sí", "tres cuatro cinco …"): each turn gets its part.
    """
    joined, places = "", []
    for text in texts:
        places.append(len(joined))
        joined += text + "\n"
    parted: list[list[Finding]] = [[] for _ in texts]
    for found in find_pii(joined):
        for index, text in enumerate(texts):
            start = max(found.start - places[index], 0)
            end = min(found.end - places[index], len(text))
            if start < end:
                parted[index].append(Finding(found.kind, start, end, found.value))
    return [tuple(findings) for findings in parted]


def _apart(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Of findings that overlap keep the longest, of equally long ones the surest."""
    kept: list[Finding] = []
    for found in sorted(findings, key=lambda one: (one.start - one.end, _RANK[one.kind])):
        if all(found.end <= other.start or found.start >= other.end for other in kept):
            kept.append(found)
    return tuple(sorted(kept, key=lambda one: one.start))
