"""The two files for /etc/fail2ban. Pure, but for reading our own templates.

Option names: jail.conf(5) of fail2ban 0.11 and newer (`bantime.increment`); the filter is proven with
`fail2ban-regex` over what a real Asterisk wrote (tests/asterisk/test_sip_security.py).
"""

import re
from pathlib import Path
from typing import Final

from provisioning.model import TelephonyReceptionConfig
from provisioning.pbx_plan import AtTemplate
from provisioning.rendered import Rendered
from provisioning.rendering.services import SECURITY_LOG
from vocabulary.errors import ConfigurationError

FILTER_FILE: Final = "filter.d/centralita-asterisk.conf"
JAIL_FILE: Final = "jail.d/centralita-asterisk.conf"
MOST_FAILURES: Final = 12
"""Lines within `FIND_SECONDS`; a wrong password writes two or three."""
FIND_SECONDS: Final = 600
BAN_SECONDS: Final = 3600
_HERE: Final = Path(__file__).parent
_PATH: Final = re.compile(r"/[A-Za-z0-9_./@+~-]*")
_ADDRESS: Final = re.compile(r"[A-Za-z0-9_.:/-]+")


def fail2ban_files(config: TelephonyReceptionConfig, log_folder: str) -> Rendered:
    """Return filter and jail, paths relative to /etc/fail2ban.

    `log_folder` is where Asterisk writes its logs. Raises: ConfigurationError for a path that must not be written.
    """
    log = f"{log_folder.rstrip('/')}/{SECURITY_LOG}"
    if _PATH.fullmatch(log) is None:
        raise ConfigurationError(f"{log!r} must be an absolute path without spaces")
    values = {
        "log": log,
        "most": str(MOST_FAILURES),
        "find_seconds": str(FIND_SECONDS),
        "ban_seconds": str(BAN_SECONDS),
        "ignored": " ".join(never_banned(config)),
    }
    return Rendered(
        {
            FILTER_FILE: (_HERE / "filter.conf").read_text("utf-8"),
            JAIL_FILE: AtTemplate((_HERE / "jail.conf").read_text("utf-8")).substitute(values),
        },
        {},
    )


def never_banned(config: TelephonyReceptionConfig) -> tuple[str, ...]:
    """Return the addresses, networks and host names that no mistake of theirs may lock out."""
    found: dict[str, None] = dict.fromkeys(("127.0.0.0/8", "::1"))
    found |= dict.fromkeys(config.site.network.local_networks)
    for gateway in config.all_gateways().values():
        found |= dict.fromkeys((*gateway.permit, gateway.ip))
    for carrier in config.all_carriers().values():
        found |= dict.fromkeys((*carrier.signalling, carrier.host, carrier.outbound_proxy))
    # 0.0.0.0/0 as a permit means "anybody": it must not mean "ban nobody"
    return tuple(one for one in found if _ADDRESS.fullmatch(one) and one not in ("0.0.0.0/0", "::/0"))
