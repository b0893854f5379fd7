"""The `speech` process from its first line to its last: choose engines, serve, end when told to."""

import asyncio
import logging
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from engines.base import EngineError, EngineHealth
from engines.speech.choice import ear_by_name, mouth_by_name
from engines.speech.server import SocketTaken, SpeechServer
from vocabulary.errors import ConfigurationError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    """What the process is told when it starts."""

    socket: Path
    """Where it serves."""
    ear: str = "tiny"
    mouth: str = "espeak"
    ready_fd: int | None = None
    """A file descriptor on which the line "ready" is written, and which is then closed, once requests are answered."""


async def serve(options: SpeechOptions) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises: ConfigurationError, EngineError, SocketTaken, OSError.
    """
    is_over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, is_over.set)
    ear, mouth = ear_by_name(options.ear), mouth_by_name(options.mouth)
    server = SpeechServer(ear, mouth, options.socket)
    await server.start()
    try:
        for engine in await asyncio.gather(ear.health(), mouth.health()):
            _log_health(engine)
        if options.ready_fd is not None:
            os.write(options.ready_fd, b"ready\n")
            os.close(options.ready_fd)
        await is_over.wait()
    finally:
        await server.stop()
        for part in (ear, mouth):
            if close := getattr(part, "close", None):
                close()
    logger.info("speech ended")


def _log_health(engine: EngineHealth) -> None:
    level = logging.INFO if engine.is_ready else logging.ERROR
    extra = {"engine": engine.engine, "is_ready": engine.is_ready, "model": engine.model, "detail": engine.detail}
    logger.log(level, "engine health", extra=extra)


def run(options: SpeechOptions) -> int:
    """Serve with a loop of our own; return the exit status."""
    try:
        asyncio.run(serve(options))
    except (ConfigurationError, EngineError, SocketTaken, OSError) as error:
        sys.stderr.write(f"speech: {error}\n")
        return 2
    return 0
