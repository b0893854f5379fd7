"""One frame of the caller for each 20 ms of wall time, whatever the far end does."""

import random

from hypothesis import given
from hypothesis import strategies as st

from audio_socket.hearing import EARLY_FRAMES, MAX_EARLY_FRAMES, PATIENCE_FRAMES, Hearing
from vocabulary.audio import NARROWBAND, WIDEBAND

SILENCE = NARROWBAND.silence
LOUD = b"\x00\x40" * NARROWBAND.frame_samples


class Caller:
    """A caller whose sound reaches a `Hearing`, and what was heard of it."""

    def __init__(self) -> None:
        self.hearing = Hearing(NARROWBAND)
        self.heard: list[bytes] = []

    def speaks(self, *frames: bytes) -> None:
        """All frames in one piece, as they lie in the socket."""
        if len(frames) == 1 and len(frames[0]) == NARROWBAND.frame_bytes and self.hearing.takes_frame():
            self.heard += frames
        else:
            self.heard += self.hearing.sound_arrived(b"".join(frames))

    def waits(self, frames: int = 1) -> None:
        for _ in range(frames):
            self.heard += self.hearing.time_passed(1)


def test_an_even_stream_passes_untouched() -> None:
    caller = Caller()
    frames = [bytes([number]) * 320 for number in range(100)]
    for frame in frames:
        caller.speaks(frame)
        caller.waits()
    assert caller.heard == frames


def test_a_caller_who_sends_nothing_is_silence() -> None:
    caller = Caller()
    caller.waits(50)
    assert caller.heard == [SILENCE] * (50 - PATIENCE_FRAMES)


def test_after_a_gap_speech_stands_where_it_was_spoken() -> None:
    caller = Caller()
    caller.speaks(LOUD)
    caller.waits(10)  # DTX: nothing for 180 ms
    caller.speaks(LOUD)
    caller.waits()
    assert caller.heard == [LOUD] + [SILENCE] * 8 + [LOUD]
    for _ in range(20):
        caller.speaks(LOUD)
        caller.waits()
    assert len(caller.heard) == 30


def test_jitter_within_patience_inserts_nothing() -> None:
    caller = Caller()
    caller.waits(3)
    caller.speaks(LOUD, LOUD, LOUD)
    caller.waits(3)
    caller.speaks(LOUD, LOUD, LOUD)
    assert caller.heard == [LOUD] * 6


def test_sound_that_was_only_late_is_heard_whole() -> None:
    caller = Caller()
    caller.waits(10)
    caller.speaks(*[LOUD] * 10)
    assert caller.heard.count(LOUD) == 10
    caller.waits()
    # Seven frames of silence too many: quiet frames are left out until the clock is right again.
    for _ in range(20):
        caller.speaks(SILENCE)
        caller.waits()
    assert len(caller.heard) - 31 <= EARLY_FRAMES


def test_our_own_stall_is_not_the_callers_silence() -> None:
    caller = Caller()
    caller.heard += caller.hearing.time_passed(25, is_stalled=True)
    caller.speaks(*[LOUD] * 25)
    caller.waits()
    caller.speaks(LOUD)
    assert caller.heard == [LOUD] * 26


def test_silence_after_our_own_stall_is_still_counted() -> None:
    caller = Caller()
    caller.heard += caller.hearing.time_passed(25, is_stalled=True)
    assert caller.heard == []
    caller.waits()
    assert caller.heard == [SILENCE] * (26 - PATIENCE_FRAMES)


def test_messages_of_another_length_are_cut_anew() -> None:
    caller = Caller()
    pcm = bytes(random.Random(7).randbytes(320 * 6))
    for start in range(0, len(pcm), 160):  # 10 ms a message
        caller.speaks(pcm[start : start + 160])
        if start % 320:
            caller.waits()
    assert b"".join(caller.heard) == pcm


def test_half_a_frame_before_a_gap_is_heard() -> None:
    caller = Caller()
    caller.speaks(LOUD[:100])
    caller.waits(4)
    assert caller.heard == [LOUD[:100] + SILENCE[100:]]


def test_a_flood_costs_half_a_second_at_most() -> None:
    caller = Caller()
    for _ in range(1000):
        caller.speaks(LOUD)
    assert len(caller.heard) <= MAX_EARLY_FRAMES
    assert caller.hearing.dropped == 1000 - len(caller.heard)


def test_a_clock_too_fast_by_a_thousandth_never_gets_ahead() -> None:
    caller = Caller()
    for number in range(60_000):
        caller.speaks(LOUD)
        if number % 1000:
            caller.waits()
    assert len(caller.heard) - 59_940 <= EARLY_FRAMES + 1


@given(st.lists(st.integers(0, 5), min_size=1, max_size=300), st.booleans())
def test_heard_time_stays_with_wall_time(arrivals: list[int], is_loud: bool) -> None:
    caller = Caller()
    for passed, frames in enumerate(arrivals, start=1):
        if frames:
            caller.speaks(*[LOUD if is_loud else SILENCE] * frames)
        caller.waits()
        assert passed - PATIENCE_FRAMES <= len(caller.heard) <= passed + MAX_EARLY_FRAMES
        assert all(len(frame) == NARROWBAND.frame_bytes for frame in caller.heard[-5:])


def test_wideband_frames_are_twice_as_long() -> None:
    hearing = Hearing(WIDEBAND)
    assert [len(frame) for frame in hearing.sound_arrived(bytes(1280))] == [640, 640]
