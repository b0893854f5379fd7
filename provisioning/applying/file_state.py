"""One file as it is or shall be, and the step from one to the other. Pure."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

FILE_MODE: Final = 0o640
"""Our files hold passwords: Asterisk's group reads them, nobody else does."""


@dataclass(frozen=True, slots=True)
class FileState:
    """Bytes, permissions and owner; no content means that there is no such file."""

    content: bytes | None = field(default=None, repr=False)
    mode: int = 0
    """Permission bits only."""
    uid: int = -1
    gid: int = -1

    @property
    def exists(self) -> bool:
        """True when there is a file."""
        return self.content is not None

    @property
    def text(self) -> str:
        """The content; bytes that are no UTF-8 survive as surrogates. "" for no file."""
        return decoded(self.content or b"")

    def with_text(self, text: str) -> "FileState":
        """Return the same file with another content."""
        return FileState(encoded(text), self.mode, self.uid, self.gid)

    def as_json(self) -> dict[str, str | int] | None:
        """Return what `from_json` takes back."""
        if self.content is None:
            return None
        content = base64.b64encode(self.content).decode("ascii")
        return {"content": content, "mode": self.mode, "uid": self.uid, "gid": self.gid}

    @classmethod
    def from_json(cls, said: Mapping[str, str | int] | None) -> "FileState":
        """Return the state written down. Raises: KeyError, ValueError for anything else."""
        if said is None:
            return ABSENT
        content = base64.b64decode(str(said["content"]), validate=True)
        return cls(content, int(said["mode"]), int(said["uid"]), int(said["gid"]))


ABSENT: Final = FileState()


@dataclass(frozen=True, slots=True)
class FileChange:
    """What happens to one file."""

    path: str
    """Relative to the configuration folder."""
    before: FileState
    after: FileState
    is_host: bool
    """Somebody else's file, in which only a marked block is ours."""


def decoded(content: bytes) -> str:
    """Return bytes as text that `encoded` turns back into the same bytes."""
    return content.decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    """Return the bytes of a text from `decoded`, or of any other text."""
    return text.encode("utf-8", "surrogateescape")


def fingerprint(content: bytes) -> str:
    """Return the SHA-256 of the bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
