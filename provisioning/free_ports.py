"""Ports on loopback that nobody uses at the moment.

A port can be lost again between asking and using: whoever starts a server with it looks whether that worked.
"""

import random
import socket
from contextlib import ExitStack


def free_tcp_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port that is free at the moment."""
    return _free_port(socket.SOCK_STREAM, host)


def free_udp_port(host: str = "127.0.0.1") -> int:
    """Return a UDP port that is free at the moment."""
    return _free_port(socket.SOCK_DGRAM, host)


def _free_port(kind: socket.SocketKind, host: str) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def free_udp_range(length: int, host: str = "127.0.0.1", attempts: int = 50) -> tuple[int, int]:
    """Return the first and last port of a range of free UDP ports that begins at an even number.

    The range lies below the kernel's ephemeral ports, so that sockets bound to port 0 do not run into it. When every
    attempt met a used port, the last range tried is returned: Asterisk skips single used ports.
    """
    first = 0
    for _ in range(attempts):
        first = random.randrange(10_000, 32_000 - length, 2)
        try:
            with ExitStack() as probes:
                for port in range(first, first + length, 2):
                    probes.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind((host, port))
            break
        except OSError:
            continue
    return first, first + length - 1
