"""One TCP connection of Asterisk: from "who is it?" to the end of its leg."""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, cast
from uuid import UUID

from audio_socket.clock import ON_TIME, Due
from audio_socket.hearing import Hearing
from audio_socket.leg import LegEnding, LegListener
from audio_socket.playout import Playout
from audio_socket.protocol import (
    AudioReceived,
    AudioSocketProtocol,
    CallIdentified,
    DigitPressed,
    ErrorReceived,
    Event,
    HungUp,
    ProtocolError,
    WrongRate,
    audio_header,
    hangup_message,
)
from audio_socket.ticker import Ticker
from vocabulary.audio import FRAMES_PER_SECOND, AudioFormat

NOT_READING_FRAMES: Final = 5 * FRAMES_PER_SECOND
"""A far end that took nothing for five seconds is given up."""

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class ServerStats:
    """What a server has seen since it started; only ever counts up."""

    connections: int = 0
    legs: int = 0
    """Connections that said a UUID we expected."""
    refused: int = 0
    """Connections above the cap, or pushed out by a newer one while nobody knew who they were."""
    strangers: int = 0
    """Connections with a UUID nobody expected (or not any more)."""
    silent_strangers: int = 0
    """Connections that did not say in time who they are."""
    protocol_errors: int = 0
    listener_failures: int = 0
    frames_lost: int = 0
    """Frames of ours that a far end did not take."""
    frames_filled: int = 0
    """Frames of silence heard in place of missing ones (counted when a leg ends)."""
    frames_dropped: int = 0
    """Frames of callers left out because they came faster than time (counted when a leg ends)."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A connection that has been announced."""

    listener: LegListener
    format: AudioFormat
    deadline: float
    """On the loop's clock."""


class ConnectionOwner(Protocol):
    """What a connection needs of its server."""

    stats: ServerStats
    ticker: Ticker

    def admit(self, connection: "AudioSocketConnection") -> bool:
        """Return False when there is no room."""
        ...

    def identify(self, connection: "AudioSocketConnection", uuid: UUID) -> Expectation | None:
        """Return what was announced for `uuid`, once."""
        ...

    def release(self, connection: "AudioSocketConnection") -> None:
        """Forget a connection that has ended."""
        ...


