"""What an apply would change, as people and as programs read it; no secret in it. Pure."""

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from provisioning.applying.file_state import FileChange
from provisioning.rendered import redacted, split_block

What = Literal["file", "block"]
How = Literal["created", "changed", "removed", "permissions"]

_CONTEXT_LINES: Final = 3
_CHANGED: Final = " (changed)"


@dataclass(frozen=True, slots=True)
class Changed:
    """One file of ours, or our block in somebody else's file."""

    path: str
    what: What
    how: How
    diff: str
    """Unified, every secret `***`; a secret that is another one now says `(changed)`."""

    @property
    def summary(self) -> str:
        """One line: "created file centralita/pjsip.conf"."""
        if self.what == "file":
            return f"{self.how} file {self.path}"
        return f"{self.how} our block in {self.path}"

    def as_json(self) -> dict[str, str]:
        """Return the fields by name."""
        return {"path": self.path, "what": self.what, "how": self.how, "diff": self.diff}


@dataclass(frozen=True, slots=True)
class Changes:
    """All of it."""

    items: tuple[Changed, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.items)

    def __str__(self) -> str:
        """Return the summary lines, then every diff."""
        if not self.items:
            return "no difference"
        return "\n".join([*(item.summary for item in self.items), "", *(item.diff for item in self.items if item.diff)])

    @property
    def needs_reload(self) -> bool:
        """True when Asterisk would read something else than before."""
        return any(item.how != "permissions" for item in self.items)

    def as_json(self) -> dict[str, object]:
        """Return `{"changed": bool, "items": [...]}`."""
        return {"changed": bool(self), "items": [item.as_json() for item in self.items]}

    def json(self) -> str:
        """Return the JSON text."""
        return json.dumps(self.as_json(), ensure_ascii=False, indent=2)


def changes_of(changes: Iterable[FileChange]) -> Changes:
    """Return file changes in words. Of somebody else's file only our block is shown."""
    return Changes(tuple(item for change in changes if (item := _changed(change)) is not None))


def _changed(change: FileChange) -> Changed | None:
    if change.is_host:
        before, after = _block(change.before.text), _block(change.after.text)
        if before == after:
            return None
        how: How = "created" if not before else "removed" if not after else "changed"
        return Changed(change.path, "block", how, _diff(change.path, before, after))
    if not change.before.exists:
        how = "created"
    elif not change.after.exists:
        how = "removed"
    elif change.before.content == change.after.content:
        return Changed(change.path, "file", "permissions", "")
    else:
        how = "changed"
    return Changed(change.path, "file", how, _diff(change.path, change.before.text, change.after.text))


def _block(text: str) -> str:
    try:
        return split_block(text)[1]
    except ValueError:
        return ""


def _diff(path: str, before: str, after: str) -> str:
    """Return a unified diff. The lines are compared as they are and hidden afterwards: a new password is a change."""
    old, new = before.splitlines(), after.splitlines()
    head = _common(old, new)
    skipped = max(0, head - _CONTEXT_LINES)
    lines = list(
        difflib.unified_diff(old[skipped:], new[skipped:], path, path, n=_CONTEXT_LINES, lineterm="")
    )  # a long equal beginning costs nothing this way; the @@ lines are put right below
    shown = _hidden([_moved(line, skipped) for line in lines])
    return "\n".join(shown) + "\n" if shown else f"{path}: only the end of the last line differs\n"


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count


def _moved(line: str, by: int) -> str:
    """Return an `@@ -1,3 +1,4 @@` line for texts that begin `by` lines earlier."""
    if not line.startswith("@@ "):
        return line
    parts = []
    for part in line.split(" ")[1:3]:
        sign, numbers = part[0], part[1:].split(",")
        numbers[0] = str(int(numbers[0]) + by)
        parts.append(sign + ",".join(numbers))
    return f"@@ {' '.join(parts)} @@"


def _hidden(lines: Sequence[str]) -> list[str]:
    """Return the diff's lines without secrets; a `+` whose secret replaces one of the `-` above says so."""
    shown: list[str] = []
    removed: list[str] = []
    for line in lines:
        sign, text = line[:1], line[1:]
        safe = redacted(text) if sign in "+- " and not line.startswith(("+++", "---")) else text
        if sign == "-":
            removed.append(safe)
        elif sign == " " or line.startswith("@@"):
            removed.clear()
        elif sign == "+" and safe != text and safe in removed:
            removed.remove(safe)
            safe += _CHANGED
        shown.append(sign + safe)
    return shown
