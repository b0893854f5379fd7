"""Ports that nobody uses at the moment, for the servers of tests, demo and benchmarks.

Ports lie below the kernel's ephemeral ones, so that no outgoing connection takes one between asking and using; and
single ports come out of a slice that belongs to the asking process while it lives, so that two test runs side by side
are never given the same one. A stranger may still be faster: whoever starts a server looks whether that worked.
"""

import atexit
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

RANGES: Final = range(10_000, 28_000)
"""Where ranges are looked for."""
SINGLES: Final = range(28_000, 32_000)
"""Where single ports are looked for; Linux's ephemeral ports begin at 32768."""
SLICE: Final = 125
"""Single ports of one process: far more than it asks for in a minute."""

_one_at_a_time = threading.Lock()


def free_tcp_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port of `host` that is free at the moment. Raises: OSError when all are in use."""
    return _free_port(socket.SOCK_STREAM, host)


def free_udp_port(host: str = "127.0.0.1") -> int:
    """Return a UDP port of `host` that is free at the moment. Raises: OSError when all are in use."""
    return _free_port(socket.SOCK_DGRAM, host)


def free_udp_range(length: int, host: str = "127.0.0.1", attempts: int = 50) -> tuple[int, int]:
    """Return the first and last port of a range of free UDP ports that begins at an even number.

    When every attempt met a used port, the last range tried is returned: Asterisk skips single used ports, and so
    two of them may also have ranges that overlap.
    """
    first = 0
    for _ in range(attempts):
        first = random.randrange(RANGES.start, RANGES.stop - length, 2)
        if all_free(range(first, first + length, 2), host):
            break
    return first, first + length - 1


def all_free(ports: range, host: str) -> bool:
    """True when nobody has one of these UDP ports at the moment."""
    try:
        with ExitStack() as probes:
            for port in ports:
                probes.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind((host, port))
    except OSError:
        return False
    return True


def _free_port(kind: socket.SocketKind, host: str) -> int:
    busy: OSError | None = None
    with _one_at_a_time:
        for _ in SINGLES:
            port = next(_own_ports)
            with socket.socket(socket.AF_INET, kind) as probe:
                try:
                    probe.bind((host, port))
                except OSError as exc:
                    busy = exc
                    continue
            return port
    raise OSError(f"every port of {SINGLES.start}-{SINGLES.stop - 1} is in use on {host}") from busy


def _turns() -> Iterator[int]:
    """Go round the ports of a slice of our own, so that none is given twice in short order."""
    slices = [SINGLES[start : start + SLICE] for start in range(0, len(SINGLES), SLICE)]
    random.shuffle(slices)
    ports = next((ports for ports in slices if _claim(ports)), SINGLES)  # too many of us: share, as strangers do
    while True:
        yield from ports


def _claim(ports: range) -> bool:
    """Mark the slice as ours; the kernel forgets the mark when we end, however that comes about.

    The mark is an abstract Unix socket, because its name counts in the same network namespace as the ports do.
    """
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        mark.bind(f"\0centralita-ports-{ports.start}")
    except OSError:
        mark.close()
        return False
    atexit.register(mark.close)
    return True


_own_ports = _turns()
