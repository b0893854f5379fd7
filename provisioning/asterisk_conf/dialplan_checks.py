"""Dialplan mistakes that Asterisk notices only when a caller falls into them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, Literal

from provisioning.asterisk_conf.dialplan import Context, Dialplan, Extension, Priority, matches
from provisioning.asterisk_conf.sections import Where
from provisioning.finding import Finding

_JUMPS: Final = frozenset({"goto", "gosub", "gotoif", "gosubif", "gotoiftime"})
_OPENING: Final = {"{": "}", "[": "]", "(": ")"}


def check_dialplan(dialplan: Dialplan, ours: frozenset[str] = frozenset()) -> list[Finding]:
    """Return what is wrong with a dialplan: an error in files of ours, a notice or warning in somebody else's."""
    findings = [_weighed(finding, ours) for finding in dialplan.findings]
    takers = {name: _Takers(context) for name, context in dialplan.contexts.items()}
    for context in dialplan.contexts.values():
        findings += _missing_includes(dialplan, context, ours)
        findings += _defined_twice(context, ours)
        for extension in context.extensions:
            for step in extension.priorities:
                if step.app.lower() in _JUMPS:
                    findings += _jumps(dialplan, takers, context, extension, step, ours)
    return findings


class _Takers:
    """Which extensions of a context take a number: thousands of literal ones are found by name, not one by one."""

    def __init__(self, context: Context) -> None:
        self._literal: dict[str, list[Extension]] = {}
        self._patterns: list[Extension] = []
        for extension in context.extensions:
            if extension.pattern.startswith("_"):
                self._patterns.append(extension)
            else:
                self._literal.setdefault(extension.pattern.replace("-", ""), []).append(extension)

    def of(self, number: str) -> Iterator[Extension]:
        """Yield the extensions whose name or pattern takes the number."""
        yield from self._literal.get(number.replace("-", ""), ())
        yield from (one for one in self._patterns if matches(one.pattern, number))


def _weighed(finding: Finding, ours: frozenset[str]) -> Finding:
    return finding if finding.file in ours else replace(finding, severity="warning")


def _finding(code: str, message: str, at: Where, subject: str, ours: frozenset[str]) -> Finding:
    severity: Literal["error", "notice"] = "error" if at.file in ours else "notice"
    return Finding(severity, code, message, at.file, at.line, subject)


def _missing_includes(dialplan: Dialplan, context: Context, ours: frozenset[str]) -> Iterator[Finding]:
    for written, where in zip(context.includes, context.include_lines, strict=True):
        name = written.split(",")[0].split("|")[0].strip()
        if name not in dialplan.contexts and "${" not in name:
            message = f"include => {name}: there is no such context"
            yield _finding("context-missing", message, where, f"context {context.name}", ours)


def _defined_twice(context: Context, ours: frozenset[str]) -> Iterator[Finding]:
    places = {where.file: where for where in context.begins}
    mine = [where for file, where in places.items() if file in ours]
    theirs = [where for file, where in places.items() if file not in ours]
    if mine and theirs:
        message = f"context '{context.name}' stands at {theirs[0]} too, which is not ours: Asterisk makes one of both"
        yield Finding("warning", "context-shared", message, mine[0].file, mine[0].line, f"context {context.name}")
    elif len(theirs) > 1:
        message = f"context '{context.name}' stands at {theirs[0]} too: Asterisk makes one of both"
        yield Finding("notice", "context-twice", message, theirs[1].file, theirs[1].line, f"context {context.name}")


def _jumps(
    dialplan: Dialplan,
    takers: Mapping[str, _Takers],
    context: Context,
    extension: Extension,
    step: Priority,
    ours: frozenset[str],
) -> Iterator[Finding]:
    for target in _targets(step):
        code, message = _trouble(dialplan, takers, context, extension, target)
        if code:
            subject = f"context {context.name}, extension {extension.pattern}"
            yield _finding(code, f"{step.app}({target}): {message}", step.where, subject, ours)


def _targets(step: Priority) -> Iterator[str]:
    """Yield where a step may jump to, as far as it is written out."""
    app, args = step.app.lower(), step.args
    if app.endswith("if") or app == "gotoiftime":
        _, branches = _cut(args, "?")
        yes, no = _cut(branches, ":")
        candidates = [yes, no]
    else:
        candidates = [args]
    for candidate in candidates:
        target = candidate.strip()
        if app.startswith("gosub"):
            target = _cut(target, "(")[0].strip() if not target.startswith("(") else ""
        if target and "$" not in target:
            yield target


def _cut(text: str, mark: str) -> tuple[str, str]:
    """Part a text at the first mark outside of brackets and quotation marks."""
    waiting: list[str] = []
    quoted = False
    for index, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif char == mark and not waiting:
            return text[:index], text[index + 1 :]
        elif char in _OPENING:
            waiting.append(_OPENING[char])
        elif waiting and char == waiting[-1]:
            waiting.pop()
    return text, ""


def _trouble(
    dialplan: Dialplan, takers: Mapping[str, _Takers], context: Context, extension: Extension, target: str
) -> tuple[str, str]:
    """Return the code and text of what is wrong with a target, or two empty texts."""
    parts = [part.strip() for part in target.split(",")]
    if len(parts) > 3 or not all(parts):
        return "", ""
    name = parts[0] if len(parts) == 3 else context.name
    there = dialplan.contexts.get(name)
    if there is None:
        return "context-missing", f"there is no context '{name}'"
    around = list(_chain(dialplan, there))
    if any(each.switches for each in around):
        return "", ""  # the rest lives in a switch, which only Asterisk can ask
    if len(parts) == 1:
        # a pattern: the number dialled may be another, more special extension by then
        if extension.has(parts[0]) or any(one.has(parts[0]) for each in around for one in each.extensions):
            return "", ""
        return "label-missing", f"extension '{extension.pattern}' has no priority or label '{parts[0]}'"
    fitting = [one for each in around for one in takers[each.name].of(parts[-2])]
    if not fitting:
        return "extension-missing", f"context '{name}' has no extension that takes '{parts[-2]}'"
    if not any(one.has(parts[-1]) for one in fitting):
        return "label-missing", f"extension '{parts[-2]}' of context '{name}' has no priority or label '{parts[-1]}'"
    return "", ""


def _chain(dialplan: Dialplan, context: Context) -> Iterator[Context]:
    """Yield a context and all it includes, each once."""
    seen: set[str] = set()
    waiting = [context.name]
    while waiting:
        name = waiting.pop()
        there = dialplan.contexts.get(name)
        if name in seen or there is None:
            continue
        seen.add(name)
        yield there
        waiting += [written.split(",")[0].split("|")[0].strip() for written in there.includes]
