"""A SIP box on 127.0.0.1 that answers OPTIONS as it is told: over UDP, TCP or TLS, or with rubbish, or not at all."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable

Answer = Callable[[bytes], list[bytes]]
"""From a request to what is sent back, one element a datagram or write."""


def header(request: bytes, name: str) -> str:
    for line in request.decode().split("\r\n"):
        field, _, value = line.partition(":")
        if field.lower() == name.lower():
            return value.strip()
    return ""


def answering(status: int, phrase: str, server: str = "Box/1.0") -> Answer:
    """Answer with a status, everything copied from the request as RFC 3261, 8.2.6.2 wants it."""

    def answer(request: bytes) -> list[bytes]:
        lines = [f"SIP/2.0 {status} {phrase}"]
        lines += [f"{name}: {header(request, name)}" for name in ("Via", "From", "To", "Call-ID", "CSeq")]
        lines += [f"Server: {server}", "Content-Length: 0", "", ""]
        return ["\r\n".join(lines).encode()]

    return answer


def silent(request: bytes) -> list[bytes]:
    return []


class UdpBox(asyncio.DatagramProtocol):
    """Notes what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[bytes] = []
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # it is one
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked.append(data)
        assert self._transport is not None
        for part in self._answer(data):
            self._transport.sendto(part, addr)


@contextlib.asynccontextmanager
async def udp_box(answer: Answer) -> AsyncIterator[tuple[UdpBox, int]]:
    loop = asyncio.get_running_loop()
    transport, box = await loop.create_datagram_endpoint(lambda: UdpBox(answer), local_addr=("127.0.0.1", 0))
    try:
        yield box, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


@contextlib.asynccontextmanager
async def stream_box(
    answer: Answer | None, tls: ssl.SSLContext | None = None, greeting: bytes = b""
) -> AsyncIterator[int]:
    """Yield the port. `answer` None: take the question and hang up. `greeting` is said before anything is heard."""

    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            writer.write(greeting)
            request = await reader.readuntil(b"\r\n\r\n")
            for part in answer(request) if answer else []:
                writer.write(part)
                await writer.drain()
            if answer:
                await reader.read()  # until the other side goes
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.gather(*serving)
