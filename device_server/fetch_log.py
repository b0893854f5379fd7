"""The log of fetches: one JSON object a line; a flood of refusals is counted, not written."""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol, TextIO

from device_server.shelf import LogEntry, Outcome

ORDINARY: Final[frozenset[Outcome]] = frozenset({"unknown-token", "refused", "unknown-file", "other-network"})
"""What anybody on the network can cause as often as they like."""
MOST_ORDINARY: Final = 120
"""So many lines of that kind a minute."""


class Log(Protocol):
    """Where entries go."""

    def write(self, entry: LogEntry) -> None: ...


def line_of(entry: LogEntry) -> str:
    """Return the entry as JSON; times in UTC, empty fields left out."""
    fields: dict[str, object] = {name: value for name, value in asdict(entry).items() if value != ""}
    fields["time"] = datetime.fromtimestamp(entry.time, UTC).isoformat(timespec="milliseconds")
    return json.dumps(fields)


class Rationed:
    """Lets through what matters, and of what anybody can cause `most` lines a minute."""

    def __init__(self, most: int = MOST_ORDINARY) -> None:
        self._most = most
        self._minute = 0.0
        self._count = 0

    def admit(self, entry: LogEntry) -> list[LogEntry]:
        """Return what to write now: the entry, or nothing; first, how much of the last minute was left out."""
        admitted = []
        if entry.time - self._minute >= 60 or entry.time < self._minute:
            if self._count > self._most:
                left_out = f"{self._count - self._most} more refusals in a minute were not written"
                admitted.append(LogEntry(entry.time, "refused", "", 0, 0, detail=left_out))
            self._minute, self._count = entry.time, 0
        if entry.outcome in ORDINARY:
            self._count += 1
            if self._count > self._most:
                return admitted
        return [*admitted, entry]


class StreamLog:
    """Writes to a stream, such as standard output."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._ration = Rationed()

    def write(self, entry: LogEntry) -> None:
        """Write one line, at once."""
        for one in self._ration.admit(entry):
            self._stream.write(line_of(one) + "\n")
            self._stream.flush()


class FileLog:
    """Appends to a file, opened for each line: it may be renamed or rotated at any time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ration = Rationed()

    def write(self, entry: LogEntry) -> None:
        """Append one line; when this returns, a line about a one-time file is on disk.

        Raises: OSError.
        """
        for one in self._ration.admit(entry):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                os.write(descriptor, (line_of(one) + "\n").encode("ascii"))
                if one.outcome not in ORDINARY:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
