"""On which address passwords may be served: one of the local network, named outright."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from device_server.errors import BadAddress

IpAddress = IPv4Address | IPv6Address

LOCAL: Final = tuple(
    ip_network(network)
    # RFC 1918, loopback, RFC 3927; RFC 4193 and RFC 4291 for IPv6
    for network in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)


def serving_address(text: str, *, i_know: bool = False) -> IpAddress:
    """Return the address to listen on.

    `i_know`: also a wildcard or a public address. Raises: BadAddress.
    """
    try:
        address = ip_address(text.strip())
    except ValueError:
        raise BadAddress(
            f"address: {text!r} is no IP address; give this machine's address on the devices' network"
        ) from None
    if i_know:
        return address
    if address.is_unspecified:
        raise BadAddress(
            f"address: {address} means every network this machine is on; give its address on the devices' network "
            "(or --i-know: a firewall then has to keep everybody else out)"
        )
    if not is_local(address):
        raise BadAddress(
            f"address: {address} is not on a private network, and the files hold passwords that travel in clear; "
            "give this machine's address on the devices' network (or --i-know)"
        )
    return address


def is_local(address: IpAddress) -> bool:
    """True for private, loopback and link-local addresses."""
    return any(address in network for network in LOCAL if network.version == address.version)


def client_address(text: str) -> IpAddress | None:
    """Return a peer's address; an IPv4 peer of an IPv6 socket is an IPv4 peer. None: it has none that we know."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
