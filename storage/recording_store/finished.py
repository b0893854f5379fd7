"""Whether a call is over, told from its files: what is still being written must be neither encrypted nor sent."""

from collections.abc import Iterable
from typing import Final

from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import Signature

QUIET_SECONDS: Final = 15 * 60.0
"""A call without metadata whose files have not changed for so long is over: its process died."""


def is_finished(files: Iterable[tuple[Item, Signature]], now: float, quiet_seconds: float = QUIET_SECONDS) -> bool:
    """Return whether the call has metadata, which is written last, or has been quiet for so long.

    `now`: seconds since 1970. Quiet in either direction: a file from the future was written before a clock went back.
    """
    listed = list(files)
    if any(item.artefact is Artefact.METADATA for item, _ in listed):
        return True
    # nobody writes to an encrypted file: it is put whole
    written = [signature.modified_ns for item, signature in listed if not item.is_sealed]
    if not written:
        return True
    newest = max(written) / 1e9
    return abs(now - newest) >= quiet_seconds
