"""What was found beside what should be: rows about names, SIP answers, numbers and the preset. Pure."""

import ipaddress
from collections.abc import Iterable, Sequence
from datetime import date

from provisioning.carriers import Preset, ages
from provisioning.carriers.checks import against_preset, trunk_findings
from provisioning.finding import Finding
from provisioning.model import CarrierGradeConfig
from provisioning.model.numbers import spellings, written
from provisioning.probing.names import Names
from provisioning.probing.options_probe import OptionsResult
from provisioning.probing.report import Row, Status


def name_rows(names: Names, config: CarrierGradeConfig, preset: Preset | None) -> list[Row]:
    """Compare where the host leads with what the carrier publishes."""
    found = names.every_address
    if not found:
        return [
            Row(
                "names",
                "fail",
                f"{names.host or 'the host'} leads nowhere",
                "look for a typing error, or a DNS server that is not reachable",
            )
        ]
    rows = [Row("names", "ok", f"{names.host} leads to {', '.join(found)}")]
    is_the_host = names.host == config.host  # and not a proxy of somebody else's
    published = preset.words("host_addresses") if preset and is_the_host else ()
    if preset and published:
        rows.append(_drift(found, published, preset))
    if config.auth_type == "ip_auth":
        rows.append(_senders(found, config, preset))
    return rows


def _drift(found: Sequence[str], published: Sequence[str], preset: Preset) -> Row:
    """Compare with the complete list of what the name leads to. IPv6 is compared where the DNS gives any."""
    new = outside(found, published)
    if new:
        return Row(
            "drift",
            "warn",
            f"{', '.join(new)} is not among the addresses {preset.label} publishes ({', '.join(published)})",
            "read the source again: the carrier may have moved, or a DNS server lies. "
            f"{preset.knows['host_addresses'].provenance()}",
        )
    versions = {ipaddress.ip_address(address).version for address in found}
    gone = [one for one in published if ipaddress.ip_network(one).version in versions and not _inside_any(found, one)]
    if gone:
        return Row(
            "drift",
            "warn",
            f"the name no longer leads to {', '.join(gone)}, which {preset.label} publishes",
            "harmless while the others answer; read the source again, the list may be old",
        )
    return Row("drift", "ok", f"as {preset.label} publishes")


def _senders(found: Sequence[str], config: CarrierGradeConfig, preset: Preset | None) -> Row:
    """With ip_auth a call is only taken from `signalling`: is that what the carrier publishes?"""
    ours = [one for one in config.signalling if _is_network(one)] or list(found)
    published = preset.published_sources() if preset else ()
    if published:
        gaps = [one for one in published if not any(_covers(mine, one) for mine in ours)]
        if gaps:
            return Row(
                "senders",
                "warn",
                f"calls from {', '.join(gaps)} would be refused: published, and not in signalling",
                "add them to signalling, or leave signalling out so that the preset fills it",
            )
        more = [one for one in ours if not any(_covers(theirs, one) for theirs in published)]
        if more:
            return Row(
                "senders",
                "warn",
                f"{', '.join(more)} may call as this trunk and is not published as the carrier's",
                "take it out, unless the carrier told you so",
            )
    elif config.signalling and (stray := outside(found, ours)):
        return Row(
            "senders",
            "warn",
            f"the host leads to {', '.join(stray)}, which is not in signalling",
            "ask the carrier whether calls also come from there",
        )
    return Row("senders", "ok", f"calls are taken from {', '.join(ours)}")


def options_row(result: OptionsResult) -> Row:
    """Return the row about one OPTIONS."""
    check = f"options {result.target.transport}:{result.target.address or result.target.host}:{result.target.port}"
    answer = result.answer
    if answer is None:
        return Row(check, "fail", result.reason, result.advice)
    took = f"{result.reason}, {result.milliseconds:.0f} ms"
    status, advice = _of_status(answer.status)
    return Row(check, status, took, advice)


def _of_status(status: int) -> tuple[Status, str]:
    """Any answer proves the way there; some say more. 401, 404, 405 and the like are usual towards strangers."""
    if status == 403:
        return "warn", "SIP answers and does not want us: our address may have to be allowed there"
    if status == 503:
        return "warn", "SIP answers that it is overloaded or under repair: ask again later, and the carrier if it stays"
    if status >= 500:
        return "warn", "SIP answers with a trouble of its own: ask the carrier if it stays"
    return "ok", ""


def number_rows(config: CarrierGradeConfig, country: str | None) -> list[Row]:
    """Show how the trunk's numbers are written on the wire, both ways.

    `country` is the site's, for a trunk that has none. What it cannot write is a failure.
    """
    where = config.country or country
    ways = {config.number_format, config.did_format}
    if "national" in ways and not where:
        return [Row("numbers", "fail", "the format national needs a country", "write country at the trunk or the site")]
    rows: list[Row] = []
    for did in config.dids:
        if did.number:
            ways_in = spellings(did.number, config.did_format, where or "ZZ", local_digits=config.local_digits)
            rows.append(Row(f"number {did.number}", "ok", f"understood in calls to us as {', '.join(ways_in)}"))
    sample = config.outbound_caller_id or next((did.number for did in config.dids if did.number), "")
    if config.outbound and sample:
        out = written(sample, config.number_format, where or "ZZ", config.dial_prefix, config.local_digits)
        rows.append(Row("dialling", "ok", f"a call to {sample} would ask for {out}"))
    return rows


def config_rows(config: CarrierGradeConfig, preset: Preset | None, country: str | None, today: date) -> list[Row]:
    """Return what the config itself and the preset's age say, as rows."""
    found = trunk_findings(config, "", country)
    rows = [_as_row(one, "config") for one in found]
    if preset is None:
        return rows
    rows += [_as_row(one, "preset") for one in against_preset(config, preset, "")]
    rows += [_as_row(one, "preset") for one in preset.missing(config)]
    rows.append(_as_row(ages(preset, today), "preset age"))
    return rows


def outside(addresses: Iterable[str], networks: Sequence[str]) -> list[str]:
    """Return the addresses that lie in none of the networks (host names among them are passed over)."""
    known = [one for one in networks if _is_network(one)]
    return [address for address in addresses if not any(_covers(network, address) for network in known)]


def _inside_any(addresses: Iterable[str], network: str) -> bool:
    return any(_covers(network, address) for address in addresses)


def _covers(outer: str, inner: str) -> bool:
    """True when every address of `inner` is one of `outer`'s."""
    one, other = ipaddress.ip_network(outer, strict=False), ipaddress.ip_network(inner, strict=False)
    if isinstance(one, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return other.subnet_of(one)
    if isinstance(one, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network):
        return other.subnet_of(one)
    return False


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _as_row(finding: Finding, check: str) -> Row:
    status: Status = {"error": "fail", "warning": "warn", "notice": "ok"}[finding.severity]  # type: ignore[assignment] # three words for three
    subject = finding.subject.strip(".")
    return Row(f"{check} {subject}".strip(), status, finding.message)
