"""What our objects are called in Asterisk. Every name begins with `centralita-`, so that it meets nobody else's:
one name used twice in pjsip.conf makes Asterisk drop every object of that type.
"""

from dataclasses import dataclass, field
from typing import Final

from provisioning.model import CarrierGradeConfig, FXOGatewayConfig, TelephonyReceptionConfig
from provisioning.model.secrets import sip_secret

PREFIX: Final = "centralita-"
DEFAULT_USER: Final = "gateway"
"""`FXOGatewayConfig.user` when nobody said anything."""
FOLDER: Final = "centralita"
"""Below Asterisk's configuration folder; ours alone."""

Trunk = FXOGatewayConfig | CarrierGradeConfig


def trunks_of(config: TelephonyReceptionConfig) -> dict[str, Trunk]:
    """Return every gateway and carrier by name."""
    return {**config.all_gateways(), **config.all_carriers()}


def endpoint_id(trunk: str) -> str:
    """Return the id of a gateway's or carrier's endpoint, AOR, auth, identify and registration."""
    return PREFIX + trunk


def inbound_context(trunk: str) -> str:
    """Return the context in which its calls arrive."""
    return f"{PREFIX}in-{trunk}"


def outbound_context(trunk: str) -> str:
    """Return the context that writes a number its way and dials it."""
    return f"{PREFIX}out-{trunk}"


@dataclass(frozen=True, slots=True)
class GatewayLogin:
    """What a gateway that registers must be told."""

    sip_user: str
    """Its "SIP user ID": in From, To and Contact."""
    auth_user: str
    """Its "authenticate ID": in the digest. The same, unless the config says otherwise."""
    secret: str = field(repr=False)
    """Name of its password in the gathered secrets."""


def gateway_login(name: str, gateway: FXOGatewayConfig) -> GatewayLogin:
    """Return how a gateway logs in.

    Asterisk's registrar looks for an AOR called like the user in To, and AOR ids are ours only with our prefix: so the
    SIP user is always `centralita-<name>`. `gateway.user` is the name in the digest; its default "gateway" stands for
    the SIP user itself, so that a box with a single field for both works, and so that calls whose From carries the
    caller's number are told by the digest's name when the gateway's address is not known.
    """
    user = endpoint_id(name)
    return GatewayLogin(user, user if gateway.user == DEFAULT_USER else gateway.user, sip_secret(name))
