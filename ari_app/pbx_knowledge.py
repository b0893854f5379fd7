"""What a call may ask about the PBX beyond ARI: is there anybody in a queue, and how did it end. Pure.

`ari_app.pbx_watch` knows it by AMI; without AMI nobody does (`NothingKnown`), and every call goes its usual way.
"""

from collections.abc import Callable
from enum import Enum
from typing import Protocol

from ari_app.ami_calls import CallOver
from ari_app.ami_fields import DeviceState
from ari_app.ami_queues import Queue
from vocabulary.call import Hangup

_NOT_THERE = (DeviceState.UNAVAILABLE, DeviceState.INVALID)


class Room(Enum):
    """What one more caller would find in a queue."""

    FREE = "free"
    """Somebody who would be rung at once."""
    BUSY = "everybody busy"
    """People, but none of them free for this caller yet."""
    FULL = "queue full"
    """The queue's own limit of callers who wait."""
    NOBODY = "nobody there"
    """No member, or none that is registered and not paused."""
    UNKNOWN = "unknown"
    """The PBX is not watched at the moment, or has no such queue."""


def room_in(queue: Queue | None, now: float) -> Room:
    """Say what a caller who joins now would find; `now` in seconds since 1970."""
    if queue is None:
        return Room.UNKNOWN
    if queue.can_take_a_call(now):
        return Room.FREE
    if not any(not member.is_paused and member.status not in _NOT_THERE for member in queue.members):
        return Room.NOBODY
    if queue.most_waiting and len(queue.waiting) >= queue.most_waiting:
        return Room.FULL
    return Room.BUSY


def why_not(room: Room, *, may_wait: bool) -> str:
    """Return why a caller is not sent into a queue, in constant words, or "" when they are.

    What is not known holds nobody back: the queue's own time-out is the safety net then, as it is without AMI.
    """
    allowed = {Room.FREE, Room.UNKNOWN} | ({Room.BUSY} if may_wait else set())
    return "" if room in allowed else room.value


def hangup_of(caller: CallOver | None, person: CallOver | None = None) -> Hangup | None:
    """Return how a call ended; `person` is the end of the telephone that we had connected the caller with.

    When that person hangs up we hang up the caller: AMI sees "pbx" there, and at the person's who it really was.
    """
    if caller is None:
        return None
    by: str = caller.ended_by
    if by == "pbx" and person is not None and person.ended_by in ("caller", "callee"):
        by = "callee"
    return Hangup(caller.cause, caller.cause_text, by)


class PbxKnowledge(Protocol):
    """What calls ask; nothing here keeps them waiting for long, and nothing raises."""

    def room_in(self, queue: str) -> Room:
        """Say what one more caller would find in a queue now."""
        ...

    def follow(self, channel_id: str) -> None:
        """Want to know the end of a channel's call; until `over`, `when_over` or `forget`."""
        ...

    def forget(self, channel_id: str) -> None:
        """Want to know it no longer."""
        ...

    async def over(self, channel_id: str) -> CallOver | None:
        """Return the end of a followed channel's call that is just ending, or None when it is not told in a moment."""
        ...

    def when_over(self, channel_id: str, then: Callable[[CallOver], None]) -> None:
        """Call `then`, from the loop, when a followed channel's call has ended, however late; perhaps never."""
        ...


class NothingKnown:
    """The PBX is not watched."""

    def room_in(self, queue: str) -> Room:
        return Room.UNKNOWN

    def follow(self, channel_id: str) -> None: ...

    def forget(self, channel_id: str) -> None: ...

    async def over(self, channel_id: str) -> CallOver | None:
        return None

    def when_over(self, channel_id: str, then: Callable[[CallOver], None]) -> None: ...
