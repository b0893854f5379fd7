"""AudioSocket's framing: what is understood, what is refused, and that TCP's cuts change nothing."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_socket.protocol import (
    KIND_OF_RATE,
    MAX_AUDIO_BYTES,
    RATE_OF_KIND,
    AudioBeforeIdentification,
    AudioReceived,
    AudioSocketProtocol,
    BadDigit,
    BadIdentification,
    CallIdentified,
    DigitBeforeIdentification,
    DigitPressed,
    ErrorReceived,
    Event,
    HungUp,
    OddAudioLength,
    OversizeMessage,
    ProtocolError,
    SecondIdentification,
    UnknownKind,
    WrongLength,
    audio_header,
    audio_message,
    digit_message,
    hangup_message,
    identification_message,
)
from vocabulary.audio import NARROWBAND, WIDEBAND

CALL = UUID("6f1d2f1e-6a31-4f59-9d0b-0c4a6f3e8a11")
WHO = identification_message(CALL)
FRAME = bytes(range(160)) * 2
STREAM = WHO + audio_message(FRAME, 8000) + digit_message("5") + audio_message(FRAME * 2, 16000) + hangup_message()


def identified() -> AudioSocketProtocol:
    protocol = AudioSocketProtocol()
    protocol.receive_data(WHO)
    assert protocol.events_received() == [CallIdentified(CALL)]
    return protocol


def feed(protocol: AudioSocketProtocol, pieces: list[bytes]) -> tuple[list[Event], str]:
    """Return all events, and the error, as whoever reads a socket would see them."""
    events: list[Event] = []
    error = ""
    for piece in pieces:
        try:
            protocol.receive_data(piece)
        except ProtocolError as trouble:
            error = repr(trouble)
        events += protocol.events_received()
    return events, error


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 323, len(STREAM)])
def test_events_do_not_depend_on_how_tcp_cuts_the_stream(cut: int) -> None:
    pieces = [STREAM[at : at + cut] for at in range(0, len(STREAM), cut)]
    events, error = feed(AudioSocketProtocol(), pieces)
    assert error == ""
    assert events == [
        CallIdentified(CALL),
        AudioReceived(FRAME, 8000),
        DigitPressed("5"),
        AudioReceived(FRAME * 2, 16000),
        HungUp(),
    ]


def messages() -> st.SearchStrategy[bytes]:
    """Messages as Asterisk sends them, and some that it never would."""
    plausible = st.builds(
        lambda kind, payload: bytes((kind,)) + len(payload).to_bytes(2, "big") + payload,
        st.sampled_from([0x00, 0x01, 0x03, *RATE_OF_KIND, 0xFF, 0x02, 0x19]),
        st.one_of(st.binary(max_size=20), st.just(FRAME), st.just(CALL.bytes), st.sampled_from([b"1", b"#", b"x"])),
    )
    return st.one_of(
        plausible,
        st.binary(max_size=40),
        st.just(WHO),
        st.just(audio_message(FRAME, 8000)),
        st.just(digit_message("9")),
    )


@given(st.lists(messages(), max_size=8), st.booleans(), st.data())
def test_any_bytes_in_any_cuts_give_the_same_events_and_only_our_errors(
    parts: list[bytes], is_polite: bool, data: st.DataObject
) -> None:
    stream = (WHO if is_polite else b"") + b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert feed(AudioSocketProtocol(), pieces) == feed(AudioSocketProtocol(), [stream])


@given(st.lists(st.one_of(st.just(audio_message(FRAME, 8000)), messages()), max_size=8))
def test_the_short_way_hears_what_the_long_way_hears(pieces: list[bytes]) -> None:
    short, long = identified(), identified()
    short.agree(NARROWBAND)
    for piece in pieces:
        frame = short.sole_frame(piece)
        events, error = ([AudioReceived(frame, 8000)], "") if frame is not None else feed(short, [piece])
        assert (events, error) == feed(long, [piece])
        if error:
            return


def test_every_rate_of_asterisk_is_heard() -> None:
    assert [RATE_OF_KIND[kind] for kind in range(0x10, 0x19)] == [
        8000, 12000, 16000, 24000, 32000, 44100, 48000, 96000, 192000,
    ]  # fmt: skip
    for rate in KIND_OF_RATE:
        pcm = bytes(rate // 50 * 2)
        assert feed(identified(), [audio_message(pcm, rate)]) == ([AudioReceived(pcm, rate)], "")


def test_an_error_of_asterisk_is_told_with_and_without_its_code() -> None:
    assert feed(identified(), [b"\xff\x00\x00\xff\x00\x01\x04"]) == ([ErrorReceived(0), ErrorReceived(4)], "")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"\x02\x00\x00", UnknownKind),
        (b"\x19\x01\x40", UnknownKind),
        (b"GET / HTTP/1.1\r\n", UnknownKind),
        (b"\x10\xff\xff", OversizeMessage),
        (b"\x10\x01\x41", OddAudioLength),
        (b"\x10\x00\x00", WrongLength),
        (b"\x03\x00\x00", WrongLength),
        (b"\x03\x00\x02", OversizeMessage),
        (b"\x03\x00\x01x", BadDigit),
        (b"\x00\x00\x01", OversizeMessage),
        (b"\xff\x00\x02", OversizeMessage),
        (WHO, SecondIdentification),
    ],
)
def test_what_is_no_audiosocket_is_refused_by_name(said: bytes, error: type[ProtocolError]) -> None:
    protocol = identified()
    with pytest.raises(error):
        protocol.receive_data(said)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (audio_message(FRAME, 8000), AudioBeforeIdentification),
        (digit_message("1"), DigitBeforeIdentification),
        (b"\x01\x00\x0f", BadIdentification),
    ],
)
def test_nobody_speaks_before_saying_who_it_is(said: bytes, error: type[ProtocolError]) -> None:
    with pytest.raises(error):
        AudioSocketProtocol().receive_data(said)


def test_a_mistake_stays_one_and_what_came_before_it_is_not_lost() -> None:
    protocol = AudioSocketProtocol()
    with pytest.raises(UnknownKind):
        protocol.receive_data(WHO + audio_message(FRAME, 8000) + b"\x77\x00\x00")
    assert protocol.events_received() == [CallIdentified(CALL), AudioReceived(FRAME, 8000)]
    with pytest.raises(UnknownKind):
        protocol.receive_data(audio_message(FRAME, 8000))
    assert protocol.events_received() == []


def test_after_hanging_up_nothing_is_heard() -> None:
    protocol = identified()
    protocol.agree(NARROWBAND)
    protocol.receive_data(hangup_message())
    message = audio_message(FRAME, 8000)
    assert protocol.sole_frame(message) is None
    protocol.receive_data(message + b"\x77garbage")
    assert protocol.events_received() == [HungUp()]


def test_the_longest_message_is_taken_and_one_sample_more_is_not() -> None:
    longest = bytes(MAX_AUDIO_BYTES[0x10])
    assert feed(identified(), [audio_message(longest, 8000)])[1] == ""
    with pytest.raises(OversizeMessage):
        identified().receive_data(audio_message(longest + b"\0\0", 8000))


def test_header_and_sound_are_one_message() -> None:
    assert audio_header(WIDEBAND) == b"\x12\x02\x80"
    assert audio_message(WIDEBAND.silence, 16000) == b"\x12\x02\x80" + bytes(640)
