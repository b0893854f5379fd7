"""Logs as one line each: time, level, place, a constant message, and the fields that go with it."""

import logging
import sys
import threading
from types import TracebackType
from typing import Final

from vocabulary.log_lines import FieldsFormatter, exception_lines

OURS: Final = (
    *("vocabulary", "audio_socket", "conversation", "engines", "storage", "softphone", "fxo_templates"),
    *("ari_app", "provisioning", "device_server", "offline", "centralita", "training", "bench", "__main__"),
)
"""Whose lines follow the level that was asked for. Libraries tell only what is wrong: a database driver's debug lines
hold every value it writes, and those are what callers said."""


def set_up_logging(level: str, *, hides_people: bool = False, shows_numbers: bool = False) -> None:
    """Log to standard error; libraries only when something is wrong. Uncaught exceptions are told the same way.

    `hides_people`: what identifies anybody is taken out of every line, for processes that work on what was said.
    `shows_numbers`: the numbers of callers who were screened or refused stand in the log.
    """
    handler = logging.StreamHandler()
    if hides_people:
        from storage.privacy.log_redaction import RedactingFilter

        handler.addFilter(RedactingFilter())
    form = "%(asctime)s.%(msecs)03d %(levelname)-7s %(name)s: %(message)s"
    handler.setFormatter(FieldsFormatter(form, "%H:%M:%S", shows_people=shows_numbers))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    tell_crashes_without_words()


def tell_crashes_without_words() -> None:
    """From now on an exception that ends the program or a thread is told on standard error like one in the log."""
    sys.excepthook = _tell_crash
    threading.excepthook = lambda told: _tell_crash(told.exc_type, told.exc_value, told.exc_traceback)
    sys.unraisablehook = lambda told: _tell_crash(told.exc_type, told.exc_value, told.exc_traceback)


def _tell_crash(kind: type[BaseException], error: BaseException | None, _: TracebackType | None) -> None:
    if issubclass(kind, SystemExit):
        return
    lines = exception_lines(error) if error is not None else [kind.__qualname__]
    sys.stderr.write("\n".join(lines) + "\n")
