"""Asking the other ends of a config's trunks: what `trunk verify`, `telephony test` and `telephony doctor` share."""

import asyncio
from collections.abc import Mapping

from provisioning.applying.control import AsteriskControl, ask, silence_of
from provisioning.carriers import preset_named
from provisioning.model.telephony import TelephonyReceptionConfig
from provisioning.probing import RegistrationState, VerifyReport, check_gateway, parse_registrations, verify
from provisioning.rendering.names import endpoint_id
from vocabulary.errors import ConfigurationError
from vocabulary.problems import nearest


def registrations(asterisk: AsteriskControl | None) -> Mapping[str, RegistrationState] | None:
    """Return the registrations of a running Asterisk by id; None when none answers."""
    if asterisk is None or silence_of(asterisk):
        return None
    return parse_registrations(ask(asterisk, "pjsip show registrations"))


async def ask_trunk(
    config: TelephonyReceptionConfig, trunk: str, states: Mapping[str, RegistrationState] | None
) -> VerifyReport:
    """Ask one gateway's or carrier's other end; `config` has its presets filled in, `states` is of `registrations`.

    Raises: ConfigurationError for a name that is not there.
    """
    gateways, carriers = config.all_gateways(), config.all_carriers()
    if trunk in gateways:
        return await check_gateway(trunk, gateways[trunk])
    if trunk not in carriers:
        known = [*gateways, *carriers]
        raise ConfigurationError(f"there is no gateway or carrier {trunk!r}.{nearest(trunk, known)}")
    carrier = carriers[trunk]
    preset = preset_named(carrier.preset) if carrier.preset else None
    return await verify(
        trunk,
        carrier,
        preset,
        registration_state=states.get(endpoint_id(trunk)) if states is not None else None,
        site_country=config.site.country,
        is_asterisk_asked=states is not None,
    )


def ask_all(config: TelephonyReceptionConfig, asterisk: AsteriskControl | None) -> list[VerifyReport]:
    """Ask every other end, all at the same time."""
    states = registrations(asterisk)

    async def everybody() -> list[VerifyReport]:
        names = [*config.all_gateways(), *config.all_carriers()]
        return list(await asyncio.gather(*(ask_trunk(config, name, states) for name in names)))

    return asyncio.run(everybody())
