"""Who has to be rescued, and when; pure, told the time.

A channel of our application is in good hands while a living `calls` says that it owns it. When `calls` dies, each of
its channels has `grace_seconds` to be owned again by the next `calls`; then callers go to the dialplan's fallback, and
what was only made for them (media channels, legs) is hung up. Two people who talk with one another without us are
left alone: nobody thanks us for a rescue from a good conversation.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ari_app.channel_ids import BRIDGE_PREFIX, ChannelKind, kind_of
from ari_app.events import Bridge


@dataclass(frozen=True, slots=True)
class GuardPatience:
    """How long is too long."""

    silence_seconds: float = 1.0
    """Without a heartbeat for this long, `calls` counts as dead although its connection stands: it hangs."""
    grace_seconds: float = 2.0
    """From the death of `calls` to the rescue: the time a new `calls` has to adopt its callers."""
    stray_seconds: float = 4.0
    """A channel a living `calls` does not own for this long has been forgotten: longer than any set-up takes."""
    retry_seconds: float = 1.0
    """An order that changed nothing is given again."""


@dataclass(frozen=True, slots=True)
class Rescue:
    """Let this caller go on in the dialplan: the priority after `Stasis()` is the fallback."""

    channel_id: str


@dataclass(frozen=True, slots=True)
class HangUpLeftover:
    """End this channel: it was made for a call that is nobody's any more."""

    channel_id: str


@dataclass(frozen=True, slots=True)
class DestroyLeftover:
    """End this bridge: nobody is left in it."""

    bridge_id: str


GuardOrder = Rescue | HangUpLeftover | DestroyLeftover


class GuardDecisions:
    """What guard knows, and what follows from it."""

    def __init__(self, patience: GuardPatience | None = None) -> None:
        self._patience = patience or GuardPatience()
        self._owned: frozenset[str] = frozenset()
        self._heard_at: float | None = None
        """Time of the last sign of life; None while `calls` is dead, as it is until it first speaks."""
        self._due: dict[str, float] = {}
        """Channels in nobody's hands, and when to act."""

    @property
    def is_calls_alive(self) -> bool:
        """True from a sign of life until `calls_lost` or too long a silence."""
        return self._heard_at is not None

    def calls_seen(self, now: float, owned: Collection[str]) -> None:
        """A sign of life: `calls` answers for these channels."""
        self._heard_at = now
        self._owned = frozenset(owned)
        for channel_id in self._owned & self._due.keys():
            del self._due[channel_id]

    def calls_lost(self, now: float) -> None:
        """`calls` is dead: its connection broke, or it cannot be reached."""
        if self._heard_at is None:
            return
        self._heard_at = None
        for channel_id in self._owned:
            self._due[channel_id] = now + self._patience.grace_seconds
        self._owned = frozenset()

    def handle_timer(self, now: float) -> None:
        """Look at the clock: too long a silence is a death."""
        if self._heard_at is not None and now >= self._heard_at + self._patience.silence_seconds:
            self.calls_lost(now)

    def channels_listed(self, now: float, channel_ids: Collection[str]) -> None:
        """These are all the channels in our application."""
        for gone in self._due.keys() - frozenset(channel_ids):
            del self._due[gone]
        wait = self._patience.stray_seconds if self.is_calls_alive else self._patience.grace_seconds
        for channel_id in channel_ids:
            if channel_id not in self._owned:
                self._due.setdefault(channel_id, now + wait)

    def due_channels(self, now: float) -> frozenset[str]:
        """Channels whose time is up: look closer, then ask for `orders`."""
        return frozenset(channel_id for channel_id, due_at in self._due.items() if due_at <= now)

    def orders(self, now: float, names: Mapping[str, str], bridges: Iterable[Bridge]) -> list[GuardOrder]:
        """What to do now, callers first.

        `names` maps the ids of all living channels to their names, `bridges` are all there are.
        """
        kinds = {channel_id: kind_of(channel_id, name) for channel_id, name in names.items()}
        bridges = list(bridges)
        in_talk = {member for bridge in bridges if _is_talk_between_people(bridge, kinds) for member in bridge.channels}
        acting = {channel_id for channel_id in self.due_channels(now) & names.keys() if channel_id not in in_talk}
        for channel_id in acting:
            self._due[channel_id] = now + self._patience.retry_seconds
        orders: list[GuardOrder] = [Rescue(each) for each in sorted(acting) if kinds[each] is ChannelKind.CALLER]
        orders += [HangUpLeftover(each) for each in sorted(acting) if kinds[each] is not ChannelKind.CALLER]
        orders += [
            DestroyLeftover(bridge.id)
            for bridge in bridges
            if bridge.id.startswith(BRIDGE_PREFIX)
            and acting.intersection(bridge.channels)
            # a dead `calls`' media channel is about to end by itself, and would leave an empty bridge behind
            and all(
                member in acting or (not self.is_calls_alive and kinds.get(member) in (ChannelKind.MEDIA, None))
                for member in bridge.channels
            )
        ]
        return orders

    def next_deadline(self) -> float | None:
        """When to call `handle_timer` and `due_channels` again at the latest."""
        deadlines = list(self._due.values())
        if self._heard_at is not None:
            deadlines.append(self._heard_at + self._patience.silence_seconds)
        return min(deadlines, default=None)


def _is_talk_between_people(bridge: Bridge, kinds: Mapping[str, ChannelKind]) -> bool:
    members = [
        kinds[channel_id] for channel_id in bridge.channels if channel_id in kinds
    ]  # who has just gone is nobody
    return len(members) >= 2 and ChannelKind.MEDIA not in members
