"""Sound as RTP carries it: G.711 by table, and linear PCM at 16 kHz."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_SECOND: Final = 50


@dataclass(frozen=True, slots=True)
class Codec:
    """One way to write sound into RTP packets of 20 ms; PCM is mono 16 bit little endian at `rate`."""

    name: str
    """As in SDP: `PCMU`, `PCMA`, `L16`."""
    payload_type: int
    """What we offer; the other end's answer may use another one."""
    rate: int
    """Hertz; also the clock of the RTP timestamps."""
    sample_bytes: int
    """Bytes on the wire for one sample."""
    silence_byte: bytes
    encode: Callable[[bytes], bytes]
    decode: Callable[[bytes], bytes]
    level: Callable[[bytes], float]
    """Root mean square of a payload, 0 to 32768: cheap enough for every packet."""

    @property
    def frame_samples(self) -> int:
        """Samples in 20 ms."""
        return self.rate // FRAMES_PER_SECOND

    @property
    def frame_bytes(self) -> int:
        """Bytes of one packet's payload."""
        return self.frame_samples * self.sample_bytes


def _ulaw_decoding() -> NDArray[np.int16]:
    """ITU-T G.711: inverted bits, sign, three bits of exponent, four of mantissa, a bias of 132."""
    code = ~np.arange(256) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _ulaw_encoding() -> NDArray[np.uint8]:
    """Indexed by the sample's 16 bits taken as unsigned."""
    samples = np.arange(65536).astype(np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.minimum(np.abs(samples), 32635) + 0x84
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    code = np.where(samples < 0, 0x80, 0) | (exponent << 4) | mantissa
    return np.asarray(~code & 0xFF, np.uint8)


def _alaw_decoding() -> NDArray[np.int16]:
    """ITU-T G.711: even bits inverted, sign set for positive samples, the lowest two segments are linear."""
    code = np.arange(256) ^ 0x55
    segment = (code >> 4) & 7
    step = ((code & 0x0F) << 4) + 8
    magnitude = np.where(segment == 0, step, (step + 0x100) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _alaw_encoding() -> NDArray[np.uint8]:
    """Indexed by the sample's 16 bits taken as unsigned."""
    samples = np.arange(65536).astype(np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.where(samples >= 0, samples, -samples - 1) >> 3
    segment = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    mantissa = (magnitude >> np.maximum(segment, 1)) & 0x0F
    code = np.where(samples >= 0, 0x80, 0) | (segment << 4) | mantissa
    return np.asarray(code ^ 0x55, np.uint8)


def _g711(name: str, payload_type: int, decoding: NDArray[np.int16], encoding: NDArray[np.uint8]) -> Codec:
    squares = decoding.astype(np.float32) ** 2

    def encode(pcm: bytes) -> bytes:
        return bytes(encoding[np.frombuffer(pcm, "<u2")].data)

    def decode(payload: bytes) -> bytes:
        return decoding[np.frombuffer(payload, np.uint8)].astype("<i2").tobytes()

    def level(payload: bytes) -> float:
        return float(squares[np.frombuffer(payload, np.uint8)].mean()) ** 0.5 if payload else 0.0

    return Codec(name, payload_type, 8000, 1, encode(bytes(2)), encode, decode, level)


def _swap(payload: bytes) -> bytes:
    """Turn little endian samples into the network's order, and back."""
    return np.frombuffer(payload, "<i2").byteswap().tobytes()


def _linear_level(payload: bytes) -> float:
    samples = np.frombuffer(payload, ">i2").astype(np.float32)
    return float(samples.dot(samples) / len(samples)) ** 0.5 if len(samples) else 0.0


ULAW: Final = _g711("PCMU", 0, _ulaw_decoding(), _ulaw_encoding())
ALAW: Final = _g711("PCMA", 8, _alaw_decoding(), _alaw_encoding())
L16_16K: Final = Codec("L16", 118, 16000, 2, bytes(2), _swap, _swap, _linear_level)
"""Asterisk's `slin16`: wide band without a codec's loss."""

CODECS: Final = (ULAW, ALAW, L16_16K)
