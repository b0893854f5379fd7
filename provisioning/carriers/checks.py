"""What is wrong, risky or old in the carriers' trunks of a config, as far as their presets can tell. Pure."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from provisioning.carriers.filling import filled, preset_findings
from provisioning.carriers.loading import preset_named
from provisioning.carriers.preset import Preset
from provisioning.carriers.sharing import shared_address_findings, shared_login_findings
from provisioning.finding import Finding, has_errors
from provisioning.model import CarrierGradeConfig, TelephonyReceptionConfig

A_YEAR: Final = 365
"""Days after which a fact is to be read again: carriers move their servers about once in a few years."""


def ages(preset: Preset, today: date) -> Finding:
    """Say how old a preset's oldest fact is: a warning after a year, else a notice.

    Of a preset with regions, the regions' own facts count as well.
    """
    name, oldest = min(preset.all_facts(), key=lambda one: one[1].read_on)
    days = (today - oldest.read_on).days
    said = f"{preset.label}: the oldest fact ({name}) was read on {oldest.read_on.isoformat()}, {days} days ago"
    if days > A_YEAR:
        return Finding(
            "warning", "old-preset", f"{said}; read its source again: {oldest.provenance()}", subject=preset.id
        )
    return Finding("notice", "preset-age", said, subject=preset.id)


def carrier_findings(config: TelephonyReceptionConfig, today: date) -> list[Finding]:
    """Return every finding about the carriers' trunks, the presets' own gaps first."""
    found = preset_findings(config)
    if any(finding.code == "preset" and finding.severity == "error" for finding in found):
        return found
    config = filled(config)
    for name, carrier in config.all_carriers().items():
        key = config.key_of(name)
        found += trunk_findings(carrier, key, config.site.country)
        if carrier.preset:
            preset = preset_named(carrier.preset)
            found += against_preset(carrier, preset, key)
            age = ages(preset, today)
            found += [age] if age.severity != "notice" else []
    return found + shared_address_findings(config) + shared_login_findings(config)


def trunk_findings(carrier: CarrierGradeConfig, key: str, site_country: str | None = None) -> list[Finding]:
    """Return what a trunk lacks or contradicts by itself, preset or not (the preset already applied)."""
    return list(_trunk_findings(carrier, key, site_country))


def _trunk_findings(carrier: CarrierGradeConfig, key: str, site_country: str | None) -> Iterator[Finding]:
    if not carrier.host:
        yield Finding(
            "error", "no-host", "the carrier's registrar or proxy is missing: write host", subject=f"{key}.host"
        )
    if carrier.auth_type == "register":
        for field, there in (("user", bool(carrier.user)), ("password", bool(carrier.password))):
            if not there:
                yield Finding("error", "no-login", f"auth_type register needs {field}", subject=f"{key}.{field}")
    national = "national" in (carrier.number_format, carrier.did_format)
    if national and not (carrier.country or site_country):
        yield Finding(
            "error",
            "no-country",
            "the format national needs a country, and none is guessed: write country here or in site",
            subject=f"{key}.country",
        )
    shown = carrier.outbound_caller_id
    if carrier.outbound and shown and carrier.dids and shown not in {did.number for did in carrier.dids}:
        yield Finding(
            "warning",
            "caller-id-not-ours",
            f"calls out show {shown}, which is none of this trunk's numbers: many carriers refuse or replace it",
            subject=f"{key}.outbound_caller_id",
        )
    if carrier.transport == "tls" and not carrier.verify_server:
        yield Finding(
            "warning",
            "unproven-server",
            "verify_server = false: anybody on the way can pretend to be the carrier and take the password's digest",
            subject=f"{key}.verify_server",
        )


def against_preset(carrier: CarrierGradeConfig, preset: Preset, key: str) -> list[Finding]:
    """Return where a trunk (already filled) says what its carrier is known not to take."""
    checks: tuple[Callable[[CarrierGradeConfig, Preset], tuple[str, str] | None], ...] = (
        _host, _auth_type, _transport, _codecs, _rate,
    )  # fmt: skip
    found = [told for check in checks if (told := check(carrier, preset)) is not None]
    return [
        Finding("warning", "against-preset", f"{preset.label}: {message}", subject=f"{key}.{field}")
        for field, message in found
    ]


def _host(carrier: CarrierGradeConfig, preset: Preset) -> tuple[str, str] | None:
    if not carrier.host:
        return None
    if not preset.fits_host(carrier.host):
        return "host", f"its hosts look like {preset.host_shape.replace('{trunk}', '<yours>')}, not {carrier.host}"
    known = preset.fills.get("host")
    if known is None or str(known.value).lower() == carrier.host.lower():
        return None
    for region, place in preset.regions.items():
        if "host" in place.fills and str(place.fills["host"].value).lower() == carrier.host.lower():
            return (
                "host",
                f'{carrier.host} is its place {place.label}: write preset = "{preset.id}-{region}", whose '
                "addresses go with it",
            )
    return "host", f"its host is {known.shown()}, and the preset's addresses go with that, not with {carrier.host}"


def _auth_type(carrier: CarrierGradeConfig, preset: Preset) -> tuple[str, str] | None:
    known = preset.words("auth_types")
    if not known or carrier.auth_type in known:
        return None
    return "auth_type", f"it is known for {' or '.join(known)}, not for {carrier.auth_type}"


def _transport(carrier: CarrierGradeConfig, preset: Preset) -> tuple[str, str] | None:
    known = preset.words("transports")
    if not known or carrier.transport in known:
        return None
    return "transport", f"it is known to speak {', '.join(known)}, not {carrier.transport}"


def _codecs(carrier: CarrierGradeConfig, preset: Preset) -> tuple[str, str] | None:
    known = preset.words("known_codecs")
    if not known or not carrier.codecs or set(known) & set(carrier.codecs):
        return None
    return "codecs", f"it is known to speak {', '.join(known)}: none of {', '.join(carrier.codecs)}"


def _rate(carrier: CarrierGradeConfig, preset: Preset) -> tuple[str, str] | None:
    fact = preset.knows.get("calls_per_second")
    if fact is None or not isinstance(fact.value, int) or carrier.max_calls_per_second <= fact.value:
        return None
    return (
        "max_calls_per_second",
        f"it takes {fact.value} new calls a second at most, and {carrier.max_calls_per_second:g} are allowed here",
    )


def is_ready(config: TelephonyReceptionConfig, today: date) -> bool:
    """True when nothing about the carriers' trunks forbids writing the config."""
    return not has_errors(carrier_findings(config, today))
