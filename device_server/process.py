"""The process: manifest and ledger in, a listening server until SIGTERM; SIGHUP reads the manifest again."""

import asyncio
import json
import logging
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from device_server.address import serving_address
from device_server.errors import BadAddress, BadManifest
from device_server.fetch_log import FileLog, StreamLog
from device_server.ledger import Ledger
from device_server.manifest import load_manifest, manifest_file
from device_server.server import DeviceServer, Limits
from device_server.shelf import Shelf

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How to serve."""

    manifest: Path
    """The folder with `manifest.json`, or the file."""
    address: str
    """This machine's address on the devices' network."""
    port: int
    """0: a free one."""
    ledger: Path | None = None
    """What has been taken; None: `taken.json` beside the manifest."""
    log: Path | None = None
    """None: standard output."""
    i_know: bool = False
    """Serve on a wildcard or public address."""


async def serve(options: ServerOptions, told: TextIO | None = None, limits: Limits | None = None) -> None:
    """Serve until SIGTERM or SIGINT. The first line on `told` (default: standard output) says where.

    Raises: ConfigurationError, LedgerInUse.
    """
    told = told or sys.stdout
    address = serving_address(options.address, i_know=options.i_know)
    devices = load_manifest(options.manifest)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    with Ledger(options.ledger or manifest_file(options.manifest).with_name("taken.json")) as ledger:
        shelf = Shelf(devices, ledger.load())
        log = FileLog(options.log) if options.log else StreamLog(told)
        async with DeviceServer(shelf, ledger, log, limits=limits) as server:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, stop.set)
            loop.add_signal_handler(signal.SIGHUP, _reload, server, options.manifest)
            try:
                port = await server.listen(address, options.port)
            except OSError as exc:
                raise BadAddress(f"{address} port {options.port}: cannot be listened on: {exc.strerror}") from exc
            told.write(json.dumps({"outcome": "listening", "address": str(address), "port": port}) + "\n")
            told.flush()
            await stop.wait()


def _reload(server: DeviceServer, manifest: Path) -> None:
    try:
        devices = load_manifest(manifest)
    except BadManifest as error:
        logger.error("manifest not read again; what was served before is served on: %s", error)
        return
    server.restock(devices)
    logger.info("manifest read again", extra={"devices": len(devices)})
