"""What is known of carriers, dated and with its source, and what of it fills a trunk's config.

In: a `TelephonyReceptionConfig`. Out: the same with its presets' facts filled in, and findings. Knows the config model.
"""

from provisioning.carriers.checks import ages, carrier_findings
from provisioning.carriers.fact import Fact, FactValue
from provisioning.carriers.filling import filled, preset_findings
from provisioning.carriers.loading import preset_named, presets
from provisioning.carriers.preset import FilledField, Filling, Preset, Region, Requirement
from provisioning.carriers.sharing import shared_address_findings, shared_login_findings

__all__ = [
    "Fact",
    "FactValue",
    "FilledField",
    "Filling",
    "Preset",
    "Region",
    "Requirement",
    "ages",
    "carrier_findings",
    "filled",
    "preset_findings",
    "preset_named",
    "presets",
    "shared_address_findings",
    "shared_login_findings",
]
