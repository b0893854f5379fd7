"""`centralita/pjsip.conf`: transports and security of our own where we may, then every gateway and carrier.

Plain sections, not templates or a wizard: what stands in the file is what Asterisk holds. Option names and values are
those of Asterisk 22's own documentation of `res_pjsip`; nothing here needs more than Asterisk 18, except where
`PbxFacts.asterisk_major` is asked.
"""

from collections.abc import Iterator, Mapping

from provisioning.model import SiteConfig, TelephonyReceptionConfig
from provisioning.rendering.carrier_sections import carrier_sections
from provisioning.rendering.facts import PbxFacts
from provisioning.rendering.gateway_sections import gateway_sections
from provisioning.rendering.names import PREFIX, trunks_of
from provisioning.rendering.shared_addresses import carriers_on_shared_addresses, gateways_on_shared_addresses
from provisioning.rendering.writing import Pair, joined, section

KEEP_ALIVE_SECONDS = 30
"""A line's end sent over idle TCP and TLS connections, so that no router forgets them."""


def pjsip_conf(config: TelephonyReceptionConfig, secrets: Mapping[str, str], facts: PbxFacts) -> str:
    """Return the file. Raises: ConfigurationError for a value that must not be written."""
    return joined(_parts(config, secrets, facts))


def used_transports(config: TelephonyReceptionConfig) -> tuple[str, ...]:
    """Return the protocols our trunks use, sorted."""
    return tuple(sorted({trunk.transport for trunk in trunks_of(config).values()}))


def transport_ids(config: TelephonyReceptionConfig) -> dict[str, str]:
    """Return protocol → id of the transport: the host's where it was named, ours otherwise, none in FreePBX."""
    named = config.site.network.transports.model_dump()
    own = "" if config.site.pbx == "freepbx" else PREFIX
    return {protocol: named[protocol] or (own and own + protocol) for protocol in ("udp", "tcp", "tls")}


def _parts(config: TelephonyReceptionConfig, secrets: Mapping[str, str], facts: PbxFacts) -> Iterator[str]:
    site = config.site
    if site.pbx == "standalone":
        yield section("global", _global_pairs(), adds=facts.has_section("pjsip.conf", "global"))
        for protocol in used_transports(config):
            if not getattr(site.network.transports, protocol):
                yield section(PREFIX + protocol, _transport_pairs(config, protocol, facts))
    transports = transport_ids(config)
    shared = gateways_on_shared_addresses(config)
    for name, gateway in sorted(config.all_gateways().items()):
        yield from gateway_sections(name, gateway, site, transports[gateway.transport], secrets, facts, name in shared)
    shared = carriers_on_shared_addresses(config)
    for name, carrier in sorted(config.all_carriers().items()):
        yield from carrier_sections(name, carrier, site, transports[carrier.transport], secrets, facts, name in shared)


def _global_pairs() -> list[Pair]:
    return [
        ("type", "global"),
        # by address first: a gateway puts its caller's number into From, which may be the name of some phone;
        # `line=yes` of a registration is looked at before all of these, whatever is written here
        ("endpoint_identifier_order", "ip,username,auth_username"),
        # a scanner is told of in the security log after its third unknown name within five seconds
        ("unidentified_request_count", "3"),
        ("unidentified_request_period", "5"),
        ("unidentified_request_prune_interval", "30"),
        ("keep_alive_interval", str(KEEP_ALIVE_SECONDS)),
        ("default_realm", "centralita"),
    ]


def _transport_pairs(config: TelephonyReceptionConfig, protocol: str, facts: PbxFacts) -> list[Pair]:
    network = config.site.network
    address = network.bind or "0.0.0.0"
    port = network.tls_port if protocol == "tls" else network.sip_port
    pairs: list[Pair] = [
        ("type", "transport"),
        ("protocol", protocol),
        ("bind", f"[{address}]:{port}" if ":" in address else f"{address}:{port}"),
    ]
    if network.external_address:
        pairs += [
            ("external_signaling_address", network.external_address),
            ("external_media_address", network.external_address),
        ]
        pairs += [("local_net", one) for one in network.local_networks]
    if protocol == "tls":
        pairs += _tls_pairs(config, facts)
    if protocol != "udp" and facts.asterisk_major >= 22:
        pairs += [
            ("tcp_keepalive_enable", "yes"),
            ("tcp_keepalive_idle_time", "30"),
            ("tcp_keepalive_interval_time", "10"),
            ("tcp_keepalive_probe_count", "5"),
        ]
    return pairs


def _tls_pairs(config: TelephonyReceptionConfig, facts: PbxFacts) -> list[Pair]:
    """Certificate, and whom to believe: readiness sees to it that the carriers agree."""
    network = config.site.network
    carriers = [one for one in config.all_carriers().values() if one.transport == "tls"]
    pairs = [("method", "tlsv1_2"), ("cert_file", network.certificate), ("priv_key_file", network.private_key)]
    if any(carrier.verify_server for carrier in carriers):
        authorities = next((carrier.ca_file for carrier in carriers if carrier.ca_file), facts.ca_bundle)
        pairs += [("ca_list_file", authorities), ("verify_server", "yes")]
    return pairs


def own_transport(site: SiteConfig, protocol: str) -> bool:
    """True when the transport of this protocol is ours to write."""
    return site.pbx == "standalone" and not getattr(site.network.transports, protocol)
