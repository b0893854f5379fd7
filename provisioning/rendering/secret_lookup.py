"""A gathered password, looked at once more before it is written."""

from collections.abc import Mapping

from provisioning.model.passwords import checked_password
from vocabulary.errors import ConfigurationError


def secret_of(secrets: Mapping[str, str], name: str, needed: bool = True) -> str:
    """Return the password called `name`, "" when it is empty and not needed.

    Raises: ConfigurationError, without repeating it.
    """
    value = secrets.get(name, "")
    if not value:
        if needed:
            raise ConfigurationError(f"the password {name!r} was not gathered")
        return ""
    try:
        return checked_password(value)
    except ValueError as exc:
        raise ConfigurationError(f"the password {name!r} must not be written: {exc}") from None
