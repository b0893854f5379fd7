"""The key of one call: random, never written in clear, only wrapped by the master key.

Wrapped by AES-256-GCM with the call's id and the master key's name as associated data, so that one call's wrapped key
is no good under another's name.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.encryption.errors import WrongMasterKey
from storage.encryption.master_key import KEY_BYTES, MasterKeys

_NONCE_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class DataKey:
    """A call's key, in memory."""

    call_id: str
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls, call_id: str) -> "DataKey":
        return cls(call_id, AESGCM.generate_key(bit_length=KEY_BYTES * 8))


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A call's key as it may be written down."""

    master: str
    """Name of the master key that opens it."""
    wrapped: bytes = field(repr=False)
    """Nonce, then ciphertext."""

    def as_json(self) -> dict[str, str]:
        return {"master": self.master, "wrapped": base64.b64encode(self.wrapped).decode("ascii")}

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> "WrappedKey":
        """Raises: ValueError when it is none."""
        master, wrapped = value.get("master"), value.get("wrapped")
        if not isinstance(master, str) or not isinstance(wrapped, str):
            raise ValueError("no wrapped key: 'master' and 'wrapped' must be text")
        try:
            return cls(master, base64.b64decode(wrapped, validate=True))
        except binascii.Error as error:
            raise ValueError("no wrapped key: 'wrapped' is no base64") from error


def wrap(key: DataKey, masters: MasterKeys) -> WrappedKey:
    """Return the key as it may be written down."""
    nonce = os.urandom(_NONCE_BYTES)
    master = masters.current
    sealed = AESGCM(master.secret).encrypt(nonce, key.secret, _bound_to(key.call_id, master.name))
    return WrappedKey(master.name, nonce + sealed)


def unwrap(call_id: str, wrapped: WrappedKey, masters: MasterKeys) -> DataKey:
    """Return the key. Raises: WrongMasterKey, naming the master key that is wanted."""
    master = masters.named(wrapped.master)
    if master is None:
        raise WrongMasterKey(
            f"the key of call {call_id} was wrapped by master key {wrapped.master}, which is not among ours: "
            "add it to the older ones"
        )
    nonce, sealed = wrapped.wrapped[:_NONCE_BYTES], wrapped.wrapped[_NONCE_BYTES:]
    try:
        return DataKey(call_id, AESGCM(master.secret).decrypt(nonce, sealed, _bound_to(call_id, master.name)))
    except (InvalidTag, ValueError) as error:
        raise WrongMasterKey(f"the key of call {call_id} is damaged, or is another call's") from error


def _bound_to(call_id: str, master: str) -> bytes:
    return f"centralita data key\0{master}\0{call_id}".encode()
