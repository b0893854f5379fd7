"""What people taught a bank, in order: one JSON line for each thing, written behind the last and never changed.

A bank `telecom.toml` has its journal beside it, `telecom.journal.jsonl`. Nothing is ever deleted: what is taken back
is taken back by a later line. A line is on the disk (`fsync`) before anybody is told that it was taken; one that a
crash cut short is cut off before the next is written. Two processes may write: each holds a lock while it does.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import Annotated, Final, Literal, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from engines.correction.bank import Rule
from vocabulary.errors import ConfigurationError

SUFFIX: Final = ".journal.jsonl"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    at: AwareDatetime
    by: str = ""
    """Who; "" when nobody said."""


class Sighting(_Entry):
    """A person corrected a transcript: `heard` stood where `meant` was said."""

    what: Literal["sighting"] = "sighting"
    heard: str = Field(min_length=1)
    meant: str
    after: str = ""
    """The word before it; "" at the beginning of the sentence."""
    before: str = ""
    """The word behind it."""
    conversation: str = ""


class Kept(_Entry):
    """A person read a transcript and left `heard` as it was, in words where a candidate would have changed it."""

    what: Literal["kept"] = "kept"
    heard: str = Field(min_length=1)
    after: str = ""
    before: str = ""
    conversation: str = ""


class RuleSet(_Entry):
    """A rule holds from here on, in place of one with the same id; by hand, or promoted from a candidate."""

    what: Literal["rule"] = "rule"
    rule: Rule
    candidate: str = ""
    """Id of the candidate it came from."""
    is_automatic: bool = False
    """Promoted by its confirmations, not by a person."""


class RuleRemoved(_Entry):
    """A rule holds no longer, be it the file's or a learned one."""

    what: Literal["rule_removed"] = "rule_removed"
    id: str


class TermSet(_Entry):
    """A word of the company's own."""

    what: Literal["term"] = "term"
    text: str = Field(min_length=1)
    kind: str


class TermRemoved(_Entry):
    """A word is not the company's any longer."""

    what: Literal["term_removed"] = "term_removed"
    text: str


class Undone(_Entry):
    """An earlier entry counts no more."""

    what: Literal["undone"] = "undone"
    entry: int = Field(ge=1)
    """Its number: 1 for the first of the journal."""


Entry = Annotated[Sighting | Kept | RuleSet | RuleRemoved | TermSet | TermRemoved | Undone, Field(discriminator="what")]
_ENTRY: Final[TypeAdapter[Entry]] = TypeAdapter(Entry)


def entry_as_json(entry: Entry, *, is_short: bool = False) -> dict[str, object]:
    """Return an entry as JSON values; `is_short` leaves out what is as usual, and tells its moment in UTC."""
    if is_short:
        entry = entry.model_copy(update={"at": entry.at.astimezone(UTC)})
    found: dict[str, object] = _ENTRY.dump_python(entry, mode="json", exclude_defaults=is_short)
    return found


def entry_of(values: object) -> Entry:
    """Return the entry that JSON values say. Raises: ValueError for what is none."""
    return _ENTRY.validate_python(values, strict=False)


class Journal(Protocol):
    """Keeps entries in order; a database may do it as well."""

    def read(self) -> tuple[Entry, ...]:
        """Return every entry, the oldest first; the first has number 1."""
        ...

    def writing(self) -> contextlib.AbstractContextManager["Page"]:
        """Let nobody else write until it is left; what is added is kept when `add` returns."""
        ...


class Page(Protocol):
    """A journal that is open to be written: what is decided upon the entries read holds when it is added."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry so far."""
        ...

    def add(self, entries: Iterable[Entry]) -> None:
        """Keep entries, all or (after a crash) the first few of them."""
        ...


class FileJournal:
    """A journal in a file; made with its first entry."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[Entry, ...]:
        """Read the whole file; a last line without its end is one that a crash cut short, and is left out.

        Raises: ConfigurationError naming file and line.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ConfigurationError(f"{self.path}: the journal cannot be read: {error.strerror}") from error
        return _entries(content, self.path)

    @contextlib.contextmanager
    def writing(self) -> Iterator["FilePage"]:
        """Open the file, locked.

        Raises: ConfigurationError when it cannot be written or holds something else.
        """
        try:
            is_new = not self.path.exists()
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise ConfigurationError(f"{self.path}: the journal cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            content = _whole(handle)
            complete = content.rfind(b"\n") + 1
            entries = _entries(content, self.path)
            if complete < len(content):
                os.ftruncate(handle, complete)
            if is_new:
                _sync_folder(self.path.parent)
            yield FilePage(handle, entries)
        finally:
            os.close(handle)


class FilePage:
    """The open file of a journal."""

    def __init__(self, handle: int, entries: tuple[Entry, ...]) -> None:
        self._handle = handle
        self.entries = entries

    def add(self, entries: Iterable[Entry]) -> None:
        """Write them behind the last and wait for the disk.

        Raises: OSError when there is no room: nothing of them is kept then.
        """
        added = tuple(entries)
        if not added:
            return
        before = os.fstat(self._handle).st_size
        try:
            _write(self._handle, b"".join(_ENTRY.dump_json(entry, exclude_defaults=False) + b"\n" for entry in added))
            os.fsync(self._handle)
        except OSError:
            os.ftruncate(self._handle, before)
            raise
        self.entries += added


def _entries(content: bytes, path: Path) -> tuple[Entry, ...]:
    lines = content.split(b"\n")[:-1]
    found: list[Entry] = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(_ENTRY.validate_json(line))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise ConfigurationError(f"{path}, line {number}: {place or 'entry'}: {first['msg']}") from None
    return tuple(found)


def _whole(handle: int) -> bytes:
    pieces = []
    offset = 0
    while piece := os.pread(handle, 1 << 20, offset):
        pieces.append(piece)
        offset += len(piece)
    return b"".join(pieces)


def _write(handle: int, content: bytes) -> None:
    while content:
        content = content[os.write(handle, content) :]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def standing(entries: Sequence[Entry]) -> Iterator[tuple[int, Entry]]:
    """Yield what counts, with its number: neither undone nor an undoing itself. An undoing may be undone, too.

    In the order of their moments, and of their numbers within one: machines that tell each other of their entries
    (`replica`) hear of them in different orders, and must come to the same.
    """
    undone: set[int] = set()
    for number in range(len(entries), 0, -1):
        entry = entries[number - 1]
        if isinstance(entry, Undone) and number not in undone:
            undone.add(entry.entry)
    found = [one for one in enumerate(entries, 1) if one[0] not in undone and not isinstance(one[1], Undone)]
    yield from sorted(found, key=lambda one: one[1].at)


def journal_of(bank: Path) -> FileJournal:
    """Return the journal beside a bank's file, or of the journal's own path."""
    return FileJournal(bank if bank.name.endswith(SUFFIX) else bank.with_name(bank.stem + SUFFIX))
