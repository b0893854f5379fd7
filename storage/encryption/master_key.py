"""The master key: it encrypts nothing but the keys of calls, and is kept where the product keeps no data.

It is 32 random bytes, written as 64 hexadecimal digits or as base64; `new_master_key` makes one. Several may be known
at a time, the first wraps what is new, the others still open what is old: so it can be changed.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from vocabulary.errors import ConfigurationError
from vocabulary.secret import SecretRef

KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class MasterKey:
    """Thirty-two bytes and the name by which wrapped keys say which one opens them."""

    secret: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """Eight hexadecimal digits of its hash: they tell which key it is, not what it is."""
        return hashlib.sha256(b"centralita master key" + self.secret).hexdigest()[:8]

    @classmethod
    def parse(cls, text: str) -> "MasterKey":
        """Read 64 hexadecimal digits or base64 of 32 bytes.

        Raises: ConfigurationError, without repeating the text.
        """
        text = text.strip()
        try:
            secret = bytes.fromhex(text) if len(text) == KEY_BYTES * 2 else base64.b64decode(text, validate=True)
        except (ValueError, binascii.Error):
            secret = b""
        if len(secret) != KEY_BYTES:
            raise ConfigurationError(
                "the master key must be 32 random bytes, as 64 hexadecimal digits or base64: "
                "make one with `openssl rand -hex 32`"
            )
        return cls(secret)


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The key that wraps, and those that still open."""

    current: MasterKey
    older: Sequence[MasterKey] = ()

    def named(self, name: str) -> MasterKey | None:
        """Return the one with this name."""
        return next((key for key in (self.current, *self.older) if key.name == name), None)

    @classmethod
    def of(cls, current: SecretRef, older: Sequence[SecretRef] = ()) -> "MasterKeys":
        """Look the keys up. Raises: ConfigurationError when one is missing or no key."""
        return cls(MasterKey.parse(current.resolve()), tuple(MasterKey.parse(one.resolve()) for one in older))


def new_master_key() -> str:
    """Return a new key, as it is written."""
    return secrets.token_hex(KEY_BYTES)
