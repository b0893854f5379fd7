"""The dialplan that an extensions.conf describes: contexts, extensions, priorities.

What `pbx_config` makes of the lines, measured on Asterisk 22.10 against `dialplan show`:

* sections of one name are one context; names have case; `[general]` and `[globals]` are none;
* `n` goes on from the last priority *written*, whatever its extension; `n+2` leaves two out, `s` repeats the last one,
  a label names a priority given before; the first line of a section cannot say `n`;
* what is already taken is ignored (the first one stays), and so is a line that cannot be understood;
* `app(args)`: the arguments end at the last `)`; without `(` the whole rest is the application's name.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from provisioning.asterisk_conf.including import character_set
from provisioning.asterisk_conf.sections import Entry, Section, Tree, Where
from provisioning.finding import Finding

HINT: Final = -1
"""The priority that `hint` stands for."""

_NO_CONTEXTS: Final = frozenset({"general", "globals"})
_PRIORITY: Final = re.compile(r"\s*([^(+]*?)\s*(?:\+\s*(\d+))?\s*(?:\(([^)]*)\).*)?", re.DOTALL)
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z0-9_]+)\}")
_BLANK: Final = re.compile(r"[ \t]")


@dataclass(frozen=True, slots=True)
class Priority:
    """One step of an extension."""

    number: int
    """From 1 on; `HINT` for a hint, whose `app` is the device."""
    label: str
    app: str
    args: str
    where: Where = field(compare=False)

    def __str__(self) -> str:
        return self.app if self.number == HINT else f"{self.app}({self.args})"


@dataclass(frozen=True, slots=True)
class Extension:
    """A number or pattern (`_X.`), and what happens there."""

    pattern: str
    caller: str
    """Only for callers of this number or pattern; "": for all."""
    priorities: tuple[Priority, ...]
    """By number."""

    def has(self, priority: str) -> bool:
        """Return whether a number or label is one of its priorities."""
        if priority.isdigit():
            return any(each.number == int(priority) for each in self.priorities)
        return any(each.label == priority for each in self.priorities if each.label)


@dataclass(frozen=True, slots=True)
class Context:
    """One context."""

    name: str
    extensions: tuple[Extension, ...]
    """In the order they first appear."""
    includes: tuple[str, ...]
    """As written, times of day included."""
    switches: tuple[str, ...] = ()
    ignore_patterns: tuple[str, ...] = ()
    begins: tuple[Where, ...] = field(default=(), compare=False)
    """Where its sections begin."""
    include_lines: tuple[Where, ...] = field(default=(), compare=False)

    def steps(self) -> dict[tuple[str, str, int], tuple[str, str]]:
        """Return (pattern, caller, number) → (label, app(args)): what two dialplans are compared by.

        The label of an extension's first step is left out, because `dialplan show` does not print it.
        """
        return {
            (each.pattern, each.caller, step.number): (step.label if step is not each.priorities[0] else "", str(step))
            for each in self.extensions
            for step in each.priorities
        }


@dataclass(frozen=True, slots=True)
class Dialplan:
    """All contexts of one extensions.conf."""

    contexts: Mapping[str, Context]
    findings: tuple[Finding, ...] = ()
    """Lines that Asterisk ignores."""
    is_refused: bool = False
    """Asterisk refused the file: there is no dialplan at all."""


def read_dialplan(tree: Tree) -> Dialplan:
    """Return the dialplan that Asterisk would make of a tree. Never raises."""
    globals_: dict[str, str] = {
        entry.key: entry.value
        for section in tree.objects()
        if section.name.lower() == "globals"
        for entry in section.entries
    }
    contexts: dict[str, _Open] = {}
    findings: list[Finding] = []
    for section in tree.objects():
        if section.name.lower() not in _NO_CONTEXTS:
            opened = contexts.setdefault(section.name, _Open(section.name))
            opened.take(section, globals_, findings)
    return Dialplan({name: each.closed() for name, each in contexts.items()}, tuple(findings), tree.is_refused)


@dataclass(slots=True)
class _Open:
    """A context that is being read."""

    name: str
    steps: dict[tuple[str, str], dict[int, Priority]] = field(default_factory=dict)
    includes: dict[str, Where] = field(default_factory=dict)
    switches: list[str] = field(default_factory=list)
    ignore_patterns: list[str] = field(default_factory=list)
    begins: list[Where] = field(default_factory=list)

    def closed(self) -> Context:
        extensions = tuple(
            Extension(pattern, caller, tuple(steps[number] for number in sorted(steps)))
            for (pattern, caller), steps in self.steps.items()
        )
        return Context(
            self.name,
            extensions,
            tuple(self.includes),
            tuple(self.switches),
            tuple(self.ignore_patterns),
            tuple(self.begins),
            tuple(self.includes.values()),
        )

    def take(self, section: Section, globals_: Mapping[str, str], findings: list[Finding]) -> None:
        self.begins.append(section.where)
        reading = _SectionReading(self, globals_)
        for entry in section.entries:
            code, message = reading.take(entry)
            if code:
                where = entry.where
                findings.append(Finding("error", code, message, where.file, where.line, f"context {self.name}"))


class _SectionReading:
    """What a line may refer back to: the last extension and the last priority of this section."""

    def __init__(self, context: _Open, globals_: Mapping[str, str]) -> None:
        self._context = context
        self._globals = globals_
        self._pattern: str | None = None
        self._last = 0

    def take(self, entry: Entry) -> tuple[str, str]:
        """Take in one line; return the code and text of what is wrong with it, or two empty texts."""
        match entry.key.lower():
            case "exten":
                pattern, _, rest = entry.value.partition(",")
                self._pattern = self._filled_in(pattern).strip()
                return self._step(rest, entry.where)
            case "same":
                if self._pattern is None:
                    return "same-without-exten", "'same' needs an 'exten' line before it in this section; it is ignored"
                return self._step(entry.value, entry.where)
            case "include":
                self._context.includes.setdefault(self._filled_in(entry.value), entry.where)
            case "switch" | "lswitch" | "eswitch":
                self._context.switches.append(self._filled_in(entry.value))
            case "ignorepat":
                self._context.ignore_patterns.append(self._filled_in(entry.value))
            case "autohints":
                pass
            case _:
                return "unknown-directive", f"'{entry.key}' means nothing in a dialplan; the line is ignored"
        return "", ""

    def _filled_in(self, text: str) -> str:
        return _VARIABLE.sub(lambda found: self._globals.get(found[1], ""), text) if "$" in text else text

    def _step(self, rest: str, where: Where) -> tuple[str, str]:
        assert self._pattern is not None
        priority, _, action = rest.partition(",")
        pattern, _, caller = _BLANK.sub("", self._pattern).partition("/")
        if not pattern:
            return "no-extension", "no extension before the first comma; the line is ignored"
        found = _PRIORITY.fullmatch(priority)
        steps = self._context.steps.get((pattern, caller), {})
        number = self._number(found[1], found[2], steps) if found else None
        if number is None:
            return "bad-priority", f"'{priority}' is no priority of extension '{pattern}'; the line is ignored"
        if number != HINT:
            self._last = number
        label = ((found[3] if found else "") or "").strip()
        if number in steps:
            taken = steps[number]
            return "duplicate-priority", (
                f"extension '{pattern}' has priority {number} at {taken.where} already, which stays; this is ignored"
            )
        trouble = ("", "")
        if label and any(step.label == label for step in steps.values()):
            trouble = "duplicate-label", f"extension '{pattern}' has a label '{label}' already: this step gets none"
            label = ""
        app, args = (action.strip(), "") if number == HINT else _application(action)
        self._context.steps.setdefault((pattern, caller), {})[number] = Priority(number, label, app, args, where)
        return trouble

    def _number(self, word: str, plus: str | None, steps: Mapping[int, Priority]) -> int | None:
        """Return what a priority's word means, or None."""
        more = int(plus or 0)
        if word == "hint":
            return HINT
        if word in ("n", "next"):
            return self._last + 1 + more if self._last else None
        if word in ("s", "same"):
            return self._last + more if self._last else None
        if re.fullmatch(r"[0-9]+", word):
            return int(word) + more or None
        return next((number + more for number, step in steps.items() if word and step.label == word), None)


def _application(action: str) -> tuple[str, str]:
    """Return application and arguments."""
    name, parenthesis, rest = action.strip().partition("(")
    if not parenthesis:
        return name, ""
    args, end, _ = rest.rpartition(")")
    return name, args if end else rest


def matches(pattern: str, number: str) -> bool:
    """Return whether a dialplan pattern takes a number."""
    if not pattern.startswith("_"):
        return pattern.replace("-", "") == number.replace("-", "")
    regex = "".join(_pattern_pieces(pattern[1:]))
    try:
        return re.fullmatch(regex, number, re.IGNORECASE) is not None
    except re.error:
        return False


_ONE: Final = {"x": "[0-9]", "z": "[1-9]", "n": "[2-9]", ".": ".+", "!": ".*", "-": ""}


def _pattern_pieces(pattern: str) -> Iterator[str]:
    for piece in re.findall(r"\[[^\]]*\]|.", pattern):
        if len(piece) > 2 and piece[0] == "[":
            yield f"[{character_set(piece[1:-1])}]"
        else:
            yield _ONE.get(piece.lower(), re.escape(piece))
