"""The device server on real sockets: devices that fetch, clients that misbehave, and being killed in the middle."""

import asyncio
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from device_server.ledger import Ledger
from device_server.manifest import load_manifest, write_manifest
from device_server.server import DeviceServer, Limits
from device_server.shelf import LogEntry, Shelf, ShelvedDevice
from fxo_templates.model import DeviceFile

ROOT = Path(__file__).parents[3]
TOKEN = "a-token-that-nobody-can-guess-01"
NAME = "cfg000b82aabbcc.xml"
SECRET = b"<gs_provision><P734>secret-password</P734></gs_provision>"
BIG = os.urandom(6 * 1024 * 1024)
"""More than the kernels on both sides hold: a client that stops reading stops the server."""
DEVICE = ShelvedDevice(
    "oficina",
    TOKEN,
    (ip_network("127.0.0.0/8"),),
    (
        DeviceFile(NAME, SECRET, "text/xml"),
        DeviceFile("spa3102.cfg", b"<flat-profile/>", "text/xml"),
        DeviceFile("big.bin", BIG, "application/octet-stream"),
    ),
)
PATH = f"/{TOKEN}/{NAME}"
BIG_PATH = f"/{TOKEN}/big.bin"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a client got."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]


def fetch(port: int, path: str = PATH, method: str = "GET", source: str = "127.0.0.1") -> Fetched:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(source, 0))) as client:
        client.request(method, path, headers={"User-Agent": "Grandstream HT813 1.0.5.4"})
        answer = client.getresponse()
        body = answer.read()
        headers = tuple((name, value) for name, value in answer.getheaders() if name != "Date")
        return Fetched(answer.status, body, headers)


def exchange(port: int, sent: bytes) -> bytes:
    """Send bytes, and return all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(sent)
        return rest_of(client)


def rest_of(client: socket.socket) -> bytes:
    """Return all that comes until the server closes."""
    return b"".join(iter(lambda: client.recv(65536), b""))


def begin_to_take(port: int, path: str) -> socket.socket:
    """Return a client that has read the first part of its file and then reads no more."""
    client = socket.create_connection(("127.0.0.1", port), timeout=60)
    client.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    assert client.recv(17, socket.MSG_WAITALL) == b"HTTP/1.1 200 OK\r\n"
    return client


class Entries:
    """A log to wait for."""

    def __init__(self) -> None:
        self.written: list[LogEntry] = []
        self._news = asyncio.Event()

    def write(self, entry: LogEntry) -> None:
        self.written.append(entry)
        self._news.set()

    @property
    def outcomes(self) -> list[str]:
        return [entry.outcome for entry in self.written]

    async def until(self, count: int) -> list[str]:
        """Return the outcomes as soon as there are `count`."""
        while len(self.written) < count:
            self._news.clear()
            await self._news.wait()
        return self.outcomes

    async def until_there_is(self, outcome: str) -> None:
        while outcome not in self.outcomes:
            await self.until(len(self.written) + 1)


@asynccontextmanager
async def serving(
    folder: Path, device: ShelvedDevice = DEVICE, limits: Limits | None = None
) -> AsyncIterator[tuple[int, Entries, DeviceServer]]:
    """The server inside the test's own process."""
    entries = Entries()
    with Ledger(folder / "taken.json") as ledger:
        async with DeviceServer(Shelf([device], ledger.load()), ledger, entries, limits=limits) as server:
            yield await server.listen(ip_address("127.0.0.1"), 0), entries, server


async def test_a_device_fetches_its_file_once_and_everybody_else_is_told_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path) as (port, entries, _):
        binary = await asyncio.to_thread(fetch, port, f"/{TOKEN}/cfg000b82aabbcc")
        stranger = await asyncio.to_thread(fetch, port, f"/{'x' * 32}/{NAME}")
        first = await asyncio.to_thread(fetch, port)
        second = await asyncio.to_thread(fetch, port)
        assert (first.status, first.body) == (200, SECRET)
        assert ("Content-Type", "text/xml") in first.headers
        assert ("Cache-Control", "no-store") in first.headers
        assert binary == stranger == second
        assert (second.status, second.body) == (404, b"Not found\n")
        assert await entries.until(4) == ["unknown-file", "unknown-token", "taken", "withdrawn"]
        taken = entries.written[2]
        assert (taken.device, taken.file, taken.client, taken.bytes) == ("oficina", NAME, "127.0.0.1", len(SECRET))
        assert taken.user_agent == "Grandstream HT813 1.0.5.4"


