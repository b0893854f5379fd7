"""AudioSocket's framing, without sockets: bytes in as TCP happened to cut them, events out.

A message is kind (1 byte), length (2 bytes, big endian), payload. Sound is mono, signed 16 bit, *little* endian.
Kinds, from Asterisk's `include/asterisk/res_audiosocket.h` (`enum ast_audiosocket_msg_kind`):

kind       meaning                    Asterisk       payload
0x00       hang up                    accepts        none
0x01       identification             sends, once    16 bytes, the UUID the channel was made with
0x03       DTMF digit                 sends          1 ASCII character
0x10-0x18  sound, 8 kHz to 192 kHz    both           16 bit samples, one message per 20 ms
0xff       error on Asterisk's side   (reserved)     nothing or 1 byte

Older descriptions leave out 0x03 and 0x11-0x18. Asterisk 22 never sends 0x00 nor 0xff: its end is the end of TCP.

ProtocolError
├── UnknownKind                a kind that is not in the table
├── OversizeMessage            longer than its kind can be
├── OddAudioLength             sound that is no whole number of samples
├── WrongLength                any other length its kind cannot have
├── BadIdentification          an identification that is not 16 bytes
├── SecondIdentification       a connection that says twice who it is
├── AudioBeforeIdentification  sound from nobody
├── DigitBeforeIdentification  a digit from nobody
├── BadDigit                   no key of a telephone
└── WrongRate                  sound at another rate than the leg was agreed at
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from vocabulary.audio import SAMPLE_BYTES, AudioFormat
from vocabulary.errors import CentralitaError

HEADER_BYTES: Final = 3
HANGUP: Final = 0x00
IDENTIFICATION: Final = 0x01
DIGIT: Final = 0x03
ERROR: Final = 0xFF
RATE_OF_KIND: Final = {
    0x10: 8000,
    0x11: 12000,
    0x12: 16000,
    0x13: 24000,
    0x14: 32000,
    0x15: 44100,
    0x16: 48000,
    0x17: 96000,
    0x18: 192000,
}
KIND_OF_RATE: Final = {rate: kind for kind, rate in RATE_OF_KIND.items()}

LONGEST_AUDIO_SECONDS: Final = 0.2
"""Asterisk sends 20 ms a message, a few times that when the far phone packs more; what is longer is no telephone."""

MAX_AUDIO_BYTES: Final = {
    kind: min(round(rate * LONGEST_AUDIO_SECONDS) * SAMPLE_BYTES, 0xFFFF) for kind, rate in RATE_OF_KIND.items()
}
_UUID_BYTES: Final = 16
_DIGITS: Final = frozenset(b"0123456789*#ABCDabcd")


class ProtocolError(CentralitaError):
    """The far end does not speak AudioSocket, or not ours; the connection is beyond repair. Never raised itself."""


class UnknownKind(ProtocolError):
    """A message of a kind that Asterisk does not have."""

    def __init__(self, kind: int) -> None:
        super().__init__(f"message of unknown kind 0x{kind:02x}")
        self.kind = kind


class _BadLength(ProtocolError):
    """A message whose length its kind cannot have; never raised itself."""

    complaint = "bad length"

    def __init__(self, kind: int, length: int) -> None:
        super().__init__(f"message of kind 0x{kind:02x}: {self.complaint} ({length} bytes)")
        self.kind = kind
        self.length = length


class OversizeMessage(_BadLength):
    """A message longer than its kind can be; known, and refused, as soon as its header is."""

    complaint = "too long"


class OddAudioLength(_BadLength):
    """Sound that is not a whole number of 16 bit samples."""

    complaint = "no whole number of samples"


class WrongLength(_BadLength):
    """A message too short for its kind."""

    complaint = "too short"


class BadIdentification(_BadLength):
    """An identification that is not the 16 bytes of a UUID."""

    complaint = "no UUID"


class SecondIdentification(ProtocolError):
    """A connection that was identified already identifies itself again."""

    def __init__(self) -> None:
        super().__init__("second identification on one connection")


class AudioBeforeIdentification(ProtocolError):
    """Sound on a connection that has not said whose it is."""

    def __init__(self) -> None:
        super().__init__("sound before the identification")


class DigitBeforeIdentification(ProtocolError):
    """A digit on a connection that has not said whose it is."""

    def __init__(self) -> None:
        super().__init__("digit before the identification")


class BadDigit(ProtocolError):
    """A digit that no telephone has; which one is not told, for digits may be somebody's card number."""

    def __init__(self) -> None:
        super().__init__("not a digit of a telephone")


class WrongRate(ProtocolError):
    """Sound at another rate than agreed: the channel was made with another format than ours.

    It is not resampled: the rate is ours to choose when the channel is made, so another one is a mistake in the
    dialplan that would otherwise be heard as bad quality for months.
    """

    def __init__(self, rate: int, agreed: int) -> None:
        super().__init__(f"sound at {rate} Hz where {agreed} Hz was agreed")
        self.rate = rate
        self.agreed = agreed


@dataclass(frozen=True, slots=True)
class CallIdentified:
    """The connection belongs to the channel that was made with this UUID."""

    uuid: UUID


