"""`python -m offline …` is `centralita batch …`, and takes `--mode NAME` in place of the first word as well.

The settings belong to the composition root, which this package may not know; so the process becomes that command.
"""

import os
import sys
from collections.abc import Sequence
from typing import Final

MODES: Final = ("single", "unprocessed", "date_range")


def words_of_batch(words: Sequence[str]) -> list[str]:
    """Return the command line of `centralita batch`: `--mode unprocessed` is `unprocessed`."""
    told = list(words)
    for place, word in enumerate(told):
        if word == "--mode" and place + 1 < len(told):
            return [told[place + 1], *told[:place], *told[place + 2 :]]
        if word.startswith("--mode="):
            return [word.removeprefix("--mode="), *told[:place], *told[place + 1 :]]
    return told


if __name__ == "__main__":
    if sys.argv[-1] in ("--mode", "--mode="):
        sys.stderr.write(f"centralita: --mode names none; there are: {', '.join(MODES)}\n")
        sys.exit(2)
    os.execv(sys.executable, [sys.executable, "-m", "centralita.batch_command", *words_of_batch(sys.argv[1:])])
