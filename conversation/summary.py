"""One sentence about a call, for the person who takes it over: who calls, and what about."""

from collections.abc import Mapping
from typing import Any


def summary_of(memory: Mapping[str, Any], request: str, language: str) -> str:
    """Make it of what tools and scripts put into the mind's memory, and of the caller's own last words."""
    facts = memory.get("facts", {})
    slots = memory.get("slots", {})
    who = str(slots.get("name") or facts.get("customer_name") or facts.get("caller") or "")
    about = request.strip(" .")
    if language == "en":
        return f"Customer {who}: {about}." if about else f"Customer {who}."
    head = f"Cliente {who}" if who else "Cliente sin identificar"
    return f"{head}: dice «{about}»." if about else f"{head}."
