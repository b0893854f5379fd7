"""What the training part teaches: the rules a bank has after people corrected those transcripts."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Final

from bench.correction_set.cases import Case, load_set
from bench.correction_set.sentences import HERE
from engines.correction.bank import Bank, load_bank
from engines.correction.journal import Entry
from engines.correction.keeper import spanish_judge
from engines.correction.teaching import learned, lessons, promotions

CONFIRMATIONS: Final = 2
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)


def taught(file: Bank, cases: Iterable[Case]) -> Bank:
    """Return `file` with what a person would teach it who corrected each of `cases`."""
    entries: list[Entry] = []
    for number, case in enumerate(cases):
        entries += lessons(case.heard, case.meant, entries, now=_NOW, conversation=str(number))
    judge = spanish_judge()
    entries += promotions(file, entries, confirmations=CONFIRMATIONS, may_be_right=judge, now=_NOW)
    return learned(file, entries).bank


@cache
def taught_bank(domain: str) -> Bank:
    """Return a trade's bank, taught by its training part."""
    file = load_bank(HERE / "banks" / f"{domain}.toml")
    return taught(file, (case for case in load_set() if case.part == "train" and case.domain == domain))
