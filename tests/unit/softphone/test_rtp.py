"""RTP packets and telephone events as bytes."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from softphone.rtp import DIGITS, RtpPacket, TelephoneEvent


@given(
    st.builds(
        RtpPacket,
        st.integers(0, 63),
        st.integers(0, 0xFFFF),
        st.integers(0, 0xFFFFFFFF),
        st.integers(0, 0xFFFFFFFF),
        st.binary(max_size=400),
        st.booleans(),
    )
)
def test_a_packet_comes_back_as_it_was(packet: RtpPacket) -> None:
    assert RtpPacket.parse(packet.serialize()) == packet


@given(st.binary(max_size=60))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    packet = RtpPacket.parse(data)
    assert packet is None or len(packet.payload) <= len(data)


def test_extension_and_padding_are_dropped() -> None:
    header = struct.pack("!BBHII", 0x80 | 0x20 | 0x10 | 1, 8, 7, 160, 99)
    extension = struct.pack("!I", 1) + struct.pack("!HHI", 0xBEDE, 1, 0)
    packet = RtpPacket.parse(header + extension + b"sound" + b"\0\0\x03")
    assert packet is not None
    assert packet.payload == b"sound"


def test_rtcp_is_not_sound() -> None:
    assert RtpPacket.parse(struct.pack("!BBHII", 0x80, 200, 6, 1, 2) + bytes(16)) is None


@given(st.sampled_from(DIGITS), st.integers(0, 0xFFFF), st.booleans())
def test_a_key_comes_back_as_it_was(digit: str, duration: int, is_end: bool) -> None:
    event = TelephoneEvent(digit, duration, is_end)
    assert TelephoneEvent.parse(event.serialize()) == event


def test_events_that_are_no_keys_are_none() -> None:
    assert TelephoneEvent.parse(bytes([16, 0, 0, 0])) is None  # hook flash
    assert TelephoneEvent.parse(b"\x01") is None
