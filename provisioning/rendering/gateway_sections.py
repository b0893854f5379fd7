"""An analogue gateway in pjsip.conf: one that logs in, or one that is known by its address."""

from collections.abc import Iterator, Mapping

from provisioning.model import FXOGatewayConfig, SiteConfig
from provisioning.model.gateway import Codec
from provisioning.rendering.facts import PbxFacts
from provisioning.rendering.names import endpoint_id, gateway_login, inbound_context
from provisioning.rendering.secret_lookup import secret_of
from provisioning.rendering.sip_uris import sip_uri
from provisioning.rendering.writing import Pair, section

QUALIFY_SECONDS = 30
RTP_TIMEOUT_SECONDS = 60
"""Sound that stops for so long ends the call: a line left off the hook would be lost for everybody else."""
RTP_TIMEOUT_HOLD_SECONDS = 300

_CODECS: dict[Codec, str] = {"ulaw": "ulaw,alaw", "alaw": "alaw,ulaw", "g729": "g729,alaw,ulaw"}


def gateway_sections(
    name: str,
    gateway: FXOGatewayConfig,
    site: SiteConfig,
    transport: str,
    secrets: Mapping[str, str],
    facts: PbxFacts,
    shares_address: bool,
) -> Iterator[str]:
    """Yield endpoint, AOR, auth and identify.

    `shares_address`: another trunk's calls come from the same address, so this one is told by its login only.
    Raises: ConfigurationError, for a password that is missing or must not be written.
    """
    registers = gateway.attach == "register"
    by_address = bool(gateway.ip) and not (registers and shares_address)
    login = gateway_login(name, gateway)
    yield section(endpoint_id(name), _endpoint(name, gateway, site, transport, by_address))
    if registers:
        yield section(endpoint_id(name), _dynamic_aor())
        yield section(endpoint_id(name), auth_pairs(login.auth_user, secret_of(secrets, login.secret), facts))
    else:
        yield section(
            endpoint_id(name),
            [
                ("type", "aor"),
                ("contact", sip_uri(gateway.ip, gateway.sip_port, gateway.transport)),
                ("qualify_frequency", str(QUALIFY_SECONDS)),
            ],
        )
    if by_address:
        yield section(endpoint_id(name), [("type", "identify"), ("endpoint", endpoint_id(name)), ("match", gateway.ip)])


def permitted(gateway: FXOGatewayConfig, site: SiteConfig) -> tuple[str, ...]:
    """Return the networks it may speak from; empty: anywhere, because nothing is known."""
    if gateway.permit:
        return tuple(sorted(set(gateway.permit)))
    # its own address alone only when it is a fixed one: a name may move
    if gateway.ip and (gateway.ip.replace(".", "").isdigit() or ":" in gateway.ip):
        return (gateway.ip,)
    return tuple(sorted(set(site.network.local_networks)))


def auth_pairs(user: str, password: str, facts: PbxFacts) -> list[Pair]:
    """Return an auth object. `userpass` is what every Asterisk up to 22 reads; from 23 on it is called `digest`."""
    kind = "digest" if facts.asterisk_major >= 23 else "userpass"
    return [("type", "auth"), ("auth_type", kind), ("username", user), ("password", password)]


def acl_pairs(networks: tuple[str, ...]) -> list[Pair]:
    """Return who may speak as this endpoint, everybody else denied; nothing for no networks."""
    if not networks:
        return []
    return [("deny", "0.0.0.0/0.0.0.0"), ("deny", "::/0"), *(("permit", network) for network in networks)]


def _endpoint(
    name: str, gateway: FXOGatewayConfig, site: SiteConfig, transport: str, by_address: bool
) -> Iterator[Pair]:
    registers = gateway.attach == "register"
    yield "type", "endpoint"
    yield "context", inbound_context(name)
    yield "transport", transport
    yield "aors", endpoint_id(name)
    if registers:
        yield "auth", endpoint_id(name)
        # `username` finds the AOR when it registers; `auth_username` finds the gateway when From is its caller's number
        yield "identify_by", "ip,username,auth_username" if by_address else "username,auth_username"
    else:
        # by nothing else: there is no password, and a name in From proves nothing
        yield "identify_by", "ip"
    yield "disallow", "all"
    yield "allow", _CODECS[gateway.codec]
    yield "dtmf_mode", "rfc4733"
    yield "direct_media", "no"
    yield "rtp_symmetric", "yes"
    yield "force_rport", "yes"
    yield "rewrite_contact", "yes"
    yield "trust_id_inbound", "yes" if gateway.caller_id == "pai" else "no"
    if gateway.srtp:
        yield "media_encryption", "sdes"
        yield "media_encryption_optimistic", "no"
    if gateway.fax:
        yield "t38_udptl", "yes"
        yield "t38_udptl_ec", "redundancy"
    yield "allow_transfer", "no"
    yield "allow_subscribe", "no"
    yield "device_state_busy_at", str(gateway.fxo_ports)
    yield "rtp_timeout", str(RTP_TIMEOUT_SECONDS)
    yield "rtp_timeout_hold", str(RTP_TIMEOUT_HOLD_SECONDS)
    yield from acl_pairs(permitted(gateway, site))
    yield "set_var", f"CENTRALITA_TRUNK={name}"


def _dynamic_aor() -> list[Pair]:
    return [
        ("type", "aor"),
        ("max_contacts", "1"),
        ("remove_existing", "yes"),
        ("minimum_expiration", "60"),
        ("maximum_expiration", "3600"),
        ("qualify_frequency", str(QUALIFY_SECONDS)),
    ]
