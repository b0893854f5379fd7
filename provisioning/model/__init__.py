"""The typed telephony config: what the owner of a PBX says once, in `telephony.toml` (or JSON).

A file goes in; a frozen, checked `TelephonyReceptionConfig` comes out, or a list of problems with their keys.
"""

from provisioning.model.carrier import CarrierGradeConfig, Registration
from provisioning.model.dids import DIDNumber, Place
from provisioning.model.gateway import FXOGatewayConfig, HangUp
from provisioning.model.passwords import Password
from provisioning.model.site import (
    AriAccess,
    ManagerAccess,
    Network,
    Outbound,
    SiteConfig,
    TransferTarget,
    TransportNames,
)
from provisioning.model.telephony import TelephonyReceptionConfig

__all__ = [
    "AriAccess",
    "CarrierGradeConfig",
    "DIDNumber",
    "FXOGatewayConfig",
    "HangUp",
    "ManagerAccess",
    "Network",
    "Outbound",
    "Password",
    "Place",
    "Registration",
    "SiteConfig",
    "TelephonyReceptionConfig",
    "TransferTarget",
    "TransportNames",
]
