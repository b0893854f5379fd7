"""What Asterisk tells us: its models and events as frozen dataclasses, with its own names and only the fields we use.

`tests/asterisk/test_ari_client.py` compares every class and field with the description that the running Asterisk
serves under `/ari/api-docs`. Classes that have no counterpart there (`LocalEvent`) are ours: they tell what became
of the connection.
"""

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class CallerID:
    """A number and a name as presented; either may be ""."""

    name: str
    number: str


@dataclass(frozen=True, slots=True)
class DialplanCEP:
    """Where in the dialplan a channel stands."""

    context: str
    exten: str
    priority: int
    app_name: str = ""
    """The application it runs, `Stasis` while it is ours."""
    app_data: str = ""
    """That application's arguments, comma-separated: what a StasisStart we missed would have told."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One leg of a call inside Asterisk."""

    id: str
    name: str
    """Technology and peer, like `PJSIP/100-00000001` or `AudioSocket/127.0.0.1:9092-…`."""
    state: str
    """Down, Ring, Ringing, Up, Busy…"""
    caller: CallerID
    connected: CallerID
    dialplan: DialplanCEP
    creationtime: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Bridge:
    """Where channels hear one another."""

    id: str
    bridge_type: str
    """mixing or holding."""
    name: str
    channels: tuple[str, ...]
    """Ids of the channels inside."""


@dataclass(frozen=True, slots=True)
class Playback:
    """A sound file being played to a channel or a bridge."""

    id: str
    media_uri: str
    target_uri: str
    """`channel:ID` or `bridge:ID`."""
    state: str
    """queued, playing, continuing, done, failed."""


@dataclass(frozen=True, slots=True)
class Application:
    """A Stasis application and what it is subscribed to."""

    name: str
    channel_ids: tuple[str, ...]
    bridge_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """The value of a channel variable."""

    value: str


@dataclass(frozen=True, slots=True)
class AsteriskPing:
    """The answer to a ping."""

    asterisk_id: str
    ping: str
    """Always "pong"."""


@dataclass(frozen=True, slots=True)
class SystemInfo:
    """Which Asterisk this is."""

    version: str
    entity_id: str