async def test_from_another_network_the_file_is_not_there(tmp_path: Path) -> None:
    async with serving(tmp_path, replace(DEVICE, clients=(ip_network("127.0.0.2/32"),))) as (port, entries, _):
        assert (await asyncio.to_thread(fetch, port)).status == 404
        assert (await asyncio.to_thread(fetch, port, source="127.0.0.2")).status == 200
        assert await entries.until(2) == ["other-network", "taken"]


async def test_looking_takes_nothing_and_sends_no_content(tmp_path: Path) -> None:
    async with serving(tmp_path) as (port, entries, _):
        look = await asyncio.to_thread(fetch, port, PATH, "HEAD")
        assert (look.status, look.body) == (200, b"")
        assert ("Content-Length", str(len(SECRET))) in look.headers
        assert (await asyncio.to_thread(fetch, port)).body == SECRET
        assert await entries.until(2) == ["looked", "taken"]


async def test_a_fetch_cut_in_the_middle_does_not_count(tmp_path: Path) -> None:
    async with serving(tmp_path) as (port, entries, _):
        with await asyncio.to_thread(begin_to_take, port, BIG_PATH):
            pass
        assert await entries.until(1) == ["cut"]
        assert 0 < entries.written[0].bytes < len(BIG)
        assert (await asyncio.to_thread(fetch, port, BIG_PATH)).body == BIG
        assert (await asyncio.to_thread(fetch, port, BIG_PATH)).status == 404
        assert await entries.until(3) == ["cut", "taken", "withdrawn"]


@pytest.mark.parametrize("with_reset", [True, False])
async def test_a_client_that_leaves_before_a_small_file_reaches_it_has_not_taken_it(
    tmp_path: Path, with_reset: bool
) -> None:
    def ask_and_leave(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
            if with_reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(f"GET {PATH} HTTP/1.0\r\n\r\n".encode())

    async with serving(tmp_path) as (port, entries, _):
        ask_and_leave(port)  # in the loop's own thread: the server cannot answer before the client has gone
        # after a reset the request may not have been read at all: then nothing was given away, and nothing is logged
        assert (await asyncio.to_thread(fetch, port)).body == SECRET
        await entries.until_there_is("taken")
        assert [outcome for outcome in entries.outcomes if outcome != "cut"] == ["taken"]


async def test_a_client_that_keeps_its_side_open_has_taken_what_its_kernel_acknowledged(tmp_path: Path) -> None:
    async with serving(tmp_path, limits=Limits(goodbye_seconds=0.2)) as (port, entries, _):
        with await asyncio.to_thread(begin_to_take, port, PATH):
            assert await entries.until(1) == ["taken"]


async def test_a_client_that_half_closes_is_answered(tmp_path: Path) -> None:
    async with serving(tmp_path) as (port, entries, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {PATH} HTTP/1.0\r\n\r\n".encode())
        writer.write_eof()
        assert (await reader.read()).endswith(SECRET)
        writer.close()
        await writer.wait_closed()
        assert await entries.until(1) == ["taken"]


async def test_who_asks_while_it_is_being_taken_waits_and_gets_it_only_if_the_first_was_cut(tmp_path: Path) -> None:
    async with serving(tmp_path) as (port, entries, _):
        with await asyncio.to_thread(begin_to_take, port, BIG_PATH):
            waiting = asyncio.create_task(asyncio.to_thread(fetch, port, BIG_PATH))
            look = await asyncio.to_thread(fetch, port, f"/{TOKEN}/spa3102.cfg")
            assert (look.status, waiting.done()) == (200, False)
        assert (await waiting).body == BIG
        assert await entries.until(3) == ["taken", "cut", "taken"]


async def test_ten_at_once_get_one_file(tmp_path: Path) -> None:
    async with serving(tmp_path, limits=Limits(connections_per_address=20)) as (port, entries, _):
        found = await asyncio.gather(*(asyncio.to_thread(fetch, port) for _ in range(10)))
        assert sorted(one.status for one in found) == [200] + [404] * 9
        assert sorted(await entries.until(10)) == ["taken"] + ["withdrawn"] * 9


async def test_a_slow_request_ends_at_its_deadline_and_others_are_served_meanwhile(tmp_path: Path) -> None:
    async with serving(tmp_path, limits=Limits(request_seconds=0.3)) as (port, entries, _):
        with ExitStack() as open_connections:
            slow = [
                open_connections.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
                for _ in range(3)
            ]
            for client in slow:
                client.sendall(b"GET /")
            assert (await asyncio.to_thread(fetch, port)).status == 200
            for client in slow:
                answer = await asyncio.to_thread(rest_of, client)
                assert answer.startswith(b"HTTP/1.1 408 ")
        assert sorted(await entries.until(4)) == ["refused", "refused", "refused", "taken"]


async def test_a_client_that_does_not_read_is_dropped_at_the_deadline(tmp_path: Path) -> None:
    async with serving(tmp_path, limits=Limits(answer_seconds=0.3)) as (port, entries, _):
        with await asyncio.to_thread(begin_to_take, port, BIG_PATH):
            assert await entries.until(1) == ["cut"]


async def test_one_address_may_hold_few_connections(tmp_path: Path) -> None:
    async with serving(tmp_path) as (port, entries, _):
        with ExitStack() as open_connections:
            held = [
                open_connections.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
                for _ in range(4)
            ]
            assert await asyncio.to_thread(is_dropped, port)
            other = await asyncio.to_thread(fetch, port, source="127.0.0.3")
            assert other.status == 200
            assert entries.written[0].detail == "too many connections"
            held[0].close()
            held[0] = open_connections.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))


