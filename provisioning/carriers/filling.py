"""Presets at work on a whole config: every trunk that names one gets its facts before anything is rendered."""

from pydantic import ValidationError

from provisioning.carriers.loading import preset_named
from provisioning.carriers.preset import Filling
from provisioning.finding import Finding
from provisioning.model import CarrierGradeConfig, TelephonyReceptionConfig
from vocabulary.errors import ConfigurationError
from vocabulary.problems import Misconfigured, Problem, problems_of


def filled(config: TelephonyReceptionConfig) -> TelephonyReceptionConfig:
    """Return the config with what its presets know; doing it twice changes nothing more.

    Raises: Misconfigured with the key of a preset that does not exist, or of a trunk that contradicts its own.
    """
    new = {name: _filling(carrier, config.key_of(name)).config for name, carrier in config.all_carriers().items()}
    update: dict[str, object] = {"carriers": {name: new[name] for name in config.carriers}}
    if config.method == "carrier_grade":
        update["carrier_grade"] = new["carrier"]
    return config.model_copy(update=update)


def preset_findings(config: TelephonyReceptionConfig) -> list[Finding]:
    """Say what each preset fills from memory, and what the customer still has to copy from the carrier."""
    found: list[Finding] = []
    for name, carrier in config.all_carriers().items():
        key = config.key_of(name)
        if not carrier.preset:
            continue
        try:
            filling = _filling(carrier, key)
        except Misconfigured as exc:
            found += [
                Finding("error", "preset", problem.message, problem.source, 0, problem.key) for problem in exc.problems
            ]
            continue
        found += preset_named(carrier.preset).missing(carrier, key)
        found += [
            Finding(
                "warning",
                "unverified-preset",
                f"{one.field} = {one.fact.shown()} is unverified ({one.fact.provenance()})"
                f"{': ' + one.fact.note if one.fact.note else ''}; compare it with your carrier's sheet and write it "
                "into the config",
                subject=f"{key}.{one.field}",
            )
            for one in filling.unverified()
        ]
    return found


def _filling(carrier: CarrierGradeConfig, key: str) -> Filling:
    if not carrier.preset:
        return Filling(carrier, ())
    try:
        return preset_named(carrier.preset).fill(carrier)
    except ConfigurationError as exc:
        raise Misconfigured([Problem("telephony", f"{key}.preset", str(exc))]) from exc
    except ValidationError as exc:
        problems = problems_of(exc, CarrierGradeConfig, "telephony")
        raise Misconfigured(
            [
                Problem(one.source, f"{key}.{one.key}" if one.key else key, f"with its preset: {one.message}")
                for one in problems
            ]
        ) from exc
