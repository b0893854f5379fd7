"""What is missing or doubtful in a config before anything is written. An error forbids rendering."""

from collections.abc import Iterator
from typing import Final

from provisioning.finding import Finding, Severity
from provisioning.model import TelephonyReceptionConfig
from provisioning.model.emergency import emergency_numbers, is_known
from provisioning.rendering.facts import PbxFacts
from provisioning.rendering.names import trunks_of
from provisioning.rendering.number_patterns import is_country
from provisioning.rendering.number_readiness import number_findings
from provisioning.rendering.outbound_dialplan import outbound_trunks
from provisioning.rendering.place_readiness import place_findings
from provisioning.rendering.trunk_readiness import trunk_findings

NEEDED_MODULES: Final = (
    "app_dial", "app_playback", "app_stasis", "app_verbose", "chan_pjsip", "func_callerid", "func_channel",
    "func_dialplan", "func_groupcount", "func_logic", "func_strings", "pbx_config", "res_ari_channels",
    "res_pjsip_acl", "res_pjsip_authenticator_digest", "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_endpoint_identifier_user", "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_outbound_registration", "res_pjsip_registrar",
)  # fmt: skip
"""What our files use, of an Asterisk from 18 on."""


def readiness(config: TelephonyReceptionConfig, facts: PbxFacts) -> list[Finding]:
    """Return everything there is to say, errors first; `subject` is the key in the config."""
    found = [
        *_site(config),
        *_network(config),
        *_outbound(config),
        *_facts(config, facts),
        *trunk_findings(config),
        *number_findings(config, facts),
        *place_findings(config),
    ]
    rank: dict[Severity, int] = {"error": 0, "warning": 1, "notice": 2}
    return sorted(dict.fromkeys(found), key=lambda one: rank[one.severity])


def _site(config: TelephonyReceptionConfig) -> Iterator[Finding]:
    site = config.site
    if not config.all_gateways() and not config.all_carriers():
        yield Finding("warning", "no-trunk", "there is no gateway and no carrier: nobody can call", subject="carriers")
    for key, user in (("site.ari.user", site.ari.user), ("site.manager.user", site.manager.user)):
        if user.lower() == "general":
            yield Finding("error", "user-name", "[general] is Asterisk's own section: another name", subject=key)
    if site.country is None:
        yield Finding(
            "error",
            "country-missing",
            "say where the PBX stands, like MX or ES: it is never guessed",
            subject="site.country",
        )
        return
    if not is_country(site.country):
        yield Finding("error", "country-unknown", f"{site.country} is no country with numbers", subject="site.country")
    elif not is_known(site.country):
        yield Finding(
            "warning",
            "emergency-unknown",
            f"we have no list of the emergency numbers of {site.country}: write them into site.emergency",
            subject="site.emergency",
        )
    else:
        known = ", ".join(emergency_numbers(site.country, tuple(one for one in site.emergency if one)))
        yield Finding(
            "notice",
            "emergency-unverified",
            f"taken as emergency numbers, from memory: {known}; add what is missing",
            subject="site.emergency",
        )


def _network(config: TelephonyReceptionConfig) -> Iterator[Finding]:
    network = config.site.network
    ways = trunks_of(config)
    named = network.transports
    for protocol in sorted({way.transport for way in ways.values()}):
        if config.site.pbx == "freepbx" and not getattr(named, protocol):
            yield Finding(
                "error",
                "transport-missing",
                f"FreePBX has the transports: name its {protocol} one, like 0.0.0.0-{protocol}",
                subject=f"site.network.transports.{protocol}",
            )
        elif protocol == "tls" and not named.tls and not (network.certificate and network.private_key):
            yield Finding(
                "error",
                "certificate-missing",
                "a trunk uses TLS: certificate and private_key are needed",
                subject="site.network.certificate",
            )
    yield from _tls_agreement(config)
    registering = [name for name, one in sorted(config.all_gateways().items()) if one.attach == "register"]
    if registering and not network.lan_address:
        yield Finding(
            "warning",
            "lan-address-missing",
            f"gateway {registering[0]} must be told where to log in: our address in its network",
            subject="site.network.lan_address",
        )
    if network.external_address and not network.local_networks:
        yield Finding(
            "warning",
            "local-networks-missing",
            "with external_address, say what is local: otherwise phones in the LAN are sent the public address too",
            subject="site.network.local_networks",
        )
    if network.rtp_first >= network.rtp_last:
        yield Finding("error", "rtp-range", "must be below rtp_last", subject="site.network.rtp_first")


