"""A password in the config: a reference to where it is kept, or the password itself, which then never shows again."""

import re
from dataclasses import dataclass, field
from typing import Final

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from vocabulary.secret import SecretRef

MASK: Final = "***"
_GRAMMAR: Final = re.compile(r"[!-~]{1,128}")
_BREAKS_OUT: Final = frozenset(";[]\\\"'<>&`")


def checked_password(value: str) -> str:
    """Return a password that may be written into Asterisk's and every gateway's files.

    Raises: ValueError without repeating it.
    """
    if _GRAMMAR.fullmatch(value) is None:
        raise ValueError("a password holds 1 to 128 visible ASCII characters without spaces")
    if _BREAKS_OUT & set(value):
        raise ValueError("a password must not hold any of ; [ ] \\ \" ' < > & `: ask for another one")
    return value


@dataclass(frozen=True, slots=True)
class Password:
    """Empty, a reference (`env:NAME`, `file:PATH`), or written in the config itself."""

    reference: SecretRef | None = None
    plain: str = field(default="", repr=False)
    """The password itself, from a config that has it inside; `check` advises to move it out."""

    def __bool__(self) -> bool:
        return self.reference is not None or bool(self.plain)

    def resolve(self) -> str:
        """Return the password, "" when there is none.

        Raises: ConfigurationError when a reference leads nowhere; ValueError for characters that must not be written.
        """
        if self.reference is not None:
            return checked_password(self.reference.resolve())
        return self.plain

    def shown(self) -> str:
        """Return what may be printed: the reference, "", or `***`."""
        if self.reference is not None:
            return self.reference.reference
        return MASK if self.plain else ""

    @classmethod
    def parse(cls, value: object, info: ValidationInfo | None = None) -> "Password":
        """Return the password `value` is or refers to. Raises: ValueError without repeating it."""
        if isinstance(value, Password):
            return value
        if not isinstance(value, str):
            raise ValueError('must be a text: "env:NAME", "file:PATH", or the password')
        if value == "":
            return cls()
        if value == MASK:
            raise ValueError("*** stands for a password that was not printed: write where it is kept, as file:PATH")
        if value.startswith(("env:", "file:")):
            return cls(SecretRef.parse(value, info))
        return cls(plain=checked_password(value))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            cls.parse,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda one: one.shown()),
        )