def is_dropped(port: int) -> bool:
    """True when the server ends a connection without a word."""
    try:
        return exchange(port, b"GET / HTTP/1.0\r\n\r\n") == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (f"POST {PATH} HTTP/1.0\r\n\r\n".encode(), 405),
        (f"DELETE {PATH} HTTP/1.0\r\n\r\n".encode(), 405),
        (f"GET /{TOKEN}/../{TOKEN}/{NAME} HTTP/1.0\r\n\r\n".encode(), 404),
        (f"GET /{TOKEN}/..%2f..%2fetc%2fpasswd HTTP/1.0\r\n\r\n".encode(), 404),
        (f"GET /{TOKEN}/manifest.json HTTP/1.0\r\n\r\n".encode(), 404),
        (f"GET /{TOKEN} HTTP/1.0\r\n\r\n".encode(), 404),
        (b"GET / HTTP/1.0\r\n\r\n", 404),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.0\r\n\r\n", 414),
        (b"GET / HTTP/1.0\r\n" + b"x: y\r\n" * 3000 + b"\r\n", 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (b"\0" * 5000, 414),
    ],
)
async def test_hostile_requests_are_answered_shortly_and_take_nothing(tmp_path: Path, sent: bytes, status: int) -> None:
    async with serving(tmp_path) as (port, entries, _):
        answer = await asyncio.to_thread(exchange, port, sent)
        assert answer.split(b" ")[1] == str(status).encode()
        assert b"secret" not in answer
        assert (await asyncio.to_thread(fetch, port)).body == SECRET
        assert (await entries.until(2))[1] == "taken"


async def test_a_percent_encoded_path_is_the_same_path(tmp_path: Path) -> None:
    async with serving(tmp_path) as (port, _, _):
        encoded = "".join(f"%{ord(letter):02x}" for letter in NAME)
        assert (await asyncio.to_thread(fetch, port, f"/{TOKEN}/{encoded}?mac=x")).body == SECRET


