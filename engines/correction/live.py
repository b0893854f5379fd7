"""The proofreader of running calls: goes on with a changed bank without a restart.

`correct` only looks words up. `refresh` looks whether a file has changed (a few microseconds) and reads what has (up to
a second for a large bank): call it in a thread, when a call begins and every second or so.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from engines.correction.bank import Bank
from engines.correction.dictionary import Proofreader
from engines.correction.journal import journal_of
from engines.correction.keeper import read_banks
from vocabulary.errors import ConfigurationError
from vocabulary.speech import Correction

logger = logging.getLogger(__name__)

_Stamp = tuple[tuple[int, int, int], ...]


class LiveProofreader:
    """Level 1 for calls, from some banks and what people taught them."""

    def __init__(self, paths: Iterable[Path], *, source: str = "bank") -> None:
        """Read the banks; does file I/O.

        Raises: ConfigurationError naming file and key.
        """
        self._paths = tuple(paths)
        self._source = source
        self._stamp = self._now()
        self._reading = threading.Lock()
        self._proofreader = Proofreader(read_banks(self._paths, source=source))

    def correct(self, text: str) -> Correction:
        """Return `text` as heard and as meant."""
        return self._proofreader.correct(text)

    def refresh(self) -> bool:
        """Read again what has changed; say whether another bank is in use now. Safe from any thread.

        A bank that cannot be read leaves the one in use; the log says which file, but none of its words.
        """
        with self._reading:
            stamp = self._now()
            if stamp == self._stamp:
                return False
            self._stamp = stamp
            try:
                bank: Bank = read_banks(self._paths, source=self._source)
            except ConfigurationError:
                logger.error(
                    "the bank was changed and cannot be read: calls go on with the former one; `centralita bank list` "
                    "says what is wrong",
                    extra={"banks": [path.stem for path in self._paths]},
                )
                return False
            self._proofreader.adopt(bank)
            return True

    def _now(self) -> _Stamp:
        files = [file for path in self._paths for file in (path, journal_of(path).path)]
        return tuple(map(_stamp_of, files))


def _stamp_of(path: Path) -> tuple[int, int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_mtime_ns, found.st_size


def refresher(proofreaders: Iterable[object]) -> Callable[[], None]:
    """Return what refreshes those of `proofreaders` that can be."""
    live = [one for one in proofreaders if isinstance(one, LiveProofreader)]

    def refresh() -> None:
        for one in live:
            one.refresh()

    return refresh
