"""What a configuration file holds: sections with their entries, and where each of them is written."""

from dataclasses import dataclass

from provisioning.finding import Finding


@dataclass(frozen=True, slots=True)
class Where:
    """A line of a file; the path is relative to Asterisk's configuration folder."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key = value`; comments, blanks and escapes are gone."""

    key: str
    value: str
    where: Where
    """Where it is written: for what came from a template, the template's line."""
    is_object: bool
    """Written `=>`. Asterisk makes no difference between the two."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section as Asterisk keeps it. Two sections may have the same name."""

    name: str
    entries: tuple[Entry, ...]
    """Effective: the templates' first, then its own, and what `(+)` added."""
    where: Where
    is_template: bool
    bases: tuple[str, ...]
    """Sections it inherits from, by their own names."""
    adds: bool = False
    """A `(+)` further on added to it."""

    def get(self, key: str) -> str | None:
        """Return the last value of `key`, or None. Keys have no case."""
        values = self.all(key)
        return values[-1] if values else None

    def all(self, key: str) -> tuple[str, ...]:
        """Return every value of `key`, in order. Keys have no case."""
        wanted = key.lower()
        return tuple(entry.value for entry in self.entries if entry.key.lower() == wanted)

    def last(self, key: str) -> Entry | None:
        """Return the last entry with this key, or None."""
        wanted = key.lower()
        return next((entry for entry in reversed(self.entries) if entry.key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Tree:
    """A root file with everything it includes."""

    sections: tuple[Section, ...]
    """In the order they begin, templates too. Of a refused tree: what stands before the mistake."""
    findings: tuple[Finding, ...]
    files: tuple[str, ...]
    """The files that were read, each once, in the order they were first read."""
    is_refused: bool = False
    """Asterisk loads nothing of it."""

    def objects(self) -> tuple[Section, ...]:
        """Return the sections that are not templates."""
        return tuple(section for section in self.sections if not section.is_template)
