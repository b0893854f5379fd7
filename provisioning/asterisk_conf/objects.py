"""The objects of a pjsip.conf: sections by type and id, as Asterisk's sorcery sees them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from provisioning.asterisk_conf.sections import Entry, Section, Tree, Where
from provisioning.finding import Finding

_NAMED_TYPES: Final = frozenset({"global", "system"})
"""Sections of these names need no `type` (documentation of pjsip.conf)."""

_TRUE: Final = frozenset({"yes", "true", "y", "t", "1", "on"})
_FALSE: Final = frozenset({"no", "false", "n", "f", "0", "off"})


def truth(word: str | None) -> bool | None:
    """Return what Asterisk takes a word for (`ast_true`, `ast_false`), or None for neither."""
    lower = (word or "").lower()
    return True if lower in _TRUE else False if lower in _FALSE else None


def words(value: str | None) -> tuple[str, ...]:
    """Return the words of a comma-separated value."""
    return tuple(word for part in (value or "").split(",") if (word := part.strip()))


@dataclass(frozen=True, slots=True)
class PjsipObject:
    """One object; of several `type` lines the first decides (measured on Asterisk 22.10)."""

    type: str
    """"" when the section names none."""
    id: str
    section: Section

    def get(self, option: str) -> str | None:
        """Return the last value of an option, or None."""
        return self.section.get(option)

    def is_on(self, option: str) -> bool:
        """Return whether an option is written and means yes."""
        return truth(self.get(option)) is True

    def listed(self, option: str) -> tuple[str, ...]:
        """Return the words of every line of an option."""
        return tuple(word for value in self.section.all(option) for word in words(value))

    def where(self, option: str = "") -> Where:
        """Return where an option is written, or else the section."""
        entry = self.section.last(option) if option else None
        return entry.where if entry else self.section.where

    def __str__(self) -> str:
        return f"{self.type or 'section'} {self.id}"


@dataclass(frozen=True, slots=True)
class Site:
    """A whole pjsip.conf with what surrounds it, and which files are ours."""

    tree: Tree
    ours: frozenset[str]
    objects: tuple[PjsipObject, ...]
    by_type: Mapping[str, Mapping[str, tuple[PjsipObject, ...]]] = field(repr=False)
    """Type → id → objects (more than one: duplicates)."""
    acls: frozenset[str] | None = None
    """Names in acl.conf; None: it was not given."""
    contexts: frozenset[str] | None = None
    """Names of the dialplan's contexts; None: it was not given."""

    def of(self, *types: str) -> Iterator[PjsipObject]:
        """Yield the objects of these types, in the file's order."""
        return (one for one in self.objects if one.type in types)

    def find(self, object_type: str, name: str) -> PjsipObject | None:
        """Return the object of a type and id, or None."""
        found = self.by_type.get(object_type, {}).get(name)
        return found[0] if found else None

    def is_ours(self, *objects: PjsipObject) -> bool:
        """Return whether any of these objects, or a line of it, stands in a file of ours."""
        return any(
            one.section.where.file in self.ours or any(entry.where.file in self.ours for entry in one.section.entries)
            for one in objects
        )

    def says(
        self,
        about: PjsipObject | tuple[PjsipObject, ...],
        code: str,
        message: str,
        at: Where | None = None,
        ours: Literal["error", "warning", "notice"] = "error",
        theirs: Literal["error", "warning", "notice"] = "warning",
    ) -> Finding:
        """Return a finding about an object, or several; it weighs `ours` when one of them is ours."""
        several = about if isinstance(about, tuple) else (about,)
        first = next((one for one in several if self.is_ours(one)), several[0])
        place = at or first.section.where
        severity = ours if self.is_ours(*several) or place.file in self.ours else theirs
        return Finding(severity, code, message, place.file, place.line, str(first))


def site_of(
    tree: Tree,
    ours: Iterable[str] = (),
    acls: frozenset[str] | None = None,
    contexts: frozenset[str] | None = None,
) -> Site:
    """Return the objects of a tree, indexed. Templates are no objects."""
    objects = tuple(PjsipObject(_type_of(section), section.name, section) for section in tree.objects())
    index: dict[str, dict[str, list[PjsipObject]]] = defaultdict(lambda: defaultdict(list))
    for one in objects:
        index[one.type][one.id].append(one)
    by_type = {kind: {name: tuple(found) for name, found in named.items()} for kind, named in index.items()}
    return Site(tree, frozenset(ours), objects, by_type, acls, contexts)


def _type_of(section: Section) -> str:
    declared = first(section, "type")
    if declared:
        return declared.value
    return section.name if section.name in _NAMED_TYPES else ""


def first(section: Section, key: str) -> Entry | None:
    """Return the first entry with a key, or None."""
    return next((entry for entry in section.entries if entry.key.lower() == key), None)
