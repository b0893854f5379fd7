"""The files with which systemd or cron start the second listening: templates in `offline/units`, filled in."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from vocabulary.errors import ConfigurationError

TEMPLATES: Final = Path(__file__).parent.parent / "units"
_USER: Final = re.compile(r"[a-z_][a-z0-9_-]{0,31}\$?")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./@+:,=-]+")
"""What means the same to systemd, to cron and to a shell."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Where and as whom the batch runs. Raises: ConfigurationError, naming the field."""

    program: Path
    """The `centralita` command, absolute."""
    directory: Path
    """Where it runs, absolute."""
    user: str = "centralita"
    settings: Path | None = None
    """Settings file, absolute; None leaves it to the program."""
    limit: int = 100
    """Recordings a run."""
    concurrent: int = 2
    """At a time."""

    def __post_init__(self) -> None:
        if not _USER.fullmatch(self.user):
            raise ConfigurationError(f"user: {self.user!r} is no name of a system's user")
        for name in ("program", "directory", "settings"):
            path: Path | None = getattr(self, name)
            if path is None:
                continue
            if not path.is_absolute():
                raise ConfigurationError(f"{name}: {path} must be absolute: neither systemd nor cron knows this folder")
            if not _PLAIN.fullmatch(str(path)):
                raise ConfigurationError(f"{name}: {path} holds a character that systemd or cron would read otherwise")
        if self.limit < 1 or self.concurrent < 1:
            raise ConfigurationError("limit and concurrent: must be at least 1")


def unit_files(installation: Installation) -> Mapping[str, str]:
    """Return the files' texts by their names."""
    values = {
        "program": str(installation.program),
        "directory": str(installation.directory),
        "user": installation.user,
        "limit": str(installation.limit),
        "concurrent": str(installation.concurrent),
        "settings": f" --settings {shlex.quote(str(installation.settings))}" if installation.settings else "",
    }
    return {path.name: Template(path.read_text("utf-8")).substitute(values) for path in sorted(TEMPLATES.iterdir())}
