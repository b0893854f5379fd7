"""The token with which our own processes know one another, kept in a file that only we may read."""

import os
import secrets
from pathlib import Path

from vocabulary.errors import ConfigurationError
from vocabulary.secret import SecretRef


def kept_token(path: Path) -> str:
    """Return the token in `path`; the first time one is made, for this user's eyes only.

    Raises: ConfigurationError when it can neither be read nor written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Exclusive, so that of two processes starting together one makes it and the other reads it.
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return SecretRef(f"file:{path}").resolve()
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            token = secrets.token_urlsafe(32)
            file.write(token)
        return token
    except OSError as exc:
        raise ConfigurationError(f"the token {path} cannot be kept: {exc.strerror}") from exc
