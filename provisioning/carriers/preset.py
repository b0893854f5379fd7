"""A carrier's preset: the facts that fill a trunk's config, and those that a config is compared with.

A *form* is a preset of a carrier that publishes nothing: it knows which fields the customer must copy from the order.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

from provisioning.carriers.fact import Fact, FactValue
from provisioning.finding import Finding
from provisioning.model import CarrierGradeConfig

Kind = Literal["preset", "form"]
Knowledge = Literal[
    "auth_types",
    "transports",
    "tls_port",
    "host_addresses",
    "media",
    "rtp_ports",
    "calls_per_second",
    "known_codecs",
    "one_registration",
    "note",
]
"""What is known beside the fields of a config:

- `auth_types`, `transports`, `known_codecs`: what the carrier takes, in the words of the config
- `tls_port`: TCP port of its TLS
- `host_addresses`: every address that its host name leads to, as published
- `media`, `rtp_ports`: networks and UDP ports ("10000-60000") of the sound
- `calls_per_second`: new calls it takes from one customer
- `one_registration`: true when a second log-in of the same account replaces the first
- `note`: what people should know
"""
_CUSTOMERS_PART: Final = "{trunk}"
_NEVER_FILLED: Final = frozenset({"preset", "password", "dids", "label", "outbound_caller_id", "registration"})
_GOES_WITH_TLS: Final = frozenset({"srtp", "ca_file", "verify_server"})


@dataclass(frozen=True, slots=True)
class Requirement:
    """A field that only the customer's own contract can fill."""

    field: str
    """Name in `CarrierGradeConfig`."""
    es: str
    """Where to find it, in Spanish."""
    en: str
    """The same in English."""
    auth_type: Literal["", "register", "ip_auth"] = ""
    """Needed only with this way of logging in; "": always."""


@dataclass(frozen=True, slots=True)
class Region:
    """One of the carrier's places; its facts come before those of the whole carrier."""

    label: str
    fills: Mapping[str, Fact]
    knows: Mapping[Knowledge, Fact]
    host_shape: str = ""


@dataclass(frozen=True, slots=True)
class FilledField:
    """A field that a preset filled, and why it may say so."""

    field: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Filling:
    """A config after its preset, and what came from there."""

    config: CarrierGradeConfig
    fields: tuple[FilledField, ...]

    def unverified(self) -> tuple[FilledField, ...]:
        """Return what was filled without a source that really says it."""
        return tuple(one for one in self.fields if not one.fact.verified)


@dataclass(frozen=True)
class Preset:
    """One carrier, or one of its regions."""

    id: str
    """What stands in `preset =`: "telnyx", or with a region "telnyx-eu"."""
    label: str
    kind: Kind
    countries: tuple[str, ...]
    """Whose market it serves; empty: no particular one."""
    fills: Mapping[str, Fact]
    """Field of `CarrierGradeConfig` → fact."""
    knows: Mapping[Knowledge, Fact]
    required: tuple[Requirement, ...]
    regions: Mapping[str, Region]
    host_shape: str = ""
    """How the customer's own host looks, like "{trunk}.pstn.twilio.com"; "": the same for everybody, or unknown."""
    region: str = ""
    """The region this preset was narrowed to."""

    def in_region(self, region: str) -> "Preset":
        """Return the preset of one region.

        Raises: KeyError when the carrier has no such region.
        """
        place = self.regions[region]
        return replace(
            self,
            id=f"{self.id}-{region}",
            label=f"{self.label} ({place.label})",
            fills={**self.fills, **place.fills},
            knows={**self.knows, **place.knows},
            host_shape=place.host_shape or self.host_shape,
            regions={},
            region=region,
        )

    @cached_property
    def facts(self) -> Mapping[str, Fact]:
        """Every fact of the carrier itself by name, those of its regions not counted."""
        return _by_name(self.fills, self.knows)

    def all_facts(self) -> tuple[tuple[str, Fact], ...]:
        """Return every fact, those of the regions as "region.name"."""
        inside = [
            (f"{name}.{field}", fact)
            for name, region in self.regions.items()
            for field, fact in _by_name(region.fills, region.knows).items()
        ]
        return (*self.facts.items(), *inside)

    def words(self, name: Knowledge) -> tuple[str, ...]:
        """Return a known list, empty when nothing is known."""
        fact = self.knows.get(name)
        return fact.value if fact is not None and isinstance(fact.value, tuple) else ()

    def published_sources(self) -> tuple[str, ...]:
        """Return the networks that the carrier says its calls come from."""
        fact = self.fills.get("signalling")
        return fact.value if fact is not None and isinstance(fact.value, tuple) else ()

    def fits_host(self, host: str) -> bool:
        """True when `host` looks the way this carrier gives hosts out."""
        shapes = [self.host_shape, *(region.host_shape for region in self.regions.values())]
        wanted = [shape for shape in shapes if shape]
        return not wanted or any(_has_shape(host, shape) for shape in wanted)

    def fill(self, config: CarrierGradeConfig) -> Filling:
        """Return the config with every open field that this preset knows.

        Open is what the file does not say, or says empty; what it says stays, right or wrong.
        Raises: pydantic.ValidationError when what the file says does not go together with the facts.
        """
        known = {name: fact for name, fact in self.fills.items() if is_open(config, name)}
        transport = known["transport"].value if "transport" in known else config.transport
        if transport != "tls":
            known = {name: fact for name, fact in known.items() if name not in _GOES_WITH_TLS}
        if not known:
            return Filling(config, ())
        said = {name: getattr(config, name) for name in config.model_fields_set}
        new = CarrierGradeConfig.model_validate({**said, **{name: fact.value for name, fact in known.items()}})
        return Filling(new, tuple(FilledField(name, fact) for name, fact in known.items()))

    def missing(self, config: CarrierGradeConfig, key: str = "") -> list[Finding]:
        """Return an error for each field that only the customer can fill and has not.

        `key` is where the trunk stands in the config file, like "carriers.oficina".
        """
        auth = config.auth_type if not is_open(config, "auth_type") else self._value("auth_type", config.auth_type)
        return [
            Finding(
                "error",
                "missing-from-carrier",
                f"{self.label} needs {need.field}. {need.en} / {need.es}",
                subject=f"{key}.{need.field}" if key else need.field,
            )
            for need in self.required
            if need.auth_type in ("", auth) and need.field not in self.fills and is_open(config, need.field)
        ]

    def _value(self, field: str, otherwise: FactValue) -> FactValue:
        return self.fills[field].value if field in self.fills else otherwise


def _by_name(fills: Mapping[str, Fact], knows: Mapping[Knowledge, Fact]) -> dict[str, Fact]:
    return dict([*fills.items(), *((str(name), fact) for name, fact in knows.items())])


def _has_shape(host: str, shape: str) -> bool:
    before, _, after = shape.partition(_CUSTOMERS_PART)
    pattern = re.escape(before) + r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)?" + re.escape(after)
    return re.fullmatch(pattern, host, re.IGNORECASE) is not None


def is_open(config: CarrierGradeConfig, field: str) -> bool:
    """True when the config leaves a field to the preset: it does not name it, or names it empty."""
    value: object = getattr(config, field)
    empty = not value and not isinstance(value, bool)
    return field not in config.model_fields_set or empty


def may_be_filled(field: str) -> bool:
    """True for the fields of a config that a preset may know: not the customer's secrets, numbers and names."""
    return field in CarrierGradeConfig.model_fields and field not in _NEVER_FILLED
