"""`python -m centralita.guard`: the process that rescues callers when `calls` cannot (`ari_app.guard`)."""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

from ari_app.guard import GuardSettings, run
from ari_app.guard_decisions import GuardPatience
from ari_app.live_client import LiveAddress
from centralita.calls import ari_address, events_token
from centralita.child import tell_ready
from centralita.logs import set_up_logging
from centralita.settings import load_settings

logger = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the settings and guard."""
    parser = argparse.ArgumentParser(prog="python -m centralita.guard", description="Rescue callers nobody has.")
    parser.add_argument("--settings", type=Path, default=None, help="settings file (default: centralita.toml)")
    settings = load_settings(parser.parse_args(arguments).settings)
    set_up_logging(settings.run.log_level)
    run(
        GuardSettings(
            ari=ari_address(settings),
            live=LiveAddress(settings.events.port, events_token(settings), settings.events.host),
            patience=GuardPatience(grace_seconds=settings.run.adopt_seconds),
        ),
        on_ready=tell_ready,
    )


if __name__ == "__main__":
    main()
