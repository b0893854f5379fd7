"""What has been uploaded and verified, one small file a call: `uploads/rec_<id>_upload.json` beside the recordings.

It can be lost: then every file is compared with the bucket once more, and none is sent twice.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

from storage.recording_store.item import Item
from storage.recording_store.local import Signature
from storage.recordings import read_json, write_json


@dataclass(frozen=True, slots=True)
class Receipt:
    """A version of a file that lies in the bucket, verified."""

    signature: Signature
    """Of the local file, when it was sent."""
    sha256: str
    e_tag: str
    uploaded_at: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class CallReceipts:
    """What is known about one call's uploads."""

    receipts: Mapping[str, Receipt] = field(default_factory=dict)
    """By key."""
    intents: Mapping[str, str] = field(default_factory=dict)
    """By key: the sha256 of what was about to be sent, so that after a crash we know our own file again."""

    def with_intent(self, item: Item, sha256: str) -> "CallReceipts":
        return replace(self, intents={**self.intents, item.key: sha256})

    def with_receipt(self, item: Item, receipt: Receipt) -> "CallReceipts":
        intents = {key: sha256 for key, sha256 in self.intents.items() if key != item.key}
        return CallReceipts({**self.receipts, item.key: receipt}, intents)

    def without(self, item: Item) -> "CallReceipts":
        return CallReceipts(
            {key: one for key, one in self.receipts.items() if key != item.key},
            {key: one for key, one in self.intents.items() if key != item.key},
        )

    def pending(self, there: Iterable[tuple[Item, Signature]]) -> tuple[Item, ...]:
        """Return those of the local files that have not been uploaded as they are now."""
        return tuple(
            item
            for item, signature in there
            if item.key not in self.receipts or self.receipts[item.key].signature != signature
        )


class UploadLedger:
    """The folder of receipts. All methods do I/O."""

    def __init__(self, root: Path) -> None:
        """`root`: the recordings' folder."""
        self._folder = root / "uploads"

    def path(self, call_id: str) -> Path:
        return self._folder / f"rec_{call_id}_upload.json"

    def folder_id(self) -> str:
        """Return what tells this folder from those of other machines, made when first asked for. Raises: OSError."""
        path = self._folder / "folder_id"
        for _ in range(2):
            try:
                return path.read_text("ascii").strip()
            except FileNotFoundError:
                self._folder.mkdir(parents=True, exist_ok=True)
                draft = path.with_name(f".folder_id.{uuid4().hex}")
                draft.write_text(uuid4().hex, "ascii")
                with suppress(FileExistsError):  # another process was first: its id it is
                    path.hardlink_to(draft)
                draft.unlink()
        raise OSError(f"{path} comes and goes")

    def load(self, call_id: str) -> CallReceipts:
        """Return what is known; nothing when there is no file, or a damaged one. Raises: OSError."""
        try:
            value = read_json(self.path(call_id))
        except FileNotFoundError:
            return CallReceipts()
        except ValueError:
            return CallReceipts()  # every file is compared with the bucket again, which costs time only
        files, intents = value.get("files"), value.get("intents")
        receipts = {str(key): _receipt(one) for key, one in files.items()} if isinstance(files, dict) else {}
        return CallReceipts(
            {key: one for key, one in receipts.items() if one is not None},
            {str(key): str(one) for key, one in intents.items()} if isinstance(intents, dict) else {},
        )

    def save(self, call_id: str, receipts: CallReceipts) -> None:
        """Keep it. Raises: OSError."""
        files = {
            key: {
                "size": one.signature.size,
                "modified_ns": one.signature.modified_ns,
                "inode": one.signature.inode,
                "sha256": one.sha256,
                "e_tag": one.e_tag,
                "uploaded_at": one.uploaded_at,
            }
            for key, one in receipts.receipts.items()
        }
        write_json(self.path(call_id), {"version": 1, "files": files, "intents": dict(receipts.intents)})

    def forget(self, call_id: str) -> None:
        """Forget the call. Raises: OSError."""
        self.path(call_id).unlink(missing_ok=True)


def _receipt(value: object) -> Receipt | None:
    match value:
        case {
            "size": int(size),
            "modified_ns": int(modified_ns),
            "inode": int(inode),
            "sha256": str(sha256),
            "e_tag": str(e_tag),
            "uploaded_at": int() | float() as uploaded_at,
        }:
            return Receipt(Signature(size, modified_ns, inode), sha256, e_tag, float(uploaded_at))
        case _:
            return None
