"""Recordings in S3, or in anything that speaks its language (Garage, SeaweedFS, Ceph, …), by obstore.

The bytes are sent with their SHA-256, which the server checks, and what lies there afterwards is compared with the
server's own MD5 (its ETag); where its ETag is no MD5 (encrypted buckets), the object is read back.
"""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from storage.recording_store.errors import UploadConflict, UploadDamaged
from storage.recording_store.item import Item, item_of, items_of
from storage.recording_store.port import READ_BYTES, Content, Stored, checked_range
from storage.recording_store.s3_refusals import is_past_the_end, refusal
from vocabulary.errors import ConfigurationError

if TYPE_CHECKING:
    from obstore import PutMode
    from obstore.store import S3Config

PART_BYTES: Final = 8 * 1024 * 1024
"""Files beyond this travel in parts of this size, two at a time: the memory that an upload costs."""
SINGLE_BYTES: Final = 32 * 1024 * 1024
"""Up to here a file can be created under a condition, because it travels in one request (20 minutes of a call)."""
_PARTS_AT_ONCE: Final = 2
_SHA256: Final = "sha256"
_LONGEST_URL_SECONDS: Final = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class S3Place:
    """Which bucket, and who we are there."""

    bucket: str
    region: str = "us-east-1"
    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)
    endpoint: str = ""
    """"https://…" of a server that is not Amazon's; "" for Amazon's own."""
    prefix: str = ""
    """In front of every key, without a slash at its end; "" for none."""
    patience_seconds: float = 30.0
    """How long one request may go on failing before we say that nobody is there; an upload may take as long as it
    makes progress."""

    def __post_init__(self) -> None:
        if not self.bucket:
            raise ConfigurationError("storage.s3_bucket is empty: name the bucket, or set S3_BUCKET")
        if self.endpoint and not self.endpoint.startswith(("https://", "http://")):
            raise ConfigurationError("storage.s3_endpoint must begin with https:// or http://")
        if bool(self.access_key_id) != bool(self.secret_access_key):
            raise ConfigurationError("an S3 access key and its secret go together: one of them is empty")


