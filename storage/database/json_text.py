"""Values to the JSON that goes into the database: models of pydantic too, and without NUL, which PostgreSQL refuses."""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue
from pydantic_core import to_json, to_jsonable_python

_NUL: Final = "\\u0000"


def json_text(value: object) -> str:
    """Return a value as JSON. Raises: PydanticSerializationError, a ValueError, for what JSON cannot say."""
    text = to_json(value).decode()
    # It may be the four words "backslash u 0000" too; then the slow way changes nothing.
    return text if _NUL not in text else to_json(_without_nul(to_jsonable_python(value))).decode()


def plain(value: str) -> str:
    """Return a text as both databases take it."""
    return value.replace("\0", "") if "\0" in value else value


def _without_nul(value: JsonValue) -> JsonValue:
    match value:
        case str():
            return plain(value)
        case Mapping():
            return {plain(name): _without_nul(one) for name, one in value.items()}
        case list():
            return [_without_nul(one) for one in value]
        case _:
            return value
