"""What Asterisk's console prints, read back into values. Pure.

The tables are those of Asterisk 22.10, where `tests/asterisk/test_apply.py` reads them.
"""

import re
from dataclasses import dataclass
from typing import Final

from provisioning.asterisk_conf.dialplan import HINT
from provisioning.asterisk_conf.dialplan_shown import parse_dialplan_show

_PARAMETER: Final = re.compile(r"^ (?P<key>\S.*?)\s+: (?P<value>.*?)\s*$")
_LISTED: Final = {
    "endpoint": ("pjsip list endpoints", re.compile(r"^ *Endpoint:  (\S+)")),
    "aor": ("pjsip list aors", re.compile(r"^ *Aor:  (\S+)")),
    "auth": ("pjsip list auths", re.compile(r"^ *Auth:  (\S+)")),
    "identify": ("pjsip list identifies", re.compile(r"^ *Identify:  (\S+)")),
    "registration": ("pjsip list registrations", re.compile(r"^ (\S+?/\S+)")),
    "transport": ("pjsip list transports", re.compile(r"^ *Transport:  (\S+)")),
}


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One priority as Asterisk has it."""

    application: str
    """`Stasis(centralita,a)`; Asterisk cuts it at 255 characters with its number."""
    label: str | None
    """None for the first of an extension, whose label Asterisk does not print."""


def list_command(kind: str) -> str:
    """Return the command that lists all objects of one of pjsip.conf's types. Raises: KeyError."""
    return _LISTED[kind][0]


def is_unknown_command(said: str) -> bool:
    """Return whether Asterisk lacks the module that brings a command."""
    return said.lstrip().startswith("No such command")


def listed(kind: str, said: str) -> frozenset[str]:
    """Return what a list names: `id`, or `id/more`; long ones are cut by Asterisk. Raises: KeyError."""
    pattern = _LISTED[kind][1]
    found = (pattern.match(line) for line in said.splitlines() if "<" not in line)
    return frozenset(match[1] for match in found if match)


def parameters(said: str) -> dict[str, tuple[str, ...]] | None:
    """Return option → values of a `pjsip show KIND ID`, or None when Asterisk has no such object."""
    _, heading, table = said.partition("ParameterName")
    if not heading:
        return None
    found: dict[str, tuple[str, ...]] = {}
    for line in table.splitlines()[1:]:
        match = _PARAMETER.match(line) or _PARAMETER.match(line + " ")
        if match:
            found[match["key"]] = (*found.get(match["key"], ()), match["value"])
    return found


def dialplan(said: str) -> tuple[dict[tuple[str, str, int], ShownStep], frozenset[tuple[str, str]]]:
    """Return (priorities, includes) of `dialplan show`; a hint is priority 0."""
    steps: dict[tuple[str, str, int], ShownStep] = {}
    contexts = parse_dialplan_show(said).contexts
    for context in contexts.values():
        for extension in context.extensions:
            name = f"{extension.pattern}/{extension.caller}" if extension.caller else extension.pattern
            for place, priority in enumerate(extension.priorities):
                number = 0 if priority.number == HINT else priority.number
                steps[context.name, name, number] = ShownStep(str(priority), priority.label if place else None)
    return steps, frozenset((context.name, name) for context in contexts.values() for name in context.includes)


def ari_users(said: str) -> frozenset[str]:
    """Return the names in `ari show users`."""
    rows = said.partition("----  ----  --------")[2].splitlines()
    return frozenset(row.split(None, 2)[2].strip() for row in rows if len(row.split(None, 2)) == 3)


def manager_users(said: str) -> frozenset[str]:
    """Return the names in `manager show users`."""
    parts = re.split(r"^-{3,}\s*$", said, flags=re.MULTILINE)
    return frozenset(name.strip() for name in parts[1].splitlines() if name.strip()) if len(parts) > 2 else frozenset()


def fields(said: str) -> dict[str, str]:
    """Return the `name: value` lines of `manager show user` and `ari show user`; names in small letters."""
    pairs = (line.partition(":") for line in said.splitlines() if ":" in line)
    return {key.strip().rstrip("?").lower(): value.strip() for key, _, value in pairs}


def access_lists(said: str) -> frozenset[str]:
    """Return the names in `acl show`."""
    return frozenset(line.strip() for line in said.splitlines() if line.strip() not in ("", "acl", "---"))


def modules(said: str) -> frozenset[str]:
    """Return the modules that run, of `module show`."""
    rows = (line.split() for line in said.splitlines())
    return frozenset(row[0] for row in rows if row and row[0].endswith(".so") and "Running" in row and "Not" not in row)


def configuration_folder(said: str) -> str:
    """Return what `core show settings` names as the configuration folder, or ""."""
    found = re.search(r"^\s*Configuration directory:\s*(\S.*?)\s*$", said, re.MULTILINE)
    return found[1] if found else ""
