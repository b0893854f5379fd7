"""A bell for the workers of one machine: who has enqueued a job rings, and whoever waits for jobs hears it at once.

SQLite tells nobody of a new row. So each that waits keeps a datagram socket in a folder beside the database, and
ringing is a datagram to every one of them. Nothing depends on it: where there can be no such socket, or a datagram is
lost, workers find the job the next time they look.
"""

import asyncio
import itertools
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_DATAGRAM: Final = b"jobs"
_serial: Final = itertools.count()
_logger = logging.getLogger(__name__)


class Bell:
    """The bell of one folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made by the first who listens."""
        self._folder = folder

    def ring(self) -> None:
        """Tell all who listen; never waits and never fails."""
        with suppress(OSError), _opened(self._folder) as (handle, place):
            names = os.listdir(handle)
            if not names:
                return
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
                for name in names:
                    try:
                        sender.sendto(_DATAGRAM, f"{place}/{name}")
                    except ConnectionRefusedError:  # its process died without taking it away
                        with suppress(OSError):
                            os.unlink(name, dir_fd=handle)
                    except OSError:
                        continue  # it has been rung often enough, or it is gone

    @contextmanager
    def heard_by(self, call: Callable[[], None]) -> Iterator[None]:
        """Let `call` be called in the running loop whenever the bell rings, for as long as the block lasts."""
        listener = self._listener()
        if listener is None:
            yield
            return
        loop = asyncio.get_running_loop()
        receiver, name = listener

        def take() -> None:
            with suppress(BlockingIOError):
                while receiver.recv(len(_DATAGRAM)):
                    pass
            call()

        loop.add_reader(receiver, take)
        try:
            yield
        finally:
            loop.remove_reader(receiver)
            receiver.close()
            with suppress(OSError):
                (self._folder / name).unlink()

    def _listener(self) -> tuple[socket.socket, str] | None:
        name = f"{os.getpid()}-{next(_serial)}"
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with suppress(FileNotFoundError):
                (self._folder / name).unlink()  # of a process that had our number and was killed
            with _opened(self._folder) as (_, place):
                receiver.bind(f"{place}/{name}")
        except OSError as error:
            receiver.close()
            _logger.info("no bell: looking for jobs now and then", extra={"reason": error.strerror})
            return None
        return receiver, name


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[int, str]]:
    """Give a handle of the folder, and a path to it that is short enough for a socket's address (108 bytes)."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield handle, f"/proc/self/fd/{handle}"
    finally:
        os.close(handle)
