"""Ports for servers: given to one at a time, also when several test runs ask at once."""

import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest

from provisioning import free_ports
from provisioning.free_ports import RANGES, SINGLES, SLICE, free_tcp_port, free_udp_port, free_udp_range

ASK_AND_STAY = (
    "from provisioning.free_ports import free_tcp_port\n"
    "print(*(free_tcp_port() for _ in range(20)), flush=True)\n"
    "input()"
)


def test_a_port_can_be_bound_and_lies_below_the_ephemeral_ones() -> None:
    for kind, ask in ((socket.SOCK_STREAM, free_tcp_port), (socket.SOCK_DGRAM, free_udp_port)):
        port = ask()
        assert port in SINGLES
        with socket.socket(socket.AF_INET, kind) as server:
            server.bind(("127.0.0.1", port))


def test_who_asks_twice_gets_two() -> None:
    assert len({free_udp_port() for _ in range(SLICE // 2)}) == SLICE // 2


def test_a_port_in_use_is_passed_over() -> None:
    with ExitStack() as servers:
        taken = set()
        for _ in range(SLICE // 2):
            server = servers.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            taken.add(port := free_tcp_port())
            server.bind(("127.0.0.1", port))
        assert taken.isdisjoint({free_tcp_port() for _ in range(2 * SLICE)})


def test_two_processes_that_live_at_once_never_get_the_same() -> None:
    askers = [
        subprocess.Popen([sys.executable, "-c", ASK_AND_STAY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    given: list[str] = []
    for asker in askers:
        assert asker.stdout is not None
        given += asker.stdout.readline().split()
    for asker in askers:
        asker.communicate("")
    given += [str(free_tcp_port()) for _ in range(20)]
    assert len(set(given)) == 5 * 20


def test_when_every_port_is_in_use_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.bind(("127.0.0.1", 0))
        only = server.getsockname()[1]
        monkeypatch.setattr(free_ports, "SINGLES", range(only, only + 1))
        monkeypatch.setattr(free_ports, "_own_ports", free_ports._turns())
        with pytest.raises(OSError, match="every port"):
            free_tcp_port()


def test_a_range_begins_at_an_even_port() -> None:
    first, last = free_udp_range(200)
    assert first % 2 == 0
    assert last - first == 199
    assert first in RANGES
    assert last in RANGES


def test_a_range_with_a_used_port_is_not_free() -> None:
    port = free_udp_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", port))
        assert not free_ports.all_free(range(port - 4, port + 4), "127.0.0.1")
