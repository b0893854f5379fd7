"""What is missing or doubtful about gateways and carriers."""

from collections.abc import Iterator

from provisioning.finding import Finding
from provisioning.model import CarrierGradeConfig, FXOGatewayConfig, TelephonyReceptionConfig
from provisioning.rendering.carrier_sections import is_numeric, shown_number
from provisioning.rendering.gateway_sections import permitted
from provisioning.rendering.names import DEFAULT_USER, gateway_login
from provisioning.rendering.number_patterns import is_country
from provisioning.rendering.shared_addresses import shared_pairs, signalling_of
from provisioning.rendering.trunk_numbers import national_rule


def trunk_findings(config: TelephonyReceptionConfig) -> Iterator[Finding]:
    """Yield what there is to say, trunk by trunk."""
    for name, gateway in sorted(config.all_gateways().items()):
        yield from _gateway(name, gateway, config)
    for name, carrier in sorted(config.all_carriers().items()):
        yield from _carrier(name, carrier, config)
    yield from _shared(config)
    yield from _same_without_hyphens(config)


def _gateway(name: str, gateway: FXOGatewayConfig, config: TelephonyReceptionConfig) -> Iterator[Finding]:
    key = config.key_of(name)
    yield from _inline_password(gateway, key)
    if not gateway.ip:
        if gateway.attach == "ip":
            yield Finding(
                "error", "address-missing", "the gateway is known by its address: write it", subject=f"{key}.ip"
            )
        else:
            yield Finding(
                "warning",
                "address-missing",
                "without it calls are told by their login only, which fails beside an `anonymous` endpoint",
                subject=f"{key}.ip",
            )
    if not permitted(gateway, config.site):
        yield Finding(
            "warning", "permit-missing", "anybody may try to log in as it: write its ip, or permit, or the LAN",
            subject=f"{key}.permit",
        )  # fmt: skip
    if gateway.attach == "register" and gateway.user != DEFAULT_USER:
        login = gateway_login(name, gateway)
        yield Finding(
            "notice",
            "login-has-two-names",
            f"the gateway's SIP user ID is {login.sip_user}; {login.auth_user} is its authenticate ID only",
            subject=f"{key}.user",
        )
    if gateway.outbound or gateway.did_format == "national":
        yield from _national(gateway, key, config, needed=gateway.outbound or gateway.did_format == "national")
    if not gateway.dids:
        yield Finding("warning", "no-numbers", "no number is on this gateway", subject=f"{key}.dids")


def _carrier(name: str, carrier: CarrierGradeConfig, config: TelephonyReceptionConfig) -> Iterator[Finding]:
    key = config.key_of(name)
    yield from _inline_password(carrier, key)
    if not carrier.host:
        yield Finding(
            "error", "host-missing", "write the carrier's host, as its letter gives it", subject=f"{key}.host"
        )
    if carrier.auth_type == "register":
        for field in ("user", "password"):
            if not getattr(carrier, field):
                yield Finding("error", f"{field}-missing", "logging in needs it", subject=f"{key}.{field}")
        if carrier.host and not any(is_numeric(one) for one in signalling_of(carrier)):
            yield Finding(
                "notice",
                "signalling-unknown",
                "its calls are known by the mark of our login only; should they be refused, write its addresses here",
                subject=f"{key}.signalling",
            )
    elif carrier.password and not (carrier.user or carrier.auth_user):
        yield Finding("error", "user-missing", "a password needs its user", subject=f"{key}.user")
    national = (carrier.number_format if carrier.outbound else "") == "national"
    if national or carrier.did_format == "national":
        yield from _national(carrier, key, config, needed=True)
    if carrier.outbound and not shown_number(carrier):
        yield Finding(
            "warning", "caller-id-missing", "calls go out without a number of ours", subject=f"{key}.outbound_caller_id"
        )
    if carrier.outbound_proxy_port and not carrier.outbound_proxy:
        yield Finding("error", "proxy-missing", "a port needs its proxy", subject=f"{key}.outbound_proxy")
    for codec in carrier.codecs:
        if codec in ("g729", "opus"):
            yield Finding(
                "notice", "codec-needs-a-module", f"Asterisk needs a module to hear {codec}", subject=f"{key}.codecs"
            )
    if not carrier.dids:
        yield Finding("notice", "no-numbers", "no number is on this trunk", subject=f"{key}.dids")


def _inline_password(trunk: FXOGatewayConfig | CarrierGradeConfig, key: str) -> Iterator[Finding]:
    if trunk.password.plain:
        yield Finding(
            "warning",
            "password-in-config",
            "the password itself is in the config: move it out with `centralita telephony keep-secrets`",
            subject=f"{key}.password",
        )


def _national(
    trunk: FXOGatewayConfig | CarrierGradeConfig, key: str, config: TelephonyReceptionConfig, needed: bool
) -> Iterator[Finding]:
    country = trunk.country or config.site.country
    if country is None:
        if needed:
            yield Finding(
                "error",
                "country-missing",
                "numbers are written `national`: of which country?",
                subject=f"{key}.country",
            )
    elif not is_country(country):
        yield Finding("error", "country-unknown", f"{country} is no country with numbers", subject=f"{key}.country")
    elif trunk.outbound and not national_rule(country).is_exact:
        yield Finding(
            "warning",
            "national-is-approximate",
            f"some numbers of {country} are dialled in yet another way at home (mobiles, mostly): try one of each kind",
            subject=f"{key}.country",
        )


def _shared(config: TelephonyReceptionConfig) -> Iterator[Finding]:
    for one, other in shared_pairs(config):
        logins = [_logs_in(config, name) for name in (one, other)]
        if all(logins):
            yield Finding(
                "notice",
                "shared-address",
                f"calls of {one} and {other} come from the same address: told apart by their logins (line=yes)",
                subject=f"{config.key_of(other)}.{_address_key(config, other)}",
            )
        elif not any(logins):
            yield Finding(
                "error",
                "shared-address",
                f"calls of {one} and {other} come from the same address: nothing tells them apart; let one log in",
                subject=f"{config.key_of(other)}.{_address_key(config, other)}",
            )
        else:
            silent = one if logins[1] else other
            yield Finding(
                "warning",
                "shared-address",
                f"{one} and {other} share an address: a call without the mark of its login counts as {silent}'s",
                subject=f"{config.key_of(other)}.{_address_key(config, other)}",
            )


def _logs_in(config: TelephonyReceptionConfig, name: str) -> bool:
    gateway = config.all_gateways().get(name)
    return gateway.attach == "register" if gateway else config.all_carriers()[name].auth_type == "register"


def _address_key(config: TelephonyReceptionConfig, name: str) -> str:
    if name in config.all_gateways():
        return "ip"
    return "signalling" if config.all_carriers()[name].signalling else "host"


def _same_without_hyphens(config: TelephonyReceptionConfig) -> Iterator[Finding]:
    """Yield what Asterisk would take for one and the same, hyphens being nothing in an extension."""
    seen: dict[str, str] = {}
    for name in sorted(config.site.transfers):
        bare = name.replace("-", "")
        if bare in seen:
            yield Finding(
                "error",
                "same-extension",
                f"Asterisk takes {seen[bare]} and {name} for the same: hyphens do not count",
                subject=f"site.transfers.{name}",
            )
        seen[bare] = name
