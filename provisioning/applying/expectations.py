"""What Asterisk must show when it has taken our files. Pure: trees in, expected objects out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from provisioning.applying.families import Family
from provisioning.asterisk_conf.dialplan import HINT, read_dialplan
from provisioning.asterisk_conf.parsing import Section, Tree, Where, read_tree
from provisioning.finding import Finding

PJSIP_SHOWN = ("transport", "endpoint", "aor", "auth", "identify", "registration")
"""Object types that the console can show, in the order they are asked for."""


@dataclass(frozen=True, slots=True)
class ExpectedObject:
    """One object of pjsip.conf, an ARI or AMI user, or an access list."""

    kind: str
    """endpoint, aor, auth, identify, registration, transport, …; `ari user`, `manager user`, `acl`."""
    id: str
    options: tuple[tuple[str, str], ...] = field(repr=False)
    """In the order written; a key may come again. They hold passwords."""
    where: Where

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by."""
        return self.kind, self.id

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


@dataclass(frozen=True, slots=True)
class Step:
    """One priority of an extension."""

    context: str
    extension: str
    """As written, with `/callerid` where there is one."""
    priority: int
    """0 for a hint."""
    application: str
    """`Stasis(centralita,a)`, or the devices of a hint."""
    label: str
    where: Where

    @property
    def key(self) -> tuple[str, str, int]:
        """What it is known by."""
        return self.context, self.extension, self.priority

    def __str__(self) -> str:
        return f"extension {self.extension}@{self.context}, {'hint' if not self.priority else self.priority}"


@dataclass(frozen=True, slots=True)
class Expectations:
    """Everything that one state of our files makes Asterisk know."""

    objects: Mapping[tuple[str, str], ExpectedObject]
    steps: Mapping[tuple[str, str, int], Step]
    includes: frozenset[tuple[str, str]] = frozenset()
    """(context, included context)"""


NONE_EXPECTED: Final = Expectations({}, {})


def expectations(tree: Mapping[str, str], ours: Mapping[str, Family], etc: str = "/etc/asterisk") -> Expectations:
    """Return what the files among `ours` make Asterisk know, read within the merged tree.

    `tree` is path → text of the whole configuration folder `etc`, `ours` our files and their families.
    """
    objects: dict[tuple[str, str], ExpectedObject] = {}
    steps: dict[tuple[str, str, int], Step] = {}
    includes: set[tuple[str, str]] = set()
    for family, paths in _by_family(ours).items():
        for part, read in _trees(tree, family, paths, etc):
            if family.name == "extensions":
                found, included = dialplan_of(read, part)
                steps |= found
                includes |= included
            else:
                objects |= {item.key: item for item in _objects(family.name, read.objects()) if item.where.file in part}
    return Expectations(objects, steps, frozenset(includes))


def unreadable(tree: Mapping[str, str], ours: Mapping[str, Family], etc: str = "/etc/asterisk") -> list[Finding]:
    """Say which lines of our files Asterisk would pass over: what stands there would be missing in silence."""
    findings: dict[Finding, None] = {}
    for family, paths in _by_family(ours).items():
        trees = [read_tree(tree, family.root, etc)] if family.root in tree else []
        taken = {path for one in trees for path in one.files}
        # by itself is read only what no root takes in: a `(+)` of ours leans on the host's own section
        trees += [read_tree(tree, path, etc) for path in paths if path in tree and path not in taken]
        for one in trees:
            ignored = read_dialplan(one).findings if family.name == "extensions" else ()
            for finding in (*(found for found in one.findings if found.severity == "error"), *ignored):
                if finding.file in ours:
                    findings[replace(finding, severity="error")] = None
    return list(findings)


def _by_family(ours: Mapping[str, Family]) -> dict[Family, list[str]]:
    found: dict[Family, list[str]] = {}
    for path, family in sorted(ours.items()):
        found.setdefault(family, []).append(path)
    return found


def _trees(
    tree: Mapping[str, str], family: Family, paths: Iterable[str], etc: str
) -> Iterable[tuple[frozenset[str], Tree]]:
    """Yield (our files, the tree they are read in); files that no root takes in are read by themselves."""
    left = frozenset(path for path in paths if path in tree)
    if left and family.root in tree:
        whole = read_tree(tree, family.root, etc)
        taken = left & frozenset(whole.files)
        left -= taken
        if taken:
            yield taken, whole
    for path in sorted(left):
        yield frozenset((path,)), read_tree(tree, path, etc)


def _objects(family: str, sections: Iterable[Section]) -> Iterable[ExpectedObject]:
    for section in sections:
        options = tuple((entry.key.lower(), entry.value) for entry in section.entries)
        kind = section.get("type")
        if family == "pjsip" and kind:
            yield ExpectedObject(kind, section.name, options, section.where)
        elif family == "ari" and kind == "user":
            yield ExpectedObject("ari user", section.name, options, section.where)
        elif family == "manager" and section.name != "general":
            yield ExpectedObject("manager user", section.name, options, section.where)
        elif family == "acl":
            yield ExpectedObject("acl", section.name, options, section.where)


def dialplan_of(tree: Tree, ours: frozenset[str]) -> tuple[dict[tuple[str, str, int], Step], set[tuple[str, str]]]:
    """Return (the priorities, the includes) that stand in our files."""
    steps: dict[tuple[str, str, int], Step] = {}
    includes: set[tuple[str, str]] = set()
    for context in read_dialplan(tree).contexts.values():
        for extension in context.extensions:
            name = f"{extension.pattern}/{extension.caller}" if extension.caller else extension.pattern
            for priority in extension.priorities:
                if priority.where.file in ours:
                    number = 0 if priority.number == HINT else priority.number
                    step = Step(context.name, name, number, str(priority), priority.label, priority.where)
                    steps[step.key] = step
        for included, where in zip(context.includes, context.include_lines, strict=True):
            if where.file in ours:
                includes.add((context.name, included))
    return steps, includes
