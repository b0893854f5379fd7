"""`python -m device_server --manifest FOLDER --address 192.168.1.10 --port 8089`: gateways' files on the local network.

Exits 0 after SIGTERM or SIGINT, 2 when it cannot start; the reason is on standard error.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from device_server.process import ServerOptions, serve
from vocabulary.errors import CentralitaError


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m device_server", description="Serve gateways' files.")
    parser.add_argument("--manifest", type=Path, required=True, help="folder with manifest.json, or the file itself")
    parser.add_argument("--address", required=True, help="this machine's address on the devices' network")
    parser.add_argument("--port", type=int, required=True, help="TCP port; 0 takes a free one")
    parser.add_argument("--ledger", type=Path, help="what has been taken (default: taken.json beside the manifest)")
    parser.add_argument("--log", type=Path, help="log of fetches, JSON lines (default: standard output)")
    parser.add_argument("--i-know", action="store_true", help="serve on a wildcard or public address")
    found = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    options = ServerOptions(found.manifest, found.address, found.port, found.ledger, found.log, found.i_know)
    try:
        asyncio.run(serve(options))
    except CentralitaError as error:
        sys.stderr.write(f"device_server: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
