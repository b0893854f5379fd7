"""From a gateway of the config to the device whose files are made."""

from collections.abc import Mapping
from pathlib import Path

from fxo_templates.country import CountryProfile
from fxo_templates.country_file import country_profile, load_profile
from fxo_templates.model import Codec, Device, HangUpSignals, Line
from provisioning.model.gateway import FXOGatewayConfig
from provisioning.model.secrets import admin_secret, sip_secret
from provisioning.model.telephony import TelephonyReceptionConfig
from provisioning.rendering.names import gateway_login
from vocabulary.errors import ConfigurationError


def device_of(
    config: TelephonyReceptionConfig,
    gateway_id: str,
    secrets: Mapping[str, str],
    profile: CountryProfile | None = None,
    provisioning_url: str = "",
) -> Device:
    """Return the device of one gateway.

    `secrets` are those of `provisioning.model.secrets`; `profile` replaces the country's own (learned tones).
    Raises: ConfigurationError naming what is missing: the gateway, its country, our address in the LAN.
    """
    gateway = config.all_gateways().get(gateway_id)
    if gateway is None:
        known = ", ".join(config.all_gateways()) or "none"
        raise ConfigurationError(f"there is no gateway {gateway_id!r}; there are: {known}")
    network = config.site.network
    if not network.lan_address:
        raise ConfigurationError("site.network.lan_address is missing: the address under which gateways find this PBX")
    if gateway.did_format not in ("e164", "digits"):
        raise ConfigurationError(f"{config.key_of(gateway_id)}.did_format: device files write e164 or digits")
    login = gateway_login(gateway_id, gateway)
    if gateway.attach == "register" and login.auth_user != login.sip_user:
        raise ConfigurationError(
            f"{config.key_of(gateway_id)}.user: device files write one name for SIP user and login; "
            f"leave it out, and the gateway logs in as {login.sip_user}"
        )
    return Device(
        gateway_id=gateway_id,
        model=gateway.model,
        mac=gateway.mac,
        pbx_host=network.lan_address,
        pbx_port=network.tls_port if gateway.transport == "tls" else network.sip_port,
        transport=gateway.transport,
        srtp=gateway.srtp,
        registers=gateway.attach == "register",
        user=login.sip_user,
        password=secrets.get(sip_secret(gateway_id), ""),
        lines=tuple(Line(port, did.number) for port, did in gateway.lines().items() if did.active),
        country=profile or country_profile(country_of_gateway(config, gateway, gateway_id)),
        codecs=_codecs(gateway),
        caller_id_header=gateway.caller_id,
        did_style="e164" if gateway.did_format == "e164" else "digits",
        hang_up=HangUpSignals(**gateway.hang_up.model_dump()),
        rings=gateway.rings or None,
        fax=gateway.fax,
        gain_from_line_db=gateway.gain_from_line_db,
        gain_to_line_db=gateway.gain_to_line_db,
        local_sip_port=gateway.sip_port,
        admin_password=secrets.get(admin_secret(gateway_id), ""),
        provisioning_url=provisioning_url,
    )


def country_of_gateway(config: TelephonyReceptionConfig, gateway: FXOGatewayConfig, gateway_id: str) -> str:
    """Return the country whose lines the gateway has. Raises: ConfigurationError when nobody said."""
    country = gateway.country or config.site.country
    if country is None:
        raise ConfigurationError(f"site.country or {config.key_of(gateway_id)}.country is missing: it is never guessed")
    return country


def learned_profile(config: TelephonyReceptionConfig, gateway_id: str, folder: Path) -> CountryProfile | None:
    """Return the tones learned for a gateway from `tones/` in the config's folder, or None when it names none.

    Raises: ConfigurationError when the file is missing or wrong.
    """
    name = config.all_gateways()[gateway_id].tones
    return load_profile(folder / "tones" / f"{name}.toml") if name else None


def _codecs(gateway: FXOGatewayConfig) -> tuple[Codec, ...]:
    laws: tuple[Codec, ...] = ("alaw", "ulaw") if gateway.codec == "alaw" else ("ulaw", "alaw")
    return (*laws, "g729") if gateway.codec == "g729" else laws
