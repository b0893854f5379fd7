"""Every sample stands where it was heard."""

import numpy as np

from softphone.codecs import L16_16K, ULAW, Codec
from softphone.recording import HeardPacket, lay_out_heard, lay_out_sent

RATE = L16_16K.rate
FRAME = L16_16K.frame_samples


def packet(
    arrival: float, index: int, value: int, ssrc: int = 1, codec: Codec = L16_16K, start: int = 0
) -> HeardPacket:
    """Frame `index` of a sender whose clock shows `start` at its first one; all its samples are `value`."""
    payload = codec.encode(np.full(codec.frame_samples, value, "<i2").tobytes())
    return HeardPacket(arrival, index & 0xFFFF, (start + index * codec.frame_samples) % 2**32, ssrc, payload, codec)


def frames(pcm: bytes) -> list[int]:
    """The first sample of each frame."""
    return [int(sample) for sample in np.frombuffer(pcm, "<i2")[::FRAME]]


def test_jitter_does_not_move_samples() -> None:
    packets = [packet(10.0 + 0.02 * i + delay, i, i + 1) for i, delay in enumerate((0.0, 0.013, 0.004, 0.019))]
    assert frames(lay_out_heard(packets, 10.0, RATE)) == [1, 2, 3, 4]


def test_the_least_delayed_packet_sets_the_clock() -> None:
    packets = [packet(10.0 + 0.02, 0, 1), packet(10.0 + 0.02, 1, 2), packet(10.0 + 0.04, 2, 3)]
    assert frames(lay_out_heard(packets, 10.0, RATE)) == [1, 2, 3]


def test_what_did_not_come_is_silence_and_what_came_late_finds_its_place() -> None:
    packets = [packet(10.0, 0, 1), packet(10.06, 3, 4), packet(10.065, 1, 2)]
    assert frames(lay_out_heard(packets, 10.0, RATE)) == [1, 2, 0, 4]


def test_a_timestamp_that_wraps_is_no_gap() -> None:
    packets = [packet(10.0 + 0.02 * i, i, i + 1, start=2**32 - FRAME) for i in range(3)]
    assert frames(lay_out_heard(packets, 10.0, RATE)) == [1, 2, 3]


def test_another_sender_is_placed_by_its_arrival() -> None:
    packets = [packet(10.0, 0, 1), packet(10.04, 0, 9, ssrc=2, start=77_777)]
    assert frames(lay_out_heard(packets, 10.0, RATE)) == [1, 0, 9]


def test_a_pause_in_which_the_sender_s_clock_stood_still_is_heard_as_a_pause() -> None:
    packets = [packet(10.0, 0, 1), packet(11.0, 1, 2)]
    assert frames(lay_out_heard(packets, 10.0, RATE)) == [1] + [0] * 49 + [2]


def test_a_burst_is_laid_out_in_the_sender_s_time() -> None:
    packets = [packet(10.0, i, i + 1) for i in range(100)]
    heard = frames(lay_out_heard(packets, 9.0, RATE))
    assert [value for value in heard if value] == list(range(1, 101))
    assert heard.index(1) in range(47, 51)  # early packets move the whole by 60 ms at most


def test_another_rate_is_left_out() -> None:
    packets = [packet(10.0, 0, 500, codec=ULAW), packet(10.02, 1, 2)]
    assert frames(lay_out_heard(packets, 10.02, RATE)) == [2]


def test_what_was_sent_stands_where_it_was_sent() -> None:
    frame = np.full(FRAME, 7, "<i2").tobytes()
    assert frames(lay_out_sent([(10.04, frame)], 10.0, RATE)) == [0, 0, 7]


def test_nothing_is_empty() -> None:
    assert lay_out_heard([], 10.0, RATE) == b""
    assert lay_out_sent([], 10.0, RATE) == b""
