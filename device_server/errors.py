"""What can go wrong before the first device is served.

CentralitaError
├── ConfigurationError
│   ├── BadManifest        the manifest or one of its files: names the file and the key
│   ├── BadAddress         the address is none to serve secrets on
│   └── BadLedger          what was fetched can no longer be read: we would rather not start than serve twice
└── LedgerInUse            another server keeps the same ledger
"""

from vocabulary.errors import CentralitaError, ConfigurationError


class BadManifest(ConfigurationError):
    """The manifest or one of its files is wrong; the message names the file and the key, never a token."""


class BadAddress(ConfigurationError):
    """The address is none on which passwords may be served; the message says which would be."""


class BadLedger(ConfigurationError):
    """What was fetched so far cannot be read; the message says what to do."""


class LedgerInUse(CentralitaError):
    """Another server writes the same ledger: two of them would each serve a one-time file."""
