"""What may be kept and logged about a job that failed: enough to find the fault, nobody's words."""

import os
import traceback
from typing import Final

from vocabulary.errors import CentralitaError

MAX_CHARACTERS: Final = 500


def failure_text(error: BaseException) -> str:
    """Return one line about `error`: its type, its message if it is known to quote nobody, and where it was raised.

    Our own errors never hold what people said, the system's name files; any other message may quote the data it
    stumbled over (a validation error does), so it is left out.
    """
    said = ""
    if isinstance(error, CentralitaError | TimeoutError):
        said = str(error)
    elif isinstance(error, OSError) and error.errno is not None:
        said = os.strerror(error.errno)
    text = type(error).__name__ + (f": {said}" if said else "")
    return f"{' '.join(text.split())[:MAX_CHARACTERS]}{_place(error)}".replace("\0", "")


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    last = frames[-1]
    return f" ({os.path.basename(last.filename)}:{last.lineno} in {last.name})"
