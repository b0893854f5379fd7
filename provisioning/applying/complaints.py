"""What Asterisk itself said in its log since a moment, as far as it is a warning or an error."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioning.applying.control import AsteriskControl, ask
from provisioning.applying.errors import AsteriskUnreachable
from provisioning.asterisk_conf.parsing import read_tree
from provisioning.rendered import redacted

_COMPLAINT: Final = re.compile(r"(?:\] |\s)(WARNING|ERROR)\[\d+\](?:\[C-[0-9a-f]+\])?:? *(?P<said>.*)")
_REFUSED: Final = re.compile(r"Could not create an object of type '(?P<type>[^']+)' with id '(?P<id>[^']+)'")
_DUPLICATE: Final = re.compile(r"contains a duplicate object: '(?P<id>[^']+)' of type '(?P<type>[^']+)'")
_VALUE: Final = re.compile(
    r"(?i)(Error parsing [\w.-]*(?:password|secret|token|md5_cred|password_digest|privkey_pass)=)\S+"
)
_LOG_FILE: Final = re.compile(r"^(/\S+)\s+File\s.*\b(?:WARNING|ERROR)\b", re.MULTILINE)
_LOG_FOLDER: Final = "/var/log/asterisk"
_MOST: Final = 4 * 1024 * 1024
"""Bytes of log that are read back at most: a busy PBX writes much in a second."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One WARNING or ERROR line."""

    level: str
    text: str
    """Without time, thread and secrets."""

    def __str__(self) -> str:
        return f"{self.level} {self.text}"

    @property
    def refused(self) -> tuple[str, str] | None:
        """The (type, id) of the object that Asterisk says it refused, or None."""
        found = _REFUSED.search(self.text) or _DUPLICATE.search(self.text)
        return (found["type"], found["id"]) if found else None

    @property
    def is_fatal(self) -> bool:
        """True when Asterisk has not taken a whole file, or not one object."""
        return self.level == "ERROR" and (self.refused is not None or "could not be loaded" in self.text)


class LogMark:
    """A place in a log file; what is written after it can be read."""

    def __init__(self, path: Path | None) -> None:
        """Remember where the log ends now. None: there is no log to read."""
        self.path = path
        self._inode = self._size = 0
        if path is not None:
            try:
                info = path.stat()
            except OSError:
                self.path = None
            else:
                self._inode, self._size = info.st_ino, info.st_size

    def complaints(self) -> tuple[Complaint, ...]:
        """Return the complaints since then; a log that was rotated meanwhile is read from its beginning."""
        if self.path is None:
            return ()
        try:
            with self.path.open("rb") as file:
                info = os.fstat(file.fileno())
                same = info.st_ino == self._inode and info.st_size >= self._size
                file.seek(self._size if same else 0)
                text = file.read(_MOST).decode("utf-8", "replace")
        except OSError:
            return ()
        return complaints_in(text.splitlines())


def complaints_in(lines: Iterable[str]) -> tuple[Complaint, ...]:
    """Return the warnings and errors among log lines, each once."""
    found: dict[Complaint, None] = {}
    for line in lines:
        match = _COMPLAINT.search(line)
        if match:
            found[Complaint(match[1], _without_secrets(match["said"].strip()))] = None
    return tuple(found)


def log_of(asterisk: AsteriskControl, tree: Mapping[str, str], etc: str) -> Path | None:
    """Return a log file with warnings and errors that Asterisk writes and we may read, or None.

    `tree` is the configuration folder `etc` as text: the console cuts the names of log files at 35 characters.
    """
    for path in _configured(tree, etc):
        if os.access(path, os.R_OK) and path.is_file():
            return path
    try:
        said = ask(asterisk, "logger show channels")
    except AsteriskUnreachable:
        return None
    for path in _LOG_FILE.findall(said):
        if os.access(path, os.R_OK) and Path(path).is_file():
            return Path(path)
    return None


def _configured(tree: Mapping[str, str], etc: str) -> Iterator[Path]:
    """Yield the log files that `logger.conf` names, below the folder that `asterisk.conf` names."""
    folder = _LOG_FOLDER
    for section in read_tree(tree, "asterisk.conf", etc).objects():
        if section.name == "directories":
            folder = section.get("astlogdir") or folder
    for section in read_tree(tree, "logger.conf", etc).objects():
        for entry in section.entries if section.name == "logfiles" else ():
            levels = {word.strip().lower() for word in entry.value.rpartition("]")[2].split(",")}
            is_file = entry.key != "console" and not entry.key.startswith("syslog.")
            if is_file and ({"warning", "error"} <= levels or "*" in levels):
                yield Path(folder) / entry.key


def _without_secrets(text: str) -> str:
    return redacted(_VALUE.sub(r"\1***", text))
