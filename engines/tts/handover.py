"""Sound on its way from the thread that makes it to the loop that sends it: bounded, and let go of from both ends."""

import asyncio
import threading

from vocabulary.speech import SpokenPiece


class Handover:
    """One sentence's pieces between a synthesising thread and one awaiting listener.

    The thread puts, waits while `places` pieces lie untaken, and learns when nobody listens any more; the listener
    takes, or abandons. Ends with `None` or with the exception that stopped the synthesis.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, places: int, patience_seconds: float) -> None:
        """`patience_seconds`: how long the thread, which serves everybody, waits for this one listener."""
        self._loop = loop
        self._patience_seconds = patience_seconds
        self._room = threading.Semaphore(places)
        self._pieces: asyncio.Queue[SpokenPiece | Exception | None] = asyncio.Queue()
        self._is_abandoned = False

    @property
    def is_abandoned(self) -> bool:
        """True when no more sound is wanted."""
        return self._is_abandoned

    def put(self, piece: SpokenPiece) -> bool:
        """From the thread: hand over the next piece; False when it is no longer wanted.

        Raises: TimeoutError when the listener took nothing for `patience_seconds`.
        """
        if not self._room.acquire(timeout=self._patience_seconds):
            raise TimeoutError("nobody takes the sound")
        return self._deliver(piece)

    def end(self, error: Exception | None = None) -> None:
        """From the thread: nothing more comes; `error` tells why when the sentence is not complete."""
        self._deliver(error)

    def _deliver(self, item: SpokenPiece | Exception | None) -> bool:
        if self._is_abandoned:
            return False
        try:
            self._loop.call_soon_threadsafe(self._pieces.put_nowait, item)
        except RuntimeError:  # the loop was closed under a sentence: nobody listens
            self._is_abandoned = True
        return not self._is_abandoned

    async def take(self) -> SpokenPiece | None:
        """From the loop: the next piece, or None after the last.

        Raises: what `end` was told.
        """
        item = await self._pieces.get()
        if isinstance(item, Exception):
            raise item
        if item is not None:
            self._room.release()
        return item

    def abandon(self) -> None:
        """From the loop: stop the synthesis, wherever it is."""
        self._is_abandoned = True
        self._room.release()  # it may be waiting for room
