"""Session descriptions (RFC 8866) for one stream of sound: what is offered, what was chosen."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from softphone.codecs import ALAW, CODECS, ULAW, Codec

_STATIC: Final = {0: ULAW, 8: ALAW}
"""Payload types that need no rtpmap (RFC 3551)."""
_EVENT_TYPES: Final = {8000: 101, 16000: 102}
"""The payload types under which we offer telephone events, by clock rate."""


@dataclass(frozen=True, slots=True)
class AudioDescription:
    """One end's view of the stream."""

    address: str
    port: int
    codecs: tuple[tuple[int, Codec], ...]
    """Payload type and codec, in the order of preference; those we do not know are left out."""
    event_types: tuple[tuple[int, int], ...] = ()
    """Payload type and clock rate of telephone events."""

    @classmethod
    def offer(cls, address: str, port: int, codecs: Sequence[Codec]) -> Self:
        """Describe what we would take."""
        rates = sorted({8000, *(codec.rate for codec in codecs)})
        return cls(
            address,
            port,
            tuple((codec.payload_type, codec) for codec in codecs),
            tuple((_EVENT_TYPES[rate], rate) for rate in rates),
        )

    @classmethod
    def parse(cls, body: bytes) -> Self | None:
        """Read the first stream of sound; None when there is none with an address."""
        text = body.decode("utf-8", "replace")
        media = re.search(r"^m=audio (\d+) \S+ ([\d ]+)", text, re.M)
        # the stream's own address stands after its m= line and wins over the session's
        address = re.search(r"^c=IN IP4 (\S+)", text[media.start() :] if media else "", re.M) or re.search(
            r"^c=IN IP4 (\S+)", text, re.M
        )
        if media is None or address is None:
            return None
        names = {int(pt): (name.upper(), int(rate)) for pt, name, rate in
                 re.findall(r"^a=rtpmap:(\d+) ([\w-]+)/(\d+)", text, re.M)}  # fmt: skip
        codecs: list[tuple[int, Codec]] = []
        events: list[tuple[int, int]] = []
        for payload_type in map(int, media[2].split()):
            name, rate = names.get(payload_type, ("", 0))
            if name == "TELEPHONE-EVENT":
                events.append((payload_type, rate))
                continue
            known = next((c for c in CODECS if (c.name, c.rate) == (name, rate)), _STATIC.get(payload_type))
            if known is not None:
                codecs.append((payload_type, known))
        return cls(address[1], int(media[1]), tuple(codecs), tuple(events))

    def choose(self, wanted: Sequence[Codec]) -> tuple[int, Codec] | None:
        """Return the first codec of theirs that we want, with their payload type."""
        return next(((payload_type, codec) for payload_type, codec in self.codecs if codec in wanted), None)

    def event_type(self, rate: int) -> tuple[int, int] | None:
        """Return payload type and clock of telephone events, on the codec's own clock if that was agreed."""
        same_clock = next((event for event in self.event_types if event[1] == rate), None)
        return same_clock or next(iter(self.event_types), None)

    def answer(self, address: str, port: int, chosen: tuple[int, Codec]) -> "AudioDescription":
        """Describe our end of a stream they offered, on their payload types."""
        event = self.event_type(chosen[1].rate)
        return AudioDescription(address, port, (chosen,), (event,) if event else ())

    def serialize(self, version: int = 1) -> bytes:
        """Return the body; `version` grows with each change within a call."""
        types = [str(payload_type) for payload_type, _ in (*self.codecs, *self.event_types)]
        lines = [
            "v=0",
            f"o=- 1 {version} IN IP4 {self.address}",
            "s=-",
            f"c=IN IP4 {self.address}",
            "t=0 0",
            f"m=audio {self.port} RTP/AVP {' '.join(types)}",
            *(f"a=rtpmap:{payload_type} {codec.name}/{codec.rate}" for payload_type, codec in self.codecs),
            *(f"a=rtpmap:{payload_type} telephone-event/{rate}" for payload_type, rate in self.event_types),
            *(f"a=fmtp:{payload_type} 0-15" for payload_type, _ in self.event_types),
            "a=ptime:20",
            "a=sendrecv",
        ]
        return ("\r\n".join(lines) + "\r\n").encode()
