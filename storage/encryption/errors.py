"""What can go wrong with encrypted files.

EncryptionError
├── CiphertextDamaged   cut, reordered, changed, or another call's file
├── KeyMissing          the call has no key here, though it has an encrypted file
├── KeyErased           the call's key was deleted on purpose: nobody can read it again
└── WrongMasterKey      the key is there, but the master key we were given does not open it
"""

from vocabulary.errors import CentralitaError


class EncryptionError(CentralitaError):
    """Base of this package's errors; never raised itself."""


class CiphertextDamaged(EncryptionError):
    """The file is not what was encrypted: cut, reordered, changed, or moved from another call."""


class KeyMissing(EncryptionError):
    """There is no key for this call: it was never made here, or it was lost."""


class KeyErased(EncryptionError):
    """The call's key has been deleted on purpose; nothing is encrypted for this call again."""


class WrongMasterKey(EncryptionError):
    """The master key does not open this call's key."""
