"""How messages between `calls` and `speech` are cut out of a stream of bytes; knows neither socket nor clock.

    offset  size  field (big endian)
    0       1     kind, see `Kind`
    1       4     request the message belongs to; 0 for the connection itself
    5       4     length of the header: a JSON object in UTF-8, or nothing
    9       4     length of the body: sound, or marks and sound
    13            header, body

What a kind's header and body mean is told in `messages`. Errors:

WireError
├── UnknownKind     a first byte nobody speaks: the stream is lost
└── Oversize        a length no honest peer sends: the stream is lost
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from vocabulary.errors import CentralitaError

PREFIX: Final = struct.Struct(">BIII")
HEADER_LIMIT: Final = 256 * 1024
"""Bytes; the longest honest header is a transcript with a time for each word."""
BODY_LIMIT: Final = 8 * 1024 * 1024
"""Bytes; four minutes at 16 kHz, far beyond the longest turn."""


class Kind(IntEnum):
    """What a message is; wishes have small numbers, answers begin at 16."""

    TRANSCRIBE = 1
    SPEAK = 2
    ASK_HEALTH = 3
    CANCEL = 4
    TAKEN = 5
    HELLO = 16
    TRANSCRIBED = 17
    PIECE = 18
    SPOKEN = 19
    HEALTH = 20
    FAILED = 21


class WireError(CentralitaError):
    """The stream can no longer be understood and must be closed; never raised itself."""


class UnknownKind(WireError):
    """A message begins with a kind that does not exist."""


class Oversize(WireError):
    """A message announces more bytes than anything of ours holds."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message, still sealed."""

    kind: Kind
    request: int
    header: bytes
    body: bytes

    def serialize(self) -> bytes:
        """Return the frame as it travels."""
        return PREFIX.pack(self.kind, self.request, len(self.header), len(self.body)) + self.header + self.body


_KINDS: Final = {int(kind): kind for kind in Kind}


class FrameReader:
    """Cuts frames out of bytes, however the socket happened to deliver them."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> list[Frame]:
        """Return the frames that `data` completes.

        Raises: UnknownKind, Oversize; then nothing after it can be trusted and the reader must be dropped.
        """
        buffer = self._buffer
        buffer += data
        frames: list[Frame] = []
        start = 0
        while len(buffer) - start >= PREFIX.size:
            number, request, header_length, body_length = PREFIX.unpack_from(buffer, start)
            kind = _KINDS.get(number)
            if kind is None:
                raise UnknownKind(f"kind {number}")
            if header_length > HEADER_LIMIT or body_length > BODY_LIMIT:
                raise Oversize(f"{kind.name}: header of {header_length} and body of {body_length} bytes")
            body_start = start + PREFIX.size + header_length
            end = body_start + body_length
            if len(buffer) < end:
                break
            header, body = bytes(buffer[start + PREFIX.size : body_start]), bytes(buffer[body_start:end])
            frames.append(Frame(kind, request, header, body))
            start = end
        if start:
            del buffer[:start]
        return frames
