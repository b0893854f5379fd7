"""Tokens in place of what was taken out: the same words get the same token, and only the key turns it back.

AES-SIV (RFC 5297) is deterministic, so that a reader can see that a number came twice, and authenticated, so that a
token that was made up or changed stays what it is. Tokens are bound to a scope, usually the call's id: one person's
number has another token in every call, and calls cannot be linked by it.
"""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.privacy.finding import PiiKind
from vocabulary.errors import ConfigurationError
from vocabulary.secret import SecretRef

MIN_SECRET_CHARACTERS: Final = 32


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Makes tokens of one scope, and opens them."""

    secret: str = field(repr=False)
    """At least 32 random characters: `openssl rand -hex 32`."""
    scope: str
    """Usually the call's id."""

    def __post_init__(self) -> None:
        if len(self.secret) < MIN_SECRET_CHARACTERS:
            raise ConfigurationError(
                f"the redaction key must have {MIN_SECRET_CHARACTERS} characters or more: "
                "make one with `openssl rand -hex 32`"
            )

    @classmethod
    def of(cls, secret: SecretRef, scope: str) -> "Pseudonyms":
        """Look the key up. Raises: ConfigurationError."""
        return cls(secret.resolve(), scope)

    def hide(self, kind: PiiKind, text: str) -> str:
        """Return the token of these words: letters a to z and digits 2 to 7."""
        sealed = self._cipher().encrypt(text.encode("utf-8", "surrogatepass"), self._bound_to(kind))
        return base64.b32encode(sealed).decode("ascii").rstrip("=").lower()

    def show(self, kind: PiiKind, token: str) -> str | None:
        """Return the words of a token, or None when it is none of this key and scope."""
        try:
            sealed = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
            return self._cipher().decrypt(sealed, self._bound_to(kind)).decode("utf-8", "surrogatepass")
        except (binascii.Error, InvalidTag, ValueError):
            return None

    def _cipher(self) -> AESSIV:
        return AESSIV(HKDF(SHA256(), 64, None, b"centralita redaction").derive(self.secret.encode()))

    def _bound_to(self, kind: PiiKind) -> list[bytes]:
        return [kind.value.encode(), self.scope.encode()]
