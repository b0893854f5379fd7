"""Where recordings and their database are, as the settings say."""

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from centralita.settings import Settings
from storage.catalogue import Catalogue
from storage.customers import StoreUnavailable
from storage.database import customers
from storage.database.database import SQLITE, Database
from storage.recording_store.opening import AnyRecordings, Backend, EncryptionSettings, S3Settings, open_recordings
from vocabulary.errors import ConfigurationError

logger = logging.getLogger(__name__)


def database_url(settings: Settings, given: str = "") -> str:
    """Return where the database is: `given` if it is, else as the settings say, else beside the recordings."""
    return given or settings.storage.database or f"{SQLITE}:///{settings.storage.local_path.parent / 'centralita.db'}"


def recordings_of(settings: Settings, *, only_here: bool = False, database: str = "") -> AnyRecordings:
    """Return the place for recordings, or `only_here` the part of it on this machine.

    With "s3", too, calls record here first, for a voice cannot wait for a network; `worker` takes them away. `database`
    stands above the settings: one that is not a file may be that of several machines, and so may the bucket.
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
    is_shared = not database_url(settings, database).startswith("sqlite")
    return open_recordings(backend, storage.local_path, bucket, encryption, is_shared=is_shared)


@asynccontextmanager
async def opened_catalogue(settings: Settings, database: str = "") -> AsyncIterator[Catalogue]:
    """Open the store and the database of the settings. Raises: DatabaseUnavailable, ConfigurationError."""
    async with Database.open(database_url(settings, database)) as opened:
        yield Catalogue(recordings_of(settings, database=database), opened)


async def begin_customers(settings: Settings, database: Database) -> int:
    """Enter the customers of the settings' file into a database that has none of its own yet; return how many.

    A file that is wrong is told and leaves the database as it is. Raises: DatabaseUnavailable.
    """
    storage = settings.storage
    try:
        return await customers.begin(database, storage.customers, storage.customers_journal, now=time.time())
    except (ConfigurationError, StoreUnavailable) as error:
        logger.error("customers of the file not entered", extra={"reason": str(error)})
        return 0
