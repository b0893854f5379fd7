"""A filter for logs: what identifies people goes out of messages and fields before any handler sees them.

Our own lines name no such thing to begin with; this is for those of libraries, and for the day somebody forgets.
"""

import logging
from collections.abc import Mapping
from typing import Final

from storage.privacy.redaction import redact
from storage.privacy.transcript_redaction import NEVER_PII
from vocabulary.log_lines import HIDDEN, HIDDEN_PREFIX, exception_lines

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({})))


class RedactingFilter(logging.Filter):
    """To be added to a handler: `handler.addFilter(RedactingFilter())`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take what identifies people out of the record, for this handler and those after it; keep the record."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        record.msg, record.args = redact(message), None
        if record.exc_info:  # also in place of what another handler's formatter left there
            error = record.exc_info[1]
            record.exc_text = "\n".join(exception_lines(error)) if error is not None else ""
        if record.exc_text:
            record.exc_text, record.exc_info = redact(record.exc_text), None
        for name, value in list(vars(record).items()):
            if name.startswith(HIDDEN_PREFIX):
                setattr(record, name, HIDDEN)
            elif name not in _STANDARD and name not in NEVER_PII:
                setattr(record, name, _redacted(value))
        return True


def _redacted(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _redacted(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(one) for one in value]
    return value
