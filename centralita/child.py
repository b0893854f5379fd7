"""What a child of `centralita up` has to say to its parent, and the parent to it: two pipes, named by the environment.

A process started by hand has neither pipe; then all of this does nothing, and it simply runs.
"""

import contextlib
import os
from typing import Final

READY_VARIABLE: Final = "CENTRALITA_READY_FD"
"""Number of the descriptor on which a child writes one line when it serves."""
STANDBY_VARIABLE: Final = "CENTRALITA_STANDBY_FD"
"""Number of the descriptor on which a spare is told to take over; only a spare has it."""
READY_LINE: Final = b"READY\n"


def tell_ready() -> None:
    """Tell the parent that we serve from now on; to be called once."""
    number = os.environ.pop(READY_VARIABLE, "")
    if number:
        with contextlib.suppress(OSError):  # a parent that is gone needs no news
            os.write(int(number), READY_LINE)
            os.close(int(number))


def is_spare() -> bool:
    """True in a process that was started to take over from another one some day."""
    return STANDBY_VARIABLE in os.environ


def wait_until_needed() -> None:
    """Call this after the imports and before opening anything: a spare waits here until it is to serve.

    Returns at once in a process that is no spare. Blocks, so it belongs before the event loop.

    Raises: SystemExit when the parent is gone.
    """
    number = os.environ.pop(STANDBY_VARIABLE, "")
    if not number:
        return
    order = os.read(int(number), 1)
    os.close(int(number))
    if not order:
        raise SystemExit(0)
