"""A journal as machines tell it to one another: every entry with a name that is the same on all of them. Pure.

In a journal an entry's name is its number, which depends on what a machine heard first. Told to others it is named by
what it says, and an undoing names what it undoes. Machines that know the same entries come to the same bank, in
whatever order they heard of them: what counts, counts in the order of its moments (`journal.standing`).
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engines.correction.journal import Entry, Undone, entry_as_json


@dataclass(frozen=True, slots=True)
class SharedEntry:
    """An entry as it is told."""

    entry_id: str
    undoes: str
    """The id of what it takes back; "" unless it is an `Undone`."""
    entry: Entry = field(repr=False)
    """An `Undone` has its number on the machine that told it."""


def shared(entries: Sequence[Entry]) -> list[SharedEntry]:
    """Return a journal's entries as they are told, in its order."""
    found: list[SharedEntry] = []
    times: Counter[str] = Counter()
    for entry in entries:
        undoes = found[entry.entry - 1].entry_id if isinstance(entry, Undone) and entry.entry <= len(found) else ""
        said = entry_as_json(entry, is_short=True)
        said.pop("entry", None)
        content = json.dumps([entry.what, undoes, said], sort_keys=True, ensure_ascii=False)
        # The same may be said twice in one breath: the word that stood twice in a sentence
        times[content] += 1
        name = hashlib.sha256(f"{content}\n{times[content]}".encode()).hexdigest()[:24]
        found.append(SharedEntry(name, undoes, entry))
    return found


def additions(entries: Sequence[Entry], told: Sequence[SharedEntry]) -> Iterator[tuple[SharedEntry, Entry]]:
    """Yield what of `told` the journal lacks, and how it is written behind it, if all of it is.

    An undoing of something that neither knows is left out.
    """
    numbers = {one.entry_id: number for number, one in enumerate(shared(entries), 1)}
    for one in told:
        if one.entry_id in numbers:
            continue
        entry = one.entry
        if isinstance(entry, Undone):
            number = numbers.get(one.undoes)
            if number is None:
                continue
            entry = entry.model_copy(update={"entry": number})
        numbers[one.entry_id] = len(numbers) + 1
        yield one, entry
