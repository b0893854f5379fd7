"""What is wrong in a file of settings, said so that the reader can repair it: file, key, reason, way out."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from rapidfuzz import fuzz, process

from vocabulary.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to repair."""

    source: str
    """The file, or the environment variable."""
    key: str
    """Dotted, as in the file: "asterisk.ari_url"."""
    message: str
    """What is wrong, and what would be right."""

    def __str__(self) -> str:
        return f"{self.source}: {self.key}: {self.message}" if self.key else f"{self.source}: {self.message}"

    def as_json(self) -> dict[str, str]:
        """Return the fields by name."""
        return asdict(self)


class Misconfigured(ConfigurationError):
    """A file of settings has problems; all of them are listed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean …?" when something known is like `name`, else the list of what is known."""
    names = list(known)
    if not names:
        return " Nothing is defined there."
    match = process.extractOne(name, names, scorer=fuzz.ratio, score_cutoff=60)
    if match:
        return f" Did you mean {match[0]!r}?"
    return f" There are: {', '.join(sorted(names))}."


def read_toml(path: Path) -> dict[str, Any]:
    """Return the file's content.

    Raises: Misconfigured when it cannot be read or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Misconfigured([Problem(str(path), "", "there is no such file")]) from None
    except OSError as exc:
        raise Misconfigured([Problem(str(path), "", f"cannot be read: {exc.strerror}")]) from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise Misconfigured([Problem(str(path), "", f"is not valid TOML: {exc}")]) from exc


def problems_of(
    error: ValidationError, model: type[BaseModel], source: str, sources: Mapping[str, str] | None = None
) -> list[Problem]:
    """Say what pydantic found, in words that help.

    `sources` tells for keys that came from elsewhere (environment variables) where that was.
    """
    problems = []
    for found in error.errors(include_url=False, include_context=False):
        location = [str(part) for part in found["loc"]]
        key = ".".join(location)
        kind = found["type"]
        if kind == "extra_forbidden":
            message = f"is not known.{nearest(location[-1], fields_at(model, location[:-1]))}"
        elif kind == "missing":
            message = "is required and missing."
        elif kind in ("value_error", "assertion_error"):
            message = found["msg"].partition(", ")[2] or found["msg"]
        else:
            message = f"{found['msg']}."
        problems.append(Problem((sources or {}).get(key, source), key, message))
    return problems


def fields_at(model: type[BaseModel], path: Sequence[str]) -> list[str]:
    """Return the names of the fields that may stand at `path` below `model`."""
    place: object = model
    for part in path:
        place = _below(_without_none(place), part)
    place = _without_none(place)
    return list(place.model_fields) if isinstance(place, type) and issubclass(place, BaseModel) else []


def _below(place: object, part: str) -> object:
    """Go one step down: to a field of a model, or to what a mapping or a list holds."""
    if isinstance(place, type) and issubclass(place, BaseModel):
        field = place.model_fields.get(part)
        return field.annotation if field else None
    held = [argument for argument in get_args(place) if argument is not ...]
    return held[-1] if held else None


def _without_none(place: object) -> object:
    """Reduce `Model | None` to `Model`; a mapping or a list stays what it is."""
    if get_origin(place) not in (Union, UnionType):
        return place
    return next((argument for argument in get_args(place) if argument is not type(None)), None)
