"""Where recordings and their database are, as the settings say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from centralita.settings import Settings
from storage.catalogue import Catalogue
from storage.database.database import SQLITE, Database
from storage.recording_store.opening import AnyRecordings, Backend, EncryptionSettings, S3Settings, open_recordings


def database_url(settings: Settings, given: str = "") -> str:
    """Return where the database is: `given` if it is, else as the settings say, else beside the recordings."""
    return given or settings.storage.database or f"{SQLITE}:///{settings.storage.local_path.parent / 'centralita.db'}"


def recordings_of(settings: Settings, *, only_here: bool = False) -> AnyRecordings:
    """Return the place for recordings, or `only_here` the part of it on this machine.

    With "s3", too, calls record here first, for a voice cannot wait for a network; `worker` takes them away.
    Raises: ConfigurationError, naming the setting or the secret.
    """
    storage = settings.storage
    bucket = S3Settings(
        storage.s3_bucket,
        storage.s3_region,
        storage.s3_endpoint,
        storage.s3_prefix,
        storage.s3_access_key_id,
        storage.s3_secret_access_key,
    )
    encryption = None
    if storage.master_key is not None:
        encryption = EncryptionSettings(storage.master_key, storage.encryption_keys, storage.older_master_keys)
    backend: Backend = "local" if only_here or storage.backend == "local" else "both"
    return open_recordings(backend, storage.local_path, bucket, encryption)


@asynccontextmanager
async def opened_catalogue(settings: Settings, database: str = "") -> AsyncIterator[Catalogue]:
    """Open the store and the database of the settings. Raises: DatabaseUnavailable, ConfigurationError."""
    async with Database.open(database_url(settings, database)) as opened:
        yield Catalogue(recordings_of(settings), opened)
