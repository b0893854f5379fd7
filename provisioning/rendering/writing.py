"""Asterisk's two notations, written so that no value can become configuration of its own.

The model's grammar already refuses such values; this is the second lock, for values that came past it.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from vocabulary.errors import ConfigurationError

HEADER: Final = "; Written by centralita. Change telephony.toml, not this file.\n"

_KEY: Final = re.compile(r"[a-z0-9_.-]+")
_NAME: Final = re.compile(r"[A-Za-z0-9_.+-]{1,79}")
"""79: what Asterisk keeps of a section's name."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9_.+*#/~-]{1,255}")
_EXTENSION: Final = re.compile(r"_?[A-Za-z0-9_.+*#!\[\]-]{1,79}")
_LONGEST_VALUE: Final = 4000
"""Asterisk's reader takes lines of 8190 bytes."""

Pair = tuple[str, str]


def token(value: str) -> str:
    """Return a config value that is to stand inside a line of dialplan.

    Raises: ConfigurationError for anything that could end the argument it stands in.
    """
    if _TOKEN.fullmatch(value) is None:
        raise ConfigurationError(
            f"{value!r} must not be written into the dialplan: letters, digits and _ . + * # / ~ - only"
        )
    return value


def written_value(value: str) -> str:
    """Return a value as it is written after `key = `: semicolons are escaped.

    Raises: ConfigurationError, without repeating the value: it may be a password.
    """
    if not value or value != value.strip() or len(value) > _LONGEST_VALUE or value.startswith(">"):
        raise ConfigurationError("a value is empty, too long, begins with > or has blanks around it")
    if "\\" in value or any(unicodedata.category(character)[0] in "CZ" and character != " " for character in value):
        raise ConfigurationError("a value holds a backslash, a line's end or another control character")
    return value.replace(";", "\\;")


def section(name: str, pairs: Iterable[Pair], adds: bool = False) -> str:
    """Return `[name]` and its lines, pairs with an empty value left out; `adds`: to the host's section of that name.

    Raises: ConfigurationError naming section and key.
    """
    if _NAME.fullmatch(name) is None:
        raise ConfigurationError(f"{name!r} is no name for a section")
    lines = [f"[{name}](+)" if adds else f"[{name}]"]
    lines += [line(key, value, name) for key, value in pairs if value]
    return "\n".join(lines) + "\n"


def line(key: str, value: str, where: str) -> str:
    """Return `key = value`. Raises: ConfigurationError naming `where` and the key."""
    if _KEY.fullmatch(key) is None:
        raise ConfigurationError(f"{where}: {key!r} is no option")
    try:
        return f"{key} = {written_value(value)}"
    except ConfigurationError as exc:
        raise ConfigurationError(f"[{where}] {key}: {exc}") from None


def extension(name: str, *steps: str) -> str:
    """Return one extension; a step that begins with `label:` has that label.

    Raises: ConfigurationError.
    """
    if _EXTENSION.fullmatch(name) is None:
        raise ConfigurationError(f"{name!r} must not be an extension")
    lines = []
    for number, step in enumerate(steps):
        label, colon, application = step.partition(":")
        named = bool(colon) and label.isalpha() and label.islower()
        priority = ("1" if number == 0 else "n") + (f"({label})" if named else "")
        opening = f"exten => {name}" if number == 0 else " same =>"
        text = application if named else step
        if ";" in text or _has_control(text):
            raise ConfigurationError(f"extension {name}: a step must be one line without a semicolon")
        lines.append(f"{opening},{priority},{text}" if number == 0 else f"{opening} {priority},{text}")
    return "\n".join(lines) + "\n"


def _has_control(text: str) -> bool:
    if text.isascii():  # the common case, thousands of times
        return not text.isprintable()
    return any(unicodedata.category(character)[0] == "C" for character in text)


def context(name: str, extensions: Iterable[str], includes: Iterable[str] = (), comment: str = "") -> str:
    """Return a context."""
    if _NAME.fullmatch(name) is None:
        raise ConfigurationError(f"{name!r} is no name for a context")
    head = f"[{name}]\n" + "".join(f"; {text}\n" for text in comment.splitlines())
    return head + "".join(extensions) + "".join(f"include => {token(other)}\n" for other in includes)


def joined(parts: Iterable[str]) -> str:
    """Return a whole file: its header and its parts, a blank line between."""
    return HEADER + "".join("\n" + part for part in parts)