@dataclass(frozen=True, slots=True)
class AudioReceived:
    """The caller's sound, as much as came in one message."""

    pcm: bytes
    """Whole 16 bit samples, little endian; never empty."""
    rate: int
    """Hertz."""


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """The caller pressed a key."""

    digit: str
    """One of 0-9 * # A-D."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """The far end asked to hang up; what it sends after that is ignored."""


@dataclass(frozen=True, slots=True)
class ErrorReceived:
    """Asterisk says that something broke on its side."""

    code: int
    """Its own code, 0 when it sent none."""


Event = CallIdentified | AudioReceived | DigitPressed | HungUp | ErrorReceived


def audio_header(format: AudioFormat) -> bytes:
    """Return the three bytes in front of one 20 ms frame of `format`."""
    return bytes((KIND_OF_RATE[format.rate],)) + format.frame_bytes.to_bytes(2, "big")


def audio_message(pcm: bytes, rate: int) -> bytes:
    """Return one message of sound; write it at once, for Asterisk waits only 5 ms for a payload after its header.

    Raises: KeyError for a rate that AudioSocket does not know, OverflowError beyond 65535 bytes.
    """
    return bytes((KIND_OF_RATE[rate],)) + len(pcm).to_bytes(2, "big") + pcm


def identification_message(uuid: UUID) -> bytes:
    """Return what Asterisk says first (for peers that play Asterisk)."""
    return bytes((IDENTIFICATION, 0, _UUID_BYTES)) + uuid.bytes


def digit_message(digit: str) -> bytes:
    """Return one key press (for peers that play Asterisk)."""
    return bytes((DIGIT, 0, 1)) + digit.encode("ascii")


def hangup_message() -> bytes:
    """Return the wish to hang up; sound still on its way inside Asterisk may be lost."""
    return bytes((HANGUP, 0, 0))


class AudioSocketProtocol:
    """One connection's worth of framing; knows no socket and no clock."""

    __slots__ = ("_error", "_events", "_has_hung_up", "_header", "_is_identified", "_message_bytes", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        """The beginning of a message whose end has not come yet."""
        self._events: list[Event] = []
        self._error: ProtocolError | None = None
        self._is_identified = False
        self._has_hung_up = False
        self._header = b""
        self._message_bytes = -1

    def agree(self, format: AudioFormat) -> None:
        """Say which sound is expected from now on, so that `sole_frame` can recognise it."""
        self._header = audio_header(format)
        self._message_bytes = HEADER_BYTES + format.frame_bytes

    def sole_frame(self, data: bytes) -> bytes | None:
        """Return the sound in `data` if it is exactly one 20 ms message as agreed, and nothing is half received.

        That is nearly always so, and then neither buffer nor event is needed. On None nothing has been taken: hand
        the same bytes to `receive_data`.
        """
        if len(data) == self._message_bytes and not self._rest and data.startswith(self._header):
            return data[HEADER_BYTES:]
        return None

    def receive_data(self, data: bytes) -> None:
        """Take bytes as TCP happened to cut them.

        Raises: ProtocolError when they are not AudioSocket, now and at every later call; what came before the
        mistake still waits in `events_received`.
        """
        if self._error is not None:
            raise self._error
        if self._has_hung_up:
            return
        if self._rest:
            data = self._rest + data
        try:
            self._rest = self._parse(data)
        except ProtocolError as error:
            self._error = error
            self._stop()
            raise

    def close(self) -> None:
        """Ignore whatever still comes, as after `HungUp`."""
        self._has_hung_up = True
        self._stop()

    def events_received(self) -> list[Event]:
        """Return what happened since the last call, oldest first."""
        events = self._events
        self._events = []
        return events

    def _parse(self, data: bytes) -> bytes:
        """Turn whole messages into events; return what is left over."""
        size = len(data)
        start = 0
        while size - start >= HEADER_BYTES:
            kind = data[start]
            length = data[start + 1] << 8 | data[start + 2]
            self._check_header(kind, length)
            end = start + HEADER_BYTES + length
            if end > size:
                break
            self._message_received(kind, data[start + HEADER_BYTES : end])
            start = end
            if self._has_hung_up:
                return b""
        return data[start:] if start else data

    def _check_header(self, kind: int, length: int) -> None:
        """Refuse a message as soon as its header tells that it is none, so that nobody makes us wait for 64 KiB."""
        if kind in RATE_OF_KIND:
            if not self._is_identified:
                raise AudioBeforeIdentification
            if length > MAX_AUDIO_BYTES[kind]:
                raise OversizeMessage(kind, length)
            if length % SAMPLE_BYTES:
                raise OddAudioLength(kind, length)
            if not length:
                raise WrongLength(kind, length)
        elif kind == DIGIT:
            if not self._is_identified:
                raise DigitBeforeIdentification
            if length != 1:
                raise OversizeMessage(kind, length) if length else WrongLength(kind, length)
        elif kind == IDENTIFICATION:
            if self._is_identified:
                raise SecondIdentification
            if length != _UUID_BYTES:
                raise BadIdentification(kind, length)
        elif kind == HANGUP:
            if length:
                raise OversizeMessage(kind, length)
        elif kind == ERROR:
            if length > 1:
                raise OversizeMessage(kind, length)
        else:
            raise UnknownKind(kind)

    def _message_received(self, kind: int, payload: bytes) -> None:
        """Note what a whole message, whose header has been checked, says."""
        if kind in RATE_OF_KIND:
            self._events.append(AudioReceived(payload, RATE_OF_KIND[kind]))
        elif kind == DIGIT:
            if payload[0] not in _DIGITS:
                raise BadDigit
            self._events.append(DigitPressed(payload.decode("ascii").upper()))
        elif kind == IDENTIFICATION:
            self._is_identified = True
            self._events.append(CallIdentified(UUID(bytes=payload)))
        elif kind == ERROR:
            self._events.append(ErrorReceived(payload[0] if payload else 0))
        else:
            self.close()
            self._events.append(HungUp())

    def _stop(self) -> None:
        """Take no more sound by the short way either."""
        self._rest = b""
        self._message_bytes = -1
