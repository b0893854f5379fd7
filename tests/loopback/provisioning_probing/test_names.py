"""Names, asked of a small DNS server of our own."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator

from provisioning.free_ports import free_udp_port
from provisioning.probing import ask_names
from provisioning.probing.names import Nameserver, ask_addresses, ask_srv
from provisioning.probing.srv import SrvRecord


def answer_to(query: bytes, targets: list[tuple[int, str]], flags: int = 0x8180) -> bytes:
    records = b""
    for port, target in targets:
        name = b"".join(bytes([len(part)]) + part.encode() for part in target.split(".")) + b"\0"
        data = struct.pack("!3H", 10, 5, port) + name
        records += b"\xc0\x0c" + struct.pack("!HHIH", 33, 1, 60, len(data)) + data
    return query[:2] + struct.pack("!5H", flags, 1, len(targets), 0, 0) + query[12:] + records


class Dns(asyncio.DatagramProtocol):
    """Answers every question over UDP with the same servers, or says that it is truncated."""

    def __init__(self, targets: list[tuple[int, str]], truncated: bool) -> None:
        self.asked: list[bytes] = []
        self.targets = targets
        self.truncated = truncated
        self.serving: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # it is one
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked.append(data)
        assert self._transport is not None
        reply = answer_to(data, [], 0x8380) if self.truncated else answer_to(data, self.targets)
        self._transport.sendto(reply, addr)

    async def over_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        length = int.from_bytes(await reader.readexactly(2), "big")
        reply = answer_to(await reader.readexactly(length), self.targets)
        writer.write(len(reply).to_bytes(2, "big") + reply)
        with contextlib.suppress(OSError):
            await reader.read()
            writer.transport.abort()
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def dns(*targets: tuple[int, str], truncated: bool = False) -> AsyncIterator[tuple[Dns, Nameserver]]:
    """TCP first: its port is then asked for over UDP too."""
    serving = Dns(list(targets), truncated)
    server = await asyncio.start_server(serving.over_tcp, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: serving, local_addr=("127.0.0.1", port)
    )
    try:
        yield serving, Nameserver("127.0.0.1", port)
    finally:
        transport.close()
        server.close()
        await server.wait_closed()
        await asyncio.gather(*serving.serving)


async def test_an_address_leads_to_itself_and_nobody_is_asked() -> None:
    async with dns() as (serving, nameserver):
        names = await ask_names("192.0.2.1", nameserver=nameserver)
    assert names.every_address == ("192.0.2.1",)
    assert serving.asked == []


async def test_the_servers_of_a_name_and_where_they_lead() -> None:
    async with dns((5080, "127.0.0.1"), (5062, "localhost")) as (serving, nameserver):
        names = await ask_names("localhost", "tls", nameserver=nameserver)
    assert "127.0.0.1" in names.addresses
    assert names.servers == (SrvRecord(10, 5, 5080, "127.0.0.1"), SrvRecord(10, 5, 5062, "localhost"))
    assert "127.0.0.1" in names.server_addresses
    assert b"\x05_sips\x04_tcp\x09localhost" in serving.asked[0]


async def test_what_does_not_fit_is_asked_over_tcp() -> None:
    async with dns((5080, "a.example.com"), truncated=True) as (_, nameserver):
        assert await ask_srv("_sip._udp.example.com", nameserver=nameserver) == (
            SrvRecord(10, 5, 5080, "a.example.com"),
        )


async def test_a_name_server_that_is_not_there_is_no_answer() -> None:
    assert await ask_srv("_sip._udp.example.com", nameserver=Nameserver("127.0.0.1", free_udp_port())) == ()


async def test_a_name_nobody_can_have_leads_nowhere() -> None:
    assert await ask_addresses("x" * 64 + ".invalid") == ()