async def test_a_ledger_that_cannot_be_written_gives_nothing_away(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    folder.mkdir()
    async with serving(folder) as (port, entries, _):
        hidden = folder.rename(tmp_path / "gone")
        refused = await asyncio.to_thread(fetch, port)
        assert (refused.status, refused.body) == (503, b"Try again later\n")
        hidden.rename(folder)
        assert (await asyncio.to_thread(fetch, port)).body == SECRET
        assert await entries.until(2) == ["not-kept", "taken"]


StartProcess = Callable[..., "Process"]


class Process:
    """`python -m device_server`, started and listening."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.log = folder.parent / "fetches.jsonl"
        command = [sys.executable, "-m", "device_server", "--manifest", str(folder), "--address", "127.0.0.1"]
        command += ["--port", "0", "--log", str(self.log), *options]
        self._child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self._child.stdout
        told = self._child.stdout.readline()
        self.port: int = json.loads(told)["port"] if told else 0

    def kill(self) -> None:
        self._child.kill()
        self._child.communicate()

    def stop(self) -> tuple[int, str]:
        self._child.terminate()
        _, errors = self._child.communicate()
        return self._child.returncode, errors

    def reload(self) -> str:
        """Have the manifest read again, and return the line that says how that went."""
        self._child.send_signal(signal.SIGHUP)
        assert self._child.stderr
        return self._child.stderr.readline()

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartProcess]:
    processes: list[Process] = []
    write_manifest(tmp_path / "shelf", [DEVICE])

    def started(*options: str) -> Process:
        processes.append(Process(tmp_path / "shelf", *options))
        return processes[-1]

    yield started
    for process in processes:
        if process._child.poll() is None:
            process.kill()


def test_what_was_taken_stays_taken_after_kill_9(start: StartProcess) -> None:
    first = start()
    assert fetch(first.port).body == SECRET
    assert fetch(first.port).status == 404  # answered only once the first fetch is written down
    first.kill()
    second = start()
    assert fetch(second.port).status == 404
    assert fetch(second.port, f"/{TOKEN}/spa3102.cfg").status == 200
    assert second.stop()[0] == 0
    assert [entry["outcome"] for entry in second.entries()] == ["taken", "withdrawn", "withdrawn", "taken"]


def test_killed_in_the_middle_it_is_available_again_and_the_log_says_so_first(start: StartProcess) -> None:
    first = start()
    with begin_to_take(first.port, BIG_PATH):
        first.kill()
    second = start()
    assert [(entry["outcome"], entry["file"]) for entry in second.entries()] == [("uncertain", "big.bin")]
    assert fetch(second.port, BIG_PATH).body == BIG
    assert fetch(second.port, BIG_PATH).status == 404
    second.kill()
    third = start()
    assert fetch(third.port, BIG_PATH).status == 404


@pytest.mark.parametrize("round_", range(5))
def test_killed_at_any_moment_nothing_is_given_twice_in_silence(start: StartProcess, round_: int) -> None:
    """The kill races with the fetch: whatever the client got, the log accounts for it."""
    given = 0
    for _ in range(3):
        process = start()
        with socket.create_connection(("127.0.0.1", process.port), timeout=60) as client:
            client.sendall(f"GET {PATH} HTTP/1.0\r\n\r\n".encode())
            if round_ % 2:
                client.recv(1)
            process.kill()
            try:
                got = rest_of(client)
            except ConnectionError:
                got = b""
        given += SECRET in got
    last = start()
    given += SECRET in fetch(last.port).body
    last.stop()
    accounted = [entry["outcome"] for entry in last.entries() if entry["outcome"] in ("taken", "cut", "uncertain")]
    assert given <= len(accounted)
    assert accounted.count("taken") <= 1


def test_a_new_edition_is_served_after_sighup_and_a_broken_manifest_changes_nothing(
    start: StartProcess, tmp_path: Path
) -> None:
    process = start()
    assert fetch(process.port).status == 200
    manifest = write_manifest(tmp_path / "shelf", [replace(DEVICE, edition=2)])
    assert "manifest read again" in process.reload()
    assert fetch(process.port).status == 200
    assert fetch(process.port).status == 404
    manifest.write_text("{")
    assert "manifest not read again" in process.reload()
    assert fetch(process.port, f"/{TOKEN}/spa3102.cfg").status == 200
    assert process.stop()[0] == 0


def test_neither_token_nor_content_is_logged_anywhere(start: StartProcess) -> None:
    process = start()
    fetch(process.port)
    fetch(process.port, f"/{TOKEN}/nothing")
    exchange(process.port, f"GET /{TOKEN}x/{NAME} HTTP/1.0\r\nUser-Agent: {TOKEN}\r\n\r\n".encode())
    exchange(process.port, f"BREW {PATH} HTTP/1.0\r\n\r\n".encode())
    code, errors = process.stop()
    logged = process.log.read_text() + errors
    assert code == 0
    assert logged.count("\n") == 4
    assert TOKEN not in logged
    assert "secret" not in logged


def test_two_servers_do_not_share_a_ledger(start: StartProcess) -> None:
    start()
    second = start()
    code, errors = second.stop()
    assert second.port == 0
    assert code == 2
    assert "another device server is running with it" in errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--address", "0.0.0.0"], "--i-know"),
        (["--address", "8.8.8.8"], "not on a private network"),
        (["--manifest", "nowhere"], "cannot be read"),
    ],
)
def test_it_does_not_start_where_passwords_would_be_exposed(
    start: StartProcess, options: list[str], message: str
) -> None:
    process = start(*options)
    code, errors = process.stop()
    assert (process.port, code) == (0, 2)
    assert message in errors


def test_the_manifest_it_was_given_is_the_one_it_serves(start: StartProcess, tmp_path: Path) -> None:
    (device,) = load_manifest(tmp_path / "shelf")
    process = start()
    assert [fetch(process.port, f"/{TOKEN}/{file.name}").body for file in device.files] == [
        SECRET,
        b"<flat-profile/>",
        BIG,
    ]
