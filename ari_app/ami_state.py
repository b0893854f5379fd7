"""What Asterisk's Manager Interface tells, as a state: devices, queues, calls. Pure: events in, changes out.

state = AmiState()
changes = state.replace_all(listed)        # after every (re)connection: DeviceStateList, QueueStatus, …
changes = state.receive(event)             # afterwards, event by event
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ari_app.ami_calls import CallOver, Calls
from ari_app.ami_fields import AmiEvent, DeviceState
from ari_app.ami_queues import Queue, Queues

MAX_DEVICES: Final = 20_000


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """A telephone (or another device) does something else now."""

    device: str
    """Like "PJSIP/200"."""
    state: DeviceState
    before: DeviceState | None
    """None: not known before."""


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """A queue has other members, other states, or other callers."""

    queue: Queue


@dataclass(frozen=True, slots=True)
class Synced:
    """All of Asterisk's state is known (again); a reader who missed something reads it there."""

    devices: int
    queues: int
    calls: int


@dataclass(frozen=True, slots=True)
class Lost:
    """Asterisk cannot be heard; the state is what it was."""

    reason: str


@dataclass(frozen=True, slots=True)
class Missed:
    """This reader was too slow: so many changes it did not get. The state itself is complete."""

    changes: int


Change = DeviceChanged | QueueChanged | CallOver | Synced | Lost | Missed


class AmiState:
    """Everything known of one Asterisk."""

    def __init__(self) -> None:
        self._devices: dict[str, DeviceState] = {}
        self.queues = Queues()
        self.calls = Calls()

    @property
    def devices(self) -> Mapping[str, DeviceState]:
        """States by device."""
        return MappingProxyType(self._devices)

    def replace_all(
        self, devices: Iterable[AmiEvent], queues: Iterable[AmiEvent], channels: Iterable[AmiEvent]
    ) -> list[Change]:
        """Take the lists of DeviceStateList, QueueStatus and CoreShowChannels in place of all that was known."""
        before, self._devices = self._devices, {}
        for event in devices:
            self._device(event)
        changes: list[Change] = [
            DeviceChanged(device, state, before.get(device))
            for device, state in self._devices.items()
            if before.get(device) is not state
        ]
        changes += [
            DeviceChanged(device, DeviceState.UNKNOWN, state)
            for device, state in before.items()
            if device not in self._devices
        ]
        changes += [QueueChanged(queue) for queue in self.queues.replace_all(queues)]
        changes += self.calls.replace_all(channels)
        return [*changes, self.synced()]

    def synced(self) -> Synced:
        """Return how much is known."""
        return Synced(len(self._devices), len(self.queues), len(self.calls))

    def receive(self, event: AmiEvent) -> list[Change]:
        """Take one event; return what is different now, nothing for events we have no use for."""
        name = event.get("Event", "")
        if name == "DeviceStateChange":
            return self._device(event)
        if name.startswith("Queue"):
            queue = self.queues.receive(event)
            return [QueueChanged(queue)] if queue is not None else []
        over = self.calls.receive(event)
        return [over] if over is not None else []

    def _device(self, event: AmiEvent) -> list[Change]:
        device = event.get("Device", "")
        if not device or (device not in self._devices and len(self._devices) >= MAX_DEVICES):
            return []
        state, before = DeviceState.named(event.get("State", "")), self._devices.get(device)
        if state is before:
            return []
        self._devices[device] = state
        return [DeviceChanged(device, state, before)]
