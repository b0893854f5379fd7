"""An expectation as JSON values: in a mind's memory, and in a dialogue that is kept on disk."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conversation.expectation import DigitEntry, Expectation, Expected
from vocabulary.thought import EXPECTS


def expected_by(memory: Mapping[str, Any]) -> Expected:
    """Read what a mind's question asks for; whatever the mind wrote there, the answer is an expectation."""
    wanted = memory.get(EXPECTS)
    if not isinstance(wanted, Mapping):
        return Expectation.OPEN
    try:
        return expectation_from_json(wanted)
    except (KeyError, TypeError, ValueError):
        return Expectation.OPEN


def expectation_to_json(expectation: Expected) -> dict[str, Any]:
    """Return `{"kind": …}`, for digits with what ends them."""
    if isinstance(expectation, DigitEntry):
        return {
            "kind": "digits",
            "max_digits": expectation.max_digits,
            "terminator": expectation.terminator,
            "timeout_seconds": expectation.timeout_seconds,
        }
    return {"kind": expectation.value}


def expectation_from_json(stored: Mapping[str, Any]) -> Expected:
    """Return what `expectation_to_json` wrote. Raises: KeyError, TypeError or ValueError for anything else."""
    if stored["kind"] != "digits":
        return Expectation(stored["kind"])
    entry = DigitEntry(int(stored["max_digits"]))
    return replace(
        entry,
        terminator=str(stored.get("terminator", entry.terminator)),
        timeout_seconds=float(stored.get("timeout_seconds", entry.timeout_seconds)),
    )
