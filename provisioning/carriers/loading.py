"""The presets that ship with us: `data/*.toml`, read once, every key and every reference to a source checked.

A file holds one carrier, or a table `carriers` of several that share everything but their names (the forms).
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from provisioning.carriers.fact import Fact, FactValue
from provisioning.carriers.preset import Kind, Knowledge, Preset, Region, Requirement, may_be_filled
from provisioning.model import CarrierGradeConfig
from vocabulary.errors import ConfigurationError
from vocabulary.problems import nearest

DATA: Final = Path(__file__).resolve().parent / "data"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Source(_Table):
    text: str = Field(min_length=1)
    url: str = Field(default="", pattern=r"^(https://\S+)?$")
    read_on: date


class _Fact(_Table):
    value: FactValue
    source: str
    verified: bool
    note: str = ""


class _Region(_Table):
    label: str
    host_shape: str = ""
    fills: dict[str, _Fact] = Field(default_factory=dict)
    knows: dict[Knowledge, _Fact] = Field(default_factory=dict)


class _Need(_Table):
    field: str
    es: str = Field(min_length=1)
    en: str = Field(min_length=1)
    auth_type: Literal["", "register", "ip_auth"] = ""


class _Name(_Table):
    label: str


class _File(_Table):
    id: str = ""
    label: str = ""
    kind: Kind = "preset"
    countries: tuple[str, ...] = ()
    host_shape: str = ""
    sources: dict[str, _Source]
    fills: dict[str, _Fact] = Field(default_factory=dict)
    knows: dict[Knowledge, _Fact] = Field(default_factory=dict)
    required: tuple[_Need, ...] = ()
    regions: dict[str, _Region] = Field(default_factory=dict)
    carriers: dict[str, _Name] = Field(default_factory=dict)
    """Id → name of the carriers that share this file; empty: `id` and `label` name the one."""


@cache
def presets() -> Mapping[str, Preset]:
    """Return every preset by id, without its regions.

    Raises: ConfigurationError when one of our own files is wrong.
    """
    found: dict[str, Preset] = {}
    for path in sorted(DATA.glob("*.toml")):
        for preset in parse_presets(path.read_text("utf-8"), path.name):
            if preset.id in found:
                raise ConfigurationError(f"{path.name}: the preset {preset.id!r} is there twice")
            found[preset.id] = preset
    return MappingProxyType(dict(sorted(found.items())))


def preset_named(name: str) -> Preset:
    """Return the preset that `preset = name` means: a carrier, or a carrier and one of its regions ("telnyx-eu").

    Raises: ConfigurationError naming what is like it.
    """
    known = presets()
    if name in known:
        return known[name]
    for carrier in sorted(known, key=len, reverse=True):
        region = name.removeprefix(f"{carrier}-")
        if region != name and region in known[carrier].regions:
            return known[carrier].in_region(region)
    every = [*known, *(f"{carrier}-{region}" for carrier, one in known.items() for region in one.regions)]
    raise ConfigurationError(f"there is no preset {name!r}.{nearest(name, every)}")


def parse_presets(text: str, name: str) -> tuple[Preset, ...]:
    """Return the presets of one file.

    Raises: ConfigurationError naming the file and what is wrong in it.
    """
    try:
        file = _File.model_validate(tomllib.loads(text))
        names = {one: called.label for one, called in file.carriers.items()} or {file.id: file.label}
        return tuple(_preset(file, one, label) for one, label in names.items())
    except (ValueError, KeyError) as exc:
        raise ConfigurationError(f"preset file {name}: {exc}") from exc


def _preset(file: _File, name: str, label: str) -> Preset:
    if not name or not label:
        raise ValueError("it names no carrier: id and label, or a table carriers")
    for need in file.required:
        if need.field not in CarrierGradeConfig.model_fields:
            raise ValueError(f"required: a trunk has no field {need.field!r}")
    preset = Preset(
        id=name,
        label=label,
        kind=file.kind,
        countries=file.countries,
        fills=_fills(file.fills, file.sources),
        knows=_known(file.knows, file.sources),
        required=tuple(Requirement(need.field, need.es, need.en, need.auth_type) for need in file.required),
        regions={
            region: Region(
                place.label, _fills(place.fills, file.sources), _known(place.knows, file.sources), place.host_shape
            )
            for region, place in file.regions.items()
        },
        host_shape=file.host_shape,
    )
    for variant in (preset, *(preset.in_region(region) for region in preset.regions)):
        CarrierGradeConfig.model_validate({field: fact.value for field, fact in variant.fills.items()})
    return preset


def _fills(facts: Mapping[str, _Fact], sources: Mapping[str, _Source]) -> dict[str, Fact]:
    for field in facts:
        if not may_be_filled(field):
            raise ValueError(f"a preset cannot fill {field!r}")
    return {field: _fact(field, fact, sources) for field, fact in facts.items()}


def _known(facts: Mapping[Knowledge, _Fact], sources: Mapping[str, _Source]) -> dict[Knowledge, Fact]:
    return {name: _fact(name, fact, sources) for name, fact in facts.items() if name in get_args(Knowledge)}


def _fact(name: str, fact: _Fact, sources: Mapping[str, _Source]) -> Fact:
    if fact.source not in sources:
        raise ValueError(f"{name}: there is no source {fact.source!r}")
    source = sources[fact.source]
    return Fact(fact.value, source.text, source.url, source.read_on, fact.verified, fact.note)
