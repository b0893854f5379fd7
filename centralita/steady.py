"""What a process that carries voices asks of the interpreter: no long pauses.

A full garbage collection over everything that was imported takes 60 to 80 ms, four frames of every call; a thread that
computes may keep the interpreter for 5 ms. Measured in docs/performance.md.
"""

import gc
import os
import resource
import sys
import threading
from typing import Final

_NEW_OBJECTS: Final = 10_000
"""Containers made since the last look, before Python looks for cycles among them; its own habit is 700."""
_YOUNG_LOOKS: Final = 20
_MIDDLE_LOOKS: Final = 50
_SWITCH_SECONDS: Final = 0.0005
_BACKGROUND_NICENESS: Final = 5


def avoid_pauses() -> None:
    """Call this once, when everything is loaded and before the first call."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _YOUNG_LOOKS, _MIDDLE_LOOKS)
    sys.setswitchinterval(_SWITCH_SECONDS)


def step_back() -> None:
    """Call this in a thread that may wait; the one that carries the voices goes first. On Linux nice is a thread's."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _BACKGROUND_NICENESS)


def allow_many_files() -> None:
    """Raise the limit of open files to what the system allows us: a call needs a socket and a recording."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
