"""The root of every error we raise.

CentralitaError
├── ConfigurationError      settings or agent file: names the key and the way out
├── engines.base.EngineError …
├── audio_socket.protocol.ProtocolError …
└── ari_app.errors.AriError …
"""


class CentralitaError(Exception):
    """Base of all our errors; never raised itself."""

    retryable: bool = False
    """True when the same request may succeed a moment later."""


class ConfigurationError(CentralitaError):
    """A setting or an agent's file is wrong; the message names the key and says what would be right."""
