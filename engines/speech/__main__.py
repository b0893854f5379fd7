"""`python -m engines.speech --socket PATH [--ear tiny] [--mouth espeak]`: the `speech` process.

Exits 0 after SIGTERM or SIGINT, 2 when it cannot start; the reason is on standard error.
"""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

from engines.speech.process import SpeechOptions, run
from vocabulary.log_lines import FieldsFormatter


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m engines.speech", description="Serve an ear and a mouth.")
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket to serve on")
    parser.add_argument("--ear", default="tiny", help="tiny, scripted:LINE|LINE or fake:SETTINGS")
    parser.add_argument("--mouth", default="espeak", help="espeak, scripted:SETTINGS or fake:SETTINGS")
    parser.add_argument("--ready-fd", type=int, default=None, help='descriptor on which to write "ready"')
    found = parser.parse_args(arguments)
    handler = logging.StreamHandler()
    handler.setFormatter(FieldsFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    return run(SpeechOptions(found.socket, found.ear, found.mouth, found.ready_fd))


if __name__ == "__main__":
    raise SystemExit(main())
