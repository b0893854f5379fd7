"""The passwords that a config needs, looked up or made: the one place where they are gathered for rendering.

Passwords we make are kept below the config file, in `secrets/`, each in a file of its own that only we may read.
"""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from provisioning.model.passwords import Password, checked_password
from provisioning.model.telephony import TelephonyReceptionConfig
from vocabulary.errors import ConfigurationError
from vocabulary.secret import SecretRef

ARI: Final = "ari"
MANAGER: Final = "manager"
_LENGTH: Final = 32
"""Characters of a password we make, A-Z a-z 0-9: FreePBX's and several gateways' log-ins break on anything else."""
_GATEWAY_LENGTH: Final = 24
"""Gateways' fields are short (30 on a GXW410x); 24 of 56 characters are 139 bits."""
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,79}")


def sip_secret(trunk: str) -> str:
    """Return the name of a gateway's or carrier's SIP password in the gathered mapping."""
    return f"sip-{trunk}"


def admin_secret(gateway: str) -> str:
    """Return the name of the password of a gateway's own web pages."""
    return f"admin-{gateway}"


def new_password(length: int = _LENGTH) -> str:
    """Return letters and digits that nobody takes for one another."""
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
    return "".join(secrets.choice(alphabet) for _ in range(length))


class SecretStore:
    """A folder of passwords, one file each, 0600 in a folder 0700."""

    def __init__(self, folder: Path) -> None:
        """Prepare; the folder is made when the first password is."""
        self.folder = folder

    def read(self, name: str) -> str:
        """Return a kept password, or "" when there is none.

        Raises: ConfigurationError when it is there and cannot be read, or must not be written into files.
        """
        path = self._path(name)
        if not path.exists():
            return ""
        try:
            return checked_password(SecretRef(f"file:{path}").resolve())
        except ValueError as exc:
            raise ConfigurationError(f"{path}: {exc}") from exc

    def keep(self, name: str, password: str) -> SecretRef:
        """Write a password (a new file, renamed over the old one) and return the reference to it."""
        path = self._path(name)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        part = path.with_name(f".{path.name}.part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(checked_password(password) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        return SecretRef(f"file:{path}")

    def read_or_make(self, name: str, length: int = _LENGTH) -> str:
        """Return a kept password; the first time one is made."""
        found = self.read(name)
        if not found:
            found = new_password(length)
            self.keep(name, found)
        return found

    def _path(self, name: str) -> Path:
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name for a password")
        return self.folder / name


def gathered(config: TelephonyReceptionConfig, store: SecretStore) -> Mapping[str, str]:
    """Return every password that rendering needs, by name (`sip_secret`, `admin_secret`, `ARI`, `MANAGER`).

    Raises: ConfigurationError naming the key whose password cannot be found.
    """
    found = {ARI: store.read_or_make(ARI)}
    if config.site.manager.enabled:
        found[MANAGER] = store.read_or_make(MANAGER)
    for name, gateway in config.all_gateways().items():
        found[admin_secret(name)] = store.read_or_make(admin_secret(name), _GATEWAY_LENGTH)
        own = _resolved(gateway.password, f"{config.key_of(name)}.password")
        if own or gateway.attach == "register":
            found[sip_secret(name)] = own or store.read_or_make(sip_secret(name), _GATEWAY_LENGTH)
    for name, carrier in config.all_carriers().items():
        found[sip_secret(name)] = _resolved(carrier.password, f"{config.key_of(name)}.password")
    return found


def _resolved(password: Password, key: str) -> str:
    try:
        return password.resolve()
    except (ConfigurationError, ValueError) as exc:
        raise ConfigurationError(f"{key}: {exc}") from exc
