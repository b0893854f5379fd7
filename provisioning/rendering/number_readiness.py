"""What is missing or doubtful about our numbers and the agents who answer them."""

from collections.abc import Iterator
from typing import Final

from provisioning.finding import Finding
from provisioning.model import TelephonyReceptionConfig
from provisioning.model.emergency import emergency_numbers
from provisioning.rendering.facts import PbxFacts
from provisioning.rendering.inbound_dialplan import spelled
from provisioning.rendering.names import trunks_of
from provisioning.rendering.number_patterns import is_country

ASTERISKS_OWN: Final = frozenset("aehiost")
"""Extensions with a meaning of their own (pbx.c): operator exit, exception, hang-up, invalid, out, start, time-out."""


def number_findings(config: TelephonyReceptionConfig, facts: PbxFacts) -> Iterator[Finding]:
    """Yield what there is to say, number by number."""
    site = config.site
    yield from _agent(site.agent, "site.agent", facts)
    first: dict[str, str] = {}
    without_notice = []
    bare_agents = {site.agent.replace("-", "").lower(): site.agent}
    for trunk, position, did in config.all_dids():
        key = f"{config.key_of(trunk)}.dids.{position}"
        if did.agent:
            yield from _agent(did.agent, f"{key}.agent", facts)
            other = bare_agents.setdefault(did.agent.replace("-", "").lower(), did.agent)
            if other != did.agent:
                message = f"Asterisk takes {other} and {did.agent} for the same: hyphens do not count"
                yield Finding("error", "same-extension", message, subject=f"{key}.agent")
        if not did.number:
            yield Finding("error", "number-missing", "write the number, like +525512345678", subject=f"{key}.number")
            continue
        if did.number in first:
            message = f"{did.number} stands in {first[did.number]} already: one number, one place"
            yield Finding("error", "number-twice", message, subject=f"{key}.number")
        first.setdefault(did.number, key)
        if did.active and did.fallback is None and site.fallback is None:
            message = "where do callers go when the agent cannot? Write a fallback here or in site.fallback"
            yield Finding("error", "fallback-missing", message, subject=f"{key}.fallback")
        if did.active and not (did.recording_notice or site.recording_notice):
            without_notice.append(key)
    if without_notice:
        message = f"{len(without_notice)} number(s) play no recording notice: the law may want one (ES, MX: it does)"
        yield Finding("notice", "no-recording-notice", message, subject=f"{without_notice[0]}.recording_notice")
    if site.fallback is None:
        message = "callers of centralita-entry and numbers without a fallback of their own hear a tone"
        yield Finding("notice", "site-fallback-missing", message, subject="site.fallback")
    yield from _spellings(config)


def _agent(agent: str, key: str, facts: PbxFacts) -> Iterator[Finding]:
    if agent.startswith("_") or agent.lower() in ASTERISKS_OWN:
        message = f"{agent!r} means something else to Asterisk: give the agent another name"
        yield Finding("error", "agent-name", message, subject=key)
    elif facts.agents and agent not in facts.agents:
        message = f"there is no agent {agent!r}; there are {', '.join(sorted(facts.agents))}"
        yield Finding("error", "agent-missing", message, subject=key)


def _spellings(config: TelephonyReceptionConfig) -> Iterator[Finding]:
    """Yield numbers that a trunk would write alike, and those that look like an emergency call."""
    site = config.site
    emergencies = set(emergency_numbers(site.country or "", tuple(one for one in site.emergency if one)))
    for name, trunk in sorted(trunks_of(config).items()):
        if trunk.did_format == "national" and not is_country(trunk.country or site.country or ""):
            continue  # said already: without a country there is no spelling
        seen: dict[str, str] = {}
        for position, did in enumerate(trunk.dids):
            if not did.number:
                continue
            key = f"{config.key_of(name)}.dids.{position}.number"
            for way in spelled(did, trunk, site):
                if way in emergencies:
                    message = f"{did.number} would arrive as {way}, which is an emergency number"
                    yield Finding("error", "number-is-emergency", message, subject=key)
                if seen.setdefault(way, did.number) != did.number:
                    message = f"{name} writes {did.number} and {seen[way]} alike, as {way}"
                    yield Finding("error", "numbers-look-alike", message, subject=key)
