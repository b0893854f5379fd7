"""What is missing or doubtful about the places callers are sent to: fallbacks and transfers."""

from collections.abc import Iterator

import phonenumbers

from provisioning.finding import Finding
from provisioning.model import Place, TelephonyReceptionConfig
from provisioning.model.emergency import emergency_numbers
from provisioning.model.numbers import country_of, is_costly, parsed
from provisioning.rendering.names import PREFIX, trunks_of
from provisioning.rendering.number_patterns import is_country
from provisioning.rendering.number_readiness import ASTERISKS_OWN
from provisioning.rendering.outbound_dialplan import outbound_trunks


def place_findings(config: TelephonyReceptionConfig) -> Iterator[Finding]:
    """Yield what there is to say, place by place."""
    site = config.site
    if site.fallback:
        yield from _place(site.fallback, "site.fallback", "", config)
    for trunk, position, did in config.all_dids():
        if did.fallback:
            yield from _place(did.fallback, f"{config.key_of(trunk)}.dids.{position}.fallback", "", config)
    for name, target in sorted(site.transfers.items()):
        key = f"site.transfers.{name}"
        if name in ASTERISKS_OWN:
            yield Finding("error", "transfer-name", f"{name!r} means something else to Asterisk", subject=key)
        yield from _place(target.place, f"{key}.place", target.trunk, config)
        ways = trunks_of(config)
        if target.trunk and target.trunk not in ways:
            message = f"there is no gateway or carrier {target.trunk!r}"
            yield Finding("error", "trunk-missing", message, subject=f"{key}.trunk")
        elif target.trunk and not ways[target.trunk].outbound:
            message = f"{target.trunk} only receives: outbound = false"
            yield Finding("error", "trunk-receives-only", message, subject=f"{key}.trunk")


def _place(place: Place, key: str, trunk: str, config: TelephonyReceptionConfig) -> Iterator[Finding]:
    site = config.site
    if place.kind == "ring_group" and site.pbx != "freepbx":
        message = "ring groups are FreePBX's: take a queue, or dialplan of your own"
        yield Finding("error", "no-ring-groups", message, subject=f"{key}.kind")
    if place.kind == "dialplan" and place.context.startswith(PREFIX):
        message = "a place in our own dialplan could send the caller round in circles"
        yield Finding("error", "place-is-ours", message, subject=f"{key}.context")
    if place.kind == "dialplan" and place.context.startswith("from-internal"):
        message = (
            "this context reaches every outbound route, past our guards: take kind = extension, queue or ring_group"
        )
        yield Finding("warning", "place-is-open", message, subject=f"{key}.context")
    more = tuple(one for one in site.emergency if one)
    if place.target in emergency_numbers(site.country or "", more):
        yield Finding("error", "place-is-emergency", f"{place.target} is an emergency number", subject=f"{key}.target")
    if place.kind == "external":
        yield from _outside(place.number, f"{key}.number", trunk, config)


def _outside(number: str, key: str, trunk: str, config: TelephonyReceptionConfig) -> Iterator[Finding]:
    outbound = config.site.outbound
    if number in {did.number for _, _, did in config.all_dids()}:
        yield Finding("error", "place-is-our-number", f"{number} is a number of ours: a circle", subject=key)
    if not trunk and not outbound_trunks(config):
        yield Finding("error", "trunk-missing", "no trunk may call out to an outside number", subject=key)
    if number in outbound.numbers:
        return
    if not _country_allows(number, outbound.countries):
        message = f"{number} is not allowed: add it to site.outbound.numbers, or its country to site.outbound.countries"
        yield Finding("error", "not-allowed", message, subject=key)
    elif is_costly(number):
        message = f"{number} is a costly or unknown kind of number: only site.outbound.numbers allows it"
        yield Finding("error", "not-allowed", message, subject=key)


def _country_allows(number: str, countries: tuple[str, ...]) -> bool:
    country = country_of(number)
    if country:
        return country in countries
    codes = {phonenumbers.country_code_for_region(one) for one in countries if is_country(one)}
    return parsed(number).country_code in codes
