"""The media leg: what a call needs of whatever carries its sound.

AudioSocket implements it in `server`; Asterisk's WebSocket channel (chan_websocket) can stand beside it with the same
three Protocols. Everything here happens in the event loop, synchronously, and must be quick.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from audio_socket.playout import Playout
from vocabulary.audio import AudioFormat


class LegEnding(StrEnum):
    """Why a leg ended: the `reason` of `LegListener.leg_ended`."""

    NEVER_CAME = "never came"
    """Nobody connected with the UUID in time; there was no `leg_ready`."""
    FAR_END_CLOSED = "far end closed"
    """The ordinary end: Asterisk's channel is gone."""
    FAR_END_HUNG_UP = "far end hung up"
    FAR_END_FAILED = "far end failed"
    """Asterisk reported an error of its own."""
    CONNECTION_LOST = "connection lost"
    """The network failed (a reset by the far end counts as `FAR_END_CLOSED`)."""
    PROTOCOL_ERROR = "protocol error"
    NOT_READING = "not reading"
    """The far end took none of our sound for too long."""
    CLOSED_BY_US = "closed by us"
    LISTENER_FAILED = "listener failed"
    """A listener's method raised; only its own leg ends."""
    SERVER_STOPPED = "server stopped"


class MediaLeg(Protocol):
    """One connection that carries a call's sound both ways."""

    @property
    def format(self) -> AudioFormat: ...

    @property
    def playout(self) -> Playout:
        """What we say: feed it; one frame of it is sent every 20 ms."""
        ...

    def hang_up(self) -> None:
        """Ask the far end to hang up its channel, then close; sound still inside Asterisk may be lost."""
        ...

    def close(self) -> None:
        """End the leg; `leg_ended` is called before this returns. Harmless on a leg that has ended."""
        ...


class LegListener(Protocol):
    """Whoever wants to know what happens on a leg; called synchronously in the loop, so every method must be quick."""

    def leg_ready(self, leg: MediaLeg) -> None:
        """The far end connected and said who it is; the first frames follow within 20 ms."""
        ...

    def frame_heard(self, frame: bytes) -> None:
        """The next 20 ms of the caller (`leg.format.frame_bytes` bytes); one for each 20 ms of wall time."""
        ...

    def frame_played(self, frame: bytes) -> None:
        """The next 20 ms of us; one for each 20 ms of wall time. Idle time is the very object `leg.playout.silence`."""
        ...

    def digit_pressed(self, digit: str) -> None:
        """The caller pressed 0-9 * # A-D."""
        ...

    def speech_played(self, speech_id: int) -> None:
        """The last frame of a sentence has been sent."""
        ...

    def leg_ended(self, reason: str) -> None:
        """Nothing follows; called exactly once, `reason` is a `LegEnding`."""
        ...


@dataclass(frozen=True, slots=True)
class MediaOffer:
    """What ARI's `externalMedia` has to be told so that Asterisk connects to us."""

    host: str
    port: int
    encapsulation: str
    transport: str
    format_name: str
    """Asterisk's name of the sound, `slin` or `slin16`: without it, compressed bytes come labelled as sound."""
    uuid: UUID

    @property
    def external_host(self) -> str:
        """`host:port`, as `externalMedia` takes it."""
        return f"{self.host}:{self.port}"


class MediaServer(Protocol):
    """Where Asterisk's media connections arrive."""

    def expect(self, uuid: UUID, listener: LegListener, *, format: AudioFormat, within_seconds: float) -> MediaOffer:
        """Announce a connection; it is accepted once, within the time given, else `leg_ended` comes."""
        ...

    def forget(self, uuid: UUID) -> None:
        """Take an announcement back; harmless if it came, or never was. `leg_ended` is not called."""
        ...
