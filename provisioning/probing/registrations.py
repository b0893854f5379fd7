"""What `pjsip show registrations` says, and what it means. Pure.

Asterisk's words for a registration's state are those of `sip_outbound_registration_status_str` in
res/res_pjsip_outbound_registration.c.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from provisioning.probing.report import Row, Status

State = Literal["Registered", "Unregistered", "Rejected", "Stopping", "Stopped"]

_LINE: Final = re.compile(
    r"^\s*(?P<name>[^/\s<]+)/(?P<uri>\S+)\s+(?P<auth>\S+)\s+"
    r"(?P<state>Registered|Unregistered|Rejected|Stopping|Stopped)\b(?P<rest>.*)$"
)
_EXPIRES: Final = re.compile(r"\(exp\.\s*(\d+)s\)")


@dataclass(frozen=True, slots=True)
class RegistrationState:
    """One registration of Asterisk's."""

    name: str
    """Id of the object in pjsip.conf."""
    server: str
    """Whom it logs in at; Asterisk cuts long ones off."""
    state: State
    seconds_left: int | None = None
    """Until it logs in again; None: that time is past, or Asterisk does not say it."""


_MEANING: Final[Mapping[State, tuple[Status, str, str]]] = {
    "Registered": ("ok", "logged in", ""),
    "Unregistered": (
        "fail",
        "not logged in: no answer yet, or a passing refusal; Asterisk goes on trying",
        "look at the OPTIONS and names rows; if those are good, at a firewall that lets our SIP out but no answer in",
    ),
    "Rejected": (
        "fail",
        "the carrier refused the log-in",
        "compare user, auth_user, domain and password with the carrier's; 403 often means that our address is blocked "
        "after too many attempts, or that another device uses the account",
    ),
    "Stopping": ("warn", "being taken down", "ask again in a moment"),
    "Stopped": (
        "fail",
        "Asterisk has given up, or somebody stopped it",
        "repair the cause, then `pjsip send register <name>`; our own files never let it give up",
    ),
}


def parse_registrations(text: str) -> dict[str, RegistrationState]:
    """Return the registrations in the answer of the console, by name; lines of another kind are passed over."""
    found = (_parsed(line) for line in text.splitlines())
    return {one.name: one for one in found if one is not None}


def registration_row(state: RegistrationState | None, auth_type: Literal["register", "ip_auth"]) -> Row:
    """Return the row about logging in; None: Asterisk has no such registration."""
    if auth_type == "ip_auth":
        if state is None:
            return Row("registration", "ok", "none needed: the carrier knows our address")
        return Row(
            "registration",
            "warn",
            f"the trunk is by address, and Asterisk has a registration for it all the same ({state.state})",
            "apply the config again",
        )
    if state is None:
        return Row(
            "registration",
            "fail",
            "Asterisk has no registration for this trunk",
            "apply the config, and look for the reason in Asterisk's log: a bad option drops the whole object",
        )
    status, meaning, advice = _MEANING[state.state]
    left = f", {state.seconds_left} s to the next attempt" if state.seconds_left is not None else ""
    if state.state == "Rejected" and state.seconds_left is None:
        left = ", and no further attempt is planned"
        advice += f". After the repair: `pjsip send register {state.name}`"
    return Row("registration", status, f"{state.state} at {state.server}: {meaning}{left}", advice)


def _parsed(line: str) -> RegistrationState | None:
    match = _LINE.match(line)
    if match is None:
        return None
    state: State
    for state in _MEANING:
        if state == match["state"]:
            break
    expires = _EXPIRES.search(match["rest"])
    return RegistrationState(match["name"], match["uri"], state, int(expires[1]) if expires else None)
