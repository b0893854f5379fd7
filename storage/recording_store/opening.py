"""From settings to the place for recordings: `local`, `s3` or `both`, encrypted or not."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from storage.encryption.key_shelf import FolderShelf, KeyRing
from storage.encryption.master_key import MasterKeys
from storage.recording_store.both import BothRecordings
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.local import LocalRecordings
from storage.recording_store.s3 import S3Place, S3Recordings
from storage.recording_store.shared import SharedRecordings
from vocabulary.errors import ConfigurationError
from vocabulary.secret import SecretRef

Backend = Literal["local", "s3", "both"]
AnyRecordings = LocalRecordings | S3Recordings | BothRecordings | EncryptedRecordings


@dataclass(frozen=True, slots=True)
class S3Settings:
    """The bucket, as the settings name it; secrets are looked up when the store is opened."""

    bucket: str = ""
    region: str = "us-east-1"
    endpoint: str = ""
    prefix: str = ""
    access_key_id: SecretRef = field(default_factory=lambda: SecretRef("env:AWS_ACCESS_KEY_ID"))
    secret_access_key: SecretRef = field(default_factory=lambda: SecretRef("env:AWS_SECRET_ACCESS_KEY"))

    def place(self) -> S3Place:
        """Raises: ConfigurationError when the bucket has no name or a secret is missing."""
        if not self.bucket:
            raise ConfigurationError("storage.s3_bucket is empty: name the bucket, or set S3_BUCKET")
        return S3Place(
            self.bucket,
            self.region,
            self.access_key_id.resolve(),
            self.secret_access_key.resolve(),
            self.endpoint,
            self.prefix,
        )


@dataclass(frozen=True, slots=True)
class EncryptionSettings:
    """Encryption at rest."""

    master_key: SecretRef
    """Wraps the keys of calls."""
    keys: Path
    """Folder of the calls' keys; not below the recordings' folder, and not in their backups."""
    older_master_keys: tuple[SecretRef, ...] = field(default=())
    """Those that keys may still be wrapped with, while the master key is being changed."""


def open_recordings(
    backend: Backend,
    local_path: Path,
    s3: S3Settings,
    encryption: EncryptionSettings | None = None,
    *,
    is_shared: bool = False,
) -> AnyRecordings:
    """Return the place for recordings; nothing is asked of the network yet.

    `is_shared`: with "both", other machines may write to the bucket as well.

    Raises: ConfigurationError.
    """
    local = LocalRecordings(local_path)
    store: AnyRecordings = local
    if backend != "local":
        remote = S3Recordings(s3.place())
        both = SharedRecordings if is_shared else BothRecordings
        store = both(local, remote) if backend == "both" else remote
    if encryption is None:
        return store
    if encryption.keys.absolute().is_relative_to(local_path.absolute()):
        raise ConfigurationError(
            "storage.encryption_keys lies below storage.local_path: whoever copies the recordings would copy the keys"
        )
    masters = MasterKeys.of(encryption.master_key, encryption.older_master_keys)
    return EncryptedRecordings(store, KeyRing(FolderShelf(encryption.keys), masters))
