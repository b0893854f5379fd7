"""Logs as one line each: time, level, place, a constant message, and the fields that go with it."""

import json
import logging
from typing import Final

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class FieldsFormatter(logging.Formatter):
    """Adds a record's `extra` fields behind the message, as `key=value`."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if not fields:
            return line
        head, newline, traceback = line.partition("\n")
        told = " ".join(
            f"{name}={json.dumps(value, default=str, ensure_ascii=False)}" for name, value in fields.items()
        )
        return f"{head} {told}{newline}{traceback}"


def _shown(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def set_up_logging(level: str, *, hides_people: bool = False) -> None:
    """Log to standard error; libraries only when something is wrong.

    `hides_people`: what identifies anybody is taken out of every line, for processes that work on what was said.
    """
    handler = logging.StreamHandler()
    if hides_people:
        from storage.privacy.log_redaction import RedactingFilter

        handler.addFilter(RedactingFilter())
    handler.setFormatter(FieldsFormatter("%(asctime)s.%(msecs)03d %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("httpx2", "httpcore2", "websockets", "asyncio", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
