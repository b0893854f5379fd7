"""`python -m centralita.speech`: the process of ears and mouths (`engines.speech`), with the product's settings."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from centralita.child import READY_VARIABLE
from centralita.logs import set_up_logging
from centralita.settings import load_settings
from engines.speech.process import SpeechOptions, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the settings and serve."""
    parser = argparse.ArgumentParser(prog="python -m centralita.speech", description="Serve an ear and a mouth.")
    parser.add_argument("--settings", type=Path, default=None, help="settings file (default: centralita.toml)")
    settings = load_settings(parser.parse_args(arguments).settings)
    set_up_logging(settings.run.log_level)
    told = os.environ.pop(READY_VARIABLE, "")
    speech = settings.speech
    speech.socket.parent.mkdir(parents=True, exist_ok=True)
    return run(SpeechOptions(speech.socket, speech.ear, speech.mouth, int(told) if told else None))


if __name__ == "__main__":
    raise SystemExit(main())
