"""From a file (TOML or JSON) to the typed config, and the JSON Schema for editors."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from provisioning.model.telephony import TelephonyReceptionConfig
from vocabulary.problems import Misconfigured, Problem, problems_of, read_toml


def load_telephony(path: Path) -> TelephonyReceptionConfig:
    """Read the config; relative `file:` references are relative to it.

    Raises: Misconfigured, with everything that is wrong in it.
    """
    data = _read_json(path) if path.suffix == ".json" else read_toml(path)
    return parse_telephony(data, str(path), path.parent)


def parse_telephony(data: object, source: str = "telephony", folder: Path | None = None) -> TelephonyReceptionConfig:
    """Return the typed config of data as JSON or TOML give it.

    Raises: Misconfigured.
    """
    try:
        return TelephonyReceptionConfig.model_validate(data, context={"folder": folder or Path()})
    except ValidationError as exc:
        raise Misconfigured(problems_of(exc, TelephonyReceptionConfig, source)) from exc


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the config, for editors."""
    return TelephonyReceptionConfig.model_json_schema()


def _read_json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Misconfigured([Problem(str(path), "", "there is no such file")]) from None
    except OSError as exc:
        raise Misconfigured([Problem(str(path), "", f"cannot be read: {exc.strerror}")]) from exc
    except (json.JSONDecodeError, UnicodeDecodeError) as exc:
        raise Misconfigured([Problem(str(path), "", f"is not valid JSON: {exc}")]) from exc
