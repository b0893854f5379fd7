"""Whether a process of a number lives."""

import os


def is_running(pid: int) -> bool:
    """Return whether there is such a process, be it ours or not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's: it runs
        return True
    return True
