"""Who may read and change files with secrets."""

import re
from collections.abc import Iterator
from typing import Final

from provisioning.finding import Finding
from provisioning.security.facts import AuditFacts

_SECRET: Final = re.compile(r"(?im)^\s*(?:password|secret|md5_cred|password_digest|dbpass|pass)\s*=>?\s*[^\s;]")
_OTHERS_READ: Final = 0o004
_OTHERS_WRITE: Final = 0o002
_NOT_OWNER: Final = 0o077


def file_rules(facts: AuditFacts) -> Iterator[Finding]:
    """Yield files that more people may read or change than should."""
    for path, info in sorted(facts.modes.items()):
        if info.is_folder:
            if info.mode & _OTHERS_WRITE:
                yield Finding("error", "folder-writable", f"everybody may put files here: chmod o-w {path}", path)
            continue
        holds_secret = _SECRET.search(facts.files.get(path, "")) is not None
        if info.mode & _OTHERS_WRITE:
            yield Finding("error", "file-writable", "everybody on this machine may change it: chmod o-w", path)
        elif holds_secret and info.mode & _OTHERS_READ:
            yield Finding("error", "secret-readable", "holds passwords and everybody may read it: chmod 0640", path)
    for path, info in sorted(facts.secrets.items()):
        if info.is_folder and info.mode & _NOT_OWNER:
            message = f"the folder of our passwords is open to others (mode {info.mode:04o}): chmod 0700"
            yield Finding("error", "secrets-open", message, path)
        elif not info.is_folder and info.mode & _NOT_OWNER and not path.endswith(".gitignore"):
            message = f"a password of ours is open to others (mode {info.mode:04o}): chmod 0600"
            yield Finding("error", "secrets-open", message, path)
