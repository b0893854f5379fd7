"""A carrier's trunk in pjsip.conf: one at which we log in, or one that knows us by our address."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Final

import phonenumbers

from provisioning.model import CarrierGradeConfig, SiteConfig
from provisioning.model.secrets import sip_secret
from provisioning.rendering.facts import PbxFacts
from provisioning.rendering.gateway_sections import (
    QUALIFY_SECONDS,
    RTP_TIMEOUT_HOLD_SECONDS,
    RTP_TIMEOUT_SECONDS,
    acl_pairs,
    auth_pairs,
)
from provisioning.rendering.names import endpoint_id, inbound_context
from provisioning.rendering.secret_lookup import secret_of
from provisioning.rendering.shared_addresses import signalling_of
from provisioning.rendering.sip_uris import proxy_uri, sip_uri
from provisioning.rendering.writing import Pair, section

UDP_EXPIRATION_SECONDS: Final = 120
"""Short enough to keep a NAT's door open."""
TCP_EXPIRATION_SECONDS: Final = 300


def carrier_sections(
    name: str,
    carrier: CarrierGradeConfig,
    site: SiteConfig,
    transport: str,
    secrets: Mapping[str, str],
    facts: PbxFacts,
    shares_address: bool,
) -> Iterator[str]:
    """Yield endpoint, AOR, auth, identify and registration.

    `shares_address`: another trunk's calls come from the same addresses; this one is told by `line` of its
    registration, and gets no identify.
    Raises: ConfigurationError, for a password that is missing or must not be written.
    """
    registers = carrier.auth_type == "register"
    us = endpoint_id(name)
    user = carrier.auth_user or carrier.user
    password = secret_of(secrets, sip_secret(name), needed=registers) if user else ""
    yield section(us, _endpoint(name, carrier, site, transport, bool(password)))
    yield section(
        us,
        [
            ("type", "aor"),
            ("contact", sip_uri(carrier.host, carrier.port, carrier.transport)),
            ("qualify_frequency", str(QUALIFY_SECONDS)),
            ("outbound_proxy", _proxy(carrier)),
        ],
    )
    if password:
        # ours towards them only: an auth object that served both ways would answer with the wrong realm
        yield section(us, auth_pairs(user, password, facts))
    matches = signalling_of(carrier)
    if registers:
        # names are looked up when Asterisk loads: the line of the registration needs none
        matches = () if shares_address else tuple(match for match in matches if is_numeric(match))
    if matches:
        yield section(us, [("type", "identify"), ("endpoint", us), *(("match", match) for match in matches)])
    if registers:
        yield section(us, _registration(carrier, us, transport))


def codecs_of(carrier: CarrierGradeConfig, site: SiteConfig) -> str:
    """Return what is offered: as configured, else both laws of G.711, the country's first.

    Mu-law is the law of the +1 countries and Japan, A-law everybody else's (ITU-T G.711 and national networks).
    """
    if carrier.codecs:
        return ",".join(dict.fromkeys(carrier.codecs))
    country = carrier.country or site.country or ""
    is_mu_law = country == "JP" or phonenumbers.country_code_for_region(country) == 1
    return "ulaw,alaw" if is_mu_law else "alaw,ulaw"


def shown_number(carrier: CarrierGradeConfig) -> str:
    """Return the number people we call see: as configured, else the trunk's first number in use, or ""."""
    return carrier.outbound_caller_id or next((did.number for did in carrier.dids if did.active and did.number), "")


def _endpoint(
    name: str, carrier: CarrierGradeConfig, site: SiteConfig, transport: str, has_password: bool
) -> Iterator[Pair]:
    yield "type", "endpoint"
    yield "context", inbound_context(name)
    yield "transport", transport
    yield "aors", endpoint_id(name)
    if has_password:
        yield "outbound_auth", endpoint_id(name)
    yield "outbound_proxy", _proxy(carrier)
    # never by the name in From: there is no password on this side
    yield "identify_by", "ip"
    yield "contact_user", carrier.contact_user or carrier.user
    hides = carrier.caller_id_header == "none"
    yield "from_user", carrier.from_user or (carrier.user if hides or not shown_number(carrier) else "")
    yield "from_domain", carrier.from_domain or carrier.domain or carrier.host
    yield "send_pai", "yes" if carrier.caller_id_header == "pai" else "no"
    yield "send_rpid", "yes" if carrier.caller_id_header == "rpid" else "no"
    yield "trust_id_outbound", "no" if hides else "yes"
    yield "trust_id_inbound", "yes" if carrier.trust_caller_id else "no"
    yield "disallow", "all"
    yield "allow", codecs_of(carrier, site)
    yield "dtmf_mode", "rfc4733"
    yield "direct_media", "no"
    yield "rtp_symmetric", "yes"
    yield "force_rport", "yes"
    if carrier.srtp:
        yield "media_encryption", "sdes"
        yield "media_encryption_optimistic", "no"
    yield "allow_transfer", "no"
    yield "allow_subscribe", "no"
    if carrier.channels:
        yield "device_state_busy_at", str(carrier.channels)
    yield "rtp_timeout", str(RTP_TIMEOUT_SECONDS)
    yield "rtp_timeout_hold", str(RTP_TIMEOUT_HOLD_SECONDS)
    if carrier.auth_type == "ip_auth" and all(is_numeric(match) for match in signalling_of(carrier)):
        yield from acl_pairs(signalling_of(carrier))
    yield "set_var", f"CENTRALITA_TRUNK={name}"


def _registration(carrier: CarrierGradeConfig, us: str, transport: str) -> list[Pair]:
    """Log in for ever: out of the box Asterisk gives up after ten minutes, and at once after a 401, 403 or 404."""
    told = carrier.registration
    usual = UDP_EXPIRATION_SECONDS if carrier.transport == "udp" else TCP_EXPIRATION_SECONDS
    return [
        ("type", "registration"),
        ("server_uri", sip_uri(carrier.host, carrier.port, carrier.transport)),
        ("client_uri", sip_uri(carrier.domain or carrier.host, 0, carrier.transport, carrier.user)),
        ("contact_user", carrier.contact_user or carrier.user),
        ("outbound_auth", us),
        ("outbound_proxy", _proxy(carrier)),
        ("transport", transport),
        # calls come back with this registration's own mark, so two accounts at one carrier are told apart
        ("line", "yes"),
        ("endpoint", us),
        ("expiration", str(told.expiration_seconds or usual)),
        ("retry_interval", str(told.retry_seconds)),
        ("forbidden_retry_interval", str(told.forbidden_retry_seconds)),
        ("fatal_retry_interval", str(told.fatal_retry_seconds)),
        ("max_retries", str(told.max_retries)),
        ("auth_rejection_permanent", "no"),
    ]


def _proxy(carrier: CarrierGradeConfig) -> str:
    if not carrier.outbound_proxy:
        return ""
    return proxy_uri(carrier.outbound_proxy, carrier.outbound_proxy_port, carrier.transport)


def is_numeric(match: str) -> bool:
    try:
        ipaddress.ip_network(match, strict=False)
    except ValueError:
        return False
    return True
