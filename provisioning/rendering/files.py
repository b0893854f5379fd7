"""Everything together: which files are ours, and which of the host's files take them in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from provisioning.finding import has_errors
from provisioning.model import TelephonyReceptionConfig
from provisioning.rendered import Rendered
from provisioning.rendering.carrier_sections import is_numeric
from provisioning.rendering.facts import PbxFacts
from provisioning.rendering.inbound_dialplan import inbound_contexts
from provisioning.rendering.names import FOLDER, PREFIX, endpoint_id, inbound_context, outbound_context
from provisioning.rendering.outbound_dialplan import outbound_contexts, used_trunks
from provisioning.rendering.pjsip import pjsip_conf, used_transports
from provisioning.rendering.places import places_context, places_of
from provisioning.rendering.readiness import readiness
from provisioning.rendering.services import ari_conf, http_conf, logger_conf, manager_conf, rtp_conf
from provisioning.rendering.shared_addresses import (
    carriers_on_shared_addresses,
    gateways_on_shared_addresses,
    signalling_of,
)
from provisioning.rendering.writing import joined
from vocabulary.errors import ConfigurationError

_FREEPBX: Final = {
    "pjsip.conf": "pjsip_custom.conf",
    "extensions.conf": "extensions_custom.conf",
    "ari.conf": "ari_additional_custom.conf",
    "manager.conf": "manager_custom.conf",
    "logger.conf": "logger_logfiles_custom.conf",
}
"""FreePBX 16 and 17 include these and never write them."""


def render(config: TelephonyReceptionConfig, secrets: Mapping[str, str], facts: PbxFacts) -> Rendered:
    """Return our part of Asterisk's configuration; the same config gives the same bytes.

    `secrets` are those `model.secrets.gathered` found.
    Raises: ConfigurationError, with every error of `readiness`, or for a value that must not be written.
    """
    findings = readiness(config, facts)
    if has_errors(findings):
        wrong = [f"{one.subject}: {one.message}" for one in findings if one.severity == "error"]
        raise ConfigurationError("; ".join(wrong))
    texts = {name: text for name, text in _texts(config, secrets, facts) if text}
    hosts = _FREEPBX if config.site.pbx == "freepbx" else {name: name for name in texts}
    return Rendered(
        files={f"{FOLDER}/{name}": text for name, text in sorted(texts.items())},
        includes={hosts[name]: (f"{FOLDER}/{name}",) for name in sorted(texts)},
    )


def _texts(config: TelephonyReceptionConfig, secrets: Mapping[str, str], facts: PbxFacts) -> Iterator[tuple[str, str]]:
    yield "pjsip.conf", pjsip_conf(config, secrets, facts)
    yield "extensions.conf", extensions_conf(config)
    yield "ari.conf", ari_conf(config, secrets, facts)
    if config.site.manager.enabled:
        yield "manager.conf", manager_conf(config, secrets, facts)
    yield "logger.conf", logger_conf(config, facts)
    if config.site.pbx == "standalone":
        yield "http.conf", http_conf(config, facts)
        yield "rtp.conf", rtp_conf(config, facts)


def extensions_conf(config: TelephonyReceptionConfig) -> str:
    """Return the dialplan. Raises: ConfigurationError."""
    places = places_context(places_of(config), config.site)
    return joined([*inbound_contexts(config), places, *outbound_contexts(config)])


@dataclass(frozen=True, slots=True)
class ExpectedObjects:
    """What Asterisk must have after loading, for whoever reads back."""

    pjsip: frozenset[tuple[str, str]]
    """(type, id), like ("endpoint", "centralita-oficina")."""
    contexts: frozenset[str]


def expected_objects(config: TelephonyReceptionConfig) -> ExpectedObjects:
    """Return the objects and contexts a config stands for, told from the config and not from the files."""
    trunks = {*config.all_gateways(), *config.all_carriers()}
    objects = {(kind, endpoint_id(name)) for name in trunks for kind in ("endpoint", "aor")}
    shared = gateways_on_shared_addresses(config) | carriers_on_shared_addresses(config)
    for name, gateway in config.all_gateways().items():
        registers = gateway.attach == "register"
        objects |= {("auth", endpoint_id(name))} if registers else set()
        objects |= {("identify", endpoint_id(name))} if gateway.ip and not (registers and name in shared) else set()
    for name, carrier in config.all_carriers().items():
        registers = carrier.auth_type == "register"
        objects |= {("registration", endpoint_id(name))} if registers else set()
        objects |= {("auth", endpoint_id(name))} if registers or carrier.password else set()
        addresses = [one for one in signalling_of(carrier) if is_numeric(one)] if registers else signalling_of(carrier)
        objects |= {("identify", endpoint_id(name))} if addresses and not (registers and name in shared) else set()
    contexts = {f"{PREFIX}{name}" for name in _CONTEXTS} | {inbound_context(name) for name in trunks}
    contexts |= {outbound_context(name) for name in used_trunks(config)}
    if config.site.pbx == "standalone":
        objects.add(("global", "global"))
        named = config.site.network.transports
        objects |= {("transport", PREFIX + one) for one in used_transports(config) if not getattr(named, one)}
        contexts |= {f"{PREFIX}emergency"} if config.site.emergency_trunk else set()
    return ExpectedObjects(frozenset(objects), frozenset(contexts))


_CONTEXTS: Final = (
    "answer", "dial", "did", "entry", "next", "outbound", "outbound-countries", "outbound-rest", "outcome", "place",
    "refused", "transfer",
)  # fmt: skip
