"""What waits to be sent to one watcher: bounded, and never in the way of a call; pure."""

from collections import deque


class WatcherQueue:
    """Messages for one slow or quick reader. When it is full, what a newer message will say again goes first; when
    nothing is left but news that come once, the reader is too slow to be served at all."""

    def __init__(self, limit: int) -> None:
        self._waiting: deque[tuple[str, bool]] = deque()
        self._limit = limit
        self._is_hopeless = False
        self.dropped = 0
        """Messages this watcher did not get."""

    @property
    def is_hopeless(self) -> bool:
        """True when the reader has lost news that come only once: close it, it may come back for a snapshot."""
        return self._is_hopeless

    def put(self, text: str, *, is_droppable: bool) -> None:
        """Add one message."""
        if len(self._waiting) >= self._limit and not self._make_room():
            self.dropped += 1
            self._is_hopeless = self._is_hopeless or not is_droppable
            return
        self._waiting.append((text, is_droppable))

    def take_all(self) -> list[str]:
        """Return what waits, oldest first, and forget it."""
        texts = [text for text, _ in self._waiting]
        self._waiting.clear()
        return texts

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def _make_room(self) -> bool:
        """Drop everything droppable at once: a reader this far behind gains nothing from losing one at a time."""
        kept = deque(item for item in self._waiting if not item[1])
        lost = len(self._waiting) - len(kept)
        self._waiting = kept
        self.dropped += lost
        return lost > 0
