"""The format of an encrypted file, as a pure machine: bytes in, bytes out, in pieces of one MiB.

    magic "CTRLENC1" · salt, 16 bytes · chunk · chunk · …

Every file has a key of its own: HKDF-SHA256 of the call's key, the salt, and what the file is (call id and name). A
chunk is 1 MiB of the original by AES-256-GCM, 16 bytes longer; the last one is shorter, and there always is one, be it
empty. A chunk's nonce is its number and whether it is the last: so a cut between two chunks, an exchange of two, a
piece of another file and another call's file are all seen, and a range can be read without the rest. The construction
is that of online authenticated encryption (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and
its Nonce-Reuse Misuse-Resistance", 2015: STREAM), with a random salt instead of a nonce's random part.

Not seen: an older version of the same file put back whole.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.encryption.data_key import DataKey
from storage.encryption.errors import CiphertextDamaged

MAGIC: Final = b"CTRLENC1"
SALT_BYTES: Final = 16
HEADER_BYTES: Final = len(MAGIC) + SALT_BYTES
CHUNK_BYTES: Final = 1024 * 1024
TAG_BYTES: Final = 16
SEALED_CHUNK_BYTES: Final = CHUNK_BYTES + TAG_BYTES
_NUMBER_BYTES: Final = 11


@dataclass(frozen=True, slots=True)
class _FileKey:
    """One file's cipher."""

    cipher: AESGCM = field(repr=False)
    bound_to: bytes
    """Associated data of every chunk: the header, the call's id and the file's name."""

    @classmethod
    def of(cls, key: DataKey, name: str, header: bytes) -> "_FileKey":
        what = f"{key.call_id}\0{name}".encode()
        secret = HKDF(SHA256(), 32, header[len(MAGIC) :], b"centralita file\0" + what).derive(key.secret)
        return cls(AESGCM(secret), header + what)

    def seal(self, number: int, chunk: bytes, *, is_last: bool) -> bytes:
        return self.cipher.encrypt(_nonce(number, is_last=is_last), chunk, self.bound_to)

    def open(self, number: int, sealed: bytes, *, is_last: bool) -> bytes:
        try:
            return self.cipher.decrypt(_nonce(number, is_last=is_last), sealed, self.bound_to)
        except (InvalidTag, ValueError) as error:
            raise CiphertextDamaged(_damage(number, is_last=is_last)) from error


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(_NUMBER_BYTES, "big") + bytes([is_last])


def _damage(number: int, *, is_last: bool) -> str:
    where = f"chunk {number}" + (", the last one," if is_last else "")
    return f"{where} does not fit: the file was cut, changed, put together anew, or belongs to another call"


def seal(key: DataKey, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the encrypted file of `pieces`, however they are cut. `name`: what the file is, "audio" for instance."""
    header = MAGIC + os.urandom(SALT_BYTES)
    file_key = _FileKey.of(key, name, header)
    yield header
    number, waiting = 0, bytearray()
    for piece in pieces:
        waiting += piece
        # a full chunk waits until more comes: only then is it known not to be the last
        while len(waiting) > CHUNK_BYTES:
            yield file_key.seal(number, bytes(waiting[:CHUNK_BYTES]), is_last=False)
            del waiting[:CHUNK_BYTES]
            number += 1
    yield file_key.seal(number, bytes(waiting), is_last=True)


class Opener:
    """Takes an encrypted file in pieces, however they are cut; gives what may be trusted of the original."""

    def __init__(self, key: DataKey, name: str) -> None:
        self._key = key
        self._name = name
        self._file_key: _FileKey | None = None
        self._waiting = bytearray()
        self._number = 0

    def feed(self, piece: bytes) -> bytes:
        """Take a piece; return what is certain now. Raises: CiphertextDamaged."""
        self._waiting += piece
        if self._file_key is None:
            if len(self._waiting) < HEADER_BYTES:
                return b""
            self._file_key = _FileKey.of(self._key, self._name, _header(self._waiting))
            del self._waiting[:HEADER_BYTES]
        opened = bytearray()
        while len(self._waiting) > SEALED_CHUNK_BYTES:
            opened += self._file_key.open(self._number, bytes(self._waiting[:SEALED_CHUNK_BYTES]), is_last=False)
            del self._waiting[:SEALED_CHUNK_BYTES]
            self._number += 1
        return bytes(opened)

    def end(self) -> bytes:
        """Return the rest, when nothing more comes. Raises: CiphertextDamaged when it was cut."""
        if self._file_key is None:
            raise CiphertextDamaged("the file ends within its header")
        return self._file_key.open(self._number, bytes(self._waiting), is_last=True)


def open_whole(key: DataKey, name: str, sealed: bytes) -> bytes:
    """Return the original of an encrypted file. Raises: CiphertextDamaged."""
    opener = Opener(key, name)
    return opener.feed(sealed) + opener.end()


def original_size(sealed_size: int) -> int:
    """Return how many bytes the original has; nothing vouches for it until the last chunk has been opened.

    Raises: CiphertextDamaged when no encrypted file has this size.
    """
    body = sealed_size - HEADER_BYTES
    rest = (body - 1) % SEALED_CHUNK_BYTES + 1 if body > 0 else 0
    if rest < TAG_BYTES:
        raise CiphertextDamaged("no encrypted file has this size: it was cut")
    return body - TAG_BYTES * chunk_count(sealed_size)


def chunk_count(sealed_size: int) -> int:
    """Return how many chunks an encrypted file of this size has."""
    return -(-(sealed_size - HEADER_BYTES) // SEALED_CHUNK_BYTES)


class RangeOpener:
    """Opens single chunks of an encrypted file, for ranges."""

    def __init__(self, key: DataKey, name: str, header: bytes, sealed_size: int) -> None:
        """`header`: the file's first `HEADER_BYTES`. Raises: CiphertextDamaged."""
        self._file_key = _FileKey.of(key, name, _header(header))
        self.size = original_size(sealed_size)
        """Bytes of the original."""
        self._sealed_size = sealed_size
        self.last = chunk_count(sealed_size) - 1
        """Number of the last chunk."""

    def place(self, number: int) -> tuple[int, int]:
        """Return where the chunk lies in the encrypted file: from, up to but without."""
        start = HEADER_BYTES + number * SEALED_CHUNK_BYTES
        return start, min(start + SEALED_CHUNK_BYTES, self._sealed_size)

    def open(self, number: int, sealed: bytes) -> bytes:
        """Return the chunk's original. Raises: CiphertextDamaged."""
        return self._file_key.open(number, sealed, is_last=number == self.last)


def _header(start: bytes | bytearray) -> bytes:
    header = bytes(start[:HEADER_BYTES])
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        raise CiphertextDamaged("this is no encrypted file of ours: its first bytes are others")
    return header
