"""A secret is named in the settings, never written there: `env:NAME` or `file:PATH`."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from vocabulary.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is kept; it is looked up when it is needed, and stays out of logs because it is not here."""

    reference: str
    """As written: "env:NAME" or "file:PATH"."""
    folder: Path = Path()
    """What a relative PATH is relative to."""

    @property
    def variable(self) -> str:
        """The environment variable it is in, or ""."""
        kind, _, name = self.reference.partition(":")
        return name if kind == "env" else ""

    def resolve(self) -> str:
        """Return the secret itself.

        Raises: ConfigurationError when it is not there; the message says where it was looked for.
        """
        kind, _, name = self.reference.partition(":")
        if kind == "env":
            secret = os.environ.get(name, "")
            if not secret:
                raise ConfigurationError(f"the secret {self.reference} is empty: set the environment variable {name}")
            return secret
        path = self.folder / Path(name).expanduser()
        try:
            secret = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise ConfigurationError(f"the secret {self.reference} cannot be read from {path}") from exc
        if not secret:
            raise ConfigurationError(f"the secret {self.reference} is empty: write it into {path}")
        return secret

    @classmethod
    def parse(cls, value: object, info: ValidationInfo | None = None) -> "SecretRef":
        """Return the reference `value` is.

        Raises: ValueError for anything else, without repeating it: it may be the secret itself.
        """
        if isinstance(value, SecretRef):
            return value
        kind, colon, name = str(value).partition(":")
        if not isinstance(value, str) or not colon or kind not in ("env", "file") or not name.strip():
            raise ValueError('a secret is not written here: say where it is kept, as "env:NAME" or "file:PATH"')
        context: dict[str, Any] = (info.context if info else None) or {}
        return cls(value, context.get("folder", Path()))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            cls.parse,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda secret: secret.reference),
        )
