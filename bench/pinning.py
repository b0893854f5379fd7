"""Cores and limits of the processes of a measurement."""

import os
import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")


def pin(core: int) -> None:
    """Let this process, and every thread it will start, run on one core; -1 leaves it alone."""
    if core >= 0:
        os.sched_setaffinity(0, {core})


def two_cores() -> tuple[int, int]:
    """Return a core for what is measured and one for the load; (-1, -1) on a machine with a single one."""
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else (-1, -1)


def allow_many_files() -> None:
    """Raise the number of open files as far as the system lets us: a call has a socket and a recording."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used."""

    cpu_seconds: float
    """All its threads, user and system, since its start."""
    memory_mib: float
    """Resident now."""


def usage(pid: int) -> Usage:
    """Look at a process. Raises: OSError when it is gone."""
    process = Path("/proc") / str(pid)
    fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
    pages = int((process / "statm").read_text().split()[1])
    cpu_ticks = int(fields[11]) + int(fields[12])
    return Usage(cpu_ticks / _TICKS_PER_SECOND, pages * resource.getpagesize() / 2**20)
