"""Toll fraud: how a stranger's digits could reach a trunk at your cost."""

import re
from collections.abc import Iterator
from typing import Final

from provisioning.asterisk_conf.dialplan import Context, Dialplan, Priority
from provisioning.asterisk_conf.objects import Site
from provisioning.finding import Finding
from provisioning.security.facts import AuditFacts
from provisioning.security.sip_rules import identified

_OUT: Final = re.compile(r"(?i)(?:PJSIP|SIP|IAX2|DAHDI|ZAP|H323|OOH323)/[^&,]*\$\{(?:EXTEN|ARG\d|OUTNUM|DIAL_NUMBER)")
_INTERNAL: Final = re.compile(r"(?i)^from-internal(?:-|$)")
_LOCAL: Final = re.compile(r"(?i)Local/[^@&,]*\$\{[^@&,]*@(?P<context>from-internal[\w-]*)")
_GOTO: Final = re.compile(r"(?i)(?:^|[?:(])(?P<context>from-internal[\w-]*),\$\{")
_JUMPS: Final = frozenset({"goto", "gotoif", "gotoiftime", "gosub", "gosubif"})


def dialplan_rules(facts: AuditFacts) -> Iterator[Finding]:
    """Yield open ways from a trunk outwards, and dialplan that dials what it is told."""
    dialplan = facts.dialplan()
    site = facts.pjsip()
    if site is not None:
        yield from _trunks(site, dialplan)
    for context in dialplan.contexts.values():
        for extension, step in _steps(context):
            yield from _step(context.name, extension, step)


def _trunks(site: Site, dialplan: Dialplan) -> Iterator[Finding]:
    known = identified(site)
    for endpoint in site.of("endpoint"):
        is_trunk = endpoint.id in known or not endpoint.listed("auth")
        if not is_trunk:
            continue
        start = endpoint.get("context") or "default"
        where = endpoint.where("context")
        for name, path in reachable(dialplan, start).items():
            context = dialplan.contexts.get(name)
            way = " → ".join(path)
            if _INTERNAL.match(name) or (context is not None and is_outbound(context)):
                message = (
                    f"calls that come in over it reach {name} ({way}), and from there outside lines: whoever calls can "
                    "call on at your cost; give it a context of its own with your numbers only"
                )
                yield Finding("error", "trunk-reaches-outside", message, where.file, where.line, str(endpoint))
                break


def reachable(dialplan: Dialplan, start: str) -> dict[str, tuple[str, ...]]:
    """Return the contexts that a call in `start` can match an extension in, each with the way there, by includes."""
    found: dict[str, tuple[str, ...]] = {start: (start,)}
    waiting = [start]
    while waiting:
        name = waiting.pop(0)
        context = dialplan.contexts.get(name)
        for included in context.includes if context else ():
            # an include may carry times of day behind a comma
            other = re.split(r"[,|]", included, maxsplit=1)[0].strip()
            if other not in found:
                found[other] = (*found[name], other)
                waiting.append(other)
    return found


def is_outbound(context: Context) -> bool:
    """Return whether a pattern of this context dials the caller's own digits over a trunk."""
    return any(
        extension.startswith("_") and step.app.lower() in ("dial", "originate") and _OUT.search(step.args) is not None
        for extension, step in _steps(context)
    )


def _steps(context: Context) -> Iterator[tuple[str, Priority]]:
    for extension in context.extensions:
        for step in extension.priorities:
            yield extension.pattern, step


def _step(context: str, extension: str, step: Priority) -> Iterator[Finding]:
    where, subject = step.where, f"{extension}@{context}"
    if step.app.lower() == "disa":
        message = (
            "DISA gives callers a dial tone on your lines: remove it, or at least give it a long password, a context "
            "without international calls and a caller-id list"
        )
        yield Finding("error", "disa", message, where.file, where.line, subject)
    local = _LOCAL.search(step.args)
    if local:
        message = (
            f"dials what a variable says into {local['context']}, where every outside line is: dial a fixed list of "
            "targets instead"
        )
        yield Finding("error", "local-open", message, where.file, where.line, subject)
    if step.app.lower() in _JUMPS and not _INTERNAL.match(context) and (jump := _GOTO.search(step.args)):
        message = f"jumps with a variable's digits into {jump['context']}, where every outside line is"
        yield Finding("warning", "jump-open", message, where.file, where.line, subject)
