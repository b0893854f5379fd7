"""Asterisk's queues as AMI tells of them: members, callers who wait, and whether one more would be served. Pure.

Headers as Asterisk 22.10 sends them: QueueParams, QueueMember, QueueEntry (the list), QueueMember… and QueueCaller…
(what happens). A member's Status is an ast_device_state.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from ari_app.ami_fields import AmiEvent, DeviceState, is_true, whole

MAX_QUEUES: Final = 2000
MAX_MEMBERS: Final = 5000
"""Of one queue."""
MAX_WAITING: Final = 5000
"""In one queue."""

_FREE: Final = (DeviceState.NOT_INUSE, DeviceState.UNKNOWN)
"""UNKNOWN: the device tells nothing; app_queue rings it, so do we count it."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person (a device) who takes calls of a queue."""

    interface: str
    """What is rung, like "PJSIP/200"; the member's key."""
    name: str
    status: DeviceState = DeviceState.UNKNOWN
    is_paused: bool = False
    paused_reason: str = ""
    in_call: bool = False
    """In a call of this queue."""
    penalty: int = 0
    calls_taken: int = 0
    last_call_at: int = 0
    """Seconds since 1970; 0: none yet."""
    wrap_up_seconds: int = 0
    """Left in peace so long after a call."""

    def is_available(self, now: float | None = None) -> bool:
        """True when a call would ring here; `now` (seconds since 1970) lets the wrap-up time count."""
        if self.is_paused or self.in_call or self.status not in _FREE:
            return False
        return now is None or not self.last_call_at or now >= self.last_call_at + self.wrap_up_seconds


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller in a queue."""

    uniqueid: str
    channel: str
    number: str = field(default="", repr=False)
    position: int = 0
    """From 1."""


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue at one moment."""

    name: str
    strategy: str = ""
    most_waiting: int = 0
    """0: no limit."""
    members: tuple[Member, ...] = ()
    """By interface."""
    waiting: tuple[Waiting, ...] = ()
    """By position."""

    def available(self, now: float | None = None) -> tuple[Member, ...]:
        """Return the members a call would ring now."""
        return tuple(member for member in self.members if member.is_available(now))

    def can_take_a_call(self, now: float | None = None) -> bool:
        """True when a caller who joins now finds somebody free whom no earlier caller will get."""
        if self.most_waiting and len(self.waiting) >= self.most_waiting:
            return False
        ringing = sum(member.status in (DeviceState.RINGING, DeviceState.RINGINUSE) for member in self.members)
        not_served_yet = max(0, len(self.waiting) - ringing)
        return len(self.available(now)) > not_served_yet


class Queues:
    """All queues of one Asterisk."""

    def __init__(self) -> None:
        self._queues: dict[str, Queue] = {}

    def __iter__(self) -> Iterator[Queue]:
        return iter(tuple(self._queues.values()))

    def __len__(self) -> int:
        return len(self._queues)

    def get(self, name: str) -> Queue | None:
        """Return a queue, or None."""
        return self._queues.get(name)

    def can_take_a_call(self, name: str, now: float | None = None) -> bool:
        """True when this queue would serve one more caller at once; False for a queue we do not know."""
        queue = self._queues.get(name)
        return queue is not None and queue.can_take_a_call(now)

    def replace_all(self, events: Iterable[AmiEvent]) -> list[Queue]:
        """Take a whole list (QueueStatus); return the queues that are new or different, and the ones gone, empty."""
        before, self._queues = self._queues, {}
        for event in events:
            self.receive(event)
        changed = [queue for name, queue in self._queues.items() if before.get(name) != queue]
        return changed + [Queue(name) for name in before if name not in self._queues]

    def receive(self, event: AmiEvent) -> Queue | None:
        """Take one event; return the queue when it is different now."""
        name = event.get("Queue", "")
        before = self._queues.get(name)
        if not name or (before is None and len(self._queues) >= MAX_QUEUES):
            return None
        after = _after(before or Queue(name), event)
        if after is None or after == before:
            return None
        self._queues[name] = after
        return after


def _after(queue: Queue, event: AmiEvent) -> Queue | None:
    """Return the queue after an event, None for an event that says nothing of a queue."""
    match event.get("Event", ""):
        case "QueueParams":
            most = whole(event.get("Max", ""))
            return replace(queue, strategy=event.get("Strategy", ""), most_waiting=most)
        case "QueueMember" | "QueueMemberStatus" | "QueueMemberAdded" | "QueueMemberPause" | "QueueMemberPenalty":
            return _with_member(queue, event)
        case "QueueMemberRemoved":
            interface = event.get("Interface", "")
            return replace(queue, members=tuple(m for m in queue.members if m.interface != interface))
        case "QueueEntry" | "QueueCallerJoin":
            return _with_caller(queue, event)
        case "QueueCallerLeave" | "QueueCallerAbandon":
            return _without_caller(queue, event.get("Uniqueid", ""))
        case _:
            return None


def _with_member(queue: Queue, event: AmiEvent) -> Queue:
    # The list says Location and Name where the events say Interface and MemberName
    interface = event.get("Interface") or event.get("Location", "")
    if not interface:
        return queue
    member = Member(
        interface=interface,
        name=event.get("MemberName") or event.get("Name") or interface,
        status=DeviceState.numbered(event.get("Status", "")),
        is_paused=is_true(event.get("Paused", "")),
        paused_reason=event.get("PausedReason", ""),
        in_call=is_true(event.get("InCall", "")),
        penalty=whole(event.get("Penalty", "")),
        calls_taken=whole(event.get("CallsTaken", "")),
        last_call_at=whole(event.get("LastCall", "")),
        wrap_up_seconds=max(0, whole(event.get("Wrapuptime", ""))),
    )
    others = [one for one in queue.members if one.interface != interface]
    if len(others) >= MAX_MEMBERS:
        return queue
    return replace(queue, members=tuple(sorted([*others, member], key=lambda one: one.interface)))


def _with_caller(queue: Queue, event: AmiEvent) -> Queue:
    uniqueid = event.get("Uniqueid", "")
    position = whole(event.get("Position", ""))
    others = [one for one in queue.waiting if one.uniqueid != uniqueid]
    if not uniqueid or len(others) >= MAX_WAITING:
        return queue
    if event.get("Event") == "QueueCallerJoin":  # a list gives each its place; who joins moves the ones behind
        others = [replace(one, position=one.position + 1) if one.position >= position else one for one in others]
    caller = Waiting(uniqueid, event.get("Channel", ""), event.get("CallerIDNum", ""), position)
    return replace(queue, waiting=tuple(sorted([*others, caller], key=lambda one: one.position)))


def _without_caller(queue: Queue, uniqueid: str) -> Queue:
    gone = next((one for one in queue.waiting if one.uniqueid == uniqueid), None)
    if gone is None:
        return queue  # QueueCallerAbandon is followed by QueueCallerLeave
    rest = [one for one in queue.waiting if one is not gone]
    moved = [replace(one, position=one.position - 1) if one.position > gone.position else one for one in rest]
    return replace(queue, waiting=tuple(moved))
