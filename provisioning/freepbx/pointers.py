"""What of FreePBX's own configuration still sends calls to us. Pure: texts in, places out.

A Custom Destination becomes `customdests,dest-N` with a Goto or Gosub to its target (FreePBX/customappsreg,
`doDialplanHook`); an Inbound Route becomes an extension of `ext-did…` with a Goto. Whatever else names one of our
contexts (an IVR's entry, a queue's fail-over, a line somebody wrote) is found the same way.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from provisioning.asterisk_conf.dialplan import Dialplan, Priority, read_dialplan
from provisioning.asterisk_conf.parsing import ETC, read_tree

OURS: Final = "centralita-"
_CUSTOM: Final = "customdests"
_JUMPS: Final = re.compile(
    r"(?i)^(?:goto|gotoif|gotoiftime|gosub|gosubif|execif|execiftime|dial|queue|originate|macro|set)$"
)
_NAMES_US: Final = re.compile(r"(?<![\w.-])centralita-[\w.-]+")
_TO_CUSTOM: Final = re.compile(r"(?<![\w.-])customdests,(dest-[\w-]+)")


@dataclass(frozen=True, slots=True)
class Pointer:
    """Something that sends calls to us."""

    kind: str
    """"inbound route", "custom destination", "dialplan"."""
    name: str
    """The DID, the destination's description, or `extension@context`."""
    target: str
    """The context of ours, or the Custom Destination it goes through."""
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} → {self.target} ({self.file}:{self.line})"


def pointers(files: Mapping[str, str], etc: str = ETC) -> list[Pointer]:
    """Return everything outside our own files that sends calls to a context of ours, straight or by a destination."""
    if "extensions.conf" not in files:
        return []
    dialplan = read_dialplan(read_tree(files, "extensions.conf", etc))
    straight = list(_straight(dialplan))
    through = {pointer.target_id for pointer in straight if pointer.target_id}
    found = [pointer.shown for pointer in straight]
    for context, extension, step in _steps(dialplan):
        for destination in _TO_CUSTOM.findall(step.args):
            if destination in through and context != _CUSTOM:
                target = f"{_CUSTOM},{destination}"
                found.append(Pointer(*_named(context, extension), target, step.where.file, step.where.line))
    return sorted(dict.fromkeys(found), key=lambda one: (one.kind, one.file, one.line))


@dataclass(frozen=True, slots=True)
class _Straight:
    shown: Pointer
    target_id: str
    """`dest-N` when it is a Custom Destination."""


def _straight(dialplan: Dialplan) -> Iterator[_Straight]:
    for context, extension, step in _steps(dialplan):
        target = _NAMES_US.search(step.args)
        if target is None or not _JUMPS.match(step.app):
            continue
        where = step.where
        if context == _CUSTOM:
            name = _description(dialplan, extension) or extension
            yield _Straight(Pointer("custom destination", name, target[0], where.file, where.line), extension)
        else:
            yield _Straight(Pointer(*_named(context, extension), target[0], where.file, where.line), "")


def _steps(dialplan: Dialplan) -> Iterator[tuple[str, str, Priority]]:
    """Yield every priority that stands in somebody else's file."""
    for name, context in dialplan.contexts.items():
        if name.startswith(OURS):
            continue
        for extension in context.extensions:
            for step in extension.priorities:
                if not step.where.file.startswith("centralita/"):
                    yield name, extension.pattern, step


def _named(context: str, extension: str) -> tuple[str, str]:
    if context.startswith("ext-did"):
        return "inbound route", extension
    return "dialplan", f"{extension}@{context}"


def _description(dialplan: Dialplan, extension: str) -> str:
    steps = next((e.priorities for e in dialplan.contexts[_CUSTOM].extensions if e.pattern == extension), ())
    marks = (step.args for step in steps if step.app.lower() == "noop")
    return next((mark.removeprefix("Entering Custom Destination ") for mark in marks if mark.startswith("Enter")), "")