@dataclass(frozen=True, slots=True)
class AsteriskInfo:
    """What Asterisk says about itself."""

    system: SystemInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AriEvent:
    """Base of Asterisk's events; never received itself."""

    application: str = ""
    """The Stasis application that is told."""
    timestamp: str = ""
    """ISO 8601 with milliseconds and zone, by Asterisk's clock."""

    def subjects(self) -> tuple[str, ...]:
        """Ids of the channels and bridges this is about: whoever subscribed to one of them is told."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEvent(AriEvent):
    """Base of what happens to one channel; never received itself."""

    channel: Channel

    def subjects(self) -> tuple[str, ...]:
        return (self.channel.id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class StasisStart(ChannelEvent):
    """A channel is ours from now on."""

    args: tuple[str, ...]
    """Arguments of the dialplan's `Stasis()` after the application's name."""
    replace_channel: Channel | None = None
    """The channel whose place it takes (attended transfers inside Asterisk)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StasisEnd(ChannelEvent):
    """A channel is no longer ours: it went back to the dialplan, or is about to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDestroyed(ChannelEvent):
    """A channel has ended."""

    cause: int
    """Q.850: 16 normal, 17 busy, 19 no answer, 21 rejected."""
    cause_txt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHangupRequest(ChannelEvent):
    """Somebody hung up; StasisEnd and ChannelDestroyed follow."""

    cause: int | None = None
    soft: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStateChange(ChannelEvent):
    """A channel rings, is answered, is busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDtmfReceived(ChannelEvent):
    """A key was pressed; told when it is let go."""

    digit: str
    """0-9, A-D, *, #."""
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHold(ChannelEvent):
    """The phone put us on hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelUnhold(ChannelEvent):
    """The phone took us off hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelVarset(AriEvent):
    """A channel variable (or, without channel, a global one) has a new value."""

    variable: str
    value: str
    channel: Channel | None = None

    def subjects(self) -> tuple[str, ...]:
        return (self.channel.id,) if self.channel else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeEvent(AriEvent):
    """Base of what happens to one bridge; never received itself."""

    bridge: Bridge

    def subjects(self) -> tuple[str, ...]:
        return (self.bridge.id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeCreated(BridgeEvent):
    """A bridge exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeDestroyed(BridgeEvent):
    """A bridge exists no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEnteredBridge(BridgeEvent):
    """A channel is in a bridge: from now on sound flows."""

    channel: Channel | None = None

    def subjects(self) -> tuple[str, ...]:
        return (self.channel.id, self.bridge.id) if self.channel else (self.bridge.id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLeftBridge(BridgeEvent):
    """A channel has left a bridge."""

    channel: Channel

    def subjects(self) -> tuple[str, ...]:
        return (self.channel.id, self.bridge.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeBlindTransfer(ChannelEvent):
    """The phone of `channel` asked (REFER) to send its peer elsewhere."""

    context: str
    exten: str
    result: str
    """Success, Fail, Invalid or Not Permitted."""
    is_external: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackEvent(AriEvent):
    """Base of what happens to one playback; never received itself."""

    playback: Playback

    def subjects(self) -> tuple[str, ...]:
        return (self.playback.target_uri.partition(":")[2],)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackStarted(PlaybackEvent):
    """A sound file begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackFinished(PlaybackEvent):
    """A sound file has been played, was stopped, or failed: see its state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial(AriEvent):
    """How the attempt to reach `peer` goes on."""

    peer: Channel
    dialstatus: str
    """"" at the beginning, then RINGING, PROGRESS, ANSWER, BUSY, NOANSWER, CONGESTION, CHANUNAVAIL, CANCEL."""
    caller: Channel | None = None

    def subjects(self) -> tuple[str, ...]:
        return (self.peer.id, self.caller.id) if self.caller else (self.peer.id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationReplaced(AriEvent):
    """Another client has connected under our application's name: we hear nothing from now on."""


Event = (
    StasisStart
    | StasisEnd
    | ChannelDestroyed
    | ChannelHangupRequest
    | ChannelStateChange
    | ChannelDtmfReceived
    | ChannelHold
    | ChannelUnhold
    | ChannelVarset
    | ChannelEnteredBridge
    | ChannelLeftBridge
    | BridgeCreated
    | BridgeDestroyed
    | BridgeBlindTransfer
    | PlaybackStarted
    | PlaybackFinished
    | Dial
    | ApplicationReplaced
)

EVENT_CLASSES: Final[dict[str, type[Event]]] = {shape.__name__: shape for shape in Event.__args__}
"""ARI's `type` → our class."""


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """An event we have no use for, or one newer than this code."""

    type: str


@dataclass(frozen=True, slots=True)
class LocalEvent:
    """Base of what the client itself has to tell; never delivered itself."""

    def subjects(self) -> tuple[str, ...]:
        """As for Asterisk's events; () goes to the application's stream."""
        return ()


@dataclass(frozen=True, slots=True)
class Connected(LocalEvent):
    """We hear events (again). Channels that are ours may have come, and gone, while we did not."""

    times: int
    """1 for the first connection, then counting."""
    channel_ids: tuple[str, ...] = field(default=())
    """Channels that were in our application before we heard anything: adopt or release every one of them."""


@dataclass(frozen=True, slots=True)
class Disconnected(LocalEvent):
    """We hear nothing until the next `Connected`; calls go on without us."""

    reason: str


@dataclass(frozen=True, slots=True)
class ChannelVanished(LocalEvent):
    """A channel that was ours left our application, or ended, while we were disconnected."""

    channel_id: str

    def subjects(self) -> tuple[str, ...]:
        return (self.channel_id,)


Told = Event | Connected | Disconnected | ChannelVanished
"""Whatever a subscriber may find in its stream."""
