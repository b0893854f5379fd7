"""A call of our own into `centralita-entry`, to see who takes it: the agent, or the fallback.

It is a real call: the fallback's phones ring until somebody is there, or for a second or two.
"""

import time
from dataclasses import dataclass
from typing import Final

from provisioning.applying.control import AsteriskControl, ask

_AGAIN_SECONDS: Final = 0.05
_ENTRANCE: Final = ("centralita-entry", "centralita-answer", "centralita-next", "centralita-did")


@dataclass(frozen=True, slots=True)
class Channel:
    """One line of `core show channels concise`."""

    name: str
    context: str
    extension: str
    priority: str
    state: str
    app: str


@dataclass(frozen=True, slots=True)
class TrialCall:
    """Where the call went."""

    reached: str
    """"agent": the application has it · "fallback" · "nobody": it ended, or went nowhere in time."""
    place: str = ""
    """`context,extension,priority application` of the last step seen."""


def channels(concise: str) -> tuple[Channel, ...]:
    """Return the channels of `core show channels concise`: fields between `!` (main/cli.c). Pure."""
    rows = (line.split("!") for line in concise.splitlines())
    return tuple(Channel(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows if len(row) > 6)


def judged(concise: str, other_end: str) -> TrialCall | None:
    """Return where our call is, None while it is still on its way. `other_end` is its channel. Pure."""
    for one in channels(concise):
        if one.name != other_end:
            continue
        place = f"{one.context},{one.extension},{one.priority} {one.app}".strip()
        if one.app == "Stasis":
            return TrialCall("agent", place)
        if one.context not in _ENTRANCE and not one.context.startswith("centralita-place"):
            return TrialCall("fallback", place)
        if one.context.startswith("centralita-place") and one.app in ("Dial", "Queue", "VoiceMail", "Playback", "Busy"):
            return TrialCall("fallback", place)
    return None


def trial_call(asterisk: AsteriskControl, agent: str, patience_seconds: float = 8.0) -> TrialCall:
    """Call an agent's entry and hang up when it is clear who has the call.

    Raises: AsteriskUnreachable; ValueError for a name that cannot be an agent's.
    """
    if not agent.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise ValueError(f"{agent!r} is no agent's name")
    before = {one.name for one in channels(ask(asterisk, "core show channels concise"))}
    ask(asterisk, f"channel originate Local/{agent}@centralita-entry/n application Wait {int(patience_seconds) + 2}")
    deadline = time.monotonic() + patience_seconds
    mine: set[str] = set()
    last = TrialCall("nobody")
    try:
        while time.monotonic() < deadline:
            concise = ask(asterisk, "core show channels concise")
            prefix = f"Local/{agent}@centralita-entry-"
            mine |= {c.name for c in channels(concise) if c.name.startswith(prefix) and c.name not in before}
            for name in sorted(mine):
                if name.endswith(";2") and (found := judged(concise, name)) is not None:
                    return found
            last = _seen(concise, mine) or last
            if mine and not any(c.name in mine for c in channels(concise)):
                return last
            time.sleep(_AGAIN_SECONDS)
        return last
    finally:
        for name in sorted(mine):
            ask(asterisk, f"channel request hangup {name}")


def _seen(concise: str, mine: set[str]) -> TrialCall | None:
    found = [one for one in channels(concise) if one.name in mine and one.name.endswith(";2")]
    one = found[0] if found else None
    return TrialCall("nobody", f"{one.context},{one.extension},{one.priority} {one.app}".strip()) if one else None
