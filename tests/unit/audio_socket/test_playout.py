"""What we say and what of it was heard, to the word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_socket.playout import LONGEST_QUEUE_SECONDS, HeardSpeech, Playout, PlayoutFull, SpeechPlayed
from vocabulary.audio import NARROWBAND, WIDEBAND, AudioFormat
from vocabulary.speech import SpokenPiece, WordMark

TEXT = "Su saldo es de quince euros"
WORDS = (0, 3, 9, 12, 15, 22)
"""Where the words of TEXT begin."""
WORD_SAMPLES = 1000
"""Each word of TEXT lasts 125 ms, so words and frames do not fall together."""


def sound(samples: int, start: int = 0) -> bytes:
    """Samples that count up, so that each can be recognised."""
    return b"".join(((start + number) % 30_000 + 1).to_bytes(2, "little") for number in range(samples))


def sentence() -> SpokenPiece:
    marks = tuple(WordMark(offset, number * WORD_SAMPLES) for number, offset in enumerate(WORDS))
    return SpokenPiece(sound(len(WORDS) * WORD_SAMPLES), marks)


def saying(speech_id: int = 1, text: str = TEXT) -> Playout:
    playout = Playout(NARROWBAND)
    playout.begin(speech_id, text)
    playout.feed(speech_id, sentence())
    playout.end(speech_id)
    return playout


def played(playout: Playout, frames: int) -> bytes:
    return b"".join(playout.next_frame() for _ in range(frames))


@pytest.mark.parametrize("format", [NARROWBAND, WIDEBAND])
def test_who_says_nothing_plays_silence(format: AudioFormat) -> None:
    playout = Playout(format)
    assert playout.is_idle
    frame = playout.next_frame()
    assert frame == bytes(format.frame_bytes)
    assert frame is playout.silence


def test_a_sentence_is_played_whole_and_reported_once() -> None:
    playout = saying()
    assert played(playout, 38) == sound(6000).ljust(38 * 320, b"\0")
    assert playout.has_played_out
    assert playout.played_out() == [SpeechPlayed(1, TEXT)]
    assert not playout.has_played_out
    assert playout.played_out() == []
    assert playout.is_idle
    assert playout.heard(1) == TEXT


@given(st.lists(st.integers(0, 700), max_size=12))
def test_the_pieces_of_a_mouth_leave_no_seam(pieces: list[int]) -> None:
    playout = Playout(NARROWBAND)
    playout.begin(1, "")
    start = 0
    for samples in pieces:
        playout.feed(1, SpokenPiece(sound(samples, start)))
        start += samples
    playout.end(1)
    heard = b""
    while not playout.is_idle:
        heard += playout.next_frame()
    assert heard[: start * 2] == sound(start)
    assert not heard[start * 2 :].strip(b"\0")
    assert len(heard) - start * 2 < NARROWBAND.frame_bytes


def test_a_slow_mouth_is_waited_for_in_silence_and_nothing_is_lost() -> None:
    playout = Playout(NARROWBAND)
    playout.begin(1, "hola")
    playout.feed(1, SpokenPiece(sound(200)))
    assert playout.next_frame() == sound(160)
    assert playout.next_frame() is playout.silence
    assert not playout.is_idle
    playout.feed(1, SpokenPiece(sound(120, 200)))
    playout.end(1)
    assert playout.next_frame() == sound(160, 160)
    assert playout.is_idle


def test_sentences_follow_one_another_without_a_gap() -> None:
    playout = saying(1)
    playout.begin(2, "Adiós")
    playout.feed(2, SpokenPiece(sound(160)))
    playout.end(2)
    played(playout, 38)
    assert playout.next_frame() == sound(160)
    assert [speech.speech_id for speech in playout.played_out()] == [1, 2]


def test_an_empty_sentence_is_played_out_at_once() -> None:
    playout = Playout(NARROWBAND)
    playout.begin(1, "")
    playout.end(1)
    assert playout.played_out() == [SpeechPlayed(1, "")]


def test_the_mouth_ends_after_all_its_sound_was_played() -> None:
    playout = Playout(NARROWBAND)
    playout.begin(1, "hola")
    playout.feed(1, SpokenPiece(sound(160)))
    playout.next_frame()
    assert playout.played_out() == []
    playout.end(1)
    assert playout.played_out() == [SpeechPlayed(1, "hola")]


def test_words_are_heard_when_they_have_been_played_to_their_end() -> None:
    playout = saying()
    assert playout.heard(1) == ""
    played(playout, 6)  # 960 samples: the first word lasts 1000
    assert playout.heard(1) == ""
    played(playout, 1)
    assert playout.heard(1) == "Su"
    played(playout, 12)  # 3040
    assert playout.heard(1) == "Su saldo es"
    played(playout, 19)
    assert playout.heard(1) == TEXT


def test_barge_in_silences_us_with_the_next_frame() -> None:
    playout = saying()
    played(playout, 15)  # 2400 samples: in the middle of "es"
    held = playout.flush()
    assert playout.next_frame() is playout.silence
    assert playout.is_idle
    assert held.heard == (HeardSpeech(1, "Su saldo", 2400),)
    assert held.seconds_left == pytest.approx((6000 - 2000) / 8000)


def test_after_a_false_alarm_we_go_on_with_the_word_that_was_cut() -> None:
    playout = saying()
    played(playout, 15)
    held = playout.flush()
    played(playout, 10)
    playout.resume(held)
    assert played(playout, 25) == sound(4000, 2000)
    assert playout.played_out() == [SpeechPlayed(1, TEXT)]


def test_what_was_heard_is_right_after_a_resumption_too() -> None:
    playout = saying()
    played(playout, 15)
    playout.resume(playout.flush())
    assert playout.heard(1) == "Su saldo"
    played(playout, 7)  # from sample 2000: 3120
    assert playout.heard(1) == "Su saldo es"
    second = playout.flush()
    assert second.heard == (HeardSpeech(1, "Su saldo es", 3120),)
    playout.resume(second)
    assert playout.next_frame() == sound(160, 3000)


def test_sentences_that_waited_are_held_and_resumed_as_well() -> None:
    playout = saying(1)
    playout.begin(2, "Adiós")
    playout.feed(2, SpokenPiece(sound(160)))
    playout.end(2)
    played(playout, 15)
    held = playout.flush()
    assert [(speech.speech_id, speech.text_heard) for speech in held.heard] == [(1, "Su saldo"), (2, "")]
    playout.resume(held)
    played(playout, 26)
    assert [speech.speech_id for speech in playout.played_out()] == [1, 2]


def test_a_mouth_that_goes_on_during_an_interruption_is_heard_after_the_resumption() -> None:
    playout = Playout(NARROWBAND)
    playout.begin(1, TEXT)
    playout.feed(1, SpokenPiece(sound(500), (WordMark(0, 0),)))
    played(playout, 3)
    held = playout.flush()
    assert playout.feed(1, SpokenPiece(sound(300, 500)))
    playout.end(1)
    playout.resume(held)
    assert played(playout, 5) == sound(800)
    assert playout.is_idle


def test_what_was_dropped_is_never_heard_again() -> None:
    playout = saying()
    held = playout.flush()
    playout.drop(held)
    assert not playout.feed(1, sentence())
    playout.resume(held)
    assert playout.is_idle
    assert playout.next_frame() is playout.silence


def test_a_second_interruption_drops_what_the_first_one_held() -> None:
    playout = saying(1)
    first = playout.flush()
    playout.begin(2, "Perdón")
    playout.feed(2, SpokenPiece(sound(160)))
    playout.flush()
    playout.resume(first)
    assert playout.is_idle


def test_an_answer_begun_during_the_interruption_comes_after_what_was_resumed() -> None:
    playout = saying(1)
    played(playout, 37)
    held = playout.flush()
    playout.begin(2, "Adiós")
    playout.resume(held)
    played(playout, 7)
    assert playout.played_out() == [SpeechPlayed(1, TEXT)]
    assert not playout.is_idle


def test_without_marks_the_heard_words_are_guessed_by_time() -> None:
    playout = Playout(NARROWBAND)
    playout.begin(1, TEXT)
    playout.feed(1, SpokenPiece(sound(1600)))
    playout.end(1)
    played(playout, 5)
    assert playout.heard(1) == "Su saldo es"
    held = playout.flush()
    playout.resume(held)
    assert played(playout, 5) == sound(800, 800)


def test_the_queue_has_an_end() -> None:
    playout = Playout(NARROWBAND)
    playout.begin(1, TEXT)
    minute = SpokenPiece(bytes(NARROWBAND.rate * 2 * int(LONGEST_QUEUE_SECONDS)))
    assert playout.feed(1, minute)
    with pytest.raises(PlayoutFull):
        playout.feed(1, SpokenPiece(bytes(320)))
    playout.next_frame()
    assert playout.feed(1, SpokenPiece(bytes(320)))


def test_an_unknown_sentence_is_nobodys() -> None:
    playout = Playout(NARROWBAND)
    assert not playout.feed(9, SpokenPiece(bytes(320)))
    playout.end(9)
    assert playout.heard(9) == ""