@dataclass(frozen=True, slots=True)
class ETags:
    """What a server's ETag is when it is made of the bytes, as S3 makes it: of the whole, or of the parts."""

    whole: str
    parts: str

    def match(self, e_tag: str) -> bool:
        return e_tag.strip('"') in (self.whole, self.parts)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Everything by which we recognise a file elsewhere."""

    size: int
    sha256: str
    e_tags: ETags


def fingerprint(path: Path) -> Fingerprint:
    """Read the file once and return its sums. Does file I/O. Raises: OSError."""
    size, sha256, whole, parts = 0, hashlib.sha256(), hashlib.md5(usedforsecurity=False), b""
    count = 0
    with path.open("rb") as file:
        while part := file.read(PART_BYTES):
            size += len(part)
            sha256.update(part)
            whole.update(part)
            parts += hashlib.md5(part, usedforsecurity=False).digest()
            count += 1
    of_parts = f"{hashlib.md5(parts, usedforsecurity=False).hexdigest()}-{count}"
    return Fingerprint(size, sha256.hexdigest(), ETags(whole.hexdigest(), of_parts))


class S3Recordings:
    """A bucket, or a part of one below a prefix."""

    def __init__(self, place: S3Place) -> None:
        """Opens nothing yet: that the bucket exists and takes us is seen at the first request, or by `check`."""
        self.place = place
        self._prefix = f"{place.prefix.strip('/')}/" if place.prefix.strip("/") else ""
        patience = timedelta(seconds=place.patience_seconds)
        self._store = S3Store(
            place.bucket,
            config=_config(place),
            client_options={
                "allow_http": place.endpoint.startswith("http://"),
                "connect_timeout": min(patience, timedelta(seconds=10)),
                # counts anew with every piece that arrives, unlike `timeout`, which would cut long recordings short
                "read_timeout": patience,
                "timeout": timedelta(hours=1),
            },
            retry_config={"max_retries": 4, "retry_timeout": patience},
        )

    def key(self, item: Item) -> str:
        """Return the object's key."""
        return self._prefix + item.key

    async def check(self) -> None:
        """Ask for one line of the list: that somebody is there, that the bucket exists, that we may.

        Raises: StoreUnavailable, StoreRefused.
        """
        try:
            async for _ in obstore.list(self._store, self._prefix or None, chunk_size=1):
                return
        except (BaseError, OSError) as error:
            raise refusal(error, self.place) from error

    async def put(self, item: Item, content: Content) -> Stored:
        """Put the file, over whatever is there, and verify it. Raises: StoreUnavailable, StoreRefused,
        UploadDamaged."""
        with ExitStack() as stack:
            path = await asyncio.to_thread(as_file, content, stack)
            return await self.put_file(item, path, await asyncio.to_thread(fingerprint, path), "overwrite")

    async def put_file(self, item: Item, path: Path, known: Fingerprint, only: str) -> Stored:
        """Put a file whose sums are known, and verify what lies there then.

        `only`: "overwrite" always, "create" when there is nothing yet, or the ETag of the version it may replace.
        Servers that know no conditions overwrite; files beyond `SINGLE_BYTES` are put without one.

        Raises: UploadConflict when the condition does not hold; StoreUnavailable, StoreRefused; UploadDamaged when
        what lies there is not what we sent.
        """
        is_single = known.size <= SINGLE_BYTES
        mode: Literal["overwrite", "create"] | PutMode = "overwrite"
        if is_single and only != "overwrite":
            mode = "create" if only == "create" else {"e_tag": only}
        try:
            answer = await obstore.put_async(
                self._store,
                self.key(item),
                path,
                attributes={"Content-Type": item.content_type, _SHA256: known.sha256},
                mode=mode,
                use_multipart=known.size > PART_BYTES and mode == "overwrite",
                chunk_size=PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )
        except (AlreadyExistsError, PreconditionError) as error:
            raise UploadConflict(
                f"another file lies at {self.where(item)}; neither has been touched: compare them, then delete one"
            ) from error
        except (BaseError, OSError) as error:
            raise refusal(error, self.place) from error
        e_tag = answer["e_tag"] or ""
        if not known.e_tags.match(e_tag) and not await self.holds(item, known):
            raise UploadDamaged(f"what lies at {self.where(item)} is not what was sent: send it again")
        return Stored(item, known.size, known.sha256, e_tag)

    async def holds(self, item: Item, known: Fingerprint, found: Stored | None = None) -> bool:
        """Return whether exactly these bytes lie there, by the server's own sums or by reading them back.

        `found`: what `head` has just said, where somebody has asked already.

        Raises: StoreUnavailable, StoreRefused.
        """
        found = found or await self.head(item)
        if found is None or found.size != known.size:
            return False
        if known.e_tags.match(found.e_tag):
            return True
        digest = hashlib.sha256()
        async for piece in self.stream(item):
            await asyncio.to_thread(digest.update, piece)
        return digest.hexdigest() == known.sha256

    async def read(self, item: Item, start: int = 0, end: int | None = None) -> bytes:
        """Return a range of the object. Raises: RecordingMissing, StoreUnavailable, StoreRefused, ValueError."""
        checked_range(start, end)
        if start == end:
            return b""
        try:
            if start == 0 and end is None:
                whole = await obstore.get_async(self._store, self.key(item))
                return bytes(await whole.bytes_async())
            part = await obstore.get_async(
                self._store,
                self.key(item),
                options={"range": {"offset": start} if end is None else (start, end)},
            )
            return bytes(await part.bytes_async())
        except (BaseError, OSError) as error:
            if is_past_the_end(error):
                return b""
            raise refusal(error, self.place, self.where(item)) from error

    async def stream(self, item: Item) -> AsyncIterator[bytes]:
        """Yield the object in pieces. Raises: RecordingMissing, StoreUnavailable, StoreRefused."""
        try:
            found = await obstore.get_async(self._store, self.key(item))
            async for piece in found.stream(min_chunk_size=READ_BYTES):
                yield bytes(piece)
        except (BaseError, OSError) as error:
            raise refusal(error, self.place, self.where(item)) from error

    async def head(self, item: Item) -> Stored | None:
        """Return size, ETag and the sha256 that was sent with it. Raises: StoreUnavailable, StoreRefused.

        A HEAD has no body, so a bucket that does not exist looks like an object that does not.
        """
        try:
            found = await obstore.get_async(self._store, self.key(item), options={"head": True})
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise refusal(error, self.place) from error
        # rclone gives the names of one's own attributes back with a capital
        said = {str(name).lower(): str(value) for name, value in found.attributes.items()}
        return Stored(item, found.meta["size"], said.get(_SHA256, ""), found.meta["e_tag"] or "")

    async def calls(self) -> AsyncIterator[str]:
        """Yield the calls that have an object here. Raises: StoreUnavailable, StoreRefused."""
        seen: set[str] = set()
        try:
            async for objects in obstore.list(self._store, self._prefix or None):
                for one in objects:
                    item = item_of(one["path"].removeprefix(self._prefix))
                    if item is not None and item.call_id not in seen:
                        seen.add(item.call_id)
                        yield item.call_id
        except (BaseError, OSError) as error:
            raise refusal(error, self.place) from error

    async def delete(self, call_id: str) -> int:
        """Delete the call's objects. A bucket with versions keeps old ones: there only erasing the key deletes.

        Raises: StoreUnavailable, StoreRefused.
        """
        return sum([await self.remove(item) for item in items_of(call_id)])

    async def remove(self, item: Item) -> bool:
        """Delete one object. Raises: StoreUnavailable, StoreRefused."""
        if await self.head(item) is None:  # S3 deletes what is not there without a word
            return False
        try:
            await obstore.delete_async(self._store, self.key(item))
        except FileNotFoundError:
            return False
        except (BaseError, OSError) as error:
            raise refusal(error, self.place) from error
        return True

    async def player_url(self, item: Item, seconds: int) -> str | None:
        """Return a signed address; None for an encrypted object, which no player understands.

        Raises: ValueError when it should live for less than a second or more than seven days.
        """
        if not 1 <= seconds <= _LONGEST_URL_SECONDS:
            raise ValueError(f"an address may live for 1 to {_LONGEST_URL_SECONDS} seconds, not {seconds}")
        if item.is_sealed:
            return None
        try:
            return await obstore.sign_async(self._store, "GET", self.key(item), timedelta(seconds=seconds))
        except (BaseError, OSError) as error:
            raise refusal(error, self.place) from error

    def where(self, item: Item) -> str:
        """Return the object's name as people write it."""
        return f"s3://{self.place.bucket}/{self.key(item)}"


def _config(place: S3Place) -> "S3Config":
    config: S3Config = {
        "region": place.region,
        # a bucket in the path works everywhere; in the host's name it needs a DNS entry per bucket
        "virtual_hosted_style_request": not place.endpoint,
        "checksum_algorithm": "SHA256",
    }
    if place.endpoint:
        config["endpoint"] = place.endpoint
    if place.access_key_id:
        config["access_key_id"] = place.access_key_id
        config["secret_access_key"] = place.secret_access_key
    return config


def as_file(content: Content, stack: ExitStack) -> Path:
    """Return the content as a file, which lives as long as `stack`. Does file I/O. Raises: OSError.

    Pieces are gathered in a temporary one, since their sums must be known first.
    """
    if isinstance(content, Path):
        return content
    path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="centralita-"))) / "content"
    with path.open("xb") as file:
        for piece in [content] if isinstance(content, bytes) else content:
            file.write(piece)
    return path
