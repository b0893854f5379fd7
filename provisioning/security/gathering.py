"""The thin shell that reads what the audit looks at; it changes nothing and asks nobody."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from provisioning.asterisk_conf.including import read_folder
from provisioning.freepbx.facts import looks_like_freepbx
from provisioning.freepbx.gathering import listening_ports
from provisioning.security.facts import AuditFacts, FileMode

FAIL2BAN: Final = Path("/etc/fail2ban")


def gather_audit(
    folder: Path, *, secrets: Path | None = None, audio_socket: str = "", fail2ban: Path = FAIL2BAN
) -> AuditFacts:
    """Return the facts. `secrets` is our folder of passwords, `audio_socket` our server's `address:port`.

    Raises: ConfigurationError when the configuration folder cannot be read.
    """
    folder = folder.resolve()
    files = read_folder(folder)
    return AuditFacts(
        files,
        str(folder),
        modes={name: mode for path, mode in _modes(folder) if (name := _relative(path, folder))},
        secrets={str(path): mode for path, mode in _modes(secrets)} if secrets else {},
        listeners=listening_ports(),
        audio_socket=audio_socket,
        fail2ban=_jails(fail2ban),
        is_freepbx=looks_like_freepbx(files),
    )


def _relative(path: Path, folder: Path) -> str:
    return "." if path == folder else path.relative_to(folder).as_posix()


def _modes(folder: Path) -> Iterator[tuple[Path, FileMode]]:
    """Yield the folder and everything below it; symbolic links say nothing about what is behind them."""
    if not folder.is_dir():
        return
    for place, folders, names in os.walk(folder):
        here = Path(place)
        yield here, FileMode(stat.S_IMODE(here.stat().st_mode), is_folder=True)
        folders.sort()
        for name in sorted(names):
            path = here / name
            if path.is_file() and not path.is_symlink():
                yield path, FileMode(stat.S_IMODE(path.stat().st_mode))


def _jails(folder: Path) -> Mapping[str, str] | None:
    if not folder.is_dir():
        return None
    paths = [*folder.glob("jail.conf"), *folder.glob("jail.local"), *sorted(folder.glob("jail.d/*"))]
    return {path.name: path.read_text("utf-8", "replace") for path in paths if path.is_file()}
