"""What of ours stands in the configuration folder, as the journal remembers it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self


@dataclass(frozen=True, slots=True)
class Host:
    """Somebody else's file as it was before our first block went in."""

    existed: bool
    glued: bool
    """It did not end in a newline; the one before our block is ours."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Hashes of what we wrote: whatever differs from them was changed by hand."""

    digest: str = ""
    """Of the rendered state."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Our file → SHA-256."""
    blocks: Mapping[str, str] = field(default_factory=dict)
    """Somebody else's file → SHA-256 of our block in it."""
    hosts: Mapping[str, Host] = field(default_factory=dict)
    """The files that carry our block."""
    folders: tuple[str, ...] = ()
    """Folders that we made, parents first."""

    @property
    def is_empty(self) -> bool:
        """True when nothing of ours is there."""
        return not self.files and not self.blocks

    def as_json(self) -> dict[str, object]:
        """Return what `from_json` takes back."""
        return {
            "digest": self.digest,
            "files": dict(self.files),
            "blocks": dict(self.blocks),
            "hosts": {path: [host.existed, host.glued] for path, host in self.hosts.items()},
            "folders": list(self.folders),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, object]) -> Self:
        """Return what was written down. Raises: KeyError, TypeError, ValueError for anything else."""
        hosts, folders = said["hosts"], said["folders"]
        if not isinstance(hosts, dict) or not isinstance(folders, list):
            raise TypeError("not a state of ours")
        return cls(
            str(said["digest"]),
            _texts(said["files"]),
            _texts(said["blocks"]),
            {str(path): Host(bool(existed), bool(glued)) for path, (existed, glued) in hosts.items()},
            tuple(str(folder) for folder in folders),
        )


def _texts(said: object) -> dict[str, str]:
    if not isinstance(said, dict):
        raise TypeError("not a mapping")
    return {str(key): str(value) for key, value in said.items()}


NOTHING: Final = Standing()
