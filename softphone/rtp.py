"""RTP packets (RFC 3550) and telephone events (RFC 4733) as bytes; no socket, no clock."""

import struct
from dataclasses import dataclass
from typing import Final, Self

_HEADER: Final = struct.Struct("!BBHII")
_EVENT: Final = struct.Struct("!BBH")
_VERSION_2: Final = 0x80
_RTCP_TYPES: Final = range(192, 224)
"""Second bytes that mean RTCP, when both share a port (RFC 5761)."""

DIGITS: Final = "0123456789*#ABCD"


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet; header extensions and padding are dropped when parsing and never written."""

    payload_type: int
    sequence: int
    """0 to 65535."""
    timestamp: int
    """In ticks of the codec's clock, 32 bit."""
    ssrc: int
    payload: bytes
    marker: bool = False

    def serialize(self) -> bytes:
        """Return the packet as it travels."""
        second = self.payload_type | (0x80 if self.marker else 0)
        return _HEADER.pack(_VERSION_2, second, self.sequence, self.timestamp, self.ssrc) + self.payload

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Return the packet, or None for whatever is no RTP (RTCP, STUN, rubbish)."""
        if len(data) < _HEADER.size or data[0] >> 6 != 2 or data[1] in _RTCP_TYPES:
            return None
        first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        start = _HEADER.size + 4 * (first & 0x0F)
        end = len(data)
        if first & 0x10:
            if end < start + 4:
                return None
            start += 4 + 4 * struct.unpack_from("!H", data, start + 2)[0]
        if first & 0x20:
            end -= data[-1]
        if end < start:
            return None
        return cls(second & 0x7F, sequence, timestamp, ssrc, data[start:end], bool(second & 0x80))


@dataclass(frozen=True, slots=True)
class TelephoneEvent:
    """A key that is held down, as one packet tells it."""

    digit: str
    """One of `DIGITS`."""
    duration: int
    """So far, in ticks of the event's clock."""
    is_end: bool = False
    volume: int = 10
    """Below full scale, in dB."""

    def serialize(self) -> bytes:
        """Return the payload of four bytes."""
        return _EVENT.pack(DIGITS.index(self.digit), (0x80 if self.is_end else 0) | self.volume, self.duration)

    @classmethod
    def parse(cls, payload: bytes) -> Self | None:
        """Return the event, or None when it is none of the sixteen keys."""
        if len(payload) < _EVENT.size:
            return None
        event, flags, duration = _EVENT.unpack_from(payload)
        if event >= len(DIGITS):
            return None
        return cls(DIGITS[event], duration, bool(flags & 0x80), flags & 0x3F)
