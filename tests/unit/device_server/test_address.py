"""Where passwords may be served."""

from ipaddress import ip_address

import pytest

from device_server.address import client_address, serving_address
from device_server.errors import BadAddress


@pytest.mark.parametrize(
    "text", ["192.168.1.10", "10.0.0.1", "172.31.255.1", "127.0.0.1", "fd00::1", "::1", " 10.1.1.1 "]
)
def test_an_address_of_the_local_network_is_taken(text: str) -> None:
    assert serving_address(text) == ip_address(text.strip())


@pytest.mark.parametrize("text", ["0.0.0.0", "::", "8.8.8.8", "172.32.0.1", "100.64.0.1", "224.0.0.1", "2001:db8::1"])
def test_a_wildcard_or_public_address_is_taken_only_by_who_knows(text: str) -> None:
    with pytest.raises(BadAddress, match="--i-know"):
        serving_address(text)
    assert serving_address(text, i_know=True) == ip_address(text)


@pytest.mark.parametrize("text", ["", "localhost", "gateway.example", "192.168.1.10:8089", "192.168.1.0/24"])
def test_a_name_or_anything_else_is_no_address(text: str) -> None:
    with pytest.raises(BadAddress, match="is no IP address"):
        serving_address(text, i_know=True)


def test_a_client_is_who_it_is_on_an_ipv6_socket_too() -> None:
    assert client_address("::ffff:192.168.1.5") == ip_address("192.168.1.5")
    assert client_address("fe80::1%eth0") == ip_address("fe80::1")
    assert client_address("") is None
