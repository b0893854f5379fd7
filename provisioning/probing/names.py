"""Where a host name leads: its addresses, and the SIP servers its SRV records name. The shell of `srv`."""

import asyncio
import contextlib
import ipaddress
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioning.probing.sip_options import SipTransport
from provisioning.probing.srv import MalformedReply, SrvRecord, Truncated, build_query, parse_nameservers, parse_reply

DEADLINE_SECONDS: Final = 4.0
DNS_PORT: Final = 53
_RESOLV_CONF: Final = Path("/etc/resolv.conf")
_SERVICE: Final[dict[SipTransport, str]] = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}
"""RFC 3263, 4.1."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the DNS says of a host."""

    host: str
    addresses: tuple[str, ...]
    """Of the host itself (A and AAAA)."""
    servers: tuple[SrvRecord, ...] = ()
    """Its SRV records for the transport asked about; empty: none, or nobody could be asked."""
    server_addresses: tuple[str, ...] = ()
    """Where those lead."""

    @property
    def every_address(self) -> tuple[str, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys((*self.addresses, *self.server_addresses)))


@dataclass(frozen=True, slots=True)
class Nameserver:
    """Who answers about names."""

    address: str
    port: int = DNS_PORT


async def ask_names(
    host: str,
    transport: SipTransport = "udp",
    deadline_seconds: float = DEADLINE_SECONDS,
    nameserver: Nameserver | None = None,
) -> Names:
    """Return where `host` leads; an address leads to itself. Never raises: what is not known is empty.

    SRV is asked of `nameserver`, by default the first one of this machine. NAPTR is not asked: the transport is
    written in the config.
    """
    addresses = await ask_addresses(host, deadline_seconds)
    if _is_address(host):
        return Names(host, addresses)
    servers = await ask_srv(f"{_SERVICE[transport]}.{host}", deadline_seconds, nameserver)
    found = [await ask_addresses(one.target, deadline_seconds) for one in servers]
    return Names(host, addresses, servers, tuple(dict.fromkeys(address for group in found for address in group)))


async def ask_addresses(host: str, deadline_seconds: float = DEADLINE_SECONDS) -> tuple[str, ...]:
    """Return the host's addresses in the system's order, empty when its name is not known in time."""
    if _is_address(host):
        return (host,)
    try:
        async with asyncio.timeout(deadline_seconds):
            found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except (OSError, UnicodeError):  # gaierror and TimeoutError are OSErrors; UnicodeError: a label too long for DNS
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


async def ask_srv(
    name: str, deadline_seconds: float = DEADLINE_SECONDS, nameserver: Nameserver | None = None
) -> tuple[SrvRecord, ...]:
    """Return the SRV records of a name, the best first; empty when there are none or nobody answers."""
    server = nameserver or _own_nameserver()
    if server is None:
        return ()
    number = secrets.randbelow(65_536)
    try:
        query = build_query(name, number)
        async with asyncio.timeout(deadline_seconds):
            try:
                return parse_reply(await _over_udp(query, server), number)
            except Truncated:
                return parse_reply(await _over_tcp(query, server), number)
    except (OSError, EOFError, MalformedReply):
        return ()


def _own_nameserver() -> Nameserver | None:
    try:
        found = parse_nameservers(_RESOLV_CONF.read_text("utf-8", "replace"))
    except OSError:
        return None
    return Nameserver(found[0]) if found else None


class _OneDatagram(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self.got.done():
            self.got.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.got.done():
            self.got.set_exception(exc)


async def _over_udp(query: bytes, server: Nameserver) -> bytes:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(_OneDatagram, remote_addr=(server.address, server.port))
    try:
        transport.sendto(query)
        return await protocol.got
    finally:
        protocol.got.cancel()
        transport.close()
        await asyncio.sleep(0)  # the socket itself is closed in the loop's next round


async def _over_tcp(query: bytes, server: Nameserver) -> bytes:
    reader, writer = await asyncio.open_connection(server.address, server.port)
    try:
        writer.write(len(query).to_bytes(2, "big") + query)
        length = int.from_bytes(await reader.readexactly(2), "big")
        return await reader.readexactly(length)
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
