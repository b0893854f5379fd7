"""What UDP loses is sent again: our telephone against a server that does not hear everything."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest

from softphone import Phone
from softphone.call import RegistrationFailed
from softphone.sip import Request, parse


class HardOfHearing(asyncio.DatagramProtocol):
    """A SIP server that misses the first requests and answers the others with `status`."""

    def __init__(self, misses: int, status: int) -> None:
        self.misses, self.status = misses, status
        self.heard: list[Request] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)
        self.address: tuple[str, int] = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        request = parse(data)
        assert isinstance(request, Request)
        self.heard.append(request)
        if len(self.heard) > self.misses:
            self.transport.sendto(request.response(self.status, "As told", "server").serialize(), address)


@pytest.fixture
async def server() -> AsyncIterator[HardOfHearing]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(lambda: HardOfHearing(1, 200), local_addr=("127.0.0.1", 0))
    yield server
    transport.close()


async def test_a_lost_request_is_sent_again(server: HardOfHearing) -> None:
    phone = await Phone.open(server.address, "200", "secret")
    await phone.register(expires=0)
    await phone.close()
    assert len(server.heard) == 2
    assert server.heard[0] == server.heard[1]


async def test_a_refusal_is_an_error_with_its_status(server: HardOfHearing) -> None:
    server.status = 403
    phone = await Phone.open(server.address, "200", "secret")
    with pytest.raises(RegistrationFailed, match="403"):
        await phone.register()
    await phone.close()