def _tls_agreement(config: TelephonyReceptionConfig) -> Iterator[Finding]:
    """Whom to believe is a matter of the transport, and we write one."""
    carriers = {name: one for name, one in sorted(config.all_carriers().items()) if one.transport == "tls"}
    if not carriers:
        return
    if config.site.network.transports.tls:
        yield Finding(
            "notice",
            "tls-verification-is-the-hosts",
            "whether a carrier must prove who it is, is a setting of that transport: look there",
            subject="site.network.transports.tls",
        )
        return
    if len({(one.verify_server, one.ca_file) for one in carriers.values()}) > 1:
        yield Finding(
            "error",
            "tls-disagrees",
            "all carriers with TLS share one transport: verify_server and ca_file must be the same for all",
            subject=f"{config.key_of(next(iter(carriers)))}.verify_server",
        )
    for name, one in carriers.items():
        if not one.verify_server:
            yield Finding(
                "warning",
                "tls-unverified",
                "anybody on the way can pretend to be this carrier",
                subject=f"{config.key_of(name)}.verify_server",
            )


def _outbound(config: TelephonyReceptionConfig) -> Iterator[Finding]:
    outbound = config.site.outbound
    trunks = trunks_of(config)
    for position, country in enumerate(outbound.countries):
        if not is_country(country):
            yield Finding(
                "error",
                "country-unknown",
                f"{country} is no country with numbers",
                subject=f"site.outbound.countries.{position}",
            )
    for position, name in enumerate(outbound.trunks):
        key = f"site.outbound.trunks.{position}"
        if name not in trunks:
            yield Finding("error", "trunk-missing", f"there is no gateway or carrier {name!r}", subject=key)
        elif not trunks[name].outbound:
            yield Finding("error", "trunk-receives-only", f"{name} only receives: outbound = false", subject=key)
    if (outbound.countries or any(outbound.numbers)) and not outbound_trunks(config):
        yield Finding("error", "trunk-missing", "no trunk may call out", subject="site.outbound.trunks")
    emergency = config.site.emergency_trunk
    if emergency and emergency not in trunks:
        yield Finding(
            "error", "trunk-missing", f"there is no gateway or carrier {emergency!r}", subject="site.emergency_trunk"
        )
    if emergency and config.site.pbx == "freepbx":
        yield Finding(
            "notice", "emergency-is-freepbx", "not used: FreePBX's own emergency route stays first",
            subject="site.emergency_trunk",
        )  # fmt: skip


def _facts(config: TelephonyReceptionConfig, facts: PbxFacts) -> Iterator[Finding]:
    if facts.asterisk_major < 18:
        yield Finding("error", "asterisk-too-old", f"Asterisk {facts.asterisk_major}: 18 or newer is needed")
    if facts.modules:
        for module in NEEDED_MODULES:
            if f"{module}.so" not in facts.modules:
                yield Finding("error", "module-missing", f"Asterisk has no {module}.so", subject=module)
    if config.site.pbx == "standalone" and facts.has_section("rtp.conf", "general"):
        yield Finding(
            "notice",
            "rtp-is-the-hosts",
            "rtp.conf has its own range already, which stays: rtp_first and rtp_last are not written",
            subject="site.network.rtp_first",
        )
