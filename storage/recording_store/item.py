"""The files of a call, and the names they have wherever they are kept.

The layout is the same in a folder and in a bucket: `audio/rec_<id>.wav`, `metadata/rec_<id>_metadata.json`,
`transcripts/rec_<id>_transcript.json`; `.enc` behind it when the file is encrypted (`storage.encryption`).
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

SEALED_SUFFIX: Final = ".enc"
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class Artefact(Enum):
    """What a call leaves behind, in the order it is uploaded: metadata last, so that who sees it finds the rest."""

    AUDIO = "audio"
    """The stereo WAV."""
    TRANSCRIPT = "transcript"
    """What was said."""
    METADATA = "metadata"
    """What is known about the call."""

    @property
    def content_type(self) -> str:
        return "audio/wav" if self is Artefact.AUDIO else "application/json"


_PLACES: Final = {
    Artefact.AUDIO: ("audio/rec_", ".wav"),
    Artefact.TRANSCRIPT: ("transcripts/rec_", "_transcript.json"),
    Artefact.METADATA: ("metadata/rec_", "_metadata.json"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One file of one call."""

    call_id: str
    """Letters, digits, '.', '_' and '-'."""
    artefact: Artefact
    is_sealed: bool = False
    """Encrypted: kept beside the plain file's name, with `.enc` behind it."""

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.call_id):
            raise ValueError("a call's id must be letters, digits, '.', '_' and '-' only")

    @property
    def key(self) -> str:
        """Its path below the folder or the bucket's prefix, with slashes."""
        before, after = _PLACES[self.artefact]
        return f"{before}{self.call_id}{after}{SEALED_SUFFIX if self.is_sealed else ''}"

    @property
    def content_type(self) -> str:
        return "application/octet-stream" if self.is_sealed else self.artefact.content_type

    def sealed(self) -> "Item":
        """Return its encrypted twin."""
        return Item(self.call_id, self.artefact, is_sealed=True)

    def plain(self) -> "Item":
        """Return its readable twin."""
        return Item(self.call_id, self.artefact)


def folder_of(artefact: Artefact) -> str:
    """Return the folder all its files are in."""
    return _PLACES[artefact][0].partition("/")[0]


def item_of(key: str) -> Item | None:
    """Return the item that has this key, or None for a file that is none of ours."""
    bare = key.removesuffix(SEALED_SUFFIX)
    for artefact, (before, after) in _PLACES.items():
        if bare.startswith(before) and bare.endswith(after):
            call_id = bare[len(before) : len(bare) - len(after)]
            return Item(call_id, artefact, bare != key) if _ID.fullmatch(call_id) else None
    return None


def items_of(call_id: str) -> tuple[Item, ...]:
    """Return every file the call may have, plain and sealed."""
    return tuple(Item(call_id, artefact, is_sealed) for artefact in Artefact for is_sealed in (False, True))
