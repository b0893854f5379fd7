"""From packets to a recording in which every sample stands where it was heard; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from softphone.codecs import FRAMES_PER_SECOND, Codec

_NEW_STRETCH_SECONDS: Final = 0.5
"""When timestamps and arrivals disagree by more, the sender's clock has begun anew."""
_EARLY_SECONDS: Final = 0.06
"""How much earlier than the first packet a later one may move the whole stretch (its delay was the smaller)."""


@dataclass(frozen=True, slots=True)
class HeardPacket:
    """One packet of sound and when it came."""

    arrival: float
    """Seconds, loop time."""
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    codec: Codec


@dataclass(slots=True)
class _Stretch:
    """Packets on one clock of the sender."""

    first: HeardPacket
    packets: list[tuple[float, HeardPacket]] = field(default_factory=list)
    """Seconds after the first by RTP timestamp."""
    _last: HeardPacket | None = None

    def take(self, packet: HeardPacket) -> bool:
        """Add the packet, or say that it belongs to another clock."""
        if packet.ssrc != self.first.ssrc or packet.codec.rate != self.first.codec.rate:
            return False
        ticks = (packet.timestamp - self.first.timestamp + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000
        offset = ticks / packet.codec.rate
        late = packet.arrival - (self.first.arrival + offset)
        if late > _NEW_STRETCH_SECONDS or (late < -_NEW_STRETCH_SECONDS and not self._follows(packet)):
            return False
        self.packets.append((offset, packet))
        self._last = packet
        return True

    def _follows(self, packet: HeardPacket) -> bool:
        """True for the next packet of a burst: it came too early, but it continues the one before it."""
        last = self._last
        if last is None:
            return False
        samples = len(last.payload) // last.codec.sample_bytes
        return (packet.sequence - last.sequence) % 0x1_0000 == 1 and (
            packet.timestamp - last.timestamp
        ) % 0x1_0000_0000 == samples

    @property
    def begin(self) -> float:
        """When the first sample was heard: the least delayed packet tells best."""
        least_delayed = min(packet.arrival - offset for offset, packet in self.packets)
        return max(least_delayed, self.first.arrival - _EARLY_SECONDS)


def lay_out_heard(packets: Iterable[HeardPacket], origin: float, rate: int) -> bytes:
    """Return what was heard as mono 16 bit PCM at `rate`, beginning at loop time `origin`; gaps are silence.

    Packets of another rate (early media before a codec was agreed) are left out.
    """
    stretches: list[_Stretch] = []
    for packet in packets:
        if packet.codec.rate != rate:
            continue
        if not stretches or not stretches[-1].take(packet):
            stretch = _Stretch(packet)
            stretch.take(packet)
            stretches.append(stretch)
    # the stretch is rounded once and its packets are whole samples apart: no packet may slip by a sample
    return _lay_out(
        [
            (round((stretch.begin - origin) * rate) + round(offset * rate), packet.codec.decode(packet.payload))
            for stretch in stretches
            for offset, packet in stretch.packets
        ]
    )


def lay_out_sent(frames: Sequence[tuple[float, bytes]], origin: float, rate: int) -> bytes:
    """Return what was sent as mono 16 bit PCM at `rate`, beginning at loop time `origin`; the rest is silence.

    `frames` are loop times and PCM, all on one clock of 20 ms.
    """
    if not frames:
        return b""
    first, frame = frames[0][0], rate // FRAMES_PER_SECOND
    begin = round((first - origin) * rate)
    return _lay_out([(begin + round((sent_at - first) * FRAMES_PER_SECOND) * frame, pcm) for sent_at, pcm in frames])


def _lay_out(pieces: Sequence[tuple[int, bytes]]) -> bytes:
    end = max((position + len(pcm) // 2 for position, pcm in pieces), default=0)
    sound = np.zeros(max(end, 0), "<i2")
    for position, pcm in pieces:
        samples = np.frombuffer(pcm, "<i2")[max(-position, 0) :]
        begin = max(position, 0)
        sound[begin : begin + len(samples)] = samples
    return sound.tobytes()
