"""What every telephony command takes, and how each shows findings."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from centralita.command_line import AsJson, print_json
from provisioning.finding import Finding, Severity, has_errors
from provisioning.model.loading import load_telephony
from provisioning.model.secrets import SecretStore
from provisioning.model.telephony import TelephonyReceptionConfig

__all__ = ["AsJson", "ConfigPath", "EtcPath", "etc_folder", "load", "print_json", "show_findings", "store_of"]

DEFAULT_CONFIG = Path("telephony.toml")
ConfigPath = Annotated[
    Path, typer.Option("--config", "-c", envvar="CENTRALITA_TELEPHONY", help="The telephony config (TOML or JSON).")
]
EtcPath = Annotated[
    Path | None, typer.Option("--etc", help="Asterisk's configuration folder (default: the config's asterisk_etc).")
]
_STYLE: Mapping[Severity, str] = {"error": "bold red", "warning": "yellow", "notice": "dim"}


def load(path: Path) -> TelephonyReceptionConfig:
    """Read the config. Raises: Misconfigured."""
    return load_telephony(path)


def store_of(path: Path) -> SecretStore:
    """Return where the passwords of this config are kept: `secrets/` beside it."""
    return SecretStore(path.resolve().parent / "secrets")


def etc_folder(config: TelephonyReceptionConfig, etc: Path | None) -> Path:
    """Return Asterisk's configuration folder: the option's, or the config's."""
    return etc if etc is not None else Path(config.site.asterisk_etc or "/etc/asterisk")


def show_findings(findings: Iterable[Finding], as_json: bool, more: Mapping[str, object] | None = None) -> bool:
    """Print what was found, errors first; return True when nothing forbids going on.

    As JSON: {"ok", "findings"} and what `more` holds.
    """
    order: Mapping[Severity, int] = {"error": 0, "warning": 1, "notice": 2}
    found = sorted(findings, key=lambda one: (order[one.severity], one.file, one.line, one.subject))
    is_ok = not has_errors(found)
    if as_json:
        print_json({"ok": is_ok, "findings": [one.as_json() for one in found], **(more or {})})
        return is_ok
    if found:
        table = Table("", "where", "what", "what is wrong, and what to do", expand=True)
        for one in found:
            place = f"{one.file}:{one.line}" if one.line else one.file
            table.add_row(
                Text(one.severity, style=_STYLE[one.severity]), Text(place), Text(one.subject), Text(one.message)
            )
        Console().print(table)
    return is_ok
