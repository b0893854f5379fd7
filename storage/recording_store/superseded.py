"""Which of two versions of a file is the newer one, when several machines share a bucket. Pure.

Every version we put carries its SHA-256, and we note what we sent. So a copy that is still what we sent, beside an
object that is another one of ours, is an old copy; nothing is concluded from clocks.
"""

import json
from collections.abc import Mapping
from typing import Any

from storage.recording_store.port import Stored
from storage.recording_store.upload_ledger import Receipt


def is_superseded(copy_sha256: str, receipt: Receipt | None, intent: str | None, found: Stored | None) -> bool:
    """Return whether another machine has put a newer version (`found`) over what lay in the bucket of ours.

    `copy_sha256`: of the file on this machine. `intent`: the sha256 of what was about to be sent when we died. An
    object without a SHA-256 was not put by us: that is damage or a stranger's, and no reason to give up our copy.
    """
    was_there = {receipt.sha256 if receipt is not None else None, intent} - {None, ""}
    if found is None or copy_sha256 not in was_there:
        return False
    if receipt is not None and found.e_tag == receipt.e_tag:
        return False
    return found.sha256 not in ("", copy_sha256)


def with_late_news(copy: bytes, newer: bytes) -> bytes | None:
    """Return the metadata of the bucket (`newer`) with what a call wrote into our old copy after it was sent.

    A caller whom we transferred may hang up when another machine has listened to the call already; the machine that
    had the call notes that end in its own file, and it is all that is written so late. `newer` itself when it knows of
    that end already; None when our copy has no such news, or the two are not metadata of one call.
    """
    ours, theirs = _object(copy), _object(newer)
    if ours is None or theirs is None or not ours.get("hangup"):
        return None
    if ours.get("started_at") != theirs.get("started_at"):
        return None
    if theirs.get("hangup"):
        return newer if theirs["hangup"] == ours["hangup"] else None
    return (json.dumps({**theirs, "hangup": ours["hangup"]}, ensure_ascii=False, indent=2) + "\n").encode()


def _object(text: bytes) -> Mapping[str, Any] | None:
    """Any because it is JSON."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
