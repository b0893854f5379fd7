"""Metadata from bytes and back, and what may be wrong with a file, in words for the person who must mend it.

CentralitaError
└── MetadataError
    ├── NotJson           cut short, empty, or no JSON at all
    ├── WrongShape        JSON, but fields are missing or wrong; names them
    └── TooNew            written by a newer program
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from pydantic_core import from_json

from storage.metadata.older import upgraded, version_of
from storage.metadata.schema import SCHEMA_VERSION, RecordingMetadata
from vocabulary.errors import CentralitaError

_MOST_PROBLEMS: Final = 3
"""Of one file, in one message."""
PREFIX: Final = "rec_"
SUFFIX: Final = "_metadata.json"


class MetadataError(CentralitaError):
    """A metadata file cannot be used; never raised itself."""


class NotJson(MetadataError):
    """Cut short, empty, or no JSON at all."""


class WrongShape(MetadataError):
    """JSON, but not metadata."""


class TooNew(MetadataError):
    """Written by a newer program."""


def parse_metadata(data: bytes) -> RecordingMetadata:
    """Return what a file says, whatever version wrote it; messages name fields, never their values.

    Raises: NotJson, WrongShape, TooNew.
    """
    return parse_versioned(data)[0]


def parse_versioned(data: bytes) -> tuple[RecordingMetadata, int]:
    """Like `parse_metadata`, and tell which version wrote it. Raises: NotJson, WrongShape, TooNew."""
    if not data.strip():
        raise NotJson("empty")
    try:
        value = from_json(data, allow_inf_nan=False)
    except ValueError as exc:
        # The parser tells the place, "EOF while parsing … at line 12 column 3", and not the text.
        raise NotJson(f"cut short or no JSON: {exc}") from exc
    if not isinstance(value, dict):
        raise WrongShape("not a JSON object")
    return _checked(value)


def metadata_of(data: Mapping[str, object]) -> RecordingMetadata:
    """Return what a JSON object says, of whatever version: for a writer that has not been a file yet.

    Raises: WrongShape, TooNew.
    """
    return _checked(data)[0]


def _checked(value: Mapping[str, object]) -> tuple[RecordingMetadata, int]:
    try:
        version = version_of(value)
    except ValueError as exc:
        raise WrongShape(str(exc)) from exc
    if version > SCHEMA_VERSION:
        raise TooNew(f"written in schema {version}, this program knows {SCHEMA_VERSION}: update it")
    try:
        return RecordingMetadata.model_validate(upgraded(value, SCHEMA_VERSION)), version
    except ValidationError as exc:
        raise WrongShape(_told(exc)) from exc


def metadata_json(metadata: RecordingMetadata) -> dict[str, object]:
    """Return what `storage.recordings.write_json` writes, unknown fields included."""
    return metadata.model_dump(mode="json")


def recording_id_of(path: Path) -> str | None:
    """Return the recording whose metadata a file's name says it is; None for any other name."""
    name = path.name
    if name.startswith(PREFIX) and name.endswith(SUFFIX) and len(name) > len(PREFIX) + len(SUFFIX):
        return name.removesuffix(SUFFIX)
    return None


def _told(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    shown = [f"{'.'.join(str(part) for part in one['loc']) or 'file'}: {one['msg']}" for one in problems]
    more = len(shown) - _MOST_PROBLEMS
    return "; ".join(shown[:_MOST_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")
