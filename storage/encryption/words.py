"""Words in the database, encrypted by their call's key: whoever deletes the key deletes them, in every backup too.

A value is `sealed1:<call id>:<base64>`: nonce and ciphertext of AES-256-GCM under HKDF-SHA256 of the call's key. What
the value is (table and column) and the call's id are authenticated with it, so that none can be put in another's place
unseen. The words of a call for the search are one value of bytes: they are opened to be looked through, because an
index of them, even of keyed hashes, would tell which words are common and would outlive the key.
"""

import base64
import binascii
import json
import os
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.encryption.data_key import DataKey
from storage.encryption.errors import CiphertextDamaged, KeyErased
from storage.encryption.key_shelf import KeyRing

_MARK: Final = "sealed1:"
_JSON_NAME: Final = "sealed"
"""A sealed JSON value is an object with this one name."""
_NONCE_BYTES: Final = 12
_SEARCH: Final = "search words"


class Seal(Protocol):
    """What one call's words are written with."""

    def text(self, place: str, text: str) -> str:
        """Return the text as it may be written down; `place` says what it is, such as `turns.text`."""

    def value(self, place: str, value: object) -> object:
        """Return a JSON value as it may be written down."""

    def words(self, words: str) -> bytes:
        """Return the words to be searched as they may be written down."""


class CallSeal:
    """Writes and opens the words of one call."""

    def __init__(self, key: DataKey) -> None:
        self._call_id = key.call_id
        derived = HKDF(SHA256(), 32, None, b"centralita database\0" + key.call_id.encode()).derive(key.secret)
        self._cipher = AESGCM(derived)

    def text(self, place: str, text: str) -> str:
        """Encrypt a text; "" stays so: that nothing was said is no secret."""
        if not text:
            return ""
        return f"{_MARK}{self._call_id}:{base64.b64encode(self._sealed(place, text.encode())).decode('ascii')}"

    def value(self, place: str, value: object) -> object:
        """Encrypt a JSON value, whole."""
        return {_JSON_NAME: self.text(place, json.dumps(value, ensure_ascii=False))}

    def words(self, words: str) -> bytes:
        """Encrypt the words to be searched."""
        return self._sealed(_SEARCH, words.encode())

    def open_words(self, sealed: bytes) -> str:
        """Return the words to be searched. Raises: CiphertextDamaged."""
        return self._opened(_SEARCH, sealed).decode()

    def open_text(self, place: str, sealed: str) -> str:
        """Return a text. Raises: CiphertextDamaged when it was changed, or is another's."""
        try:
            data = base64.b64decode(sealed.rpartition(":")[2], validate=True)
        except binascii.Error as error:
            raise CiphertextDamaged(f"{place} of call {self._call_id} is no sealed text") from error
        return self._opened(place, data).decode()

    def _sealed(self, place: str, data: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, self._bound_to(place))

    def _opened(self, place: str, data: bytes) -> bytes:
        try:
            return self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], self._bound_to(place))
        except (InvalidTag, ValueError) as error:
            raise CiphertextDamaged(f"{place} of call {self._call_id} was changed, or is another call's") from error

    def _bound_to(self, place: str) -> bytes:
        return f"{place}\0{self._call_id}".encode()


class ErasedSeal:
    """Of a call whose key was deleted: nothing of its words is written down any more."""

    def text(self, place: str, text: str) -> str:
        """Return nothing."""
        return ""

    def value(self, place: str, value: object) -> object:
        """Return nothing."""
        return {}

    def words(self, words: str) -> bytes:
        """Return nothing."""
        return b""


class Sealing:
    """The seals of calls, from their keys. All methods do file I/O."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def for_writing(self, call_id: str) -> Seal:
        """Return the call's seal; its key is made now if it has none. Raises: KeyMissing, WrongMasterKey, OSError."""
        try:
            return CallSeal(self._ring.for_writing(call_id))
        except KeyErased:
            return ErasedSeal()

    def for_reading(self, call_id: str) -> CallSeal:
        """Raises: KeyErased, KeyMissing, WrongMasterKey."""
        return CallSeal(self._ring.for_reading(call_id))

    def open_text(self, place: str, text: str) -> str:
        """Return a text of any call's; one that was written in clear is returned as it is.

        Raises: KeyErased, KeyMissing, WrongMasterKey, CiphertextDamaged.
        """
        return self.for_reading(_call_of(text)).open_text(place, text) if is_sealed(text) else text

    def open_value(self, place: str, value: object) -> object:
        """Return a JSON value of any call's. Raises: as `open_text`."""
        sealed = value.get(_JSON_NAME) if isinstance(value, dict) and is_sealed_value(value) else None
        return value if not isinstance(sealed, str) else json.loads(self.open_text(place, sealed))


def is_sealed(text: str) -> bool:
    """Whether a text is one of ours, encrypted."""
    return text.startswith(_MARK) and text.count(":") == 2


def is_sealed_value(value: object) -> bool:
    """Whether a JSON value is one of ours, encrypted."""
    if not isinstance(value, dict) or value.keys() != {_JSON_NAME}:
        return False
    sealed = value[_JSON_NAME]
    return isinstance(sealed, str) and is_sealed(sealed)


def _call_of(sealed: str) -> str:
    return sealed.split(":")[1]
