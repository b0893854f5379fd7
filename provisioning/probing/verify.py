"""`trunk verify`: asks the network, and has everything judged. The shell of `verdict`."""

import asyncio
from datetime import UTC, date, datetime
from typing import Final, Protocol

from provisioning.carriers import Preset
from provisioning.model import CarrierGradeConfig, FXOGatewayConfig
from provisioning.probing.names import Names, ask_names
from provisioning.probing.options_probe import DEADLINE_SECONDS, OptionsResult, Trust, ask_options
from provisioning.probing.registrations import RegistrationState, registration_row
from provisioning.probing.report import Row, VerifyReport
from provisioning.probing.sip_options import SipTransport, Target
from provisioning.probing.verdict import config_rows, name_rows, number_rows, options_row

_MOST_ADDRESSES: Final = 6
"""A carrier with more is asked at the first of them."""
USUAL_PORT: Final[dict[SipTransport, int]] = {"udp": 5060, "tcp": 5060, "tls": 5061}


_NOT_ASKED: Final = Row(
    "registration",
    "warn",
    "Asterisk does not answer here: its registrations are not known",
    "start it, or ask on its machine",
)


class Probes(Protocol):
    """What may be asked of the network."""

    async def names(self, host: str, transport: SipTransport) -> Names:
        """Return where a host leads."""

    async def options(self, target: Target, trust: Trust) -> OptionsResult:
        """Ask with SIP OPTIONS."""


class NetworkProbes:
    """The real network."""

    def __init__(self, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        """`deadline_seconds`: patience with one question."""
        self._deadline = deadline_seconds

    async def names(self, host: str, transport: SipTransport) -> Names:
        """Ask this machine's resolver and name server."""
        return await ask_names(host, transport, self._deadline)

    async def options(self, target: Target, trust: Trust) -> OptionsResult:
        """Send OPTIONS and wait."""
        return await ask_options(target, self._deadline, trust)


async def verify(
    trunk_id: str,
    config: CarrierGradeConfig,
    preset: Preset | None = None,
    probes: Probes | None = None,
    registration_state: RegistrationState | None = None,
    *,
    site_country: str | None = None,
    today: date | None = None,
    is_asterisk_asked: bool = True,
) -> VerifyReport:
    """Return the report on a carrier's trunk: config, preset, names, SIP answers, registration, numbers.

    `config` has its preset filled in. `registration_state` is what Asterisk says of this trunk's registration, None
    when it has none; with `is_asterisk_asked` false nobody could ask, and the row says so.
    """
    probes = probes or NetworkProbes()
    rows = config_rows(config, preset, site_country, today or datetime.now(UTC).date())
    asked = config.outbound_proxy or config.host
    if asked:
        names = await probes.names(asked, config.transport)
        rows += name_rows(names, config, preset)
        rows += await _options_rows(asked, config, names, probes)
    rows.append(registration_row(registration_state, config.auth_type) if is_asterisk_asked else _NOT_ASKED)
    rows += number_rows(config, site_country)
    return VerifyReport(trunk_id, tuple(rows))


async def _options_rows(host: str, config: CarrierGradeConfig, names: Names, probes: Probes) -> list[Row]:
    trust = Trust(config.verify_server, config.ca_file)
    results = await asyncio.gather(*(probes.options(target, trust) for target in targets(host, config, names)))
    return [options_row(result) for result in results]


def targets(host: str, config: CarrierGradeConfig, names: Names) -> list[Target]:
    """Return whom to ask: every address, at the ports that the SRV records name when the config names none."""
    own_port = config.outbound_proxy_port if config.outbound_proxy else config.port
    port = own_port or USUAL_PORT[config.transport]
    if own_port == 0 and names.servers and names.server_addresses:
        port = names.servers[0].port
        addresses = names.server_addresses
    else:
        addresses = names.addresses or names.every_address
    return [Target(host, port, config.transport, address) for address in addresses[:_MOST_ADDRESSES]]


async def check_gateway(name: str, gateway: FXOGatewayConfig, probes: Probes | None = None) -> VerifyReport:
    """Return the report on a gateway: OPTIONS over its own transport, and over TCP too when that one is UDP.

    The second only tells whether the box is there at all: many gateways have no SIP over TCP, so it never fails.
    """
    if not gateway.ip:
        return VerifyReport(name, (Row("options", "fail", "the gateway's address is not known", "write its ip"),))
    probes = probes or NetworkProbes()
    main = await probes.options(Target(gateway.ip, gateway.sip_port, gateway.transport), Trust(verify=False))
    row = options_row(main)
    if main.is_alive or gateway.transport != "udp":
        return VerifyReport(name, (row,))
    second = await probes.options(Target(gateway.ip, gateway.sip_port, "tcp"), Trust())
    return VerifyReport(name, (row, _second_opinion(second)))


def _second_opinion(result: OptionsResult) -> Row:
    check = f"tcp {result.target.host}:{result.target.port}"
    if result.is_alive:
        return Row(check, "warn", f"SIP answers over TCP: {result.reason}", 'write transport = "tcp", or turn UDP on')
    if result.outcome in ("refused", "closed", "garbage"):
        return Row(
            check,
            "warn",
            f"the box is there: {result.reason}",
            "its SIP is off, on another port (many FXO ports use 5062), or lets in known addresses only",
        )
    return Row(check, "warn", result.reason, "the box itself seems to be away: power, cable, address")
