"""Which files an `#include` means, and a folder of configuration as path → text."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from vocabulary.errors import ConfigurationError

_INCLUDE: Final = re.compile(r"""(?im)^[ \t]*#(?:try)?include[ \t]+["<]?([^">;\n\r]+)""")
_MOST_BRACES: Final = 200
"""Patterns that one `{a,b}` may become; files in the wild have none."""


def matching_files(known: Iterable[str] | Mapping[str, str], argument: str, etc: str) -> list[str]:
    """Return the known paths an include means, sorted: the one it names, or those that its `*`, `?`, `[…]`, `{…}` fit.

    Asterisk looks below its configuration folder `etc` only (`glob(3)` with braces); a name without wildcards is
    returned as it is, known or not.
    """
    wanted = _relative(argument, etc)
    if not re.search(r"[*?\[{]", wanted):
        return [wanted]
    patterns = [re.compile(_as_regex(single)) for single in _without_braces(wanted)]
    found: list[str] = []
    for pattern in patterns:
        found += sorted(path for path in known if pattern.fullmatch(path) and path not in found)
    return found


def read_folder(folder: Path) -> dict[str, str]:
    """Return path → text of every `*.conf` below a configuration folder, and of other files that they include.

    Paths are relative to the folder, for `read_tree(files, "pjsip.conf", etc=str(folder))`. Bytes that are not UTF-8
    survive as surrogates.

    Raises: ConfigurationError when there is no such folder, or a file in it may not be read.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"there is no folder {folder}: where is Asterisk's configuration?")
    texts: dict[str, str] = {}
    waiting = sorted(path for path in folder.rglob("*.conf") if path.is_file())
    while waiting:
        path = waiting.pop()
        name = path.relative_to(folder).as_posix()
        if name in texts:
            continue
        try:
            # bytes, not text mode: a lone \r is no line's end for Asterisk
            texts[name] = path.read_bytes().decode("utf-8", "surrogateescape")
        except OSError as exc:
            raise ConfigurationError(f"cannot read {path}: {exc.strerror}; the user needs to be in its group") from exc
        waiting += _included_below(folder, texts[name])
    return dict(sorted(texts.items()))


def _included_below(folder: Path, text: str) -> Iterator[Path]:
    """Name the files below the folder that a text includes, whatever their ending."""
    for argument in _INCLUDE.findall(text):
        wanted = _relative(argument.strip(), str(folder))
        if wanted.startswith("/") or ".." in wanted.split("/"):
            continue
        for single in _without_braces(wanted):
            try:
                yield from (path for path in folder.glob(single) if path.is_file())
            except (ValueError, OSError, NotImplementedError):
                continue  # a pattern no file can have


def _relative(argument: str, etc: str) -> str:
    """Return a path below `etc` without its beginning; other absolute paths stay as they are."""
    prefix = etc.rstrip("/") + "/"
    path = argument.removeprefix(prefix) if argument.startswith(prefix) else argument
    return re.sub(r"(?:^|(?<=/))(?:\./)+", "", re.sub(r"/{2,}", "/", path))


def _without_braces(pattern: str) -> list[str]:
    """Return the patterns that `a{b,c}d` stands for."""
    done: list[str] = []
    waiting = [pattern]
    while waiting and len(done) + len(waiting) <= _MOST_BRACES:
        single = waiting.pop(0)
        braces = re.search(r"\{([^{}]*)\}", single)
        if braces is None:
            done.append(single)
        else:
            head, tail = single[: braces.start()], single[braces.end() :]
            waiting += [head + part + tail for part in braces[1].split(",")]
    return done


def _as_regex(pattern: str) -> str:
    """Return a shell pattern as a regular expression; `*` and `?` fit neither `/` nor a leading dot."""
    parts = []
    for piece in re.split(r"(\*|\?|\[!?\]?[^\]/]*\])", pattern):
        if piece == "*":
            parts.append("[^/]*")
        elif piece == "?":
            parts.append("[^/]")
        elif piece.startswith("[") and len(piece) > 2 and piece.endswith("]"):
            negated = piece[1] == "!"
            parts.append(f"(?!/)[{'^' if negated else ''}{character_set(piece[2 if negated else 1 : -1])}]")
        else:
            parts.append(re.escape(piece))
    regex = "".join(parts)
    guarded = re.sub(r"(^|/)(?=\[\^/\]|\(\?!/\))", r"\1(?!\\.)", regex)
    try:
        re.compile(guarded)
    except re.error:
        return re.escape(pattern)
    return guarded


def character_set(inside: str) -> str:
    """Return what stands between `[` and `]` of a shell or dialplan pattern as the inside of a regular expression's."""
    pieces = []
    at = 0
    while at < len(inside):
        first, last = inside[at], inside[at + 2 : at + 3]
        if last and inside[at + 1] == "-" and first <= last:
            pieces.append(f"{_escaped(first)}-{_escaped(last)}")
            at += 3
        else:
            pieces.append(_escaped(first))
            at += 1
    return "".join(pieces)


def _escaped(char: str) -> str:
    return char if char.isalnum() else "\\" + char
