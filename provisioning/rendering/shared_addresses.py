"""Trunks whose calls come from the same addresses: Asterisk cannot tell those apart by address."""

import ipaddress
from itertools import combinations

from provisioning.model import CarrierGradeConfig, TelephonyReceptionConfig


def signalling_of(carrier: CarrierGradeConfig) -> tuple[str, ...]:
    """Return the addresses, networks or names its calls come from, sorted: those it says, else its host."""
    return tuple(sorted(set(carrier.signalling))) or ((carrier.host,) if carrier.host else ())


def carriers_on_shared_addresses(config: TelephonyReceptionConfig) -> frozenset[str]:
    """Return the carriers that have an address in common with another carrier or a gateway."""
    return frozenset(name for pair in shared_pairs(config) for name in pair if name in config.all_carriers())


def gateways_on_shared_addresses(config: TelephonyReceptionConfig) -> frozenset[str]:
    """Return the gateways that have an address in common with another gateway or a carrier."""
    return frozenset(name for pair in shared_pairs(config) for name in pair if name in config.all_gateways())


def shared_pairs(config: TelephonyReceptionConfig) -> list[tuple[str, str]]:
    """Return every two trunks with an address in common, sorted."""
    addresses = {name: (one.ip,) if one.ip else () for name, one in config.all_gateways().items()}
    known: dict[str, tuple[str, ...]] = {**addresses}
    known |= {name: signalling_of(one) for name, one in config.all_carriers().items()}
    exact: dict[str, list[str]] = {}
    networks: list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]] = []
    for name, ways in sorted(known.items()):
        for way in ways:
            text = way.lower().rstrip(".")
            try:
                network = ipaddress.ip_network(text, strict=False)
            except ValueError:
                exact.setdefault(text, []).append(name)
                continue
            exact.setdefault(str(network), []).append(name)
            networks.append((network, name))
    pairs = {(a, b) for names in exact.values() for a, b in combinations(sorted(set(names)), 2)}
    return sorted(pairs | _overlapping(networks))


def _overlapping(
    networks: list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]],
) -> set[tuple[str, str]]:
    """Go through the networks in the order they begin: those that overlap lie side by side."""
    pairs: set[tuple[str, str]] = set()
    open_ones: list[tuple[int, int, str]] = []
    in_order = sorted(networks, key=lambda one: (one[0].version, int(one[0].network_address)))
    for network, name in in_order:
        first, last = int(network.network_address), int(network.broadcast_address)
        open_ones = [one for one in open_ones if one[0] == network.version and one[1] >= first]
        for _, _, other in open_ones:
            if other != name:
                pairs.add((min(name, other), max(name, other)))
        open_ones.append((network.version, last, name))
    return pairs
