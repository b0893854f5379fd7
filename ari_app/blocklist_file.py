"""The block list on disk: read, watched, and changed with its comments kept.

`WatchedBlockList` is asked once a call: it looks whether the file has changed, in a thread, and waits for the answer
only a moment. A file that is broken, gone or slow leaves the last good list in force, and says so once.
"""

import asyncio
import datetime
import logging
import os
import tempfile
import tomllib
from pathlib import Path
from typing import Final

import tomlkit
from tomlkit.items import AoT, Table

from ari_app.screening import BlockList, Rule, block_list_of
from vocabulary.errors import ConfigurationError
from vocabulary.problems import Misconfigured, Problem

logger = logging.getLogger(__name__)

MAX_BYTES: Final = 8 * 1024 * 1024
"""About a hundred thousand numbers."""

_Signature = tuple[int, int, int]


def parse_block_list(text: str, source: str) -> BlockList:
    """Read a file's text.

    Raises: Misconfigured; it names line and key.
    """
    try:
        return block_list_of(tomllib.loads(text), source, text)
    except tomllib.TOMLDecodeError as exc:
        raise Misconfigured([Problem(source, "", f"is not valid TOML: {exc}")]) from exc


def read_block_list(path: Path) -> BlockList:
    """Read the file; one that does not exist blocks nobody.

    Raises: Misconfigured.
    """
    return parse_block_list(_text_of(path), str(path))


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return ""
    except OSError as exc:
        raise Misconfigured([Problem(str(path), "", f"cannot be read: {exc.strerror}")]) from exc
    if len(data) > MAX_BYTES:
        raise Misconfigured([Problem(str(path), "", f"is larger than {MAX_BYTES} bytes")])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise Misconfigured([Problem(str(path), "", f"is not UTF-8: {exc}")]) from exc


class WatchedBlockList:
    """The list in force, as fresh as the file."""

    def __init__(self, path: Path, patience_seconds: float = 0.3) -> None:
        """Read nothing yet; a caller waits `patience_seconds` at most for the disk."""
        self._path = path
        self._patience_seconds = patience_seconds
        self._list = BlockList()
        self._signature: _Signature | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self.problem = ""
        """What is wrong with the file now; "" when the list in force is the file's."""

    async def current(self) -> BlockList:
        """Return the list in force, after a look at the file."""
        if self._refreshing is None or self._refreshing.done():
            # One look at a time: a disk that hangs holds one thread, not one for each call
            self._refreshing = asyncio.create_task(self._refresh(), name="block list")
        await asyncio.wait([self._refreshing], timeout=self._patience_seconds)
        return self._list

    async def close(self) -> None:
        """End a look that is under way."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.wait([self._refreshing])

    async def _refresh(self) -> None:
        try:
            read = await asyncio.to_thread(self._read_if_changed)
        except Misconfigured as exc:
            self._say(str(exc))
            return
        if read is not None:
            self._list, self._signature = read
            logger.info("block list read", extra={"file": str(self._path), "rules": len(self._list)})
        self.problem = ""

    def _read_if_changed(self) -> tuple[BlockList, _Signature] | None:
        """Run in a thread. Raises: Misconfigured."""
        try:
            before = _signature(self._path)
        except FileNotFoundError:
            if self._signature is None:
                return None  # none yet: nobody is blocked
            raise Misconfigured([Problem(str(self._path), "", "has gone; an empty file blocks nobody")]) from None
        except OSError as exc:
            raise Misconfigured([Problem(str(self._path), "", f"cannot be read: {exc.strerror}")]) from exc
        if before == self._signature:
            return None
        # The signature from before the reading: what is written meanwhile is seen the next time
        return read_block_list(self._path), before

    def _say(self, problem: str) -> None:
        if problem != self.problem:
            self.problem = problem
            logger.error("block list not read, the last good one stays in force", extra={"reason": problem})


def _signature(path: Path) -> _Signature:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


# -- changing it ------------------------------------------------------------------------------------------------------


def with_rule(text: str, rule: Rule) -> str:
    """Return the file's text with one more rule; an older one for the same number or prefix is replaced."""
    document = tomlkit.parse(without_rule(text, rule.what)[0])
    blocks = document.get("block")
    if not isinstance(blocks, AoT):
        blocks = tomlkit.aot()
        document["block"] = blocks
    entry = tomlkit.table()
    for key, value in (("number", rule.number), ("prefix", rule.prefix), ("reason", rule.reason)):
        if value:
            entry[key] = value
    if rule.until is not None:
        entry["until"] = rule.until
    blocks.append(entry)
    return tomlkit.dumps(document)


def without_rule(text: str, what: str) -> tuple[str, int]:
    """Return the file's text without the rules for `what` ("+34600111222", or "+34807*"), and how many there were."""
    document = tomlkit.parse(text)
    blocks = document.get("block")
    if not isinstance(blocks, AoT):
        return text, 0
    found = [i for i, entry in enumerate(blocks) if _what(entry) == what]
    for i in reversed(found):
        del blocks[i]
    if not len(blocks):
        del document["block"]
    return (tomlkit.dumps(document), len(found)) if found else (text, 0)


def _what(entry: Table) -> str:
    number, prefix = entry.get("number"), entry.get("prefix")
    return Rule(number=str(number)).what if number else f"{prefix}*"


def change_file(path: Path, *, add: Rule | None = None, remove: str = "") -> int:
    """Add or remove a rule; return how many rules were removed (replaced ones too).

    The file is replaced in one step: whoever reads it sees the old one or the new one.

    Raises: Misconfigured when the file is broken before (it is left alone); ConfigurationError when it cannot be
    written.
    """
    text = _text_of(path)
    parse_block_list(text, str(path))
    changed, removed = without_rule(text, add.what if add is not None else remove)
    if add is not None:
        changed = with_rule(changed, add)
    if changed == text:
        return removed
    parse_block_list(changed, str(path))
    _replace(path, changed)
    return removed


def _replace(path: Path, text: str) -> None:
    try:
        target = path.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o640
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(mode)
            Path(name).replace(target)
        except BaseException:  # also when cancelled: nothing half-made stays; raised again
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as exc:
        raise ConfigurationError(f"the block list {path} cannot be written: {exc.strerror}") from exc


def today() -> datetime.date:
    """Return the date where this machine is: a block's last day is a local day."""
    return datetime.datetime.now().astimezone().date()
