"""Log lines of every process: one record, one line, and no exception's own words in it.

What a caller said must not get into a log, not even by an error that quotes the data it stumbled over (a validation
error does, a `KeyError` does, asyncio quotes the arguments of what failed). So of a foreign exception only its type
and its places in the code are told; the messages of our own errors name no such thing, and the system's name files.
"""

import json
import logging
import re
import traceback
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, Final

from vocabulary.errors import CentralitaError

HIDDEN_PREFIX: Final = "pii."
"""Fields whose names begin so tell who somebody is, or what they said."""
HIDDEN: Final = "[hidden]"
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_QUOTES_OBJECTS: Final = frozenset({"asyncio", "concurrent", "py"})
"""Loggers (the first part of their names) that put the objects they are about into their messages."""
_BEFORE_OBJECTS: Final = re.compile(r"[^(\n'\"]*")


class FieldsFormatter(logging.Formatter):
    """Adds a record's `extra` fields behind the message, as `key=value`; values of `pii.` fields only if told so."""

    def __init__(self, form: str, date_form: str | None = None, *, shows_people: bool = False) -> None:
        super().__init__(form, date_form)
        self._shows_people = shows_people

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and below it where an exception came from."""
        record = logging.makeLogRecord(vars(record))
        if record.name.partition(".")[0] in _QUOTES_OBJECTS:
            record.msg, record.args = without_objects(record.getMessage()), None
        if record.exc_info:
            record.exc_text = None  # another handler may have left its own there
        line = super().format(record)
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if not fields:
            return line
        head, newline, below = line.partition("\n")
        told = " ".join(f"{name}={self._shown(name, value)}" for name, value in fields.items())
        return f"{head} {told}{newline}{below}"

    def formatException(self, ei: Any) -> str:
        """Return where it came from, and of what type it was."""
        return "\n".join(exception_lines(ei[1])) if ei[1] is not None else ""

    def _shown(self, name: str, value: object) -> str:
        if name.startswith(HIDDEN_PREFIX) and not self._shows_people:
            return HIDDEN
        return json.dumps(value, default=_named, ensure_ascii=False)


def exception_lines(error: BaseException) -> list[str]:
    """Return an exception with what it came from, as a traceback shows it, without what foreign ones say."""
    return list(_lines(error, set()))


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _lines(before, seen)
        yield "which led to:"
    yield "Traceback (most recent call last):"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
    yield named_error(error)
    if isinstance(error, BaseExceptionGroup):
        for number, one in enumerate(error.exceptions, 1):
            if id(one) not in seen:
                yield f"-- {number} of {len(error.exceptions)} --"
                yield from _lines(one, seen)


def named_error(error: BaseException) -> str:
    """Return an exception's type, and what it says if it is known to quote nobody."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, CentralitaError):
        return f"{name}: {error}" if str(error) else name
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename is not None else ""
        return f"{name}: {error.strerror}{place}"
    return name


def without_objects(message: str) -> str:
    """Return a message up to the first object in it."""
    found = _BEFORE_OBJECTS.match(message)
    return found[0].strip() if found is not None else ""


def _named(value: object) -> str:
    """What JSON cannot say: a path, an exception, or an object of which only the type is told."""
    if isinstance(value, PurePath):
        return str(value)
    return named_error(value) if isinstance(value, BaseException) else type(value).__qualname__