class AudioSocketConnection(asyncio.Protocol):
    """A `MediaLeg` once it is identified, a stranger before.

    Frames are written to the socket directly and not through the transport, which is cheaper and has one more virtue:
    what the kernel's buffer (bounded, see `server`) does not take is dropped at once, so that a far end that does not
    read costs no memory and never hears old sound late.
    """

    def __init__(self, owner: ConnectionOwner) -> None:
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._socket = -1
        self._protocol = AudioSocketProtocol()
        self._is_over = False
        self._unsent = b""
        """The end of a message the kernel took only in part; it must go first, or the framing is lost."""
        self._refused = 0
        """Frames in a row that the kernel had no room for."""

    # What follows exists from the identification on.
    format: AudioFormat
    playout: Playout
    _listener: LegListener | None = None
    _hearing: Hearing
    _header: bytes
    _silence: bytes
    _silence_message: bytes
    _next_frame: Callable[[], bytes]
    _frame_heard: Callable[[bytes], None]
    _frame_played: Callable[[bytes], None]
    _speech_played: Callable[[int], None]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self._socket = transport.get_extra_info("socket").fileno()
        if not self._owner.admit(self):
            self._is_over = True
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        frame = self._protocol.sole_frame(data)
        try:
            if frame is not None and self._hearing.takes_frame():
                self._frame_heard(frame)
            elif not self._is_over:
                self._receive(data)
        except Exception:  # the shell around one leg: whatever its listener does, other legs go on
            _logger.exception("listener failed")
            self._listener_failed()

    def eof_received(self) -> None:
        self.end(LegEnding.FAR_END_CLOSED)

    def connection_lost(self, exc: Exception | None) -> None:
        self.end(_ending(exc))

    def tick(self, due: Due) -> None:
        """Send what is due, and let time pass for the caller's side."""
        if self._is_over:
            return
        try:
            if due is ON_TIME:
                self._play()
                missing = self._hearing.time_passed(1)
            else:
                for _ in range(due.skipped):
                    self._frame_played(self._silence)
                for _ in range(due.frames):
                    if not self._is_over:
                        self._play()
                missing = self._hearing.time_passed(due.frames + due.skipped, is_stalled=True)
            for frame in missing:
                if self._is_over:
                    return
                self._frame_heard(frame)
        except Exception:  # the shell around one leg: whatever its listener does, other legs go on
            _logger.exception("listener failed")
            self._listener_failed()

    def hang_up(self) -> None:
        """Ask Asterisk to hang up its channel, then close."""
        if not self._is_over:
            self._write_late(hangup_message())
        self.close()

    def close(self) -> None:
        """End the leg; harmless when it has ended."""
        self.end(LegEnding.CLOSED_BY_US)

    def end(self, reason: LegEnding) -> None:
        """Close the connection and tell the listener why, once."""
        if self._is_over:
            return
        self._is_over = True
        self._protocol.close()
        self._owner.release(self)
        if self._transport is not None:
            self._transport.close()
        listener = self._listener
        if listener is None:
            return
        self._owner.stats.frames_filled += self._hearing.filled
        self._owner.stats.frames_dropped += self._hearing.dropped
        try:
            listener.leg_ended(reason)
        except Exception:  # the same: a listener that fails at its leg's end must not keep the server from ending it
            _logger.exception("listener failed at the end of its leg")
            self._owner.stats.listener_failures += 1

    def _play(self) -> None:
        """Send one frame and tell the listener."""
        frame = self._next_frame()
        message = self._silence_message if frame is self._silence else self._header + frame
        if self._unsent or self._refused:
            self._write_late(message)
        else:
            try:
                taken = os.write(self._socket, message)
            except OSError as error:
                self._not_written(error)
            else:
                if taken != len(message):
                    self._unsent = message[taken:]
        if self._is_over:
            return
        self._frame_played(frame)
        if self.playout.has_played_out:
            for speech in self.playout.played_out():
                self._speech_played(speech.speech_id)

    def _write_late(self, message: bytes) -> None:
        """Write to a far end that did not take everything of late: first what is left of a message, then this one."""
        try:
            if self._unsent:
                self._unsent = self._unsent[os.write(self._socket, self._unsent) :]
                if self._unsent:
                    raise BlockingIOError
            taken = os.write(self._socket, message)
        except OSError as error:
            self._not_written(error)
            return
        self._unsent = message[taken:]
        self._refused = 0

    def _not_written(self, error: OSError) -> None:
        """Drop a frame that the kernel has no room for; end the leg if that is so for long, or if it is gone."""
        if not isinstance(error, BlockingIOError):
            self.end(_ending(error))
            return
        self._owner.stats.frames_lost += 1
        self._refused += 1
        if self._refused > NOT_READING_FRAMES:
            self.end(LegEnding.NOT_READING)

    def _receive(self, data: bytes) -> None:
        """Take what is not simply the next frame."""
        trouble: ProtocolError | None = None
        try:
            self._protocol.receive_data(data)
        except ProtocolError as error:
            trouble = error
        try:
            self._handle(self._protocol.events_received())
        except ProtocolError as error:
            trouble = error
        if trouble is not None and not self._is_over:
            self._owner.stats.protocol_errors += 1
            _logger.warning("connection does not speak AudioSocket", extra={"error": str(trouble)})
            self.end(LegEnding.PROTOCOL_ERROR)

    def _handle(self, events: list[Event]) -> None:
        """Act on events, oldest first; sound that came together is heard together (see `Hearing.sound_arrived`)."""
        sound: list[bytes] = []
        for event in events:
            if isinstance(event, AudioReceived):
                if event.rate != self.format.rate:
                    raise WrongRate(event.rate, self.format.rate)
                sound.append(event.pcm)
                continue
            self._hear(sound)
            sound = []
            if self._is_over:
                return
            match event:
                case CallIdentified(uuid=uuid):
                    self._identified(uuid)
                case DigitPressed(digit=digit):
                    assert self._listener is not None, "the protocol lets no digit through before the identification"
                    self._listener.digit_pressed(digit)
                case HungUp():
                    self.end(LegEnding.FAR_END_HUNG_UP)
                case ErrorReceived(code=code):
                    _logger.warning("Asterisk reports an error on a leg", extra={"code": code})
                    self.end(LegEnding.FAR_END_FAILED)
            if self._is_over:
                return
        self._hear(sound)

    def _hear(self, sound: list[bytes]) -> None:
        if sound:
            for frame in self._hearing.sound_arrived(b"".join(sound)):
                if self._is_over:
                    return
                self._frame_heard(frame)

    def _identified(self, uuid: UUID) -> None:
        expectation = self._owner.identify(self, uuid)
        if expectation is None:
            _logger.warning("connection for a call nobody expects")
            self.end(LegEnding.CLOSED_BY_US)
            return
        self.format = expectation.format
        self.playout = Playout(expectation.format)
        self._hearing = Hearing(expectation.format)
        self._header = audio_header(expectation.format)
        self._silence = self.playout.silence
        self._silence_message = self._header + self._silence
        self._listener = expectation.listener
        # Bound once: 50 look-ups a second and leg add up.
        self._next_frame = self.playout.next_frame
        self._frame_heard = expectation.listener.frame_heard
        self._frame_played = expectation.listener.frame_played
        self._speech_played = expectation.listener.speech_played
        self._protocol.agree(expectation.format)
        expectation.listener.leg_ready(self)
        if not self._is_over:
            self._owner.ticker.join(self)

    def _listener_failed(self) -> None:
        self._owner.stats.listener_failures += 1
        self.end(LegEnding.LISTENER_FAILED)


def _ending(error: Exception | None) -> LegEnding:
    """Tell an ordinary end from a broken network.

    Asterisk closes with frames of ours unread, so its ordinary end is often a reset or a broken pipe.
    """
    if error is None or isinstance(error, ConnectionError):
        return LegEnding.FAR_END_CLOSED
    return LegEnding.CONNECTION_LOST
